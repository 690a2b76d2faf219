"""Convolutions in C against torch's in double precision, and what does not fit them."""

import pytest
import torch
import torch.nn.functional as F
from builders.stacks import draw
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.native.library import library
from hwsearch.network.products import convolution

pytestmark = pytest.mark.skipif(library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")

shapes = st.fixed_dictionaries(
    {
        "frames": st.integers(1, 20),
        "inputs": st.integers(1, 9),
        "outputs": st.integers(1, 35),
        "size": st.tuples(st.integers(1, 15), st.integers(1, 15)),
        "kernel": st.tuples(st.sampled_from((1, 3, 5, 7)), st.sampled_from((1, 3, 5, 7))),
        "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "seed": st.integers(0, 1000),
    }
)


def tensors(shape, rate, density):
    """Return what is read (spikes at a rate, or normal numbers), weights of a density, biases."""
    x = draw(1, shape["frames"], shape["inputs"], *shape["size"], seed=shape["seed"])
    x = x if rate is None else (torch.special.ndtr(x) < rate).float()
    w = draw(1, shape["outputs"], shape["inputs"], *shape["kernel"], seed=shape["seed"] + 1)
    mask = torch.rand(w.shape, generator=torch.Generator().manual_seed(shape["seed"])) < density
    return [x, w * mask, draw(1, shape["outputs"], seed=shape["seed"] + 2)]


def results(tensors, upstream, stride, function):
    """Return a convolution's output and gradients."""
    every = [tensor.clone().requires_grad_() for tensor in tensors]
    out = function(*every, stride)
    return out, *torch.autograd.grad(out, every, upstream)


def in_torch(x, weight, bias, stride):
    pad = (weight.shape[-2] // 2, weight.shape[-1] // 2)
    return F.conv2d(x[0], weight[0], bias[0], stride, pad).unsqueeze(0)


def check(drawn, stride):
    """Hold a convolution and its gradients against torch's in double precision, to rounding of what is added up."""
    double = [tensor.double() for tensor in drawn]
    upstream = draw(*in_torch(*double, stride).shape, seed=9)
    found = results(drawn, upstream, stride, convolution)
    expected = results(double, upstream.double(), stride, in_torch)
    added = results([tensor.abs() for tensor in double], upstream.double().abs(), stride, in_torch)
    for a, b, size in zip(found, expected, added, strict=True):
        assert a.shape == b.shape
        assert ((a.double() - b).abs() <= 5e-7 * size).all()


@settings(max_examples=30, deadline=None)
@given(
    shape=shapes, rate=st.sampled_from((0.0, 0.1, 0.5, 1.0)), density=st.sampled_from((0.0, 0.1, 0.5, 1.0))
)
def test_spikes(shape, rate, density):
    check(tensors(shape, rate, density), shape["stride"])


@settings(max_examples=30, deadline=None)
@given(shape=shapes, density=st.sampled_from((0.1, 1.0)))
def test_numbers(shape, density):
    check(tensors(shape, None, density), shape["stride"])


@pytest.mark.parametrize("rate", [0.2, None])
def test_chunks_of_frames(rate):
    """More frames than are laid out at a time, the last chunk not full, several blocks of output channels."""
    shape = {
        "frames": 131,
        "inputs": 33,
        "outputs": 40,
        "size": (7, 6),
        "kernel": (3, 3),
        "stride": (1, 1),
        "seed": 0,
    }
    check(tensors(shape, rate, 0.6), shape["stride"])


def test_one_number_that_is_no_spike_among_many_frames():
    shape = {
        "frames": 300,
        "inputs": 5,
        "outputs": 3,
        "size": (9, 9),
        "kernel": (3, 3),
        "stride": (1, 1),
        "seed": 0,
    }
    drawn = tensors(shape, 0.3, 1.0)
    drawn[0][0, 299, 4, 8, 8] = 0.5
    check(drawn, (1, 1))


@pytest.mark.parametrize(
    ("inputs", "outputs", "size", "kernel", "fits"),
    [
        (16, 16, (14, 14), (3, 3), True),
        (64, 64, (7, 7), (3, 3), True),
        (65, 64, (7, 7), (3, 3), False),  # 65 * 9 * 64 weights
        (1, 16, (62, 62), (3, 3), False),  # 63 * 63 cells in 16 planes and their margins
        (1, 16, (60, 60), (3, 3), True),
        (1, 1, (20, 20), (9, 9), False),  # 81 taps
        (1, 600, (1, 1), (1, 1), False),  # 600 planes
    ],
)
def test_what_fits(inputs, outputs, size, kernel, fits):
    loops = library()
    assert bool(loops.conv_fits(inputs, outputs, *size, *kernel, 1, 1)) == fits
    x, w = draw(1, 2, inputs, *size), draw(1, outputs, inputs, *kernel, seed=1) / 10
    bias = draw(1, outputs, seed=2)
    torch.testing.assert_close(convolution(x, w, bias), in_torch(x, w, bias, (1, 1)), rtol=1e-5, atol=1e-4)
