"""What is measured: every kind and level, in pairs with the dense network on the same disturbed samples."""

import numpy as np
import pytest
from builders.integer_networks import fc, network

from hwsearch.network.integer import run_integer
from hwsearch.stress.kinds import KINDS, kind_of
from hwsearch.stress.measure import Samples, Settings, Subject, right, stress, subset
from hwsearch.stress.models import Stored


def reader(gain):
    """A network that answers whether its second input is the larger one; a larger gain tells finer differences."""
    layers = [
        fc([[gain, 0], [0, gain]], [0, 0], [60, 60]),
        fc([[1, 0], [0, 1]], [0, 0], name="readout"),
    ]
    return network(layers, timesteps=6, shape=(1, 1, 2), input_max=63, input_bits=6)


def samples(n=40):
    x = np.random.default_rng(0).integers(0, 64, (n, 1, 1, 2), np.uint8)
    return Samples("test", x, (x[:, 0, 0, 1] > x[:, 0, 0, 0]).astype(np.int64))


def subject(name, gain):
    return Subject(name, Stored(reader(gain), ("dense", "dense")))


@pytest.fixture(scope="module")
def rows():
    return stress([subject("trial 3", 2)], subject("dense", 9), samples(), Settings(seeds=3, asked="ab"))


def cell(rows, name, kind, level=0.0):
    return next(row for row in rows if (row.candidate, row.kind, row.level) == (name, kind, level))


def test_every_level_has_a_row_and_what_does_not_apply_a_reason(rows):
    for name in ("dense", "trial 3"):
        own = [row for row in rows if row.candidate == name]
        assert {row.kind for row in own} == {"undisturbed", *(kind.name for kind in KINDS)}
        for kind in KINDS:
            found = [row for row in own if row.kind == kind.name]
            if found[0].reason:
                assert (len(found), found[0].accuracy) == (1, None)
            else:
                assert [row.level for row in found] == list(kind.levels)


def test_losses_are_differences_of_the_accuracies(rows):
    alone, dense = cell(rows, "trial 3", "undisturbed"), cell(rows, "dense", "undisturbed")
    for row in rows:
        if row.candidate == "trial 3" and row.accuracy is not None:
            beside = cell(rows, "dense", row.kind, row.level)
            assert row.loss == pytest.approx(alone.accuracy - row.accuracy)
            assert row.behind_dense == pytest.approx(beside.accuracy - row.accuracy)
            assert row.lowest <= row.accuracy + 1e-12
            assert row.low <= row.accuracy <= row.high
            if row.kind != "undisturbed":
                extra = row.loss - (dense.accuracy - beside.accuracy)
                assert row.extra_loss == pytest.approx(extra)
                assert row.extra_low <= row.extra_loss + 1e-12


def test_undisturbed_is_the_integer_machine(rows):
    data, net = samples(), reader(2)
    expected = (run_integer(net, data.x).predictions == data.y).mean()
    assert cell(rows, "trial 3", "undisturbed").accuracy == expected


def test_the_same_again_is_the_same(rows):
    assert (
        stress([subject("trial 3", 2)], subject("dense", 9), samples(), Settings(seeds=3, asked="ab")) == rows
    )


def test_draws_do_not_depend_on_who_else_is_measured(rows):
    alone = stress([subject("trial 3", 2)], None, samples(), Settings((kind_of("noise"),), seeds=3))
    assert [row.accuracy for row in alone[1:]] == [
        cell(rows, "trial 3", "noise", level).accuracy for level in kind_of("noise").levels
    ]
    assert all(row.extra_loss is None for row in alone)


def test_directions_are_two_draws_whatever_is_asked(rows):
    assert {row.seeds for row in rows if row.kind == "offset"} == {2}
    assert {row.seeds for row in rows if row.kind == "noise"} == {3}


def test_progress_names_what_is_done():
    told = []
    stress([], subject("dense", 9), samples(4), Settings((kind_of("noise"),), seeds=1), told.append)
    assert told == ["dense: input noise (1 of 1)"]


def test_a_label_a_timestep_counts_as_a_share():
    layers = [fc([[9, 0], [0, 9]], [0, 0], [6, 6]), fc([[1, 0], [0, 1]], [0, 0], name="readout")]
    from hwsearch.graph.graph import Readout

    net = network(
        layers, timesteps=4, shape=(1, 1, 2), input_max=9, input_bits=4, frames=4, readout=Readout(labels="step")
    )  # fmt: skip
    x = np.zeros((1, 4, 1, 1, 2), np.uint8)
    x[..., 0] = 9
    assert right(net, x, np.array([[0, 0, 1, 1]])).tolist() == [0.5]


def test_a_subset_keeps_pairs():
    some = subset(samples(), np.array([3, 5]))
    assert some.x.tolist() == samples().x[[3, 5]].tolist()
    assert some.y.tolist() == samples().y[[3, 5]].tolist()
