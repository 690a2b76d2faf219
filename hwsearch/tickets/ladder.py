"""The iterative finder: train, remove a fraction, rewind to early weights, again; the rounds give a ladder of masks.

    round 0    train dense, keep the weights after the rewind epoch
    round k    masks of sparsity 1 - (1 - fraction)**k from the weights of round k - 1; rewind; train

A sparsity between two rungs is cut from the trained weights of the rung below it, by the same ranking that cuts the
rung above: so all masks of a ladder are nested, whatever sparsities are asked for. Where each layer has a sparsity of
its own, each takes its masks from a rung of the same ladder, which then was ranked layer by layer.

Source: Frankle et al. 2020 (late rewinding); Kim et al. 2022, section 3 (SNNs; a quarter a round, global ranking).
Weights, biases and normalisation are all rewound, from values that training cannot reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.compress.masks import join_layers
from hwsearch.network.params import Params
from hwsearch.space.candidate import snap
from hwsearch.tickets.fit import Fit, Pruner, Target, dense_masks


@dataclass(frozen=True, eq=False)
class Rung:
    """One round of a ladder.

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
"""(which ladder, which rung) -> the ladder's start and the rung, if they are stored."""

Save = Callable[[int, int, Params, Rung], None]
"""Stores them."""


@dataclass(frozen=True)
class LadderSchedule:
    """Which rounds a ladder has.

    Attributes:
        granularity: Of the masks.
        highest: Largest sparsity that will be asked for.
        fraction: Of the surviving weights, removed every round.
        rewind_epoch: Epochs of round 0 whose weights tickets start from; 0: the initial ones.
    """

    granularity: str
    highest: float
    fraction: float = 0.25
    rewind_epoch: int = 2

    @property
    def sparsities(self) -> tuple[float, ...]:
        """Sparsity of every rung: those below the highest, from which all others can be cut."""
        highest = max(snap(self.granularity, self.highest), 1e-12)
        snapped = [snap(self.granularity, s) for s in rung_sparsities(self.fraction, self.highest)]
        return tuple(dict.fromkeys(sparsity for sparsity in snapped if sparsity < highest))


def rung_sparsities(fraction: float, highest: float) -> list[float]:
    """Return 0 and 1 - (1 - fraction)**k for k = 1, 2, ... up to and without ``highest``."""
    sparsities, rounds = [0.0], 1
    while 1 - (1 - fraction) ** rounds < highest:
        sparsities.append(1 - (1 - fraction) ** rounds)
        rounds += 1
    return sparsities


def find_ladders(
    fit: Fit,
    inits: Sequence[Params],
    schedule: LadderSchedule,
    pruner: Pruner,
    *,
    load: Load = lambda which, level: None,
    save: Save = lambda which, level, start, rung: None,
) -> list[Ladder]:
    """Train one ladder for each initial network, all of them together.

    Args:
        fit: The task; its schedule is that of every round.
        inits: Fresh parameters.
        schedule: Granularity, sparsities, rewinding.
        pruner: Criterion and ranking.
        load: Where rungs are stored: what is there is not trained again.
        save: Called with every rung as soon as it is trained.
    """
    starts, ladders = list(inits), [list[Rung]() for _ in inits]
    for level, sparsity in enumerate(schedule.sparsities):
        stored = [load(which, level) for which in range(len(inits))]
        found = [pair for pair in stored if pair is not None]
        if len(found) < len(inits):
            target = Target(schedule.granularity, (sparsity,))
            masks = [
                _next_masks(start, rungs, target, pruner)
                for start, rungs in zip(starts, ladders, strict=True)
            ]
            rewind_epoch = schedule.rewind_epoch if level == 0 else 0
            found = _round(fit, starts, masks, sparsity, rewind_epoch)
            for which, (start, rung) in enumerate(found):
                save(which, level, start, rung)
        starts = [start for start, _ in found]
        for rungs, (_, rung) in zip(ladders, found, strict=True):
            rungs.append(rung)
    granularity = schedule.granularity
    return [Ladder(granularity, start, tuple(rungs)) for start, rungs in zip(starts, ladders, strict=True)]


def masks_at(
    ladders: Sequence[Ladder], sparsity: tuple[float, ...], pruner: Pruner
) -> tuple[np.ndarray, ...]:
    """Return the masks of any sparsity.

    Args:
        ladders: One for the whole network, or one a prunable connection; made with the same pruner.
        sparsity: Likewise.
        pruner: With a value a layer it must rank layer by layer, or no layer would have the sparsity it was given.

    Raises:
        ValueError: There is a value a layer, and the pruner ranks over the network.
    """
    if len(sparsity) == len(ladders) == 1:
        return _one_sparsity(ladders[0], sparsity[0], pruner)
    if pruner.scope != "layer":
        raise ValueError("sparsities of layers need a ladder ranked layer by layer; got scope global")
    places = [place for place, c in enumerate(pruner.connections) if c.prunable]
    climbed = list(ladders) if len(ladders) > 1 else [*ladders] * len(places)
    asked = sparsity if len(sparsity) > 1 else sparsity * len(places)
    layers = list(dense_masks(climbed[0].start))
    found: dict[tuple[str, float], tuple[np.ndarray, ...]] = {}
    for place, ladder, value in zip(places, climbed, asked, strict=True):
        key = ladder.granularity, value
        if key not in found:
            found[key] = _one_sparsity(ladder, value, pruner)
        layers[place] = found[key][place]
    return tuple(join_layers(pruner.connections, layers, [ladder.granularity for ladder in climbed]))


def _one_sparsity(ladder: Ladder, sparsity: float, pruner: Pruner) -> tuple[np.ndarray, ...]:
    """Return masks of one sparsity: a rung's, or cut from the rung below."""
    asked = snap(ladder.granularity, sparsity)
    below = [rung for rung in ladder.rungs if rung.sparsity <= asked]
    if below[-1].sparsity == asked:
        return below[-1].masks
    return _next_masks(ladder.start, below, Target(ladder.granularity, (asked,)), pruner)


def _next_masks(
    start: Params, rungs: Sequence[Rung], target: Target, pruner: Pruner
) -> tuple[np.ndarray, ...]:
    """Return the masks after these rungs, within those of the last one; before the first, nothing is removed."""
    if not rungs:
        return dense_masks(start)
    return pruner.masks_from_weights(rungs[-1].params, target, rungs[-1].masks)


def _round(
    fit: Fit,
    starts: Sequence[Params],
    masks: Sequence[tuple[np.ndarray, ...]],
    sparsity: float,
    rewind_epoch: int,
) -> list[tuple[Params, Rung]]:
    """Train one round; return for each network the weights to rewind to and its rung."""
    early = list(starts)

    def watch(epoch: int, params: Callable[[], list[Params]]) -> bool:
        if epoch == rewind_epoch:
            early[:] = params()
        return False

    trained = fit.train(starts, masks, watch=watch)
    steps = fit.schedule.epochs * fit.epoch_steps
    rungs = [Rung(sparsity, mask, params, steps) for mask, params in zip(masks, trained, strict=True)]
    return list(zip(early, rungs, strict=True))
