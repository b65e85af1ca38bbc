"""Strings in which an app names an app above it, where no import could: each with the reason why it stays.

tests/wiring/test_cross_app_names.py scans accounts, articles and the lower packages of ictiger, and fails on
a string that is not listed.
"""

from typing import NamedTuple


class CrossAppName(NamedTuple):
    file: str
    string: str
    reason: str


CROSS_APP_NAMES = (
    CrossAppName(
        "articles/models/slugs.py",
        "comments",
        "A page must not take the first part of another path as its slug: the list has those of all apps.",
    ),
    CrossAppName(
        "articles/sitemaps.py",
        "comments/",
        "robots.txt is one file for the whole site and names the paths that crawlers leave alone.",
    ),
    CrossAppName("articles/sitemaps.py", "articles/*/comments/new/", "As above, for robots.txt."),
    *(
        CrossAppName(
            "ictiger/pagecache/build_id.py",
            folder,
            "The build id is a hash of the source of all apps: each decides what a stored page looks like.",
        )
        for folder in ("accounts", "articles", "comments")
    ),
    CrossAppName(
        "ictiger/pagecache/headers.py",
        "ictiger.middleware.ContentPolicyMiddleware",
        "Stored pages are sent without running settings.MIDDLEWARE; the security headers are those that this "
        "one sets.",
    ),
)
