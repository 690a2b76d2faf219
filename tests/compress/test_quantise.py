"""The quantiser's grids by hand, and in C against torch."""

import math

import numpy as np
import pytest
import torch
from builders.stacks import draw
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from hwsearch.compress import quantise
from hwsearch.compress.quantise import STEP_OF_NORMAL, JointGrid, Quantiser, largest_level
from hwsearch.native.library import library

needs_loops = pytest.mark.skipif(library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")

W = torch.tensor([[[0.5, -0.25, 0.1, 0.0]]])
ALL = torch.ones_like(W)


def grid(bits, weight=W, mask=ALL, *, per_channel=True):
    integers, scale = Quantiser((bits,), per_channel).quantise(weight, mask)
    return integers.flatten().tolist(), scale.flatten().tolist()


def test_levels():
    assert [largest_level(b) for b in (1, 2, 3, 4, 6, 8, 16)] == [1, 1, 3, 7, 31, 127, 32767]


def test_eight_bits_span_the_largest_weight():
    # scale 0.5 / 127; 0.25 / scale = 63.5 -> 64 (to even), 0.1 -> 25.4 -> 25
    integers, scale = grid(8)
    assert integers == [127, -64, 25, 0]
    assert scale == pytest.approx([0.5 / 127])


def test_one_bit_is_a_sign_times_the_mean_of_the_kept():
    # kept |w|: 0.5, 0.25, 0.0 -> mean 0.25; zero counts as positive; the mask gives the only zeros
    mask = torch.tensor([[[1.0, 1.0, 0.0, 1.0]]])
    assert grid(1, mask=mask) == ([1, -1, 0, 1], [0.25])


def test_ternary_by_hand():
    # mean |w| = 0.85 / 4 = 0.2125, scale = 0.2125 * 1.224 / sqrt(2 / pi) = 0.32598
    # 0.5 -> 1.53 -> 1, -0.25 -> -0.77 -> -1
    integers, scale = grid(2)
    assert integers == [1, -1, 0, 0]
    assert scale == pytest.approx([0.2125 * 1.2240 / math.sqrt(2 / math.pi)], rel=1e-5)


def test_few_bits_clip_at_their_largest_level():
    weight = torch.tensor([[[10.0, *[0.1] * 50]]])
    integers, _ = grid(3, weight, torch.ones_like(weight))
    assert max(integers) == 3


def test_scales_per_channel_and_per_layer():
    weight = torch.tensor([[[1.27, 0.0], [0.127, 0.0]]])
    _, own = grid(8, weight, torch.ones_like(weight))
    _, shared = grid(8, weight, torch.ones_like(weight), per_channel=False)
    assert own == pytest.approx([0.01, 0.001])
    assert shared == pytest.approx([0.01])


@pytest.mark.parametrize(
    ("bits", "kept", "over_all"),
    [
        # kept: 0.5 and -0.25; one bit: mean |w| of two, or of all four (0.85 / 4)
        (1, ([1, -1, 0, 0], 0.375), ([1, -1, 0, 0], 0.2125)),
        # two bits: 1.534 times that; -0.25 is 0.43 steps of the survivors' grid, and 0.77 of everyone's
        (2, ([1, 0, 0, 0], 0.57525), ([1, -1, 0, 0], 0.32598)),
    ],
)
def test_the_order_of_quantising_and_pruning_by_hand(bits, kept, over_all):
    mask = torch.tensor([[[1.0, 1.0, 0.0, 0.0]]])
    for expected, whole in ((kept, False), (over_all, True)):
        integers, scale = Quantiser((bits,), True, whole).quantise(W, mask)
        assert integers.flatten().tolist() == expected[0]
        assert scale.flatten().tolist() == pytest.approx([expected[1]], rel=1e-4)


def test_a_channel_without_weights_has_a_scale():
    integers, scale = grid(4, mask=torch.zeros_like(W))
    assert integers == [0, 0, 0, 0]
    assert scale == [1.0]


def test_a_stack_gives_each_candidate_its_own_grid():
    weight = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    mask = (torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(1)) < 0.6).float()
    stacked = Quantiser((1, 3, 8), True).quantise(weight, mask)
    for k, bits in enumerate((1, 3, 8)):
        alone = Quantiser((bits,), True).quantise(weight[k : k + 1], mask[k : k + 1])
        assert torch.equal(stacked[0][k], alone[0][0])
        assert torch.equal(stacked[1][k], alone[1][0])


def test_the_gradient_passes_straight_to_kept_weights():
    weight = W.clone().requires_grad_()
    mask = torch.tensor([[[1.0, 0.0, 1.0, 1.0]]])
    Quantiser((2,), True).fake(weight, mask).backward(torch.full_like(weight, 3.0))
    assert weight.grad.flatten().tolist() == [3.0, 0.0, 3.0, 3.0]


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_steps_minimise_the_squared_error_of_a_normal_variable(bits):
    x = np.linspace(-8, 8, 100_001)
    top = largest_level(bits)

    def error(step):
        return np.sum(norm.pdf(x) * (x - step * np.clip(np.round(x / step), -top, top)) ** 2)

    best = minimize_scalar(error, bounds=(0.05, 2), method="bounded").x
    assert best == pytest.approx(STEP_OF_NORMAL[bits], abs=2e-4)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7, 8, 16])
@pytest.mark.parametrize("over_all", [False, True])
def test_a_channel_of_zeros_stays_zero(bits, over_all):
    # at one bit a kept zero counts as positive, but a channel that is nothing else has no gain to give it
    weight = torch.tensor([[[0.0, -0.0, 0.0], [0.5, 0.0, -0.5]]])
    grid = Quantiser((bits,), True, over_all)
    integers, scale = grid.quantise(weight, torch.ones_like(weight))
    assert not integers[0, 0].any()
    assert integers[0, 1].abs().max() > 0
    assert torch.equal(
        grid.fake(weight, torch.ones_like(weight)), integers * scale
    )  # the loop in C, where there is one


@needs_loops
@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("over_all", [True, False])
@pytest.mark.parametrize("shape", [(6, 40), (5, 3, 3, 3)])
def test_the_loops_equal_torch(per_channel, over_all, shape, monkeypatch):
    bits = (1, 1, 2, 3, 4, 4, 6, 8, 16)
    weight, mask = draw(9, *shape), (draw(9, *shape, seed=1) > 0).float()
    mask[:, 2] = 0  # a channel of which nothing is left
    weight[:, 1, 0] = 0  # zero counts as positive at one bit
    grid = Quantiser(bits, per_channel, over_all)
    rows = torch.zeros(9, weight[0].numel() + 5)  # as the optimiser lays them
    rows[:, : weight[0].numel()] = weight.flatten(1)
    laid_out = rows[:, : weight[0].numel()].view(weight.shape)
    fast = grid.fake(laid_out, mask)
    monkeypatch.setattr(quantise, "library", lambda: None)
    assert torch.equal(fast, grid.fake(weight, mask))
    assert set(fast[0].unique().tolist()) >= {0.0}


def test_what_is_trained_with_by_hand():
    # mean |w| of the kept 0.6, 0.2, 1.0 is 0.6; the step 1.224 / 0.79788 * 0.6 = 0.92043: 0.6 -> 1, 0.2 -> 0, -1 -> -1
    out = Quantiser((2,), True).fake(
        torch.tensor([[[0.6, 0.2, -1.0, 9.0]]]), torch.tensor([[[1.0, 1, 1, 0]]])
    )
    torch.testing.assert_close(out, torch.tensor([[[0.92043, 0.0, -0.92043, 0.0]]]), atol=1e-5, rtol=0)


def test_a_grid_of_all_weights_by_hand():
    # the pruned 9 counts: levels of 3 bits are 3 * 0.6508 / 0.79788 = 2.44700 apart, so 1.0 rounds to none, 2.0 to one
    weight, mask = torch.tensor([[[1.0, 2.0, 9.0, 0.0]]]), torch.tensor([[[1.0, 1, 0, 1]]])
    out = Quantiser((3,), True, over_all=True).fake(weight, mask)
    torch.testing.assert_close(out, torch.tensor([[[0.0, 2.44700, 0.0, 0.0]]]), atol=1e-4, rtol=0)


def joint(weights, bits=(8, 8), units=(1.0, 1.0), per_channel=True):
    """Return integers, S and e of connections of one candidate."""
    tensors = [torch.tensor(weight).unsqueeze(0) for weight in weights]
    grid = JointGrid(tuple(Quantiser((b,), per_channel) for b in bits), units)
    found = grid.quantise(tensors, [torch.ones_like(tensor) for tensor in tensors])
    return [q[0].tolist() for q in found.integers], found.base[0].tolist(), found.exponents[:, 0].tolist()


def test_a_single_connection_has_the_grid_that_it_has_alone():
    weight = [[1.27, -0.3], [0.1, 0.508]]
    integers, base, exponents = joint([weight], (8,), (0.5,))
    alone, scale = grid(8, torch.tensor([weight]), torch.ones(1, 2, 2))
    assert [level for row in integers[0] for level in row] == alone
    assert base == pytest.approx([each * 0.5 for each in scale])
    assert exponents == [0]


def test_connections_into_one_population_share_a_step_up_to_a_power_of_two():
    # steps of 0.01 and 0.0025 alone: four times, so both keep all their levels
    integers, base, exponents = joint([[[1.27]], [[0.3175]]])
    assert (integers, exponents) == ([[[127]], [[127]]], [2, 0])
    assert base == pytest.approx([0.0025])
    # an input of a quarter of the worth makes that sixteen times
    assert joint([[[1.27]], [[0.3175]]], units=(1.0, 0.25))[2] == [4, 0]


def test_the_exponent_is_that_of_the_mean_channel():
    # steps of 0.01, 0.02 and 0.0025 twice: log2 -6.14 on the mean is -6, -8.64 is -9; S = max(0.01 / 8, 0.0025)
    integers, base, exponents = joint([[[1.27], [2.54]], [[0.3175], [0.3175]]])
    assert exponents == [3, 0]
    assert base == pytest.approx([0.0025, 0.0025])
    assert integers == [[[64], [127]], [[127], [127]]]  # 1.27 / 0.02 = 63.5, to even


def test_connections_are_at_most_eight_bits_apart():
    # steps of 1 and 2**-12: the finer one counts in steps of 2**-8, so 127 * 2**-12 is 8 of them
    integers, base, exponents = joint([[[127.0]], [[127.0 * 2**-12]]])
    assert (integers, base, exponents) == ([[[127]], [[8]]], [2.0**-8], [8, 0])


def test_a_connection_without_a_weight_is_not_asked():
    integers, base, exponents = joint([[[0.0]], [[0.3175]]])
    assert (integers, exponents) == ([[[0]], [[127]]], [0, 0])
    assert base == pytest.approx([0.0025])


@pytest.mark.parametrize("bits", [(8, 8), (2, 4), (1, 8)])
@pytest.mark.parametrize("per_channel", [True, False])
def test_joint_fakes_are_integers_times_their_scale(bits, per_channel):
    weights = [draw(2, 3, 5, seed=1), draw(2, 3, 4, 3, 3, seed=2) * 0.02]
    masks = [(draw(*w.shape, seed=3) > -0.5).float() for w in weights]
    found = JointGrid(tuple(Quantiser((b, b), per_channel) for b in bits), (1.0, 0.25))
    joint_integers = found.quantise(weights, masks)
    for c, fake in enumerate(found.fake(weights, masks)):
        scale = joint_integers.scale(c, found.units[c]).float()
        wanted = joint_integers.integers[c] * scale.view(*scale.shape, *(1,) * (fake.dim() - 2))
        assert torch.allclose(fake, wanted, atol=1e-6)
        assert torch.equal(joint_integers.integers[c] * (1 - masks[c]), torch.zeros_like(fake))
