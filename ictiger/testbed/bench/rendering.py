"""The CPU time of rendering articles' Markdown, here and in a baseline, in turns.

The texts are Markdown files of a folder, or made here. Pictures of other sites, for which a text would be
refused, get an address of ours, and front matter is cut off. `--fuzz N` renders random texts instead, and
fails if one takes over a second or loses a letter.
"""

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median

from django.conf import settings
from django.core.exceptions import ValidationError

from articles.markdown import lost_text, render
from ictiger.core.languages import Language
from ictiger.testbed.data.mixed_texts import mixed_texts
from ictiger.testbed.data.texts import texts
from ictiger.testbed.processes import Checkout, this_checkout

from . import rendering_times
from .baseline import take_turns
from .post_load import percentile
from .report import Ratio, Report, verdict
from .sites import BASELINE_OPTION, Log
from .wrk import MeasurementFailed

RENDERING_OPTIONS = {
    "corpus": {
        "default": None,
        "metavar": "DIR",
        "help": "A folder of .md files (default: texts made here).",
    },
    "baseline": BASELINE_OPTION,
    "rounds": {"type": int, "default": 3, "help": "In which both take turns (default: %(default)s)."},
    "fuzz": {"type": int, "default": 0, "metavar": "N", "help": "Render so many random texts instead."},
    "seed": {"type": int, "default": 1, "help": "Of made and random texts (default: %(default)s)."},
}
MAX_RATIO = 1.2
MAX_P99, AT_CHARACTERS = 0.150, 20_000  # seconds for a text of so many characters
SHORT = 2_000  # characters below which a time says little about longer texts
MAX_SECONDS = 1.0  # for any text
WORST = 10
LOST_TOLD = 5

FRONT_MATTER = re.compile(r"\A\ufeff?(---|\+\+\+)[ \t]*\n.*?\n\1[ \t]*\n", re.DOTALL)
FOREIGN_PICTURES = (
    (re.compile(r"(!\[[^\]\n]*\]\()\s*<?https?://[^)\s>]*>?"), r"\1/media/x.png"),
    (re.compile(r"(<img[^>]*?src=)([\"']?)https?://[^\"'\s>]*"), r"\1\2/media/x.png"),
    (
        re.compile(r"^(\[[^\]\n]+\]:\s*)https?://\S+\.(?:png|jpe?g|gif|webp|svg)\b\S*", re.MULTILINE | re.I),
        r"\1/media/x.png",
    ),
)
CHINESE_CHARACTER = re.compile("[\u4e00-\u9fff]")


def bench_rendering(options: dict, log: Log) -> Report:
    if options["fuzz"]:
        return _fuzz(options["fuzz"], options["seed"], log)
    corpus = _corpus(options)
    checkouts = [this_checkout(), *([Checkout.at(options["baseline"])] if options["baseline"] else [])]
    log(f"{len(corpus)} texts, {options['rounds']} rounds …")
    with tempfile.TemporaryDirectory(dir=settings.VAR) as folder:
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(corpus), encoding="utf-8")
        rounds: list[list[list[float | None]]] = [[] for _checkout in checkouts]
        take_turns(
            options["rounds"],
            [
                lambda checkout=checkout, done=done: done.append(_times(checkout, file))
                for checkout, done in zip(checkouts, rounds, strict=True)
            ],
        )
    return _report_times(corpus, [[_median(times) for times in zip(*done, strict=True)] for done in rounds])


def _median(times: tuple[float | None, ...]) -> float | None:
    return median(times) if None not in times else None


def _times(checkout: Checkout, file: Path) -> list[float | None]:
    """The seconds for each text, in a process of the checkout's Python."""
    script = Path(rendering_times.__file__)
    done = subprocess.run(
        [checkout.python, str(script), str(checkout.folder), str(file)],
        cwd=checkout.folder,
        env=os.environ | {"PYTHONPATH": str(checkout.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MeasurementFailed(f"{checkout.folder}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _corpus(options: dict) -> list[dict[str, str]]:
    if not options["corpus"]:
        chance = Random(options["seed"])
        return [
            {"name": f"{language} {number}", "text": text.body, "language": language}
            for language in Language.values
            for number, text in enumerate(texts(language, chance), 1)
        ]
    corpus = [_prepared(path) for path in sorted(Path(options["corpus"]).rglob("*.md"))]
    if not corpus:
        raise MeasurementFailed(f"{options['corpus']} holds no .md files")
    return corpus


def _prepared(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    text = FRONT_MATTER.sub("", text)
    for foreign, own in FOREIGN_PICTURES:
        text = foreign.sub(own, text)
    is_chinese = len(CHINESE_CHARACTER.findall(text)) * 10 > len(text)
    return {
        "name": path.name,
        "text": text,
        "language": Language.ZH_HANS if is_chinese else Language.EN,
    }


def _report_times(corpus: list[dict[str, str]], sides: list[list[float | None]]) -> Report:
    """`sides` holds, for this checkout and perhaps the baseline, the seconds for each text."""
    report = Report(f"Rendering {len(corpus)} texts, CPU time of each", "render")
    rendered = [number for number in range(len(corpus)) if all(side[number] is not None for side in sides)]
    if not rendered:
        raise MeasurementFailed("no text was rendered by both")
    report.add("refused", len(corpus) - len(rendered), f"{len(corpus) - len(rendered)}")
    for name, side in zip(("this", "baseline"), sides, strict=False):
        times = sorted(side[number] for number in rendered)
        for percent in (50, 99):
            value = percentile(times, percent)
            report.add(f"p{percent}, {name}", value, f"{value * 1000:.1f} ms")
    if len(sides) > 1:
        _report_ratio(report, *([side[number] for number in rendered] for side in sides))
    _report_scaled(report, corpus, sides[0], rendered)
    for number in sorted(rendered, key=lambda number: -sides[0][number])[:WORST]:
        text, seconds = corpus[number], sides[0][number]
        report.add(text["name"], seconds, f"{seconds * 1000:.0f} ms for {len(text['text']):,} characters")
        if seconds > MAX_SECONDS:
            report.faults.append(f"{text['name']} took {seconds:.1f} s")
    return report


def _report_ratio(report: Report, current: list[float], baseline: list[float]) -> None:
    ratio = Ratio.of_rounds(current, baseline)
    reached = verdict(ratio.median <= MAX_RATIO)
    report.add("this ÷ baseline, an article", ratio.median, f"{ratio.text(3)}; {reached} {MAX_RATIO}")
    total = sum(current) / sum(baseline)
    report.add("this ÷ baseline, all together", total, f"{total:.3f}")


def _report_scaled(
    report: Report, corpus: list[dict[str, str]], seconds: list[float | None], rendered: list[int]
) -> None:
    """The time that texts which are not short would take if they had AT_CHARACTERS."""
    lengths = {number: len(corpus[number]["text"]) for number in rendered}
    scaled = sorted(
        seconds[number] * AT_CHARACTERS / length for number, length in lengths.items() if length >= SHORT
    )
    if scaled:
        value = percentile(scaled, 99)
        reached = verdict(value <= MAX_P99)
        text = f"{value * 1000:.1f} ms; {reached} {MAX_P99 * 1000:.0f} ms"
        report.add(f"p99 at {AT_CHARACTERS:,} characters", value, text)


def _fuzz(count: int, seed: int, log: Log) -> Report:
    """Render `count` random texts here, each checked for lost letters."""
    report = Report(f"Rendering {count:,} random texts, seed {seed}, CPU time", "render-fuzz")
    log(f"rendering {count:,} random texts …")
    times, refused, lost = [], 0, []
    for text, language in zip(mixed_texts(count, seed), _languages(), strict=False):
        before = time.process_time()
        try:
            rendered = render(text, language=language)
        except ValidationError:
            refused += 1
            rendered = None
        times.append((time.process_time() - before, text))
        if rendered is not None and (found := lost_text(text, rendered)):
            lost.append((found, text))
    seconds = sorted(time_ for time_, _text in times)
    report.add("refused", refused, f"{refused:,}")
    report.add("with lost letters", len(lost), f"{len(lost):,} ({len(lost) / count:.3%})")
    for percent in (50, 99):
        report.add(f"p{percent}", value := percentile(seconds, percent), f"{value * 1000:.1f} ms")
    for rank, (value, text) in enumerate(sorted(times, reverse=True)[:WORST], 1):
        report.add(
            f"worst, {rank}", value, f"{value * 1000:.0f} ms for {len(text):,} characters: {text[:60]!r}"
        )
        if value > MAX_SECONDS:
            report.faults.append(f"{value:.1f} s for {len(text):,} characters that begin {text[:200]!r}")
    report.faults += [f"lost {found[0]} of {text[:400]!r}" for found, text in lost[:LOST_TOLD]]
    return report


def _languages() -> Iterator[str]:
    while True:
        yield from (Language.EN, Language.ZH_HANS)
