"""Dense networks of ReLUs over small images, trained as well as we know how: what a spiking network is held against.

AdamW with a cosine, smoothed labels, and images that are moved, turned, scaled and overlaid with noise at random. All
seeds of a shape are trained side by side, as one stack of matrices: their products take as long as one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from benchmarks.rivals.task import Task

_EPOCHS, _BATCH, _LEARNING_RATE, _DECAY, _SMOOTHING = 400, 64, 5e-3, 1e-2, 0.05
_NOISE, _MOVED, _TURNED, _SCALED = 0.1, 0.125, 0.125, 0.05
"""Standard deviation of the noise on inputs of 0 .. 1; most of each move: share of half a side, radians, share."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A network: each layer's weights [out, in] and biases [out], for inputs of 0 .. 1; ReLU between layers."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]

    def scores(self, x: np.ndarray) -> list[np.ndarray]:
        """Return what each layer gives for inputs of 0 .. 1, [N, in]; the last one's are the classes' scores."""
        given, layers = [x], len(self.weights)
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            out = given[-1] @ weight.T + bias
            given.append(np.maximum(out, 0.0) if place < layers - 1 else out)
        return given[1:]


def trained(hidden: Sequence[int], task: Task, seeds: int) -> list[Trained]:
    """Return networks of a shape that differ in their seed.

    Args:
        hidden: Neurons of each hidden layer.
        task: Of which the training split is used; images are square.
        seeds: How many.
    """
    generator = torch.Generator().manual_seed(0)
    x, y = torch.tensor(task.x_train / task.most, dtype=torch.float32), torch.tensor(task.y_train)
    sizes = [x.shape[1], *hidden, int(y.max()) + 1]
    parts = [
        ((torch.rand(seeds, i, o, generator=generator) * 2 - 1) * math.sqrt(6 / i), torch.zeros(seeds, 1, o))
        for i, o in itertools.pairwise(sizes)
    ]
    parameters = [each.requires_grad_() for part in parts for each in part]
    n_batches = len(x) // _BATCH
    optimiser = torch.optim.AdamW(parameters, lr=_LEARNING_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _EPOCHS * n_batches)
    for _ in range(_EPOCHS):
        order = torch.randperm(len(x), generator=generator)
        for chosen in order[: n_batches * _BATCH].view(n_batches, _BATCH):
            out = _forward(parts, _varied(x[chosen], generator).expand(seeds, -1, -1))
            loss = functional.cross_entropy(
                out.flatten(0, 1), y[chosen].repeat(seeds), label_smoothing=_SMOOTHING, reduction="sum"
            )
            optimiser.zero_grad()
            (loss / _BATCH).backward()  # a mean for each seed: seeds do not touch each other
            optimiser.step()
            schedule.step()
    layers = [(w.detach().numpy(), b.detach().numpy()) for w, b in parts]
    return [Trained([w[s].T for w, _ in layers], [b[s, 0] for _, b in layers]) for s in range(seeds)]


def _forward(parts: list[tuple[torch.Tensor, torch.Tensor]], x: torch.Tensor) -> torch.Tensor:
    for place, (weight, bias) in enumerate(parts):
        x = torch.baddbmm(bias, x if place == 0 else torch.relu(x), weight)
    return x


def _varied(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return images, [N, pixels], each moved, turned and scaled at random, with noise."""
    n, side = len(x), math.isqrt(x.shape[1])
    moved, turned, scaled = (
        (torch.rand(n, k, generator=generator) * 2 - 1) * most
        for k, most in ((2, _MOVED), (1, _TURNED), (1, _SCALED))
    )
    cosine, sine = torch.cos(turned) * (1 + scaled), torch.sin(turned)
    rows = torch.stack([torch.cat([cosine, -sine], 1), torch.cat([sine, cosine], 1)], 1)
    grid = functional.affine_grid(
        torch.cat([rows, moved[:, :, None]], 2), (n, 1, side, side), align_corners=False
    )
    images = functional.grid_sample(x.view(n, 1, side, side), grid, align_corners=False)
    return images.view(n, -1) + _NOISE * torch.randn(x.shape, generator=generator)
