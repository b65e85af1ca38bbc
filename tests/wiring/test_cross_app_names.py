"""Names of apps above, as strings: import-linter sees only imports, so this test finds what goes around its
layers.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from ictiger.cross_app_names import CROSS_APP_NAMES

WIRING = (
    r"ictiger\.(?:apps|checks|error_views|health|jobs|management|middleware|ops|testbed|urls|worker|wsgi)"
)
# Folder → names of the apps above it: modules, URL names, permissions, models, paths, and cookies.
NAMES_ABOVE = {
    "ictiger/core": ("accounts", "articles", "comments"),
    "ictiger/pagecache": ("accounts", "articles", "comments"),
    "ictiger/mail": ("accounts", "articles", "comments"),
    "accounts": ("articles", "comments"),
    "articles": ("comments",),
}
COOKIES_OF_COMMENTS = {"waiting"}
TRANSLATIONS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}


def is_cross_app_name(string: str, file: str, apps: tuple[str, ...]) -> bool:
    """Whether `string` is an app's name, or has it before a colon, a dot or a slash, as in "comments:me" or
    "comments.add_comment".
    """
    if string in COOKIES_OF_COMMENTS and not file.endswith("/urls.py"):  # there it is the name of a URL
        return True
    return bool(re.search(rf"(?<!\w)(?:{'|'.join(apps)})(?:[:./](?!\s|$)|/|$)|^{WIRING}\b", string))


def literals(tree: ast.AST) -> Iterator[str]:
    """Every string literal of a module except docstrings and texts to be translated."""
    if (
        isinstance(tree, ast.Call)
        and getattr(tree.func, "id", getattr(tree.func, "attr", "")) in TRANSLATIONS
    ):
        return
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.value
    for child in ast.iter_child_nodes(tree):
        yield from literals(child)


def names_in(folder: str) -> set[tuple[str, str]]:
    """(file, string) of every name of an app above `folder` in its modules, migrations apart."""
    found = set()
    for path in Path(settings.BASE_DIR, folder).rglob("*.py"):
        file = path.relative_to(settings.BASE_DIR).as_posix()
        if "/migrations/" not in file:
            strings = literals(ast.parse(path.read_text(encoding="utf-8")))
            found |= {
                (file, string) for string in strings if is_cross_app_name(string, file, NAMES_ABOVE[folder])
            }
    return found


def listed_in(folder: str) -> set[tuple[str, str]]:
    return {(name.file, name.string) for name in CROSS_APP_NAMES if name.file.startswith(f"{folder}/")}


@pytest.mark.parametrize("folder", NAMES_ABOVE)
def test_names_of_apps_above_are_listed_with_a_reason(folder):
    assert names_in(folder) - listed_in(folder) == set()


@pytest.mark.parametrize("folder", NAMES_ABOVE)
def test_listed_names_still_exist(folder):
    assert listed_in(folder) - names_in(folder) == set()


def test_every_listed_name_has_a_reason_and_a_scanned_folder():
    assert all(name.reason.strip() for name in CROSS_APP_NAMES)
    assert {name for name in CROSS_APP_NAMES if not name.file.startswith(tuple(NAMES_ABOVE))} == set()


@pytest.mark.parametrize(
    "code",
    [
        'apps.get_model("comments", "Discussion")',
        'cached_reverse("comments:me", 1)',
        'user.has_perm("comments.moderate_comment")',
        'redirect("articles:home")',
        'f"/articles/{slug}/"',
        'request.COOKIES.get("waiting")',
        'import_string("ictiger.middleware.ContentPolicyMiddleware")',
    ],
)
def test_scan_finds_names_of_apps_above(code):
    found = [
        text
        for text in literals(ast.parse(code))
        if is_cross_app_name(text, "accounts/x.py", NAMES_ABOVE["accounts"])
    ]

    assert len(found) == 1


@pytest.mark.parametrize(
    "code",
    [
        '"""What comments: me does."""',
        '_("comments")',
        'redirect("accounts:profile")',
        '"mails about comments turned down"',
        'getLogger("ictiger.delivery")',
    ],
)
def test_scan_ignores_docstrings_texts_and_names_below(code):
    tree = ast.parse(code)

    assert not any(
        is_cross_app_name(text, "accounts/x.py", NAMES_ABOVE["accounts"]) for text in literals(tree)
    )
