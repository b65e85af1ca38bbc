"""One stylesheet and one script for readers, put together from parts that are small enough to read.

A staticfiles finder, so that `runserver`, whitenoise and `collectstatic` all see `css/site.css` and `js/site.js` as ordinary files, and
there is no build step to forget. Style sheets are joined in order. Scripts are ES modules: joining gives them one scope, so `export` and
the imports between parts are dropped, and a part stands after those that it imports (`tests/articles/test_look.py` holds them to it).
"""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from ictiger.delivery.release import release

SOURCE = settings.BASE_DIR / "ictiger" / "static"

BUNDLES = {
    "css/site.css": (
        "css/tokens.css",
        "css/base.css",
        "css/prose.css",
        "css/marks.css",
        "css/code.css",
        "css/masthead.css",
        "css/banner.css",
        "css/teaser.css",
        "css/list.css",
        "css/article.css",
        "css/discussion.css",
        "css/form.css",
        "css/panel.css",
        "css/footer.css",
        "css/print.css",
    ),
    "js/site.js": (
        "js/steady.js",
        "js/bar.js",
        "js/verification.js",
        "js/contents.js",
        "js/sidenotes.js",
        "js/scrollers.js",
        "js/words.js",
        "js/counter.js",
        "js/drafts.js",
        "js/placing.js",
        "js/sending.js",
        "js/paging.js",
        "js/discussion.js",
        "js/typed_texts.js",
    ),
}

IMPORT = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|class|const|let)\b)", re.MULTILINE)


def joined(name: str) -> str:
    """The text of the bundle `name`, made from its parts as they are now."""
    text = "\n".join((SOURCE / part).read_text(encoding="utf-8") for part in BUNDLES[name])
    return EXPORT.sub("", IMPORT.sub("", text)) if name.endswith(".js") else text


class BundleFinder(BaseFinder):
    """Finds the bundles: real files below `var/bundles/`, written anew whenever a part has changed."""

    def __init__(self, app_names: list[str] | None = None, *args, **kwargs) -> None:
        self.storage = FileSystemStorage(location=settings.VAR / "bundles")
        super().__init__(*args, **kwargs)

    def find(self, path: str, find_all: bool = False) -> str | list[str]:
        if path not in BUNDLES:
            return []
        found = str(self._written(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in BUNDLES:
            self._written(name)
            yield name, self.storage

    def _written(self, name: str) -> Path:
        target, text = Path(self.storage.path(name)), joined(name)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Replaced in one step: another process may be reading it.
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as new:
                new.write(text)
            os.chmod(new.name, 0o644)  # another user's web server may read it
            os.replace(new.name, target)
        return target


class ReleaseStorage(CompressedManifestStaticFilesStorage):
    """Collected files, named by their content, with a list for each release: while two of them run, neither reads the other's."""

    @property
    def manifest_name(self) -> str:
        return f"staticfiles-{release()}.json"

    def url(self, name: str, force: bool = False) -> str:
        """What the list says of a file stays so until there is another list; every page asks for several."""
        if self._urls_by is not self.hashed_files:
            self._urls, self._urls_by = {}, self.hashed_files
        url = self._urls.get(name)
        if url is None:
            url = self._urls[name] = super().url(name, force)
        return url

    _urls_by: dict | None = None
