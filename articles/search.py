"""Full-text search of articles.

Chinese has no spaces between words, so a run of Han characters is indexed as its pairs, and its last
character once more by itself: every character then begins some entry. `Article.search_text` holds these
entries between spaces. The terms of a query must each be the beginning of an entry, in the database's index
of them (`search_index.py`).
"""

import re
import unicodedata
from functools import reduce
from operator import or_

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When

from .models import Article, ArticleQuerySet, Author, Byline
from .search_index import newest_with

MAX_QUERY = 100  # characters
MAX_TERMS = 12
MAX_RESULTS = 500

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]")


def index_text(*texts: str) -> str:
    """The index entries of these texts, each once, with a space before and after."""
    entries = dict.fromkeys(entry for text in texts for run in _runs(text) for entry in _entries(run))
    return f" {' '.join(entries)} "


def terms_of(query: str) -> list[str]:
    """The terms that must each begin an entry of an article. Empty if the query has no letters or digits."""
    terms = dict.fromkeys(term for run in _runs(query) for term in _query_terms(run))
    return list(terms)[:MAX_TERMS]


def search_ids(query: str, *, language: str) -> tuple[list[int], bool]:
    """The primary keys of at most MAX_RESULTS results, and whether there are more.

    One query for count and page.
    """
    keys = list(
        search_articles(query, language=language)
        .prefetch_related(None)
        .values_list("pk", flat=True)[: MAX_RESULTS + 1]
    )
    return keys[:MAX_RESULTS], len(keys) > MAX_RESULTS


def search_articles(query: str, *, language: str) -> ArticleQuerySet:
    """Public articles with every term in text or authors' names; those with all terms in the title first.

    Of more than MAX_RESULTS articles the newest ones: a word that stands in every article must not cost more.
    """
    terms = terms_of(query)
    articles = Article.objects.public(language).for_lists()
    if not terms:
        return articles.none()
    by_text = Q(pk__in=newest_with(terms, language, MAX_RESULTS + 1))
    in_title = Q(*(Q(title__icontains=term) for term in terms))
    hit = Case(When(in_title, then=Value(True)), default=Value(False), output_field=BooleanField())
    return (
        articles.filter(by_text | _by_authors(terms, language))
        .alias(title_hit=hit)
        .order_by("-title_hit", "-publish_at", "-pk")
    )


def _by_authors(terms: list[str], language: str) -> Q:
    """Articles with a term in an author's name, and the others in the text or in another author's name."""
    authors_by_term = _authors_by_term(terms)
    all_authors = set().union(*authors_by_term.values())
    if not all_authors:
        return Q(pk__in=[])
    articles = Article.objects.public(language).filter(Exists(_bylines_of(all_authors)))
    for term in terms:
        in_text, in_byline = Q(search_text__contains=f" {term}"), Exists(_bylines_of(authors_by_term[term]))
        articles = articles.filter(in_text | in_byline)
    newest = articles.order_by("-publish_at", "-pk").values_list("pk", flat=True)
    return Q(pk__in=list(newest[: MAX_RESULTS + 1]))


def _authors_by_term(terms: list[str]) -> dict[str, set[int]]:
    """For each term, the keys of the authors with that term in a name."""
    any_term = reduce(or_, (Q(name_en__icontains=term) | Q(name_zh__icontains=term) for term in terms))
    names = {
        pk: f"{en}\n{zh}".casefold()
        for pk, en, zh in Author.objects.filter(any_term).values_list("pk", "name_en", "name_zh")
    }
    return {term: {pk for pk, name in names.items() if term in name} for term in terms}


def _bylines_of(authors: set[int]) -> QuerySet:
    return Byline.objects.filter(article=OuterRef("pk"), author__in=authors)


def _runs(text: str) -> list[str]:
    return _RUN.findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " "))


def _entries(run: str) -> list[str]:
    if not _IS_HAN.match(run):
        return [run]
    return [run[i : i + 2] for i in range(len(run))]  # the last entry is the last character alone


def _query_terms(run: str) -> list[str]:
    if not _IS_HAN.match(run) or len(run) < 3:
        return [run]
    return _entries(run)[:-1]
