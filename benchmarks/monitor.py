"""How soon does an export's monitor notice a drift, at which chance of a false alarm, and what does it miss?

    python -m benchmarks.monitor RUN [RUN ...] --work DIR > benchmarks/results/monitor.md

Each RUN is the folder of a finished run, which is copied below DIR. The monitor of its pick is learned on validation
samples, as ``hwsearch export --format ...,monitor`` does, and run over streams that are drawn from test samples: as
they are, of one predicted class alone, and disturbed as `hwsearch stress` does, beside the accuracy that is lost.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

import hwsearch
from hwsearch.data.samples import Dataset
from hwsearch.export.c.model import CModel, c_model
from hwsearch.export.c.project import project_files
from hwsearch.hardware.cost_model import price
from hwsearch.monitor.groups import Groups
from hwsearch.monitor.learn import Monitor
from hwsearch.monitor.limits import CHANCE, INFERENCES
from hwsearch.monitor.quantities import Seen, quantities_of, seen
from hwsearch.monitor.rule import Rule, alarms, heights, peaks, scores
from hwsearch.monitor.words import monitor_words
from hwsearch.network.integer import run_integer
from hwsearch.results.monitored import learned
from hwsearch.results.recover import Recovered, recover
from hwsearch.stress.draws import draws_of
from hwsearch.stress.kinds import Kind, kind_of
from hwsearch.stress.measure import right
from hwsearch.stress.models import Stored

KINDS = (
    "noise",
    "drift",
    "offset",
    "gain",
    "dropped",
    "spurious",
    "missing",
    "dead",
    "bit_flips",
    "threshold",
)
NOTICED = 0.02
"""Accuracy whose loss is worth noticing."""
_STREAMS, _OF_A_DRAW = 1000, 40
_CORES = (("Cortex-M0", "-mcpu=cortex-m0"), ("Cortex-M4", "-mcpu=cortex-m4"))


@dataclass(frozen=True, eq=False)
class Subject:
    """A model with its monitor and the test samples that its streams are drawn from.

    Attributes:
        stored: The network as it is stored.
        monitor: Learned on validation samples.
        data: Of its study.
        groups: What of the test samples comes one after another.
        quiet: Those of them that raise no alarm by themselves, as they are.
    """

    stored: Stored
    monitor: Monitor
    data: Dataset
    groups: Groups
    quiet: np.ndarray


@dataclass(frozen=True)
class Delays:
    """When streams were noticed to be disturbed.

    Attributes:
        lost: Accuracy lost on the same disturbed samples, mean of the draws.
        inferences: Until each stream raised an alarm; ``INFERENCES`` + 1 where it did not.
        first: How often which quantity raised it.
    """

    lost: float
    inferences: np.ndarray
    first: Counter[str]

    @property
    def noticed(self) -> float:
        """Share of the streams that were noticed."""
        return float((self.inferences <= INFERENCES).mean())

    def within(self, share: float) -> str:
        """Return the inferences within which so many of the streams were noticed."""
        found = int(np.quantile(self.inferences, share, method="higher"))
        return f"{found:,}" if found <= INFERENCES else f"over {INFERENCES:,}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="disturbances of all inputs")
    options = parser.parse_args()
    print("\n".join(_head(options.draws, options.kinds)), flush=True)
    for run in options.runs:
        copy = options.work / run.name
        if not copy.exists():
            shutil.copytree(run, copy)
        result = hwsearch.load_run(copy)
        trial = int(result.pick()["trial"])
        recovered = recover(result.folder, trial)
        subject = subject_of(recovered)
        print(f"## {result.study.name}, trial {trial}\n")
        for text in chain(_alone(subject), _under(subject, options.kinds, options.draws), _sensors(subject)):
            print(text, flush=True)
        print(f"{_cost(recovered, subject.monitor)}\n", flush=True)


def _head(draws: int, kinds: Sequence[str]) -> list[str]:
    chosen = "" if tuple(kinds) == KINDS else f" --kinds {' '.join(kinds)}"
    return [
        "# The monitor: how soon a drift is noticed\n",
        f"`python -m benchmarks.monitor RUN ... --work DIR --draws {draws}{chosen}`\n",
        f"Streams of {INFERENCES:,} inferences are drawn from test samples (groups whole, one after another, where",
        "the data have groups), disturbed from their first sample on. *Lost*: accuracy lost on the same disturbed",
        "samples, mean of the draws, in points. *Noticed*: share of the streams that raise an alarm; *half* and",
        f"*90 %*: the inferences within which so many were. **Bold**: more than {100 * NOTICED:.0f} points are lost,",
        "and less than 90 % of the streams are noticed.",
        "The test parts were looked at once before, under an earlier rule of the monitor whose stated 10 % they broke;",
        "this rule was chosen on validation and training samples alone, and this is the second look.\n",
    ]


def subject_of(recovered: Recovered) -> Subject:
    """Return a recovered trial with its monitor."""
    formats = price(recovered.workload, recovered.plan.profile).formats
    data = recovered.plan.data
    groups = np.arange(len(data.x_test)) if data.groups is None else data.groups[2]
    monitor, together = learned(recovered), Groups(groups)
    what = seen(recovered.network, data.x_test)
    alone = [alarms(monitor.rule, what[together.drawn(np.array([g]))]) for g in range(together.n)]
    quiet = np.flatnonzero([not each for each in alone])
    return Subject(Stored(recovered.network, formats), monitor, data, together, quiet)


def delays(
    subject: Subject,
    seen_by_draw: Sequence[tuple[Seen, float]],
    accuracy: float,
    n: int,
    among: np.ndarray | None = None,
) -> Delays:
    """Return when streams of disturbed samples were noticed.

    Args:
        subject: The model.
        seen_by_draw: What was seen of all test samples under each draw, and the accuracy then.
        accuracy: Undisturbed.
        n: Streams of a draw.
        among: Groups that they are drawn from; None: the quiet ones.
    """
    rng, found, first = np.random.default_rng(0), list[np.ndarray](), Counter[str]()
    rule, chosen = subject.monitor.rule, subject.quiet if among is None else among
    names = [watch.quantity.name for watch in rule.watches] * 2
    for what, _ in seen_by_draw:
        streams = np.stack([subject.groups.stream(INFERENCES, rng, chosen) for _ in range(n)])
        over = np.stack([height > _limits(rule) for height in heights(scores(rule.watches, what), streams)])
        noticed = over.any(2)
        when = np.where(noticed.any(0), noticed.argmax(0) + 1, INFERENCES + 1)
        found.append(when)
        first.update(names[over[t - 1, s].argmax()] for s, t in enumerate(when) if t <= INFERENCES)
    lost = accuracy - float(np.mean([share for _, share in seen_by_draw]))
    return Delays(lost, np.concatenate(found), first)


def _limits(rule: Rule) -> np.ndarray:
    """Return the limits of all sums, [2 Q], as they stand in heights."""
    return np.array(rule.limits).T.ravel()


def _alone(subject: Subject) -> Iterator[str]:
    """Yield what the monitor says of test samples as they are."""
    what = seen(subject.stored.network, subject.data.x_test)
    accuracy = float(right(subject.stored.network, subject.data.x_test, subject.data.y_test).mean())
    rule = subject.monitor.rule
    least, most = (f"{end(_limits(rule)) / 16:.1f}" for end in (np.min, np.max))
    yield f"{monitor_words(subject.monitor)} Limits are {least} to {most} (widened) spreads.\n"
    every = np.arange(subject.groups.n)
    clean = delays(subject, [(what, accuracy)], accuracy, _STREAMS, every)
    yield (
        f"Of {_STREAMS:,} streams of the {len(what):,} test samples as they are {clean.noticed:.1%} raise a (false) "
        f"alarm within {INFERENCES:,} inferences; stated are {CHANCE:.0%} at most."
    )
    loud = np.setdiff1d(every, subject.quiet)
    promised = subject.monitor.left_out
    stated = "" if promised is None else f" (stated are {promised.most:.1%} at most)"
    if promised is not None and not len(loud):
        yield f"None of {len(every)} groups raises one by itself{stated}."
    if len(loud):
        rest = delays(subject, [(what, accuracy)], accuracy, _STREAMS)
        sizes = ", ".join(str(len(subject.groups.drawn(np.array([g])))) for g in loud)
        yield (
            f"{len(loud)} (of {sizes} samples) of {len(every)} groups raise one by themselves{stated}; of streams of "
            f"the others\n{rest.noticed:.1%} do. Streams below are of these others."
        )
    rng, said = np.random.default_rng(1), []
    own = what[subject.groups.drawn(subject.quiet)]
    for c in np.unique(own.classes):
        streams = rng.choice(np.flatnonzero(own.classes == c), (200, INFERENCES))
        over = (peaks(scores(rule.watches, own), streams) > _limits(rule)).any(1)
        said.append(f"{c}: {over.mean():.0%}")
    yield f"Of streams of samples that are answered with one class alone: {', '.join(said)}.\n"


def _under(subject: Subject, kinds: Sequence[str], draws: int) -> Iterator[str]:
    """Yield the table of disturbances."""
    yield from _titles("disturbance", "level")
    x, y = subject.data.x_test, subject.data.y_test
    accuracy = float(right(subject.stored.network, x, y).mean())
    for name in kinds:
        kind = kind_of(name)
        if kind.why_not(subject.stored.network):
            continue
        for level in kind.levels_of(subject.stored.network.input):
            print(f"{name} {level:g}", file=sys.stderr, flush=True)
            found = delays(subject, list(_disturbed(subject, kind, level, draws)), accuracy, _OF_A_DRAW)
            yield _row(kind.words, f"{level:g} {kind.unit}", found)
    yield ""


def _disturbed(subject: Subject, kind: Kind, level: float, draws: int) -> Iterator[tuple[Seen, float]]:
    """Yield what is seen of the test samples under each draw, and the accuracy."""
    x, y = subject.data.x_test, subject.data.y_test
    for draw in draws_of("test", kind.name, 0, kind.directions or draws):
        network, given = kind.disturbed(subject.stored, x, level, draw)
        given = np.asarray(given, np.uint8)
        yield seen(network, given), float(right(network, given, y).mean())


def _sensors(subject: Subject) -> Iterator[str]:
    """Yield the table of single sensors that drift, where each channel is one."""
    x, y, read = subject.data.x_test, subject.data.y_test, subject.stored.network.input
    if not 1 < read.shape[0] <= 16:
        return
    accuracy = float(right(subject.stored.network, x, y).mean())
    yield "One sensor (channel) alone drifts, all its values by the same share of the range:\n"
    yield from _titles("sensor", "offset")
    for channel in range(read.shape[0]):
        for level in (-0.2, -0.1, 0.1, 0.2):
            moved = np.moveaxis(x.astype(np.float64), -3, 0)
            moved[channel] += level * read.max
            given = np.moveaxis(np.clip(np.rint(moved), 0, read.max), 0, -3).astype(np.uint8)
            share = float(right(subject.stored.network, given, y).mean())
            found = delays(subject, [(seen(subject.stored.network, given), share)], accuracy, 200)
            yield _row(str(channel), f"{level:+g}", found)
    yield ""


def _titles(what: str, level: str) -> list[str]:
    return [f"| {what} | {level} | lost | noticed | half | 90 % | by |", "|---|---|---|---|---|---|---|"]


def _row(what: str, level: str, found: Delays) -> str:
    """Return a row of a table."""
    missed = found.lost > NOTICED and found.noticed < 0.9
    noticed = f"**{found.noticed:.0%}**" if missed else f"{found.noticed:.0%}"
    by = ", ".join(name for name, _ in found.first.most_common(2))
    cells = (what, level, f"{100 * found.lost:.1f}", noticed, found.within(0.5), found.within(0.9), by)
    return f"| {' | '.join(cells)} |"


def _cost(recovered: Recovered, monitor: Monitor) -> str:
    """Say what the monitor takes on cores, where there is a compiler for them."""
    compiler = shutil.which("arm-none-eabi-gcc")
    if compiler is None:
        return "What it takes on a core was not measured: there is no arm-none-eabi-gcc here."
    formats = price(recovered.workload, recovered.plan.profile).formats
    model = c_model(recovered.network, formats, recovered.plan.profile.pointer_bits)
    n = len(quantities_of(recovered.network))
    with tempfile.TemporaryDirectory() as name:
        _write(Path(name), recovered, model, monitor)
        said = [f"{_flash(compiler, Path(name), flags)} bytes of flash on a {core}" for core, flags in _CORES]
    ram = 4 * (n - 2) + 2 * 2 * n
    return f"The monitor takes {' and '.join(said)} (-O2), and {ram} bytes of RAM, beside the network's own."


def _write(folder: Path, recovered: Recovered, model: CModel, monitor: Monitor) -> None:
    """Write the files of a library with a monitor into one folder."""
    x = recovered.plan.data.x_val[:1]
    identity = {"study_digest": "", "trial": recovered.record.trial, "network_digest": ""}
    files = project_files(model, identity, x, run_integer(recovered.network, x, trace=True), monitor.rule)
    for place, data in files.items():
        (folder / Path(place).name).write_bytes(data)


def _flash(compiler: str, folder: Path, flags: str) -> int:
    """Return the bytes of a monitor's code and constants."""
    command = [
        compiler,
        "-std=c99",
        "-ffreestanding",
        "-O2",
        "-mthumb",
        flags,
        "-c",
        "snn_monitor.c",
        "-o",
        "m.o",
    ]
    subprocess.run(command, cwd=folder, check=True)
    shown = subprocess.run(
        [compiler.replace("gcc", "size"), "m.o"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout
    text, data = re.findall(r"\d+", shown.splitlines()[1])[:2]
    return int(text) + int(data)


if __name__ == "__main__":
    main()
