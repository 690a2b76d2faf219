"""The iterative finder: train, remove a fraction, rewind to early weights, again; one climb gives a ladder of masks.

    round 0    train dense, keep the weights after the rewind epoch
    round k    masks of sparsity 1 - (1 - fraction)**k from the weights of round k - 1; rewind; train

A sparsity between two rungs is cut from the trained weights of the rung below it, by the same ranking that cuts the
rung above: so all masks of a ladder are nested, whatever sparsities are asked for. Where each layer has a sparsity of
its own, each takes its masks from its own rung of one ladder that was ranked layer by layer.

Source: Frankle et al. 2020 (late rewinding); Kim et al. 2022, section 3 (SNNs; a quarter a round, global ranking).
Weights, biases and normalisation are all rewound, from values that training cannot reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.compress.masks import join_layers
from hwsearch.network.stack import Params
from hwsearch.space.candidate import snap
from hwsearch.tickets.fit import Fit, Knife, Target, all_kept


@dataclass(frozen=True, eq=False)
class Rung:
    """One round of a climb.

    Attributes:
        sparsity: Fraction of groups that its masks remove.
        masks: What survives, like the weights.
        params: Trained floats of the round.
        train_steps: Samples times timesteps of this round alone.
    """

    sparsity: float
    masks: tuple[np.ndarray, ...]
    params: Params
    train_steps: int


@dataclass(frozen=True, eq=False)
class Ladder:
    """All rungs of one network at one granularity.

    Attributes:
        granularity: Of the masks.
        start: The early weights that every ticket is trained from.
        rungs: From dense to sparse.
    """

    granularity: str
    start: Params
    rungs: tuple[Rung, ...]

    def train_steps(self, sparsity: float) -> int:
        """Return what finding the masks of a sparsity (of the sparsest layer) cost: every round before them."""
        asked = snap(self.granularity, sparsity)
        return sum(rung.train_steps for rung in self.rungs if rung.sparsity < asked)


Load = Callable[[int, int], tuple[Params, Rung] | None]
"""(which ladder, which rung) -> the ladder's start and the rung, if they are kept."""

Save = Callable[[int, int, Params, Rung], None]
"""Keeps them."""


@dataclass(frozen=True)
class Climb:
    """How a ladder is climbed.

    Attributes:
        granularity: Of the masks.
        highest: Largest sparsity that will be asked for.
        fraction: Removed of what is left, every round.
        rewind_epoch: Epochs of round 0 after which the weights are kept; 0: the initial ones.
    """

    granularity: str
    highest: float
    fraction: float = 0.25
    rewind_epoch: int = 2

    @property
    def sparsities(self) -> tuple[float, ...]:
        """Sparsity of every rung: those below the highest, from which all others can be cut."""
        return tuple(
            dict.fromkeys(
                snap(self.granularity, own)
                for own in rung_sparsities(self.fraction, self.highest)
                if snap(self.granularity, own) < max(snap(self.granularity, self.highest), 1e-12)
            )
        )


def rung_sparsities(fraction: float, highest: float) -> list[float]:
    """Return 0 and 1 - (1 - fraction)**k for k = 1, 2, ... up to and without ``highest``."""
    sparsities, rounds = [0.0], 1
    while 1 - (1 - fraction) ** rounds < highest:
        sparsities.append(1 - (1 - fraction) ** rounds)
        rounds += 1
    return sparsities


def climb(
    fit: Fit,
    inits: Sequence[Params],
    how: Climb,
    knife: Knife,
    *,
    load: Load = lambda which, level: None,
    save: Save = lambda which, level, start, rung: None,
) -> list[Ladder]:
    """Climb one ladder for each initial network, all of them together.

    Args:
        fit: The task; its schedule is that of every round.
        inits: Fresh parameters.
        how: Granularity, sparsities, rewinding.
        knife: Criterion and ranking.
        load: Where rungs are kept: what is there is not trained again.
        save: Called with every rung as soon as it is trained.
    """
    starts, rungs = list(inits), [list[Rung]() for _ in inits]
    for level, sparsity in enumerate(how.sparsities):
        kept = [load(which, level) for which in range(len(inits))]
        found = [own for own in kept if own is not None]
        if len(found) < len(inits):
            if level == 0:
                masks, rewind_epoch = [all_kept(own) for own in inits], how.rewind_epoch
            else:
                tops = [own[-1] for own in rungs]
                target = Target(how.granularity, (sparsity,))
                masks = [knife.cut(top.params, target, top.masks) for top in tops]
                rewind_epoch = 0
            early, trained = _round(fit, starts, masks, rewind_epoch)
            steps = fit.schedule.epochs * fit.epoch_steps
            made = [Rung(sparsity, m, p, steps) for m, p in zip(masks, trained, strict=True)]
            found = list(zip(early, made, strict=True))
            for which, own in enumerate(found):
                save(which, level, *own)
        starts = [start for start, _ in found]
        for ladder, (_, rung) in zip(rungs, found, strict=True):
            ladder.append(rung)
    return [Ladder(how.granularity, s, tuple(own)) for s, own in zip(starts, rungs, strict=True)]


def masks_at(ladder: Ladder, sparsity: tuple[float, ...], knife: Knife) -> tuple[np.ndarray, ...]:
    """Return the ladder's masks of any sparsity.

    Args:
        ladder: Climbed with the same knife.
        sparsity: One for the whole network, or one a layer.
        knife: With one sparsity a layer it must rank layer by layer, or no layer would have the one it was given.

    Raises:
        ValueError: There is a sparsity a layer, and the knife ranks over the network.
    """
    if len(sparsity) == 1:
        return _one_sparsity(ladder, sparsity[0], knife)
    if knife.scope != "layer":
        raise ValueError("sparsities of layers need a ladder ranked layer by layer; got scope global")
    rungs = {own: _one_sparsity(ladder, own, knife) for own in set(sparsity)}
    return tuple(join_layers([rungs[own][index] for index, own in enumerate(sparsity)], ladder.granularity))


def published_ladder(n_weights: int, n_other: int, n_still_zero: int, rounds: int) -> list[float]:
    """Return the sparsities in per cent that the authors' own count gives for a quarter a round.

    They count the non-zero values of all parameters, biases and normalisation (never pruned) included. Biases that
    start at zero are still zero when the first round's ticket is counted, and not later: that is why 25.04 is above
    25 and all others below 1 - 0.75**k.

    Args:
        n_weights: Weights that are pruned.
        n_other: Parameters that are not.
        n_still_zero: Those of them that are zero in the first round.
        rounds: After round 0.

    Source: Kim et al. 2022, section 3 and its released code.
    """
    total, ladder = n_weights + n_other, [0.0]
    for rounds_done in range(1, rounds + 1):
        alive = n_weights * 0.75**rounds_done + n_other - (n_still_zero if rounds_done == 1 else 0)
        ladder.append(round(100 * (1 - alive / total), 2))
    return ladder


def _one_sparsity(ladder: Ladder, sparsity: float, knife: Knife) -> tuple[np.ndarray, ...]:
    """Return masks of one sparsity: a rung's, or cut from the rung below."""
    asked = snap(ladder.granularity, sparsity)
    below = [rung for rung in ladder.rungs if rung.sparsity <= asked]
    if below[-1].sparsity == asked:
        return below[-1].masks
    return knife.cut(below[-1].params, Target(ladder.granularity, (asked,)), below[-1].masks)


def _round(
    fit: Fit, starts: Sequence[Params], masks: Sequence[Sequence[np.ndarray]], rewind_epoch: int
) -> tuple[list[Params], list[Params]]:
    """Train one round; return the weights to rewind to and the trained ones."""
    early = list(starts)

    def watch(epoch: int, params: Callable[[], list[Params]]) -> bool:
        if epoch == rewind_epoch:
            early[:] = params()
        return False

    trained = fit.train(starts, masks, watch=watch)
    return early, trained
