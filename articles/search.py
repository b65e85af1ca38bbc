"""Finding articles by their words.

Chinese has no spaces between words, so a run of Han characters is indexed by its pairs, and once more by its last character: every single
character then begins some entry. `search_text` is those entries between spaces; a query's entries are looked for at the beginning of one,
in the index that the database keeps of them (`search_index.py`).
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
MAX_RESULTS = 500  # articles that a search finds

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


def search_ids(query: str, *, language: str) -> tuple[list[int], bool]:
    """The keys of what `find` finds, and whether there are more than MOST. Asked for once: both the number and the page are in them."""
    keys = list(
        search_articles(query, language=language)
        .prefetch_related(None)
        .values_list("pk", flat=True)[: MAX_RESULTS + 1]
    )
    return keys[:MAX_RESULTS], len(keys) > MAX_RESULTS


def search_articles(query: str, *, language: str) -> ArticleQuerySet:
    """Public articles with every word of the query in their text or among their authors; those with all of it in the title first.

    Of more than MOST articles, the newest ones: nobody turns that many pages, and a word that all have must not cost more than another.
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
    """Articles of authors whose name has a word of the query; what is left of it stands in their text or in another author's name."""
    named = _authors_named(terms)
    people = set().union(*named.values())
    if not people:
        return Q(pk__in=[])
    theirs = Article.objects.public(language).filter(Exists(_bylines_of(people)))
    for term in terms:
        theirs = theirs.filter(Q(search_text__contains=f" {term}") | Exists(_bylines_of(named[term])))
    return Q(
        pk__in=list(theirs.order_by("-publish_at", "-pk").values_list("pk", flat=True)[: MAX_RESULTS + 1])
    )


def _authors_named(terms: list[str]) -> dict[str, set[int]]:
    """For each term, the authors who have it in a name."""
    any_of_them = reduce(or_, (Q(name_en__icontains=term) | Q(name_zh__icontains=term) for term in terms))
    names = {
        pk: f"{en}\n{zh}".casefold()
        for pk, en, zh in Author.objects.filter(any_of_them).values_list("pk", "name_en", "name_zh")
    }
    return {term: {pk for pk, name in names.items() if term in name} for term in terms}


def _bylines_of(people: set[int]) -> QuerySet:
    return Byline.objects.filter(article=OuterRef("pk"), author__in=people)


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
