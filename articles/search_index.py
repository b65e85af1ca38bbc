"""The index behind `search.py`, kept by the database itself: in the transaction that writes an article, whoever writes it.

SQLite: an FTS5 table filled by triggers. Each published article is under its entries and under a mark of its language, which no query can
hold. Every beginning of an entry up to PREFIXES characters has a list of its own, which is read from its newest end for as far as wanted:
without one, FTS5 first puts together the lists of all entries that begin so, and takes the longer the more there are. The tokenizer
`ascii` takes entries as they are: `unicode61` would break those with characters younger than itself.
PostgreSQL: a generated `tsvector` whose lexemes are the entries, under a GIN index. Both find an entry by its beginning.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

ENTRY = 100  # characters of an entry that count: no query is longer
PREFIXES = 16  # characters; of longer words few begin alike
INDEXED = 200_000  # characters of an article's entries on PostgreSQL, whose vectors end at a megabyte

_SQLITE_TABLE = (
    "CREATE VIRTUAL TABLE articles_search USING fts5 (entries, content='', detail='none', columnsize=0,"
    f" prefix='{' '.join(map(str, range(1, PREFIXES + 1)))}', tokenize='ascii')"
)
_SQLITE_TEXT = "CASE WHEN {row}.status = 'published' THEN '§' || replace({row}.language, '-', '') || ' ' || {row}.search_text ELSE '' END"
_NEW, _OLD = _SQLITE_TEXT.format(row="new"), _SQLITE_TEXT.format(row="old")
_FORGET = f"INSERT INTO articles_search (articles_search, rowid, entries) VALUES ('delete', old.id, {_OLD});"  # noqa: S608 (nothing of a reader's)
_LEARN = f"INSERT INTO articles_search (rowid, entries) VALUES (new.id, {_NEW});"  # noqa: S608
_SQLITE_TRIGGERS = {
    "articles_search_insert": f"AFTER INSERT ON articles_article BEGIN {_LEARN} END",
    "articles_search_delete": f"AFTER DELETE ON articles_article BEGIN {_FORGET} END",
    "articles_search_update": f"AFTER UPDATE OF id, status, language, search_text ON articles_article BEGIN {_FORGET} {_LEARN} END",
}
_VECTOR = (
    "array_to_tsvector(array_remove(string_to_array("
    rf"left(regexp_replace(search_text, '(\S{{{ENTRY}}})\S+', '\1', 'g'), {INDEXED}), ' '), ''))"
)


def newest_with(terms: Sequence[str], language: str, limit: int) -> RawSQL:
    """The keys of the newest published articles in this language that have, for each term, an entry that begins with it.

    At most `limit`: whoever asks for a word that stands in every article waits no longer than anybody else.
    """
    if connection.vendor == "postgresql":
        newest = """
            SELECT id FROM articles_article WHERE search_vector @@ %s::tsquery AND language = %s AND status = 'published'
            ORDER BY publish_at DESC, id DESC LIMIT %s
        """
        return RawSQL(newest, (" & ".join(f"'{term}':*" for term in terms), language, limit))  # noqa: S611 (a query has words alone)
    entries = " AND ".join([f'"§{language.replace("-", "")}"', *(f'"{term}" *' for term in terms)])
    newest = "SELECT rowid FROM articles_search WHERE articles_search MATCH %s ORDER BY rowid DESC LIMIT %s"
    return RawSQL(newest, (entries, limit))  # noqa: S611


def install_index(connection: BaseDatabaseWrapper) -> None:
    """Make what is missing of the index.

    Asked for by the migration, and after every other: on SQLite a change of the articles' table makes that anew, and drops its triggers.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"ALTER TABLE articles_article ADD COLUMN IF NOT EXISTS search_vector tsvector GENERATED ALWAYS AS ({_VECTOR}) STORED"
            )
            cursor.execute(
                "CREATE INDEX IF NOT EXISTS articles_search ON articles_article USING gin (search_vector)"
            )
        else:
            with transaction.atomic(
                using=connection.alias
            ):  # whoever reads or publishes meanwhile has the index as it was
                _install_on_sqlite(cursor)


def _install_on_sqlite(cursor) -> None:
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'articles_search%%'")
    there = dict(cursor.fetchall())
    if there.get("articles_search") != _SQLITE_TABLE:  # missing, or as an earlier version of ours had it
        _remove_from_sqlite(cursor)
        there = {}
        cursor.execute(_SQLITE_TABLE)
        row = _SQLITE_TEXT.format(row="a")
        cursor.execute(
            f"INSERT INTO articles_search (rowid, entries) SELECT a.id, {row} FROM articles_article a"  # noqa: S608
        )
    for name, trigger in _SQLITE_TRIGGERS.items():
        if name not in there:
            cursor.execute(f"CREATE TRIGGER {name} {trigger}")


@contextmanager
def index_suspended(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without the index for so long, and made anew in the end: for whoever writes a whole site, an article at a time costs far more."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            connection.check_constraints()  # no index can go while some are still to be checked
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
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE articles_article DROP COLUMN IF EXISTS search_vector")
        else:
            _remove_from_sqlite(cursor)


def _remove_from_sqlite(cursor) -> None:
    for name in _SQLITE_TRIGGERS:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
    cursor.execute("DROP TABLE IF EXISTS articles_search")
