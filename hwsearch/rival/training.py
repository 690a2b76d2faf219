"""Trainings of plain networks side by side: one stack of matrices, whose products take about as long as one.

Networks of other widths share a stack: the narrow ones are filled up with zeros, which stay zeros, since what is zero
on both sides of a ReLU has no gradient. So every network is trained as if it were alone. A step of cost is one sample
pushed forward and backward through one network once: a plain network has no timesteps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hwsearch.compress.quantise import Quantiser
from hwsearch.rival.network import FloatArrays, Floats, grid_of
from hwsearch.train.loss import balanced_weights, cross_entropy

_DECAY = 1e-2


@dataclass(frozen=True, eq=False)
class Samples:
    """Training samples.

    Attributes:
        x: [N, in] integers of 0 .. ``most``.
        y: [N] classes.
        most: The largest input.
        classes: Number of classes.
    """

    x: np.ndarray
    y: np.ndarray
    most: int
    classes: int


@dataclass(frozen=True)
class Schedule:
    """How networks are trained: AdamW with a cosine.

    Attributes:
        epochs, batch_size, learning_rate: Likewise.
        input_noise: Standard deviation of noise on inputs, as a share of their range.
        balanced: Whether all classes have the same say.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    input_noise: float = 0.0
    balanced: bool = False


@dataclass(frozen=True, eq=False)
class Start:
    """What a training starts from.

    Attributes:
        net: The floats.
        masks: Which weights stay; None: all, and they are trained as floats.
        bits: Of a weight, where masks are given.
    """

    net: Floats
    masks: FloatArrays | None = None
    bits: int = 0


def initial(n_in: int, hidden: int, classes: int, seed: int) -> Floats:
    """Return fresh floats: uniform weights of variance 2 / n_in, biases of zero.

    Source: He et al. 2015, ICCV, equation 10.
    """
    rng = np.random.default_rng(seed)
    sizes = [n_in, *([hidden] if hidden else []), classes]
    weights = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        reach = math.sqrt(6 / fan_in)
        weights.append(rng.uniform(-reach, reach, (fan_out, fan_in)).astype(np.float32))
    return Floats(tuple(weights), tuple(np.zeros(n, np.float32) for n in sizes[1:]))


def train(
    starts: Sequence[Start],
    samples: Samples,
    schedule: Schedule,
    seed: int,
    on_epoch: Callable[[], object] = lambda: None,
) -> list[Floats]:
    """Train networks of one depth and input side by side; return their floats.

    Args:
        starts: What each starts from; all with masks, or none.
        samples: What they are trained on.
        schedule: How.
        seed: Of the order of samples and of noise.
        on_epoch: Called after every epoch.
    """
    order = sorted(range(len(starts)), key=lambda i: starts[i].bits)  # equal bits side by side need no copies
    sorted_starts = [starts[i] for i in order]
    x, y = torch.from_numpy(samples.x.astype(np.float32) / samples.most), torch.from_numpy(samples.y)
    mean = x.mean(
        0
    )  # inputs around 0 are learned from far faster; what that adds is a constant, in the biases again after
    weights, biases = _stacked(sorted_starts)
    biases[0] += weights[0] @ mean
    masks = _masks(sorted_starts, weights)
    grid = grid_of([start.bits for start in sorted_starts])
    parameters = [p.requires_grad_() for p in (*weights, *biases)]
    adam = torch.optim.AdamW(parameters, lr=schedule.learning_rate, weight_decay=_DECAY, fused=True)
    say = balanced_weights(samples.y, samples.classes) if schedule.balanced else None
    generator, n = torch.Generator().manual_seed(seed), len(y)
    n_steps, step = schedule.epochs * -(-n // schedule.batch_size), 0
    for _ in range(schedule.epochs):
        for batch in torch.randperm(n, generator=generator).split(schedule.batch_size):  # type: ignore[no-untyped-call]
            for group in adam.param_groups:
                group["lr"] = schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * step / n_steps))
            values = _noisy(x[batch], schedule.input_noise, generator)
            adam.zero_grad()
            out = _forward(_used(weights, masks, grid), biases, values - mean)
            cross_entropy(out, y[batch], 1.0, say).sum().backward()  # type: ignore[no-untyped-call]
            adam.step()
            step += 1
        on_epoch()
    with torch.no_grad():
        biases[0] -= _used(weights, masks, grid)[0] @ mean
    trained = [_unstacked(weights, biases, k, start.net) for k, start in enumerate(sorted_starts)]
    return [net for _, net in sorted(zip(order, trained, strict=True), key=lambda pair: pair[0])]


def _noisy(values: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """Return inputs of 0 .. 1 with noise within their range."""
    if not noise:
        return values
    return (values + noise * torch.randn(values.shape, generator=generator)).clamp_(0.0, 1.0)


def _used(weights: Sequence[Tensor], masks: Sequence[Tensor] | None, grid: Quantiser) -> Sequence[Tensor]:
    """Return weights as they are used: on their grid, where something is cut."""
    return weights if masks is None else [grid.fake(w, m) for w, m in zip(weights, masks, strict=True)]


def _forward(weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor) -> Tensor:
    """Return the scores of a stack, [K, B, classes], of samples [B, in] that all of its networks read."""
    size, width, n_in = weights[0].shape
    # one product for all, since they read the same
    values = (x @ weights[0].reshape(size * width, n_in).T).view(len(x), size, width).transpose(0, 1)
    values = values + biases[0].unsqueeze(1)
    for weight, bias in zip(weights[1:], biases[1:], strict=True):
        values = torch.baddbmm(bias.unsqueeze(1), torch.relu(values), weight.transpose(1, 2))
    return values


def _stacked(starts: Sequence[Start]) -> tuple[list[Tensor], list[Tensor]]:
    """Return weights [K, out, in] and biases [K, out] of each layer, narrow networks filled up with zeros."""
    weights, biases = [], []
    for place in range(len(starts[0].net.weights)):
        weights.append(_filled([start.net.weights[place] for start in starts]))
        biases.append(_filled([start.net.biases[place] for start in starts]))
    return weights, biases


def _masks(starts: Sequence[Start], weights: Sequence[Tensor]) -> list[Tensor] | None:
    given = [start.masks for start in starts if start.masks is not None]
    if not given:
        return None
    return [_filled([masks[place] for masks in given]) for place in range(len(weights))]


def _filled(arrays: Sequence[np.ndarray]) -> Tensor:
    """Return arrays as one, [K, ...], each filled up with zeros to the largest."""
    shape = np.max([array.shape for array in arrays], axis=0)
    filled = np.zeros((len(arrays), *shape), np.float32)
    for into, array in zip(filled, arrays, strict=True):
        into[tuple(slice(n) for n in array.shape)] = array
    return torch.from_numpy(filled)


def _unstacked(weights: Sequence[Tensor], biases: Sequence[Tensor], k: int, shaped: Floats) -> Floats:
    """Return the k-th network of a stack, as wide as it was."""
    cut = [
        tuple(
            stack[k].detach().numpy()[tuple(slice(n) for n in like.shape)].copy()
            for stack, like in zip(stacks, given, strict=True)
        )
        for stacks, given in ((weights, shaped.weights), (biases, shaped.biases))
    ]
    return Floats(*cut)
