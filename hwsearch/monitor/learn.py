"""A monitor is learned on validation samples: what is usual, and the limit of a stated chance of a false alarm.

The limit is found by drawing again (bootstrap). Rules are fitted on sets that are drawn from the validation samples as
these were from the world, and streams are run through each, of samples of other such sets: the limit is the smallest
that all but the stated share of streams do not exceed. So it holds the chance of having learned the usual on a few
samples, and of meeting a few others. What belongs together (a run, a speaker) is drawn as a whole, into sets and into
streams. Not for real streams, which may be more alike from one inference to the next than groups tell.

Source: Gandy & Kvaloy 2013, Scandinavian Journal of Statistics 40(4) (bootstrap of charts with estimated parameters).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwsearch.errors import Fault, InputError
from hwsearch.monitor.quantities import Ints, Quantity, Seen
from hwsearch.monitor.rule import (
    MOST_GAIN,
    MOST_SHIFT,
    MOST_VALUE,
    SPREAD,
    Rule,
    Watch,
    highest,
    scores,
)
from hwsearch.seeds import seed_of

INFERENCES, CHANCE = 1000, 0.1
"""A stream of so many inferences like those of validation raises an alarm with this chance: about one in 10,000."""
FEWEST = 20
"""Validation samples that a monitor is learned on, at least."""
_FEWEST_OF_CLASS = 8
_LEAST_SPREAD = 0.25  # of what is the same in all samples: one unit off is then as far off as counts
_SETS, _STREAMS = 50, 200


@dataclass(frozen=True)
class Monitor:
    """A rule, and what it was learned on.

    Attributes:
        rule: What firmware runs.
        means, spreads: Of each quantity on validation samples: mean, and deviation within a predicted class.
        samples: Validation samples.
        units: Groups of them that were drawn as a whole; as many as samples where each stands alone.
        inferences, chance: So many inferences raise a false alarm with at most this chance.
    """

    rule: Rule
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    samples: int
    units: int
    inferences: int = INFERENCES
    chance: float = CHANCE


class Groups:
    """What belongs together, drawn as a whole.

    Attributes:
        n: How many groups there are.
    """

    def __init__(self, groups: Ints) -> None:
        """Sort samples by their group, [N]."""
        _, self._sizes = np.unique(groups, return_counts=True)
        self._samples = np.argsort(groups, kind="stable")
        self._starts = np.cumsum(self._sizes) - self._sizes
        self.n = len(self._sizes)

    def drawn(self, picks: Ints) -> Ints:
        """Return the samples of groups one after another, each in its order."""
        sizes = self._sizes[picks]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return np.asarray(self._samples[np.repeat(self._starts[picks], sizes) + within])

    def again(self, rng: np.random.Generator) -> Ints:
        """Return as many groups as there are, drawn with repeats."""
        return rng.integers(0, self.n, self.n)

    def stream(self, length: int, rng: np.random.Generator, among: Ints) -> Ints:
        """Return the samples of a stream of so many, its groups drawn with repeats among some."""
        return self.drawn(among[rng.integers(0, len(among), length)])[:length]


def learn(
    quantities: tuple[Quantity, ...], what: Seen, classes: int, groups: Ints | None, seed: int
) -> Monitor:
    """Return the monitor of a network.

    Args:
        quantities: What is watched.
        what: What was seen of validation samples.
        classes: How many there are.
        groups: [N] what belongs together; None: each sample stands alone.
        seed: Of the draws.

    Raises:
        InputError: There are too few samples.
    """
    if len(what) < FEWEST:
        law = f"a monitor is learned on {FEWEST} validation samples at least"
        raise InputError([Fault("--format monitor", law, f"{len(what)}", "give more validation samples")])
    together = Groups(np.arange(len(what)) if groups is None else groups)
    watches = fit(quantities, what, classes)
    limit = _limit(quantities, what, classes, together, seed)
    within = what.values - _centres(what.values, what.classes, classes)[what.classes]
    return Monitor(
        Rule(watches, limit),
        tuple(map(float, what.values.mean(0))),
        tuple(map(float, within.std(0))),
        len(what),
        together.n,
    )


def fit(quantities: tuple[Quantity, ...], what: Seen, classes: int) -> tuple[Watch, ...]:
    """Return how each quantity becomes a score, by means of the predicted classes and the spread within them."""
    return tuple(
        _watch(quantity, values, what.classes, classes)
        for quantity, values in zip(quantities, what.values.T, strict=True)
    )


def _watch(quantity: Quantity, values: Ints, answered: Ints, classes: int) -> Watch:
    """Return how one quantity becomes a score."""
    down = max(0, int(4 * values.max()).bit_length() - MOST_VALUE.bit_length())
    small = values >> down
    centres = _centres(small[:, None], answered, classes)[:, 0]
    spread = max(float((small - centres[answered]).std()), _LEAST_SPREAD)
    shift = next(s for s in range(MOST_SHIFT, -1, -1) if round(SPREAD * 2**s / spread) <= MOST_GAIN)
    gain, half = round(SPREAD * 2**shift / spread), (1 << shift) >> 1
    offsets = tuple(round(float(centre) * gain) - half for centre in centres)
    return Watch(quantity, down, gain, shift, offsets)


def _centres(values: np.ndarray, answered: Ints, classes: int) -> np.ndarray:
    """Return the mean of each predicted class, [classes, Q]; of all where a class has few samples."""
    return np.stack(
        [
            values[answered == c].mean(0) if (answered == c).sum() >= _FEWEST_OF_CLASS else values.mean(0)
            for c in range(classes)
        ]
    )


def _limit(quantities: tuple[Quantity, ...], what: Seen, classes: int, groups: Groups, seed: int) -> int:
    """Return the smallest limit that no more than the stated share of streams exceeds."""
    rng = np.random.default_rng(seed_of("monitor", seed))
    streams = np.stack([groups.stream(INFERENCES, rng, groups.again(rng)) for _ in range(_STREAMS)])
    sets = [groups.drawn(groups.again(rng)) for _ in range(_SETS)]
    z = np.stack([scores(fit(quantities, what[drawn], classes), what) for drawn in sets], -1)
    peaks = np.zeros((_STREAMS, _SETS), np.int16)
    for height in highest(z, streams):
        np.maximum(peaks, height, out=peaks)
    return int(np.sort(peaks, axis=None)[-1 - int(CHANCE * peaks.size)])
