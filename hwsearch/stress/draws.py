"""The draws of a disturbance: of one purpose, split, kind and number, the same for every network and every level.

All networks see the same disturbed samples, so their losses can be compared in pairs; a level scales what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwsearch.seeds import seed_of


@dataclass(frozen=True)
class Draw:
    """One draw.

    Attributes:
        number: Which of them, from 0; where nothing is drawn it says which way a disturbance goes.
        seed: Of its generator.
    """

    number: int
    seed: int

    @property
    def rng(self) -> np.random.Generator:
        """A generator at its beginning."""
        return np.random.default_rng(self.seed)

    @property
    def sign(self) -> int:
        """1 of an even number, -1 of an odd one."""
        return 1 if self.number % 2 == 0 else -1


def draws_of(purpose: str, kind: str, seed: int, n: int) -> list[Draw]:
    """Return n draws of a kind for a purpose (the split that is looked at): those of another split are others."""
    return [Draw(number, seed_of(f"stress/{purpose}/{kind}", seed, number)) for number in range(n)]
