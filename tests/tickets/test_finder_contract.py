"""What every finder holds to: exactly what was asked goes, at every granularity, from weights that are the finder's."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders.finders import X, Y, pruner, spec
from builders.stacks import same

from hwsearch.compress.channels import removable
from hwsearch.compress.masks import GRANULARITIES
from hwsearch.graph.graph import Readout
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.params import initial_params
from hwsearch.network.shrink import shrink
from hwsearch.space.candidate import snap
from hwsearch.tickets.early_bird import find_early_birds
from hwsearch.tickets.early_time import early_time
from hwsearch.tickets.fit import Fit, Target, dense_masks
from hwsearch.tickets.ladder import LadderSchedule, find_ladders, masks_at
from hwsearch.tickets.multi_prize import find_multi_prizes
from hwsearch.train.loop import Schedule

SEQUENCES = np.random.default_rng(1).integers(0, 17, (96, 5, 1, 4, 4)).astype(np.uint8)
KINDS = {
    "chain": spec("4c3-p2-4c3-fc8"),
    # a depthwise layer with a stride, whose channels an identity ties to those of two convolutions
    "residual": spec("4c3-dw3s2-res(6c3-4c3)-fc8", pool="sum"),
    "recurrent": spec(
        "fc8-r8-fc4", (1, 4, 4), norm=False, threshold=0.5, frames=5, readout=Readout(leak_shift=2)
    ),
}
EPOCH_STEPS = 96 * 3


def task(kind, epochs=1):
    """Return a training of 96 samples at T 3."""
    network = KINDS[kind]
    x = X if network.input.still else SEQUENCES
    return Fit(network, x, Y, 3, Schedule(epochs, 32, 0.01), 0)


def fresh(fit):
    return initial_params(fit.spec, 0)


def magnitude(fit, target):
    (dense,) = fit.train([fresh(fit)], [dense_masks(fresh(fit))])
    return dense, pruner(fit).masks_from_weights(dense, target), fit.schedule.epochs * fit.epoch_steps


def iterative(fit, target):
    (sparsity,) = target.sparsity
    schedule = LadderSchedule(target.granularity, sparsity, rewind_epoch=0)
    (ladder,) = find_ladders(fit, [fresh(fit)], schedule, pruner(fit))
    return ladder.start, masks_at([ladder], target.sparsity, pruner(fit)), ladder.train_steps(sparsity)


def early_bird(fit, target):
    ((bird,),) = find_early_birds(fit, [fresh(fit)], [target], pruner(fit), tolerance=0.2)
    return fresh(fit), bird.masks, bird.train_steps


def at_early_time(fit, target):
    """Make the ladder at T_early, by a limit that is met at once."""
    rule = early_time(fit.spec, fresh(fit), fit.x[:16], fit.timesteps, limit=1.5)
    return iterative(replace(fit, timesteps=rule.timesteps), target)


def multi_prize(fit, target):
    (prize,) = find_multi_prizes(fit, [fresh(fit)], [target], pruner(fit))
    return prize.params, prize.masks, prize.train_steps


FINDERS = {
    "magnitude": magnitude,
    "iterative": iterative,
    "early_bird": early_bird,
    "early_time": at_early_time,
    "multi_prize": multi_prize,
}


def find(name, granularity, kind):
    """Return target, start weights, masks and steps of one ticket."""
    target = Target(granularity, (snap(granularity, 0.5),))
    return target, *FINDERS[name](task(kind), target)


CASES = [
    (finder, granularity, kind)
    for kind in KINDS
    for finder in FINDERS
    for granularity in GRANULARITIES
    if (granularity, kind) != ("kernel", "recurrent")
]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def found(request):
    name, granularity, kind = request.param
    return name, kind, *find(name, granularity, kind)


def survivors(mask, granularity):
    """Return whether each group of a layer survives; none where the granularity does not apply to it."""
    rows = mask.reshape(len(mask), -1)
    if granularity == "weight":
        return rows.ravel()
    if granularity == "kernel":
        return mask.any((2, 3)).ravel() if mask.ndim == 4 else np.zeros(0, bool)
    if granularity == "channel":
        return rows.any(1)
    length = int(granularity.partition(":")[2])
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % length)))
    return padded.reshape(len(rows), -1, length).any(2).ravel()


def test_exactly_what_was_asked_goes(found):
    _, kind, target, _, masks, _ = found
    network, granularity, (sparsity,) = KINDS[kind], target.granularity, target.sparsity
    prunable = [masks[i] for i in network.prunable]
    if granularity.startswith("nm:"):
        m = int(granularity[3:])
        for mask in prunable:
            rows = mask.reshape(len(mask), -1)
            whole = rows[:, : rows.shape[1] // m * m].reshape(len(rows), -1, m)
            assert (whole.sum(2) == round((1 - sparsity) * m)).all()
    else:
        if granularity == "channel":
            prunable = [masks[group.first] for group in removable(network.connections)]
        alive = np.concatenate([survivors(mask, granularity) for mask in prunable])
        assert (~alive).sum() == math.floor(sparsity * len(alive) + 0.5)


def test_what_is_not_prunable_stays_and_a_channel_goes_everywhere_or_nowhere(found):
    _, kind, target, _, masks, _ = found
    connections = KINDS[kind].connections
    if target.granularity != "channel":
        assert all(mask.all() for mask, c in zip(masks, connections, strict=True) if not c.prunable)
        return
    for group in removable(connections):
        alive = masks[group.first].reshape(group.channels, -1).any(1)
        for i in group.entering:
            assert np.array_equal(masks[i].reshape(group.channels, -1).any(1), alive)
        for i in group.reading:
            if not connections[i].depthwise:
                columns = masks[i].reshape(len(masks[i]), group.channels, -1)
                assert np.array_equal(columns.any((0, 2)), alive)


def test_it_starts_from_the_finders_own_weights(found):
    name, kind, _, start, _, _ = found
    initial = fresh(task(kind))
    if name == "magnitude":
        (trained,) = task(kind).train([initial], [dense_masks(initial)])
        assert same(start, trained)
        assert not any(np.array_equal(a, b) for a, b in zip(start.weights, initial.weights, strict=True))
    else:
        assert all(np.array_equal(a, b) for a, b in zip(start.weights, initial.weights, strict=True))


def test_its_training_is_counted(found):
    name, _, target, _, _, steps = found
    rounds = len(LadderSchedule(target.granularity, *target.sparsity).sparsities)
    expected = {"iterative": rounds * EPOCH_STEPS, "early_time": rounds * 96 * 2}
    assert steps == expected.get(name, EPOCH_STEPS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("granularity", ["weight", "channel"])
@pytest.mark.parametrize("name", FINDERS)
def test_the_same_seed_finds_the_same_ticket(name, granularity, kind):
    (_, *first), (_, *second) = find(name, granularity, kind), find(name, granularity, kind)
    assert first[2] == second[2]
    assert all(np.array_equal(a, b) for a, b in zip(first[1], second[1], strict=True))
    assert same(first[0], second[0])


@pytest.mark.parametrize("kind", ["residual", "recurrent"])
@pytest.mark.parametrize("name", FINDERS)
def test_a_ticket_folds_to_integers_that_run(name, kind):
    _, start, masks, _ = find(name, "channel", kind)
    network, bits = KINDS[kind], (4,) * len(masks)
    folded, _ = shrink(fold(network, start, masks, bits, 3, Widths()))
    fit = task(kind)
    whole = run_integer(fold(network, start, masks, bits, 3, Widths()), fit.x[:20])
    assert np.array_equal(run_integer(folded, fit.x[:20]).readout, whole.readout)


@pytest.mark.parametrize("name", FINDERS)
def test_a_granularity_that_nothing_has_is_refused(name):
    with pytest.raises(ValueError, match="granularity 'kernel' applies to no layer of this network"):
        find(name, "kernel", "recurrent")
