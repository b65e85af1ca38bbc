"""Redirects keep the query of the request: campaign marks and the like must reach the page they lead to.

A public view sees no query, because its page depends on its path alone. So it is added to its redirects here.
"""

from urllib.parse import quote

# What may stand in a query (RFC 3986, 3.4), and the percent sign of what is encoded already.
QUERY_CHARACTERS = "/?:@!$&'()*+,;=-._~%"


def with_query(location: str, query: str) -> str:
    """`location` with the query string of a WSGI environment, before a fragment.

    Unchanged if there is none, or if the location has one of its own.
    """
    if not query or "?" in location:
        return location
    path, hash_sign, fragment = location.partition("#")
    encoded = quote(query.encode("latin-1", "replace"), safe=QUERY_CHARACTERS)
    return f"{path}?{encoded}{hash_sign}{fragment}"
