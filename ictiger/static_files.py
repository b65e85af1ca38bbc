"""Bundles of style sheets and scripts, and the storage of collected static files.

Folders below `ictiger/static/`: `css/site` and `js/site` for readers, `css/admin` and `js/admin` for the
admin, `css/shared` for both, `img` for pictures. A staticfiles finder joins small files into bundles, so that
`runserver`, whitenoise and `collectstatic` all see a bundle as an ordinary file and there is no build step.
Style sheets are joined in order. Scripts are ES modules: joining puts them into one scope, so `export` and
imports between parts are removed, and each part comes after the parts that it imports (tested in
`tests/articles/test_look.py`).
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

from ictiger.pagecache.build_id import build_id

SOURCE = settings.BASE_DIR / "ictiger" / "static"

BUNDLES = {
    "css/site/bundle.css": (
        "css/shared/tokens.css",
        "css/site/base.css",
        "css/site/prose.css",
        "css/site/code.css",
        "css/site/marks.css",
        "css/site/masthead.css",
        "css/site/banner.css",
        "css/site/teaser.css",
        "css/site/focus.css",
        "css/site/full_size.css",
        "css/site/list.css",
        "css/site/article.css",
        "css/site/discussion.css",
        "css/site/comment_form.css",
        "css/site/form.css",
        "css/site/panel.css",
        "css/site/footer.css",
        "css/site/print.css",
    ),
    "css/admin/bundle.css": (
        "css/shared/tokens.css",
        "css/admin/base.css",
        "css/admin/controls.css",
        "css/admin/tables.css",
    ),
    "css/admin/moderation.css": (
        "css/admin/moderation_queue.css",
        "css/admin/moderation_decisions.css",
    ),
    "js/site/bundle.js": (
        "js/site/keep_scroll.js",
        "js/site/reader.js",
        "js/site/personal_bar.js",
        "js/site/verification_banner.js",
        "js/site/table_of_contents.js",
        "js/site/sidenotes.js",
        "js/site/scrollable_code.js",
        "js/site/full_size.js",
        "js/site/word_count.js",
        "js/site/words_left.js",
        "js/site/drafts.js",
        "js/site/insertion.js",
        "js/site/in_step.js",
        "js/site/submit.js",
        "js/site/discussion_pages.js",
        "js/site/discussion.js",
        "js/site/draft_list.js",
    ),
}

IMPORT = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|class|const|let)\b)", re.MULTILINE)


def bundle_source(name: str) -> str:
    """Join the current parts of the bundle `name`."""
    text = "\n".join((SOURCE / part).read_text(encoding="utf-8") for part in BUNDLES[name])
    return EXPORT.sub("", IMPORT.sub("", text)) if name.endswith(".js") else text


class BundleFinder(BaseFinder):
    """Serve bundles as files below `var/bundles/`; rewrite a file when one of its parts has changed."""

    def __init__(self, app_names: list[str] | None = None, *args, **kwargs) -> None:
        self.storage = FileSystemStorage(location=settings.VAR / "bundles")
        super().__init__(*args, **kwargs)

    def find(self, path: str, find_all: bool = False) -> str | list[str]:
        if path not in BUNDLES:
            return []
        bundle_path = str(self._write_if_changed(path))
        return [bundle_path] if find_all else bundle_path

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in BUNDLES:
            self._write_if_changed(name)
            yield name, self.storage

    def _write_if_changed(self, name: str) -> Path:
        target, text = Path(self.storage.path(name)), bundle_source(name)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Replace it in one step: another process may be reading it.
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as file:
                file.write(text)
            os.chmod(file.name, 0o644)  # a web server of another user may read it
            os.replace(file.name, target)
        return target


class ReleaseStorage(CompressedManifestStaticFilesStorage):
    """Collected files with a content hash in their names, and one manifest per build.

    During an upgrade two builds run beside each other, and each reads its own manifest.
    """

    @property
    def manifest_name(self) -> str:
        return f"staticfiles-{build_id()}.json"

    def url(self, name: str, force: bool = False) -> str:
        """Cache URLs until the manifest is loaded again: every page needs several."""
        if self._cached_manifest is not self.hashed_files:
            self._urls, self._cached_manifest = {}, self.hashed_files
        url = self._urls.get(name)
        if url is None:
            url = self._urls[name] = super().url(name, force)
        return url

    _cached_manifest: dict | None = None
