"""`manage.py bench render`: articles of a folder beside a baseline, and random texts."""

import json
from pathlib import Path

import pytest

from articles.markdown import MAX_CHARACTERS
from ictiger.testbed.bench import rendering
from ictiger.testbed.data import mixed_texts

from .test_baseline import THIS_PROJECT
from .test_bench import bench


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text(
        "---\ntitle: x\n---\n\n![x](https://a.example/x.png) One.\n\n" + "Two. " * 500
    )
    (folder / "deep" / "b.md").write_text("一段中文。" * 500)
    (folder / "c.md").write_text(">" * 200 + " refused")
    return folder


def test_a_corpus_is_rendered_by_both_checkouts(corpus: Path, tmp_path: Path):
    done = bench("render", f"--corpus={corpus}", "--rounds=2", THIS_PROJECT, var=str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "render.json").read_text())
    assert figures["refused"] == 1
    assert {
        "a.md",
        "b.md",
        "p50, this",
        "p99, this",
        "p99, baseline",
        "p99 at 20,000 characters",
    } <= figures.keys()
    assert 0.2 < figures["this ÷ baseline, an article"] < 5
    assert "c.md" not in figures


def test_random_texts_are_the_same_for_a_seed():
    once = list(mixed_texts.mixed_texts(50, 7))
    assert once == list(mixed_texts.mixed_texts(50, 7))
    assert once != list(mixed_texts.mixed_texts(50, 8))


def test_some_random_texts_are_as_long_as_an_article_may_be(monkeypatch):
    monkeypatch.setattr(mixed_texts, "SIZE_LIMIT_EVERY", 2)
    assert [len(text) == MAX_CHARACTERS for text in mixed_texts.mixed_texts(4, 1)] == [False, True] * 2


def test_a_loss_and_a_slow_text_fail_the_command(monkeypatch):
    monkeypatch.setattr(rendering, "mixed_texts", lambda *_: ["one", "two"])
    monkeypatch.setattr(rendering, "lost_text", lambda text, _rendered: [(1, text)] if text == "two" else [])
    monkeypatch.setattr(rendering, "MAX_SECONDS", 0)
    report = rendering.bench_rendering({"fuzz": 2, "seed": 1}, lambda _line: None)
    assert report.figures["with lost letters"] == 1
    assert "lost (1, 'two') of 'two'" in report.faults
    assert len(report.faults) == 3


def test_a_slower_checkout_is_named(monkeypatch):
    corpus = [{"name": "a", "text": "x" * 20_000, "language": "en"}]
    report = rendering._report_times(corpus, [[0.2], [0.1]])
    assert report.figures["this ÷ baseline, an article"] == 2
    assert "MISSED: 1.2" in report.table()
    assert "200.0 ms; MISSED: 150 ms" in report.table()
    assert report.faults == []
