"""The query of a request, added to a redirect."""

import pytest

from ictiger.pagecache.redirects import with_query


@pytest.mark.parametrize(
    ("location", "query", "expected"),
    [
        ("/a/", "", "/a/"),
        ("/a/", "x=1&y=%E4", "/a/?x=1&y=%E4"),
        ("/a/#note", "x=1", "/a/?x=1#note"),
        ("/a/?own=1", "x=1", "/a/?own=1"),
        ("/a/", 'x="<>', "/a/?x=%22%3C%3E"),
    ],
)
def test_query_is_added(location, query, expected):
    assert with_query(location, query) == expected
