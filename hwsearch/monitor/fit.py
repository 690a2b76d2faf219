"""How a quantity becomes a score: means of the predicted classes, the spread within them, and how well they are known.

Not for the limits of sums (`limits`).
"""

from __future__ import annotations

import numpy as np

from hwsearch.monitor.quantities import Ints, Quantity, Seen
from hwsearch.monitor.rule import MOST_GAIN, MOST_SHIFT, MOST_VALUE, SPREAD, Watch

_FEWEST_OF_CLASS = 8
_LEAST_SPREAD = 0.25  # of what is the same in all samples: one unit off is then as far off as counts


def fit(
    quantities: tuple[Quantity, ...], what: Seen, classes: int, wider: np.ndarray | None = None
) -> tuple[Watch, ...]:
    """Return how each quantity becomes a score, by means of the predicted classes and the spread within them.

    Args:
        quantities: What is watched.
        what: What was seen of it.
        classes: How many there are.
        wider: [Q] how many times as wide a spread counts, since the mean is not known better; None: once.
    """
    factors = np.ones(len(quantities)) if wider is None else wider
    return tuple(
        _watch(quantity, values, what.classes, classes, float(factor))
        for quantity, values, factor in zip(quantities, what.values.T, factors, strict=True)
    )


def _watch(quantity: Quantity, values: Ints, answered: Ints, classes: int, wider: float) -> Watch:
    """Return how one quantity becomes a score."""
    down = max(0, int(4 * values.max()).bit_length() - MOST_VALUE.bit_length())
    small = values >> down
    centres = centres_of(small[:, None], answered, classes)[:, 0]
    spread = wider * max(float((small - centres[answered]).std()), _LEAST_SPREAD)
    shift = next(s for s in range(MOST_SHIFT, -1, -1) if round(SPREAD * 2**s / spread) <= MOST_GAIN)
    gain, half = round(SPREAD * 2**shift / spread), (1 << shift) >> 1
    offsets = tuple(round(float(centre) * gain) - half for centre in centres)
    return Watch(quantity, down, gain, shift, offsets)


def centres_of(values: Ints, answered: Ints, classes: int) -> np.ndarray:
    """Return the mean of each predicted class, [classes, Q]; of all where a class has few samples."""
    return np.stack(
        [
            values[answered == c].mean(0) if (answered == c).sum() >= _FEWEST_OF_CLASS else values.mean(0)
            for c in range(classes)
        ]
    )
