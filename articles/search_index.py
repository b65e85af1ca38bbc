"""The database's index behind `search.py`. The database updates it in the transaction that writes an article.

SQLite: an FTS5 table filled by triggers. A published article is indexed under its entries and under a mark of
its language, which no query can contain. Each prefix of an entry up to PREFIXES characters has a list of its
own, which is read from its newest end as far as needed. Without such lists FTS5 first merges those of all
entries with the prefix, which takes time that grows with them. The tokenizer `ascii` takes entries as they
are; `unicode61` would split those with characters newer than its Unicode version.

PostgreSQL: a generated `tsvector` whose lexemes are the entries, with a GIN index.

Both look up entries by prefix.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import RawSQL

MAX_ENTRY = 100  # characters; the rest of an entry is not indexed on PostgreSQL: no query is longer
PREFIXES = 16  # characters; few longer words share a longer prefix
MAX_INDEXED = 200_000  # characters of an article's entries; PostgreSQL limits a tsvector to 1 MB

_SQLITE_TABLE = (
    "CREATE VIRTUAL TABLE articles_search USING fts5 (entries, content='', detail='none', columnsize=0,"
    f" prefix='{' '.join(map(str, range(1, PREFIXES + 1)))}', tokenize='ascii')"
)
_SQLITE_TEXT = (
    "CASE WHEN {row}.status = 'published'"
    " THEN '§' || replace({row}.language, '-', '') || ' ' || {row}.search_text ELSE '' END"
)
_NEW, _OLD = _SQLITE_TEXT.format(row="new"), _SQLITE_TEXT.format(row="old")
# No user input is in these statements.
_REMOVE_OLD = (
    "INSERT INTO articles_search (articles_search, rowid, entries) "  # noqa: S608
    f"VALUES ('delete', old.id, {_OLD});"
)
_ADD_NEW = f"INSERT INTO articles_search (rowid, entries) VALUES (new.id, {_NEW});"  # noqa: S608
_SQLITE_TRIGGERS = {
    "articles_search_insert": f"AFTER INSERT ON articles_article BEGIN {_ADD_NEW} END",
    "articles_search_delete": f"AFTER DELETE ON articles_article BEGIN {_REMOVE_OLD} END",
    "articles_search_update": (
        "AFTER UPDATE OF id, status, language, search_text ON articles_article "
        f"BEGIN {_REMOVE_OLD} {_ADD_NEW} END"
    ),
}
_VECTOR = (
    "array_to_tsvector(array_remove(string_to_array("
    rf"left(regexp_replace(search_text, '(\S{{{MAX_ENTRY}}})\S+', '\1', 'g'), {MAX_INDEXED}), ' '), ''))"
)


def newest_with(terms: Sequence[str], language: str, limit: int) -> RawSQL:
    """The keys of the newest published articles in this language with an entry that begins with each term.

    At most `limit` keys, so that a word that stands in every article takes no longer than another.
    """
    if connection.vendor == "postgresql":
        newest = """
            SELECT id FROM articles_article
            WHERE search_vector @@ %s::tsquery AND language = %s AND status = 'published'
            ORDER BY publish_at DESC, id DESC LIMIT %s
        """
        query = " & ".join(f"'{term}':*" for term in terms)  # terms are letters and digits only
        return RawSQL(newest, (query, language, limit))  # noqa: S611
    entries = " AND ".join([f'"§{language.replace("-", "")}"', *(f'"{term}" *' for term in terms)])
    newest = "SELECT rowid FROM articles_search WHERE articles_search MATCH %s ORDER BY rowid DESC LIMIT %s"
    return RawSQL(newest, (entries, limit))  # noqa: S611


def install_index(connection: BaseDatabaseWrapper) -> None:
    """Create the parts of the index that are missing.

    Called by the app's first migration and after all migrations: on SQLite, altering the articles' table
    makes a new one without triggers.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "ALTER TABLE articles_article ADD COLUMN IF NOT EXISTS "
                f"search_vector tsvector GENERATED ALWAYS AS ({_VECTOR}) STORED"
            )
            cursor.execute(
                "CREATE INDEX IF NOT EXISTS articles_search ON articles_article USING gin (search_vector)"
            )
        else:
            with transaction.atomic(using=connection.alias):  # others see the old index until it is complete
                _install_on_sqlite(cursor)


def _install_on_sqlite(cursor: CursorWrapper) -> None:
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'articles_search%%'")
    installed = dict(cursor.fetchall())
    if (
        installed.get("articles_search") != _SQLITE_TABLE
    ):  # missing, or from an earlier version of this module
        _remove_from_sqlite(cursor)
        installed = {}
        cursor.execute(_SQLITE_TABLE)
        row = _SQLITE_TEXT.format(row="a")
        cursor.execute(
            "INSERT INTO articles_search (rowid, entries) "  # noqa: S608
            f"SELECT a.id, {row} FROM articles_article a"
        )
    for name, trigger in _SQLITE_TRIGGERS.items():
        if name not in installed:
            cursor.execute(f"CREATE TRIGGER {name} {trigger}")


@contextmanager
def index_suspended(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Drop the index while bulk-loading and rebuild it afterwards.

    Updating it article by article costs far more.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            connection.check_constraints()  # an index cannot be dropped while deferred checks are pending
            cursor.execute("DROP INDEX IF EXISTS articles_search")
        else:
            _remove_from_sqlite(cursor)
    try:
        yield
    finally:
        if connection.vendor == "postgresql":
            connection.check_constraints()
        install_index(connection)


def remove_index(connection: BaseDatabaseWrapper) -> None:
    """Drop the index and, on PostgreSQL, its column."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE articles_article DROP COLUMN IF EXISTS search_vector")
        else:
            _remove_from_sqlite(cursor)


def _remove_from_sqlite(cursor: CursorWrapper) -> None:
    for name in _SQLITE_TRIGGERS:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
    cursor.execute("DROP TABLE IF EXISTS articles_search")
