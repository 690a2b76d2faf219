"""Training images moved and mirrored: by hand, and the laws of the draws."""

import numpy as np
import pytest
import torch
from builders.graphs import spec
from builders.stacks import KINDS, X, Y, inputs_of, kind_of, lively, same

from hwsearch.train.augment import Augmentation, Augmenter, empty_pixel
from hwsearch.train.inputs import stored_inputs
from hwsearch.train.loop import Schedule, train_stack

IMAGE = torch.arange(1, 10).view(1, 1, 3, 3)
BOTH = Augmentation(1, "horizontal")


def done(x, how, *moves):
    """Return samples moved as said: rows down, columns to the right, mirrored or not."""
    return Augmenter(how, x, 0)(x, torch.tensor(moves))


@pytest.mark.parametrize(
    ("move", "found"),
    [
        ((0, 0, 0), [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        ((1, 0, 0), [[0, 0, 0], [1, 2, 3], [4, 5, 6]]),
        ((-1, 0, 0), [[4, 5, 6], [7, 8, 9], [0, 0, 0]]),
        ((0, 1, 0), [[0, 1, 2], [0, 4, 5], [0, 7, 8]]),
        ((1, -1, 0), [[0, 0, 0], [2, 3, 0], [5, 6, 0]]),
        ((0, 0, 1), [[3, 2, 1], [6, 5, 4], [9, 8, 7]]),
        ((0, 1, 1), [[2, 1, 0], [5, 4, 0], [8, 7, 0]]),  # moved, and then mirrored
    ],
)
def test_an_image_of_3_by_3_by_hand(move, found):
    # most edges of all samples are 0: that is an empty pixel
    x = torch.cat([IMAGE, torch.zeros(9, 1, 3, 3, dtype=torch.int64)])
    first = Augmenter(BOTH, x, 0)(x[:1], torch.tensor([move]))
    assert first[0, 0].tolist() == found
    assert x[0, 0].tolist() == IMAGE[0, 0].tolist()  # what was given stays


def test_each_sample_moves_on_its_own_and_all_its_frames_and_channels_alike():
    x = torch.zeros(2, 4, 2, 5, 5, dtype=torch.uint8)
    x[:, :, 0, 2, 2], x[:, :, 1, 2, 3] = 7, 9
    moved = done(x, Augmentation(2), (1, 0, 0), (-2, -1, 0))
    for frame in range(4):
        assert moved[0, frame].nonzero().tolist() == [[0, 3, 2], [1, 3, 3]]
        assert moved[1, frame].nonzero().tolist() == [[0, 0, 1], [1, 0, 2]]
    assert moved.dtype == torch.uint8


def test_what_moves_in_is_the_most_frequent_value_of_the_edges_of_its_channel():
    x = torch.full((3, 2, 4, 4), 5.0)
    x[:, 0, 0], x[:, 1, 1:3, 1:3] = 1.0, 8.0  # the first row of one channel, the middle of the other
    assert empty_pixel(x).tolist() == [5.0, 5.0]
    x[:, 1] = 255.0
    moved = done(x, Augmentation(1), (-1, 0, 0), (0, 0, 0), (0, 0, 0))
    assert (moved[0, 0, 3] == 5.0).all()
    assert (moved[0, 1] == 255.0).all()
    assert (moved[1:] == x[1:]).all()


def test_of_equally_frequent_values_the_smallest_is_an_empty_pixel():
    x = torch.tensor([[3, 3], [2, 2]]).view(1, 1, 2, 2)
    assert empty_pixel(x).tolist() == [2]


def test_draws_are_even_and_within_the_shift():
    moves = Augmenter(Augmentation(2, "horizontal"), torch.zeros(20_000, 1, 8, 8), 3).moves(0)
    for axis in (0, 1):
        values, counts = moves[:, axis].unique(return_counts=True)
        assert values.tolist() == [-2, -1, 0, 1, 2]
        assert (counts / 20_000 - 0.2).abs().max() < 0.015  # five standard deviations
    assert abs(moves[:, 2].float().mean() - 0.5) < 0.018
    assert set(moves[:, 2].tolist()) == {0, 1}


def test_an_epochs_draws_hang_on_seed_and_epoch_alone():
    x = torch.zeros(50, 1, 8, 8)
    of = [Augmenter(BOTH, x, seed).moves(epoch) for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0))]
    assert torch.equal(of[0], of[1])
    assert not torch.equal(of[0], of[2])
    assert not torch.equal(of[0], of[3])
    assert not Augmenter(Augmentation(1), x, 1).moves(0)[:, 2].any()
    mirrored = Augmenter(Augmentation(0, "horizontal"), x, 1).moves(0)
    assert not mirrored[:, :2].any()
    assert mirrored[:, 2].any()


def test_a_sample_is_the_same_in_any_batch():
    x = torch.from_numpy(X)
    augmenter = Augmenter(Augmentation(2, "horizontal"), x, 0)
    moves, some = augmenter.moves(4), torch.tensor([9, 2, 77])
    assert torch.equal(augmenter(x, moves)[some], augmenter(x[some], moves[some]))


@pytest.mark.parametrize("kind", list(KINDS))
def test_an_epoch_is_one_on_images_that_were_moved_before(kind):
    own = kind_of(kind)
    (ticket,), x = lively(own, [("weight", 0.0, 8)]), inputs_of(own, 50)
    if min(x.shape[-2:]) < 3:
        pytest.skip("no images")
    x[..., [0, -1], :] = x[..., [0, -1]] = 0  # so that an empty pixel is 0 in frames and in their sums
    stored = stored_inputs(x, own.input, 4)
    augmenter = Augmenter(BOTH, stored, 1)
    # binned frames of the moved are moved ones of the binned: the same move for all of them
    moved = Augmenter(BOTH, torch.from_numpy(x), 1)(torch.from_numpy(x), augmenter.moves(0)).numpy()
    settings = {"timesteps": 4, "seed": 1}
    schedule = Schedule(1, 21, 0.005)
    before = x.copy()
    (here,) = train_stack(own, [ticket], x, Y[:50], schedule=Schedule(1, 21, 0.005, augment=BOTH), **settings)
    assert np.array_equal(x, before)
    (there,) = train_stack(own, [ticket], moved, Y[:50], schedule=schedule, **settings)
    (plain,) = train_stack(own, [ticket], x, Y[:50], schedule=schedule, **settings)
    assert here.loss == there.loss != plain.loss
    assert same(here.params, there.params)


def test_a_flat_network_reads_images_that_move():
    own = spec("fc12", (1, 6, 6), 3)
    (ticket,) = lively(own, [("weight", 0.0, 8)])
    plain, moved = (
        train_stack(own, [ticket], X, Y, timesteps=2, schedule=Schedule(1, 32, 0.01, augment=how), seed=0)[0]
        for how in (None, Augmentation(2))
    )
    assert plain.loss != moved.loss
