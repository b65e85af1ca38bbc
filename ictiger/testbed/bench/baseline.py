"""What a change costs: this checkout and a baseline, measured in alternating rounds of one run.

Each checkout makes its own site, of the same size and from the same seed, and serves it with its own code, so
that neither has to know the other's tables, forms or options. A figure is the median of the rounds' ratios
this ÷ baseline, with the middle half of them: what slows the machine down for a while slows both.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from ictiger.testbed.processes import Checkout, this_checkout

from .post_load import PostResult, percentile, post
from .renders import view_seconds
from .report import TOLERANCE, Ratio, Report, verdict
from .sites import BenchSite, Log, bench_sites, new_environment
from .wrk import MeasurementFailed

PERCENTS = (50, 95, 99)

Series = dict[str, list[float]]  # one figure for each round, by name


def compare_posting(options: dict, log: Log) -> Report:
    """Post comments to both checkouts in turns, `options["seconds"]` in all to each."""
    rounds, seconds = options["rounds"], options["seconds"] / options["rounds"]
    size = [f"--{name}={options[name]}" for name in ("workers", "threads") if options[name]]
    report = Report(
        f"Posting comments, {options['writers']} writers, {rounds} rounds: this, baseline, this ÷ baseline",
        "comments-baseline",
    )
    with (
        bench_sites(str(options["articles"]), options["readers"], log, baseline=options["baseline"]) as sites,
        ExitStack() as stack,
    ):
        sides = [_Poster(stack, site, size, options["writers"]) for site in sites]
        log(f"{options['writers']} writers post for {seconds:.1f} s in each round …")
        for side in sides:
            side.post(seconds)  # not counted: a server's first requests are slow
        take_turns(rounds, [lambda side=side: side.record(seconds) for side in sides])
    current, baseline = (side.series for side in sides)
    _report_series(report, "comments a second", current, baseline, "{:.0f}".format, higher_is_better=True)
    for name in (f"p{percent}" for percent in PERCENTS):
        _report_series(report, name, current, baseline, _milliseconds)
    report.faults += [
        f"{site.name}: other answers: {dict(side.others)}"
        for site, side in zip(sites, sides, strict=True)
        if side.others
    ]
    return report


class _Poster:
    """Posts one site's prepared comments to its server."""

    def __init__(self, stack: ExitStack, site: BenchSite, size: list[str], writers: int) -> None:
        self.name, self.writers = site.name, writers
        self.server = stack.enter_context(site.serving(*size))
        self.prepared = site.prepared_posts()
        self.series: Series = {name: [] for name in ("comments a second", *(f"p{n}" for n in PERCENTS))}
        self.others: Counter = Counter()

    def post(self, seconds: float) -> tuple[list[PostResult], float]:
        results, duration = post(self.prepared, self.server.port, self.writers, seconds)
        self.others += sum((result.others for result in results), Counter())
        if not any(result.accepted for result in results):
            raise MeasurementFailed(
                f"{self.name}: {dict(self.others) or 'no prepared comment is left, see --readers'}"
            )
        return results, duration

    def record(self, seconds: float) -> None:
        results, duration = self.post(seconds)
        times = sorted(time for result in results for time in result.seconds)
        self.series["comments a second"].append(sum(len(result.accepted) for result in results) / duration)
        for percent in PERCENTS:
            self.series[f"p{percent}"].append(percentile(times, percent))


def compare_renders(options: dict, log: Log) -> Report:
    """Run `bench renders` of both checkouts in turns, each in processes and on a site of its own."""
    rounds = options["rounds"]
    sizes = [f"--{name}={options[name]}" for name in ("articles", "comments") if options[name] is not None]
    report = Report(
        f"CPU time of each view, {rounds} rounds: this, baseline, this ÷ baseline", "renders-baseline"
    )
    with ExitStack() as stack:
        sides = []
        for number, checkout in enumerate((this_checkout(), Checkout.at(options["baseline"])), start=1):
            log(f"making the site of {checkout.folder} …")
            environment = stack.enter_context(new_environment("0", number, checkout))
            view_seconds(checkout, environment, *sizes, "--repetitions=1")  # makes the site
            sides.append(_Renderer(checkout, environment, options["repetitions"]))
        log(f"rendering in {rounds} rounds …")
        take_turns(rounds, [side.record for side in sides])
    current, baseline = (side.series for side in sides)
    for name in current:
        if name in baseline:
            _report_series(report, name, current, baseline, _milliseconds)
    return report


class _Renderer:
    """Runs `bench renders` of one checkout."""

    def __init__(self, checkout: Checkout, environment: dict[str, str], repetitions: int) -> None:
        self.checkout, self.environment, self.repetitions = checkout, environment, repetitions
        self.series: Series = {}

    def record(self) -> None:
        seconds = view_seconds(self.checkout, self.environment, f"--repetitions={self.repetitions}")
        for name, value in seconds.items():
            self.series.setdefault(name, []).append(value)


def take_turns(rounds: int, sides: list[Callable[[], None]]) -> None:
    """Call each side once a round, in reverse order every second round."""
    for number in range(rounds):
        for measure in sides if number % 2 == 0 else reversed(sides):
            measure()


def _report_series(
    report: Report,
    name: str,
    current: Series,
    baseline: Series,
    show: Callable[[float], str],
    *,
    higher_is_better: bool = False,
) -> None:
    ratio = Ratio.of_rounds(current[name], baseline[name])
    mark = 1 - TOLERANCE if higher_is_better else 1 + TOLERANCE
    reached = verdict(ratio.median >= mark if higher_is_better else ratio.median <= mark)
    medians = median(current[name]), median(baseline[name])
    report.figures |= {f"{name}, this": medians[0], f"{name}, baseline": medians[1]}
    cells = " ".join(f"{show(value):>10}" for value in medians)
    report.add(name, ratio.median, f"{cells}  {ratio.text(3)}; {reached} {mark:.2f}")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
