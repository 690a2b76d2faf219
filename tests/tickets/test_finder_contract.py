"""What every finder holds to: exactly what was asked goes, at every granularity, from weights that are the finder's."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders.finders import pruner, task
from builders.stacks import same

from hwsearch.compress.masks import GRANULARITIES
from hwsearch.network.params import initial_params
from hwsearch.space.candidate import snap
from hwsearch.tickets.early_bird import find_early_birds
from hwsearch.tickets.early_time import early_time
from hwsearch.tickets.fit import Target, dense_masks
from hwsearch.tickets.ladder import LadderSchedule, find_ladders, masks_at
from hwsearch.tickets.multi_prize import find_multi_prizes

TOPOLOGY = "4c3-p2-4c3-fc8"  # every granularity applies to it
EPOCH_STEPS = 96 * 3


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


def find(name, granularity):
    """Return target, start weights, masks and steps of one ticket."""
    target = Target(granularity, (snap(granularity, 0.5),))
    return target, *FINDERS[name](task(TOPOLOGY, epochs=1), target)


@pytest.fixture(scope="module", params=[(f, g) for f in FINDERS for g in GRANULARITIES], ids="-".join)
def found(request):
    return request.param[0], *find(*request.param)


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
    _, target, _, masks, _ = found
    granularity, (sparsity,) = target.granularity, target.sparsity
    if granularity.startswith("nm:"):
        m = int(granularity[3:])
        for mask in masks:
            rows = mask.reshape(len(mask), -1)
            whole = rows[:, : rows.shape[1] // m * m].reshape(len(rows), -1, m)
            assert (whole.sum(2) == round((1 - sparsity) * m)).all()
    else:
        layers = masks[:-1] if granularity == "channel" else masks
        alive = np.concatenate([survivors(mask, granularity) for mask in layers])
        assert (~alive).sum() == math.floor(sparsity * len(alive) + 0.5)
    if granularity == "channel":  # and what reads a channel goes with it, in the readout as well
        assert np.array_equal(masks[1].any((0, 2, 3)), masks[0].any((1, 2, 3)))
        assert np.array_equal(masks[-1].any(0), masks[-2].any(1))


def test_it_starts_from_the_finders_own_weights(found):
    name, _, start, _, _ = found
    initial = fresh(task(TOPOLOGY))
    unchanged = [np.array_equal(a, b) for a, b in zip(start.weights, initial.weights, strict=True)]
    if name == "magnitude":
        (trained,) = task(TOPOLOGY, epochs=1).train([initial], [dense_masks(initial)])
        assert all(np.array_equal(a, b) for a, b in zip(start.weights, trained.weights, strict=True))
        assert not any(unchanged)
    else:
        assert all(unchanged)


def test_its_training_is_counted(found):
    name, target, _, _, steps = found
    rounds = len(LadderSchedule(target.granularity, *target.sparsity).sparsities)
    expected = {"iterative": rounds * EPOCH_STEPS, "early_time": rounds * 96 * 2}
    assert steps == expected.get(name, EPOCH_STEPS)


@pytest.mark.parametrize("granularity", ["weight", "channel"])
@pytest.mark.parametrize("name", FINDERS)
def test_the_same_seed_finds_the_same_ticket(name, granularity):
    (_, *first), (_, *second) = find(name, granularity), find(name, granularity)
    assert first[2] == second[2]
    assert all(np.array_equal(a, b) for a, b in zip(first[1], second[1], strict=True))
    assert same(first[0], second[0])
