"""A monitor is learned on validation samples, and what can be promised of it is counted on groups left out.

Where samples belong together (runs, speakers), a new group may be unlike all that were seen, and no limit that few
groups teach can promise much of it. So groups are left out, a fifth at a time, while all else is learned from the rest;
how many of them raise an alarm by themselves bounds the chance that a new one does. Training's groups say how groups
differ as well as those of validation do: sums of inputs as they are, but a network is surer of what it was trained on,
so its spikes and margins are moved to the means that validation samples of the same answer have.

Source: Clopper & Pearson 1934, Biometrika 26 (the bound).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from hwsearch.errors import Fault, InputError
from hwsearch.monitor.fit import centres_of
from hwsearch.monitor.groups import Groups
from hwsearch.monitor.limits import CHANCE, HALVINGS, INFERENCES, Pool, rule_of
from hwsearch.monitor.quantities import Ints, Quantity, Seen
from hwsearch.monitor.rule import Rule, alarms
from hwsearch.seeds import seed_of

FEWEST = 20
"""Validation samples that a monitor is learned on, at least."""
FEWEST_GROUPS = 8
"""Groups of validation by which it can be told how groups differ, at least."""
CONFIDENCE = 0.95
_FOLDS, _HALVINGS_LEFT_OUT = 5, 20


@dataclass(frozen=True)
class LeftOut:
    """What groups raised that were left out.

    Attributes:
        groups: So many, each left out once.
        alarmed: Of these, those that raised an alarm by themselves.
    """

    groups: int
    alarmed: int

    @property
    def most(self) -> float:
        """The chance that a new group raises an alarm by itself, at most, with the confidence of ``CONFIDENCE``."""
        if self.alarmed >= self.groups:
            return 1.0
        return float(betaincinv(self.alarmed + 1, self.groups - self.alarmed, CONFIDENCE))


@dataclass(frozen=True)
class Monitor:
    """A rule, and what it was learned on.

    Attributes:
        rule: What firmware runs.
        means, spreads: Of each quantity on validation samples: mean, and deviation within a predicted class.
        samples: Validation samples.
        units: Groups of them; as many as samples where each stands alone.
        inferences, chance: So many inferences raise a false alarm with at most this chance.
        left_out: What may be expected of a new group; None where samples stand alone, or groups are too few to say.
    """

    rule: Rule
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    samples: int
    units: int
    inferences: int = INFERENCES
    chance: float = CHANCE
    left_out: LeftOut | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """What was seen of a part of the data.

    Attributes:
        what: Of its samples.
        groups: [N] what belongs together; None: each sample stands alone.
    """

    what: Seen
    groups: Ints | None = None


def learn(
    quantities: tuple[Quantity, ...], validation: Part, training: Part | None, classes: int, seed: int
) -> Monitor:
    """Return the monitor of a network.

    Args:
        quantities: What is watched.
        validation: What was seen of validation samples.
        training: Of training's, which say how groups differ; they are not looked at where samples stand alone.
        classes: How many there are.
        seed: Of the draws.

    Raises:
        InputError: There are too few samples.
    """
    what, rng = validation.what, np.random.default_rng(seed_of("monitor", seed))
    if len(what) < FEWEST:
        law = f"a monitor is learned on {FEWEST} validation samples at least"
        raise InputError([Fault("--format monitor", law, f"{len(what)}", "give more validation samples")])
    units = len(what) if validation.groups is None else len(np.unique(validation.groups))
    pool = Pool(what, np.arange(len(what)), len(what))
    grouped = validation.groups is not None and FEWEST_GROUPS <= units < len(what)
    if grouped:
        groups = np.unique_inverse(np.asarray(validation.groups)).inverse_indices
        pool = _with_training(Pool(what, groups, units), quantities, training, classes)
    rule = rule_of(quantities, pool, classes, rng, HALVINGS)
    within = what.values - centres_of(what.values, what.classes, classes)[what.classes]
    return Monitor(
        rule,
        tuple(map(float, what.values.mean(0))),
        tuple(map(float, within.std(0))),
        len(what),
        units,
        left_out=_left_out(quantities, pool, classes, rng) if grouped else None,
    )


def _with_training(pool: Pool, quantities: tuple[Quantity, ...], training: Part | None, classes: int) -> Pool:
    """Return a pool with training's groups besides, whose spikes and margins are moved to validation's means."""
    if training is None or training.groups is None:
        return pool
    what, given = pool.what, training.what
    usual, trained = (centres_of(each.values, each.classes, classes) for each in (what, given))
    moved = np.maximum(np.rint(given.values + (usual - trained)[given.classes]), 0).astype(np.int64)
    inputs = np.array([quantity.kind == "input" for quantity in quantities])
    values = np.concatenate([what.values, np.where(inputs, given.values, moved)])
    groups = pool.n_validation + np.unique_inverse(training.groups).inverse_indices
    every = Seen(values, np.concatenate([what.classes, given.classes]))
    return Pool(every, np.concatenate([pool.groups, groups]), pool.n_validation)


def _left_out(
    quantities: tuple[Quantity, ...], pool: Pool, classes: int, rng: np.random.Generator
) -> LeftOut:
    """Return how many groups raise an alarm that is learned from the others, a fifth left out at a time."""
    groups, n, alarmed = Groups(pool.groups), pool.n_validation, 0
    order = np.concatenate([rng.permutation(n), n + rng.permutation(groups.n - n)])
    for fold in range(_FOLDS):
        out = order[fold::_FOLDS]
        rule = rule_of(quantities, pool.without(out), classes, rng, _HALVINGS_LEFT_OUT)
        alarmed += sum(bool(alarms(rule, pool.what[groups.drawn(np.array([g]))])) for g in out)
    return LeftOut(groups.n, alarmed)
