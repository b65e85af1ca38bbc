"""Finding articles by their words.

Chinese has no spaces between words, so a run of Han characters is indexed by its pairs, and once more by its last character: every single
character then begins some entry. `search_text` is those entries between spaces; a query's entries are looked for at the beginning of one.
"""

import re
import unicodedata

from django.db.models import BooleanField, Case, Q, Value, When

from .models import Article, ArticleQuerySet, Byline

MAX_QUERY = 100  # characters
MAX_TERMS = 12

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]")


def index_text(*texts: str) -> str:
    """The entries under which these texts are found, each once, with a space before and after."""
    entries = dict.fromkeys(entry for text in texts for run in _runs(text) for entry in _entries(run))
    return f" {' '.join(entries)} "


def terms_of(query: str) -> list[str]:
    """What must begin an entry of an article for the query to find it. Empty when there is nothing to look for."""
    terms = dict.fromkeys(term for run in _runs(query) for term in _query_terms(run))
    return list(terms)[:MAX_TERMS]


def find(query: str, *, language: str) -> ArticleQuerySet:
    """Public articles with every word of the query in their text or among their authors; those with all of it in the title first."""
    articles, in_title = Article.objects.public(language).for_lists(), Q()
    terms = terms_of(query)
    if not terms:
        return articles.none()
    for term in terms:
        by_author = Byline.objects.filter(Q(author__name_en__icontains=term) | Q(author__name_zh__icontains=term)).values("article")
        articles = articles.filter(Q(search_text__contains=f" {term}") | Q(pk__in=by_author))
        in_title &= Q(title__icontains=term)
    hit = Case(When(in_title, then=Value(True)), default=Value(False), output_field=BooleanField())
    return articles.alias(title_hit=hit).order_by("-title_hit", "-publish_at", "-pk")


def _runs(text: str) -> list[str]:
    return _RUN.findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " "))


def _entries(run: str) -> list[str]:
    if not _IS_HAN.match(run):
        return [run]
    return [run[i : i + 2] for i in range(len(run))]  # the last is the single last character


def _query_terms(run: str) -> list[str]:
    if not _IS_HAN.match(run) or len(run) < 3:
        return [run]
    return _entries(run)[:-1]
