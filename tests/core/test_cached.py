"""What a process caches between pages: included templates by their values, and URLs of views."""

import pytest
from django.template import engines
from django.urls import NoReverseMatch
from django.utils import translation

from articles.models import Page, Publication, SocialLink, Topic
from ictiger.core.templatetags import cached
from ictiger.core.url_cache import cached_reverse
from ictiger.pagecache.public_write import public_write
from tests.factories import make_page, make_publication, make_topic


@pytest.fixture
def render(settings, tmp_path):
    """`render(**context)`: render a page that includes `a.html` with `cached_include`."""
    (tmp_path / "a.html").write_text(
        "{% load i18n %}{% translate 'Search' %} {{ name }} {{ secret }}", encoding="utf-8"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path], "APP_DIRS": False}]
    page = engines["django"].from_string('{% load cached %}{% cached_include "a.html" name=name %}')
    return lambda **context: page.render(context)


@pytest.fixture
def renders():
    """How often a template was rendered for the cache since the test began."""
    before = cached._render_cached.cache_info().misses
    return lambda: cached._render_cached.cache_info().misses - before


def test_template_is_rendered_once_for_each_value_and_language(render, renders):
    assert [render(name=name).split() for name in ("<a>", "b", "<a>", "b")] == [
        ["Search", "&lt;a&gt;"],
        ["Search", "b"],
    ] * 2
    assert renders() == 2
    with translation.override("zh-hans"):
        assert render(name="b").split() == ["搜索", "b"]
    assert renders() == 3


def test_template_sees_only_its_values(render):
    assert render(name="a", secret="whose").split() == ["Search", "a"]


@pytest.mark.parametrize("value", [Topic(pk=1), [], ({},), (("a", {"b"}),)])
def test_mutable_values_and_models_are_refused(render, value):
    with pytest.raises(TypeError):
        render(name=value)


@pytest.mark.django_db
def test_header_and_footer_follow_the_database(stranger):
    publication, topic, page = make_publication("en"), make_topic("patents"), make_page("about")
    with public_write(publication):
        link = SocialLink.objects.create(
            publication=publication, label="Feed reader", url="https://old.example/"
        )
    stranger.get("/")
    with public_write(publication, topic, page):
        Publication.objects.filter(pk=publication.pk).update(name="Neuer Name", tagline="Neue Zeile")
        SocialLink.objects.filter(pk=link.pk).update(label="Neuer Ort", url="https://new.example/")
        Topic.objects.filter(pk=topic.pk).update(name_en="Neues Thema", slug="neu")
        Page.objects.filter(pk=page.pk).update(title="Neue Seite", slug="neue-seite")
    html = stranger.get("/").content.decode()
    for part in (
        "<span>Neuer Name</span>",
        "Neue Zeile",
        '"https://new.example/"',
        "Neuer Ort",
        '"/topics/neu/"',
        "Neues Thema",
    ):
        assert part in html
    assert '<a href="/neue-seite/">Neue Seite</a>' in html
    assert "old.example" not in html


@pytest.mark.django_db
def test_menu_marks_the_topic_of_the_page(stranger):
    make_publication("en")
    make_topic("patents"), make_topic("standards")
    for slug in ("patents", "standards", "patents"):
        html = stranger.get(f"/topics/{slug}/").content.decode()
        assert [
            part.partition('"')[0]
            for part in html.split('href="')[1:]
            if part.partition(">")[0].endswith('aria-current="page"')
        ] == [f"/topics/{slug}/"]


def test_cached_url_follows_the_language():
    assert cached_reverse("articles:topic", "patents") == "/topics/patents/"
    assert cached_reverse("articles:topic", "patents", language="zh-hans") == "/zh-hans/topics/patents/"
    with translation.override("zh-hans"):
        assert cached_reverse("articles:topic", "patents") == "/zh-hans/topics/patents/"
        assert cached_reverse("articles:topic", "专利", language="en") == "/topics/%E4%B8%93%E5%88%A9/"
    with pytest.raises(NoReverseMatch):
        cached_reverse("articles:topic")


def test_cached_url_follows_the_urlconf(settings):
    assert cached_reverse("articles:home") == "/"
    settings.ROOT_URLCONF = "tests.pagecache.store_urls"
    with pytest.raises(NoReverseMatch):
        cached_reverse("articles:home")
