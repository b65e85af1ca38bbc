"""Design: contrast of colours, bundles of style sheets and scripts, templates without inline code."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string
from django.utils import translation

from ictiger.static_files import BUNDLES, IMPORT, SOURCE, bundle_source

TEMPLATES = settings.BASE_DIR / "templates"
# Mail programs ignore style sheets: only these templates have inline style.
MAIL = re.compile(r"/email/|^mail/")


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of #rrggbb."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours(sheet: str) -> dict[str, tuple[str, str]]:
    """Every `--name: light-dark(#…, #…)` of a sheet."""
    matches = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", (SOURCE / sheet).read_text())
    return {name: (light, dark) for name, light, dark in matches}


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("ink", "paper", 7),
        ("ink", "paper-sunken", 7),
        ("ink", "paper-raised", 7),
        ("ink", "selection", 7),
        ("ink-soft", "paper", 7),
        ("ink-quiet", "paper", 4.5),
        ("ink-quiet", "paper-sunken", 4.5),
        ("ink-quiet", "paper-raised", 4.5),
        ("accent-ink", "paper", 4.5),
        ("accent-ink", "paper-sunken", 4.5),
        ("good", "paper", 4.5),
        ("bad", "paper", 4.5),
        ("bad", "paper-raised", 4.5),
        ("paper", "accent-ink", 4.5),
        ("paper", "bad", 4.5),
        ("accent", "paper", 3),
        ("rule-strong", "paper", 3),
        ("rule-strong", "paper-raised", 3),
    ],
)
def test_colours_have_enough_contrast(text, ground, least, scheme):
    tokens = colours("css/shared/tokens.css")
    assert contrast(tokens[text][scheme], tokens[ground][scheme]) >= least


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["code-word", "code-text", "code-number", "code-name", "code-comment"])
def test_code_has_enough_contrast(name, scheme):
    ground = colours("css/shared/tokens.css")["paper-sunken"][scheme]
    assert contrast(colours("css/site/code.css")[name][scheme], ground) >= 4.5


def test_every_style_sheet_and_script_is_in_a_bundle():
    files = {
        path.relative_to(SOURCE).as_posix()
        for ending in ("css", "js")
        for path in (SOURCE / ending).rglob(f"*.{ending}")
    }
    # Loaded by single pages of the admin, by the developer's mailbox, and before the first paint.
    separate = {name for name in files if name.startswith("js/admin/")} | {
        "css/admin/articles.css",
        "css/site/mailbox.css",
        "js/site/early_hint.js",
    }
    assert files - separate == {part for parts in BUNDLES.values() for part in parts}


def test_bundled_style_sheet_contains_its_parts_in_order():
    text = bundle_source("css/site/bundle.css")
    places = [text.index((SOURCE / part).read_text()) for part in BUNDLES["css/site/bundle.css"]]
    assert places == sorted(places)


def test_bundled_script_has_one_scope_without_clashes():
    text = bundle_source("js/site/bundle.js")
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", text, re.MULTILINE)
    assert sorted(names) == sorted(set(names))


def test_bundled_scripts_follow_their_imports():
    parts = BUNDLES["js/site/bundle.js"]
    for number, part in enumerate(parts):
        for imported in IMPORT.findall((SOURCE / part).read_text()):
            assert f"js/site/{imported}" in parts[:number], f"{part} imports {imported}"


def test_bundle_finder_rebuilds_a_changed_bundle(monkeypatch, tmp_path):
    part = tmp_path / "a.css"
    part.write_text("a {}")
    monkeypatch.setitem(BUNDLES, "css/site/bundle.css", (str(part),))
    assert Path(finders.find("css/site/bundle.css")).read_text() == "a {}"
    part.write_text("b {}")
    assert Path(finders.find("css/site/bundle.css")).read_text() == "b {}"


def test_bundle_finder_lists_all_bundles():
    finder = finders.get_finder("ictiger.static_files.BundleFinder")
    collected = {name: Path(storage.path(name)).read_text() for name, storage in finder.list([])}
    assert collected == {name: bundle_source(name) for name in BUNDLES}


def template_names() -> list[str]:
    return sorted(
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.*")
        if path.suffix in {".html", ".txt"}
    )


@pytest.mark.parametrize("name", template_names())
def test_template_compiles(name):
    get_template(name)


@pytest.mark.parametrize(
    "name", [name for name in template_names() if name.endswith(".html") and not MAIL.search(name)]
)
def test_template_has_no_inline_code(name):
    text = (TEMPLATES / name).read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or 'type="application/json"' in attributes  # data is not run
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)


@pytest.mark.parametrize("name", ["400.html", "500.html", "503.html"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_error_page_renders_without_database_or_context(name, language):
    """This test has no access to the database."""
    with translation.override(language):
        assert f'<p class="error-code">{name[:3]}</p>' in render_to_string(name)
