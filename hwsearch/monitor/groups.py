"""What belongs together (a run, a speaker), and streams that are drawn of it as a whole.

Not for how parts of the data are drawn (`hwsearch.data.split`).
"""

from __future__ import annotations

import numpy as np

from hwsearch.monitor.quantities import Ints


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

    def stream(self, length: int, rng: np.random.Generator, among: Ints) -> Ints:
        """Return the samples of a stream of so many, its groups drawn with repeats among some."""
        picks = among[rng.integers(0, len(among), length)]
        enough = int(np.searchsorted(np.cumsum(self._sizes[picks]), length)) + 1
        return self.drawn(picks[:enough])[:length]
