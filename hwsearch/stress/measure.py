"""Networks are run under every kind and level of disturbance, next to the dense network on the same disturbed samples.

The integer machine is the truth. Not for where networks come from (`hwsearch.results.stressed`), nor for words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hwsearch.data.frames import timestep_labels
from hwsearch.data.samples import Images, Labels
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.store import network_digest
from hwsearch.records.stress import UNDISTURBED, StressRow
from hwsearch.stress.draws import Draw, draws_of
from hwsearch.stress.intervals import accuracy_interval, paired_interval
from hwsearch.stress.kinds import KINDS, Kind, kind_of
from hwsearch.stress.models import Stored


@dataclass(frozen=True, eq=False)
class Subject:
    """A network that is put under stress.

    Attributes:
        name: In tables.
        stored: Its integers, as they are stored.
    """

    name: str
    stored: Stored


@dataclass(frozen=True, eq=False)
class Samples:
    """What networks are run on.

    Attributes:
        split: ``validation`` or ``test``: the draws of one are not those of the other.
        x: [N, ...] as networks read them.
        y: [N], or [N, T0] labels a frame.
    """

    split: str
    x: Images
    y: Labels


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes:
        kinds: Which disturbances.
        seeds: Draws of each.
        seed: What the draws depend on.
        asked: Names the question, in every row.
    """

    kinds: Sequence[Kind] = field(default=KINDS)
    seeds: int = 10
    seed: int = 0
    asked: str = ""


def stress(
    candidates: Sequence[Subject],
    dense: Subject | None,
    samples: Samples,
    settings: Settings,
    tell: Callable[[str], object] = lambda text: None,
) -> list[StressRow]:
    """Return what candidates keep, and first what the dense network does.

    Args:
        candidates: Networks that read the same samples.
        dense: Whom they are held against; None: nobody.
        samples: What they are run on.
        settings: Which disturbances.
        tell: Told what is being done.
    """
    whole: dict[tuple[str, float], np.ndarray] = {}
    rows = [] if dense is None else _rows(dense, {}, whole, samples, settings, tell)
    for candidate in candidates:
        rows += _rows(candidate, whole, {}, samples, settings, tell)
    return rows


def _rows(
    subject: Subject,
    beside: dict[tuple[str, float], np.ndarray],
    seen: dict[tuple[str, float], np.ndarray],
    samples: Samples,
    settings: Settings,
    tell: Callable[[str], object],
) -> list[StressRow]:
    """Return a network's rows.

    Args:
        subject: The network.
        beside: What the dense network got right, by kind and level, [S, N]; empty: there is nobody to compare with.
        seen: What this one gets right is put here.
        samples: What it is run on.
        settings: Which disturbances.
        tell: Told what is being done.
    """
    network = subject.stored.network
    blank = StressRow(
        what="nothing", candidate=subject.name, kind=UNDISTURBED, split=samples.split, samples=len(samples.y),
        network_digest=network_digest(network), asked=settings.asked,
    )  # fmt: skip
    alone = right(network, samples.x, samples.y)[None]
    seen[UNDISTURBED, 0.0] = alone
    rows, reached = [], [(blank, 0.0, alone)]
    for number, kind in enumerate(settings.kinds, start=1):
        row = blank.model_copy(update={"what": kind.what, "kind": kind.name})
        reason = kind.why_not(network)
        if reason:
            rows.append(row.model_copy(update={"reason": reason}))
            continue
        tell(f"{subject.name}: {kind.words} ({number} of {len(settings.kinds)})")
        for level in kind.levels_of(network.input):
            seen[kind.name, level] = under(subject.stored, samples, kind, level, settings)
            reached.append((row, level, seen[kind.name, level]))
    pairs = sum((row.kind, level) in beside for row, level, _ in reached)
    done = [_row(row, level, shares, alone, beside, pairs) for row, level, shares in reached]
    return done + rows


def under(stored: Stored, samples: Samples, kind: Kind, level: float, settings: Settings) -> np.ndarray:
    """Return what a network gets right under a disturbance, [S, N] in 0 .. 1 for each draw and sample."""
    n = kind.directions or settings.seeds
    return np.stack(
        [
            _right_under(stored, samples, kind, level, draw)
            for draw in draws_of(samples.split, kind.name, settings.seed, n)
        ]
    )


def _right_under(stored: Stored, samples: Samples, kind: Kind, level: float, draw: Draw) -> np.ndarray:
    network, x = kind.disturbed(stored, samples.x, level, draw)
    return right(network, np.asarray(x, np.uint8), samples.y)


def right(network: IntegerNetwork, x: Images, y: Labels) -> np.ndarray:
    """Return of each sample [N] the share of its labels that the integer machine answers right: 0 or 1 of one label."""
    labels = timestep_labels(y, network.timesteps)
    hits = run_integer(network, x).predictions == labels
    return np.asarray(hits.reshape(len(labels), -1).mean(1), np.float64)


def _row(
    row: StressRow,
    level: float,
    shares: np.ndarray,
    alone: np.ndarray,
    beside: dict[tuple[str, float], np.ndarray],
    pairs: int,
) -> StressRow:
    """Return a row filled with what was reached, [S, N]; alone: the same undisturbed, [1, N]."""
    drawn = row.kind != UNDISTURBED and kind_of(row.kind).directions is None
    low, high = accuracy_interval(shares, drawn=drawn)
    found = {
        "level": level, "seeds": len(shares), "accuracy": float(shares.mean()), "low": low, "high": high,
        "lowest": float(shares.mean(1).min()), "loss": float(alone.mean() - shares.mean()),
    }  # fmt: skip
    dense = beside.get((row.kind, level))
    if dense is not None:
        extra = (alone - shares) - (beside[UNDISTURBED, 0.0] - dense)
        ends = paired_interval(extra, max(1, pairs - 1), drawn=drawn)
        found |= {"behind_dense": float(dense.mean() - shares.mean())}
        if row.kind != UNDISTURBED:
            found |= {"extra_loss": float(extra.mean()), "extra_low": ends[0], "extra_high": ends[1]}
    return row.model_copy(update=found)


def subset(samples: Samples, kept: np.ndarray) -> Samples:
    """Return some of the samples, by index."""
    return replace(samples, x=samples.x[kept], y=samples.y[kept])
