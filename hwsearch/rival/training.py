"""Trainings of plain networks side by side: one stack of matrices, whose products take about as long as one.

Networks of other widths share a stack: the narrow ones are filled up with zeros, which stay zeros, since what is zero
on both sides of a ReLU has no gradient. So every network is trained as if it were alone. A step of cost is one sample
pushed forward and backward through one network once: a plain network has no timesteps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hwsearch.compress.quantise import Quantiser
from hwsearch.rival.network import FloatArrays, Floats, grid_of
from hwsearch.train.augment import Augmentation, Augmenter
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
        shape: [C, H, W] of the frames that a vector holds one after another.
    """

    x: np.ndarray
    y: np.ndarray
    most: int
    classes: int
    shape: tuple[int, int, int] = (1, 1, 1)


@dataclass(frozen=True)
class Schedule:
    """How networks are trained: AdamW with a cosine.

    Attributes:
        epochs, batch_size, learning_rate: Likewise.
        input_noise: Standard deviation of noise on inputs, as a share of their range.
        balanced: Whether all classes have the same say.
        augment: How training images are moved and mirrored; None: they are read as they are.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    input_noise: float = 0.0
    balanced: bool = False
    augment: Augmentation | None = None


@dataclass(frozen=True, eq=False)
class Start:
    """What a training starts from.

    Attributes:
        net: The floats.
        masks: Which weights stay; None: all, and they are trained as floats.
        bits: Of a weight, where masks are given.
        split: On which of the splits it is trained.
    """

    net: Floats
    masks: FloatArrays | None = None
    bits: int = 0
    split: int = 0


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
    samples: Sequence[Samples],
    schedule: Schedule,
    seeds: Sequence[int],
) -> list[Floats]:
    """Train networks of one depth and input side by side; return their floats.

    Args:
        starts: What each starts from; all with masks, or none.
        samples: Splits that they are trained on, each of as many samples.
        schedule: How.
        seeds: Of the order of each split's samples and of their noise.
    """
    order = sorted(range(len(starts)), key=lambda i: starts[i].bits)  # equal bits side by side need no copies
    sorted_starts = [starts[i] for i in order]
    splits = [_Split(each, schedule, seed) for each, seed in zip(samples, seeds, strict=True)]
    of = torch.tensor([start.split for start in sorted_starts])
    weights, biases = _stacked(sorted_starts)
    # inputs around 0 are learned from far faster; what that adds is a constant, in the biases again after
    means = torch.stack([split.mean for split in splits])[of].unsqueeze(2)
    biases[0] += (weights[0] @ means).squeeze(2)
    masks = _masks(sorted_starts, weights)
    grid = grid_of([start.bits for start in sorted_starts])
    parameters = [p.requires_grad_() for p in (*weights, *biases)]
    adam = torch.optim.AdamW(parameters, lr=schedule.learning_rate, weight_decay=_DECAY, fused=True)
    n_steps, step = schedule.epochs * -(-len(samples[0].y) // schedule.batch_size), 0
    for epoch in range(schedule.epochs):
        for batches in zip(*(split.epoch(epoch) for split in splits), strict=True):
            for group in adam.param_groups:
                group["lr"] = schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * step / n_steps))
            adam.zero_grad()
            out = _forward(_used(weights, masks, grid), biases, [values for values, _ in batches], of)
            losses = [
                cross_entropy(out if len(splits) == 1 else out[of == place], labels, 1.0, split.say).sum()
                for place, (split, (_, labels)) in enumerate(zip(splits, batches, strict=True))
            ]
            torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
            adam.step()
            step += 1
    with torch.no_grad():
        biases[0] -= (_used(weights, masks, grid)[0] @ means).squeeze(2)
    trained = [_unstacked(weights, biases, k, start.net) for k, start in enumerate(sorted_starts)]
    return [net for _, net in sorted(zip(order, trained, strict=True), key=lambda pair: pair[0])]


class _Split:
    """The training samples of one split, in an order, moved and with noise of their own."""

    def __init__(self, samples: Samples, schedule: Schedule, seed: int) -> None:
        self._x = torch.from_numpy(samples.x.astype(np.float32) / samples.most)
        self._y, self._schedule, self._shape = torch.from_numpy(samples.y), schedule, samples.shape
        self._generator = torch.Generator().manual_seed(seed)
        self.mean = self._x.mean(0)
        self.say = balanced_weights(samples.y, samples.classes) if schedule.balanced else None
        frames = self._x.unflatten(1, (-1, *self._shape))  # type: ignore[no-untyped-call]
        self._augmenter = None if schedule.augment is None else Augmenter(schedule.augment, frames, seed)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield inputs around 0, [B, in], and their classes, [B], of an epoch, counted from 0."""
        noise, generator = self._schedule.input_noise, self._generator
        moves = None if self._augmenter is None else self._augmenter.moves(number)
        order = torch.randperm(len(self._y), generator=generator)
        for batch in order.split(self._schedule.batch_size):  # type: ignore[no-untyped-call]
            values = self._x[batch]
            if self._augmenter is not None and moves is not None:
                frames = values.unflatten(1, (-1, *self._shape))  # type: ignore[no-untyped-call]
                values = self._augmenter(frames, moves[batch]).flatten(1)
            if noise:
                values = values + noise * torch.randn(values.shape, generator=generator)
                values = values.clamp_(0.0, 1.0)
            yield values - self.mean, self._y[batch]


def _used(weights: Sequence[Tensor], masks: Sequence[Tensor] | None, grid: Quantiser) -> Sequence[Tensor]:
    """Return weights as they are used: on their grid, where something is cut."""
    return weights if masks is None else [grid.fake(w, m) for w, m in zip(weights, masks, strict=True)]


def _forward(
    weights: Sequence[Tensor], biases: Sequence[Tensor], read: Sequence[Tensor], of: Tensor
) -> Tensor:
    """Return the scores of a stack, [K, B, classes], of the samples [B, in] of each network's split."""
    size, width, n_in = weights[0].shape
    if len(read) == 1:  # one product for all, since they read the same
        together = read[0] @ weights[0].reshape(size * width, n_in).T
        values = together.view(-1, size, width).transpose(0, 1) + biases[0].unsqueeze(1)
    else:
        values = torch.baddbmm(
            biases[0].unsqueeze(1), torch.stack(list(read))[of], weights[0].transpose(1, 2)
        )
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
