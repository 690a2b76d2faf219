"""The C loops against torch: elementwise ones bit for bit, sums to rounding; and against numbers worked out by hand."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from hwsearch.compress import quantise
from hwsearch.compress.quantise import Quantiser
from hwsearch.native import library as native
from hwsearch.network import neuron, norm
from hwsearch.network.neuron import NeuronLaw, Pool, fused_stack
from hwsearch.network.norm import Running, normalise
from hwsearch.network.stack import Stack, Ticket, initial_params
from hwsearch.network.topology import NetworkSpec, layer_shapes
from hwsearch.train import adam, loss
from hwsearch.train.adam import StackAdam
from hwsearch.train.loss import cross_entropy

pytestmark = pytest.mark.skipif(native.library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    "pool",
    [
        Pool(),
        Pool(2, "max"),
        Pool(2, "sum"),
        Pool(3, "max"),
        Pool(3, "sum"),
        Pool(1, over_time=True),
        Pool(2, "max", over_time=True),
    ],
)
@pytest.mark.parametrize(
    "law", [NeuronLaw(1, 1.0, "zero"), NeuronLaw(3, 0.7, "subtract"), NeuronLaw(None, 1.0, "zero")]
)
@pytest.mark.parametrize("static", [True, False])
def test_neuron_and_pooling(law, pool, static, monkeypatch):
    shape = (3, 5, 4, 7, 9) if static else (3, 4, 5, 4, 7, 9)  # 7 x 9 maps: windows leave a rest
    x = (draw(*shape) * 1.5).requires_grad_()
    steps = 4 if static else 0
    spikes = fused_stack(law)(x, steps, pool)
    upstream = draw(*spikes.shape, seed=1)
    (grad,) = torch.autograd.grad(spikes, x, upstream)
    monkeypatch.setattr(neuron, "library", lambda: None)
    expected = fused_stack(law)(x, steps, pool)
    (wanted,) = torch.autograd.grad(expected, x, upstream)
    assert 0 < spikes.mean() < 1
    assert torch.equal(spikes, expected)
    assert torch.equal(grad, wanted)


def test_more_neurons_than_one_block():
    x = draw(2, 3, 1500)
    together = fused_stack(NeuronLaw(1, 1.0, "zero"))(x, 0, Pool())
    parts = [fused_stack(NeuronLaw(1, 1.0, "zero"))(part, 0, Pool()) for part in x.split(700, 2)]
    assert torch.equal(together, torch.cat(parts, 2))


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("over_all", [True, False])
@pytest.mark.parametrize("shape", [(6, 40), (5, 3, 3, 3)])
def test_quantiser(per_channel, over_all, shape, monkeypatch):
    bits = (1, 1, 2, 3, 4, 4, 6, 8, 16)
    weight, mask = draw(9, *shape), (draw(9, *shape, seed=1) > 0).float()
    mask[:, 2] = 0  # a channel of which nothing is left
    weight[:, 1, 0] = 0  # zero counts as positive at one bit
    grid = Quantiser(bits, per_channel, over_all)
    rows = torch.zeros(9, weight[0].numel() + 5)  # as the optimiser lays them
    rows[:, : weight[0].numel()] = weight.flatten(1)
    own = rows[:, : weight[0].numel()].view(weight.shape)
    fast = grid.fake(own, mask)
    monkeypatch.setattr(quantise, "library", lambda: None)
    assert torch.equal(fast, grid.fake(weight, mask))
    assert set(fast[0].unique().tolist()) >= {0.0}


def test_ternary_by_hand():
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


@pytest.mark.parametrize("shape", [(3, 20, 130), (2, 6, 5, 7, 4)])
def test_normalisation(shape, monkeypatch):
    x, channels = (draw(*shape) * 2 + 1).requires_grad_(), shape[:1] + shape[2:3]
    gain, shift = (draw(*channels, seed=s).requires_grad_() for s in (1, 2))
    upstream = draw(*shape, seed=3)
    results = []
    for fast in (True, False):
        if not fast:
            monkeypatch.setattr(norm, "library", lambda: None)
        running = Running(torch.zeros(channels), torch.ones(channels))
        y = normalise(x, gain, shift, running, 0.1)
        grads = torch.autograd.grad(y, (x, gain, shift), upstream)
        results.append((y, *grads, running.mean, running.variance))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=2e-5)
    theirs = F.batch_norm(x[1], None, None, gain[1], shift[1], True)
    torch.testing.assert_close(results[0][0][1], theirs, rtol=1e-5, atol=1e-5)


def test_normalisation_by_hand():
    x = torch.tensor([1.0, 3.0]).view(1, 2, 1)
    running = Running(torch.tensor([[10.0]]), torch.tensor([[1.0]]))
    y = normalise(x, torch.tensor([[2.0]]), torch.tensor([[0.5]]), running, 0.1)
    # mean 2, variance 1 (unbiased 2): -1, 1 times 2 plus 0.5
    torch.testing.assert_close(y.flatten(), torch.tensor([-1.5, 2.5]), atol=2e-5, rtol=0)
    torch.testing.assert_close(running.mean, torch.tensor([[9.2]]))
    torch.testing.assert_close(running.variance, torch.tensor([[1.1]]))


def test_cross_entropy(monkeypatch):
    out, target = (draw(3, 7, 10) * 4).requires_grad_(), torch.arange(7)
    losses = cross_entropy(out, target, 2.0)
    (grad,) = torch.autograd.grad(losses, out, torch.tensor([1.0, 2.0, 0.5]))
    monkeypatch.setattr(loss, "library", lambda: None)
    expected = cross_entropy(out, target, 2.0)
    torch.testing.assert_close(losses, expected)
    (wanted,) = torch.autograd.grad(expected, out, torch.tensor([1.0, 2.0, 0.5]))
    torch.testing.assert_close(grad, wanted, rtol=1e-5, atol=1e-7)


def test_adam(monkeypatch):
    shape = NetworkSpec(layer_shapes("fc5", (1, 3, 3), 3), 1, 1.0, "zero", True, "max", (1, 3, 3), 16, 5, 3)
    params = initial_params(shape, 0)
    ticket = Ticket(params, tuple(np.ones(own.weight.shape, bool) for own in params), (8, 8))
    after = []
    for fast in (True, False):
        if not fast:
            monkeypatch.setattr(adam, "library", lambda: None)
        stack = Stack(shape, [ticket] * 3)
        own = StackAdam(stack)
        for seed in range(4):
            for parameter in stack.parameters():
                parameter.grad = draw(*parameter.shape, seed=seed)
            own.step(0.01)
        after.append((*stack.parameters(), *map(torch.from_numpy, own.moments())))
        assert own.steps == 4
    for a, b in zip(*after, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


def test_switched_off_and_kept(tmp_path):
    code = "from hwsearch.native.library import library; print(library() is None)"
    told = []
    for value in ("0", "1"):
        env = os.environ | {"HWSEARCH_NATIVE": value, "XDG_CACHE_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        told.append(done.stdout.strip())
    assert told == ["True", "False"]
    assert (tmp_path / "hwsearch").stat().st_mode & 0o777 == 0o700
    assert len(list((tmp_path / "hwsearch").iterdir())) == 1


def test_a_folder_that_others_can_write_is_not_trusted(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert not native._ours(tmp_path / "open")
    assert native._ours(tmp_path / "own")
    (tmp_path / "file").write_text("")
    assert not native._ours(tmp_path / "file" / "below")
