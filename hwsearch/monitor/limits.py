"""The limits of sums, found on groups that are held out: those the usual was not learned from.

The groups of validation are halved many times over. The usual is learned from one half, and streams are drawn of the
other, and of training's groups where there are any. A spread counts as wider by what means of the held-out are off;
the limits are the smallest that keep the stated chance of an alarm, all sums together, in all but a tenth of the
halvings. Half of the samples know the usual less well than all of them do, so limits are rather too high than too low.
Not for groups unlike all that are there (`learn` counts how many of those seen are).

Source: Gandy & Kvaloy 2013, Scandinavian Journal of Statistics 40(4) (the stated chance with a stated probability, not
in the mean).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwsearch.monitor.fit import fit
from hwsearch.monitor.groups import Groups
from hwsearch.monitor.quantities import Ints, Quantity, Seen
from hwsearch.monitor.rule import CLIP, SLACK, SPREAD, Rule, peaks, scores

INFERENCES, CHANCE = 1000, 0.1
"""A stream of so many inferences like those of validation raises an alarm with this chance: about one in 10,000."""
SURE = 0.9
"""Share of the halvings that keep the chance."""
LEAST_LIMIT = 3 * (CLIP - SLACK)
"""Three inferences unlike all before raise no alarm: so rare a thing may have been missed among few samples."""
HALVINGS = 50
_STREAMS = 100


@dataclass(frozen=True, eq=False)
class Pool:
    """What rules are learned on and tried on.

    Attributes:
        what: What was seen: of validation samples, then of those of training.
        groups: [N] which group each belongs to, numbered from 0, those of validation first.
        n_validation: Groups of validation.
    """

    what: Seen
    groups: Ints
    n_validation: int

    def without(self, left_out: Ints) -> Pool:
        """Return a pool that lacks some groups."""
        kept = np.flatnonzero(~np.isin(self.groups, left_out))
        n = self.n_validation - int((left_out < self.n_validation).sum())
        return Pool(self.what[kept], np.unique(self.groups[kept], return_inverse=True)[1], n)

    @property
    def validation(self) -> Seen:
        """What was seen of validation samples."""
        return self.what[np.flatnonzero(self.groups < self.n_validation)]


def rule_of(
    quantities: tuple[Quantity, ...], pool: Pool, classes: int, rng: np.random.Generator, halvings: int
) -> Rule:
    """Return a rule whose usual is that of the validation samples, with its limits.

    Args:
        quantities: What is watched.
        pool: Validation samples in two groups at least, and those of training that may be drawn into streams.
        classes: How many there are.
        rng: Where chance comes from.
        halvings: How often the groups are halved.
    """
    groups = Groups(pool.groups)
    halves = [_halved(pool, groups, rng) for _ in range(halvings)]
    learned = [pool.what[groups.drawn(known)] for known, _ in halves]
    off = [
        np.abs(scores(fit(quantities, known, classes), pool.what[groups.drawn(held_out)]).mean(0)) / SPREAD
        for known, (_, held_out) in zip(learned, halves, strict=True)
    ]
    # half a spread is let pass anyway (SLACK); what the mean of others may be off is let pass besides
    wider = 1 + 2 * np.quantile(off, SURE, axis=0)
    z = np.concatenate(
        [scores(fit(quantities, known, classes, wider), pool.what).astype(np.int16) for known in learned]
    )
    streams = [
        groups.stream(INFERENCES, rng, held_out) + half * len(pool.what)
        for half, (_, held_out) in enumerate(halves)
        for _ in range(_STREAMS)
    ]
    found = peaks(z, np.stack(streams)).reshape(halvings, _STREAMS, -1)
    above, below = np.split(np.maximum(_smallest(found), LEAST_LIMIT), 2)
    limits = tuple((int(a), int(b)) for a, b in zip(above, below, strict=True))
    return Rule(fit(quantities, pool.validation, classes, wider), limits)


def _halved(pool: Pool, groups: Groups, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return half of validation's groups; and the others, with all of training's drawn anew with repeats."""
    order = rng.permutation(pool.n_validation)
    half, n_training = len(order) // 2, groups.n - pool.n_validation
    trained = pool.n_validation + rng.integers(0, max(n_training, 1), n_training)
    return order[:half], np.concatenate([order[half:], trained])


def _smallest(found: np.ndarray) -> Ints:
    """Return the smallest limits, each exceeded by as many streams as every other, that keep the chance.

    Args:
        found: [R, S, 2 Q] the highest sums of each stream of each halving.
    """
    highest_first = -np.sort(-found.reshape(-1, found.shape[-1]).astype(np.int64), 0)
    keeps, loses = 0, int(CHANCE * len(highest_first)) + 1
    while loses - keeps > 1:
        tried = (keeps + loses) // 2
        shares = (found > highest_first[tried]).any(-1).mean(1)
        if np.quantile(shares, SURE, method="higher") <= CHANCE:
            keeps = tried
        else:
            loses = tried
    return np.asarray(highest_first[keeps])
