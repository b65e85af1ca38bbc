"""Whoever changes the renderer's output raises RENDERER_VERSION: otherwise published texts stay old."""

import hashlib
import json
from pathlib import Path

from django.utils import translation

from articles.markdown import RENDERER_VERSION, render
from articles.search import index_text

CORPUS = Path(__file__).parent / "data" / "renderer_corpus.md"
# Of what the renderer and the search index make of the corpus; the present version's only.
DIGESTS = {1: "5346658b74f987d1"}
SIZES = {"/media/images/2026/11/map.webp": (1600, 900)}


def output_digest() -> str:
    corpus = CORPUS.read_text(encoding="utf-8").split("\n%%%%\n")
    results = []
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for source in corpus:
                rendered = render(
                    source, size_of=SIZES.get, site_url="https://publication.test", language=language
                )
                results.append([rendered.html, rendered.contents, rendered.words, rendered.reading_minutes])
                results.append(index_text("Title 标题", "Summary 摘要", rendered.text))
    return hashlib.sha256(json.dumps(results, ensure_ascii=False).encode()).hexdigest()[:16]


def test_output_changes_only_with_the_version():
    assert DIGESTS.get(RENDERER_VERSION) == output_digest(), (
        f"The renderer makes something else of {CORPUS.name} than version {RENDERER_VERSION} did. If that "
        "is meant, raise RENDERER_VERSION in articles/markdown/version.py, so that `manage.py render` finds "
        f"what is published, and write the digest here: {output_digest()!r}."
    )


def test_digest_depends_on_every_part(monkeypatch):
    before = output_digest()
    monkeypatch.setattr("articles.markdown.rendering.reading_minutes", lambda *_counts: 99)
    assert output_digest() != before
