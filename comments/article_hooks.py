"""What comments add to the pages of articles. Imported once, by the app's configuration."""

from articles.hooks import apps_with_language_links, personal_fragment
from articles.models import Article
from ictiger.core.url_cache import cached_reverse

apps_with_language_links.add("comments")


@personal_fragment
def discussion_fragment_url(article: Article) -> str:
    return cached_reverse("comments:personal_fragment", article.pk)
