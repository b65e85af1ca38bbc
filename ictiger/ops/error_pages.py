"""Static error pages for nginx, in each language, for requests that ICTiger does not answer or does not
get.
"""

import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

TEMPLATES = {
    400: "400.html",
    403: "deploy/403.html",
    404: "deploy/404.html",
    413: "413.html",
    429: "deploy/429.html",
    431: "deploy/431.html",
    502: "deploy/502.html",
}


def write_error_pages() -> Path:
    """Write the pages below STATIC_ROOT, whose style sheet they use, and return their folder."""
    folder = Path(settings.STATIC_ROOT) / "errors"
    for language, _name in settings.LANGUAGES:
        for status, template in TEMPLATES.items():
            with translation.override(language):
                _write_atomically(
                    folder / language / f"{status}.html",
                    render_to_string(template, {"LANGUAGE_CODE": language}),
                )
    return folder


def _write_atomically(target: Path, text: str) -> None:
    """Replace the file in one step, since nginx may be reading it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as new:
        new.write(text)
    os.chmod(new.name, 0o644)  # nginx runs as another user
    os.replace(new.name, target)
