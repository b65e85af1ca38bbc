"""URLs of the public pages. Page 1 of a list is the list itself."""

from django.urls import path, register_converter

from . import feeds, views
from .slugs import is_slug


class SlugConverter:
    """Letters and digits of any script, hyphens, underscores; no dots, slashes or control characters.

    Takes decomposed letters too: the views redirect to the normal form in which slugs are stored.
    """

    regex = r"[\w\-\u0080-\U0010ffff]+"

    def to_python(self, value: str) -> str:
        if not (value.isascii() or is_slug(value)):
            raise ValueError("no slug")
        return value

    def to_url(self, value: str) -> str:
        return value


class DigitsConverter(SlugConverter):
    """A page number as typed: the view redirects `0002` to `2`. At most nine digits."""

    regex = "[0-9]{1,9}"

    def to_url(self, value: int | str) -> str:
        return str(value)


class YearConverter:
    """Four digits, but not 9999: west of Greenwich its end is later than `datetime.max`."""

    regex = "(?!9999)[1-9][0-9]{3}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return f"{value:04d}"


class MonthConverter(YearConverter):
    regex = "0[1-9]|1[0-2]"

    def to_url(self, value: int | str) -> str:
        return f"{int(value):02d}"


register_converter(SlugConverter, "rawslug")
register_converter(DigitsConverter, "digits")
register_converter(YearConverter, "year")
register_converter(MonthConverter, "month")

app_name = "articles"
urlpatterns = [
    path("", views.home, name="home"),
    path("page/<digits:number>/", views.home, name="home_page"),
    path("articles/<rawslug:slug>/", views.article, name="article"),
    path("topics/<rawslug:slug>/", views.topic, name="topic"),
    path("topics/<rawslug:slug>/page/<digits:number>/", views.topic, name="topic_page"),
    path("topics/<rawslug:slug>/feed/", feeds.topic_feed, name="topic_feed"),
    path("authors/<rawslug:slug>/", views.author, name="author"),
    path("authors/<rawslug:slug>/page/<digits:number>/", views.author, name="author_page"),
    path("authors/<rawslug:slug>/feed/", feeds.author_feed, name="author_feed"),
    path("archive/<year:year>/", views.archive, name="archive_year"),
    path("archive/<year:year>/page/<digits:number>/", views.archive, name="archive_year_page"),
    path("archive/<year:year>/<month:month>/", views.archive, name="archive_month"),
    path("archive/<year:year>/<month:month>/page/<digits:number>/", views.archive, name="archive_month_page"),
    path("search/", views.search, name="search"),
    path("search/page/<digits:number>/", views.search, name="search_page"),
    path("feed/", feeds.home_feed, name="feed"),
    path("preview/<str:token>/", views.preview, name="preview"),
    path("<rawslug:slug>/", views.page, name="page"),  # last: it takes every single segment
]
