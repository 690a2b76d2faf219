"""NIR graphs of a few nodes, and files of them."""

import itertools

import nir
import numpy as np

DT = 1e-4


def lif(n, leak=0.5, *, gain=1.0, threshold=1.0, v_leak=0.0, v_reset=0.0, **settings):
    """Return neurons of one number n, or a shape; ``leak`` and the others are one number, or one each."""
    full = [np.broadcast_to(np.asarray(v, float), n).copy() for v in (leak, gain, threshold, v_leak, v_reset)]
    leak, gain, threshold, v_leak, v_reset = full
    return nir.LIF(DT / leak, gain / leak, v_leak, threshold, v_reset, **settings)


def if_(n, *, gain=1.0, threshold=1.0, v_reset=0.0):
    full = [np.full(n, float(v)) for v in (gain, threshold, v_reset)]
    return nir.IF(full[0] / DT, full[1], full[2])


def fc(outputs, inputs, bias=None, seed=0):
    weight = np.random.default_rng(seed).normal(0, 1, (outputs, inputs))
    return nir.Affine(weight, np.zeros(outputs) if bias is None else np.asarray(bias, float))


def conv(
    outputs, inputs, kernel=(3, 3), *, padding=None, stride=(1, 1), groups=1, dilation=(1, 1), size=None
):
    weight = np.random.default_rng(0).normal(0, 1, (outputs, inputs // groups, *kernel))
    padding = (kernel[0] // 2, kernel[1] // 2) if padding is None else padding
    return nir.Conv2d(size, weight, stride, padding, dilation, groups, np.zeros(outputs))


def pool(kind, window, stride=None, padding=(0, 0)):
    return kind(np.array(window), np.array(window if stride is None else stride), np.array(padding))


def graph(nodes, edges, **settings):
    return nir.NIRGraph(dict(nodes), list(edges), type_check=False, **settings)


def chain(*nodes, shape, classes, **settings):
    """Return nodes one behind the other, named ``a``, ``b``, ...; a node is given as it is or as (name, node)."""
    named = [n if isinstance(n, tuple) else (chr(ord("a") + i), n) for i, n in enumerate(nodes)]
    named = [("input", nir.Input(np.array(shape))), *named, ("output", nir.Output(np.array([classes])))]
    names = [name for name, _ in named]
    return graph(named, itertools.pairwise(names), **settings)


def mlp(**settings):
    """Return 4 inputs, 3 neurons, 2 classes that fire."""
    return chain(fc(3, 4), lif(3), fc(2, 3, seed=1), lif(2), shape=[4], classes=2, **settings)
