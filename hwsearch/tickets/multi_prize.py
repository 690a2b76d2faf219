"""The multi-prize finder: binary weights that are never trained; which of them survive is.

Every weight w has a score S. Forward, the weights of the highest |S| survive (exactly k, at any granularity) and are
sign(w) times one gain an output channel, the mean |w| of its survivors (one for the whole readout; connections into one
population share its gain); backward, with the
gain as a constant and the ranking passed straight through,

    dL/dS = dL/dW_eff * w * sign(S)

Biases and batch normalisation are trained along (the "+BN" of the source); weights are not, and one bit with the mask
is all that the device stores of them.

Source: Diffenderfer and Kailkhura 2021 (arXiv 2103.09377) and its code, with a gain a layer; the optimal gain is
Rastegari et al. 2016, eq. 6. In SNNs: Cheng et al. 2023 (arXiv 2311.12060).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from hwsearch.compress.quantise import JointGrid, Quantiser
from hwsearch.graph.graph import NetworkSpec
from hwsearch.graph.order import entering
from hwsearch.network.params import Params, Ticket
from hwsearch.network.stack import Stack, unit_of
from hwsearch.tickets.fit import Fit, Pruner, Target, dense_masks


@dataclass(frozen=True, eq=False)
class MultiPrize:
    """A network of frozen weights and the mask that was trained for it.

    Attributes:
        params: The frozen weights, with trained biases and normalisation.
        masks: What survives.
        train_steps: Samples times timesteps of training the scores.
    """

    params: Params
    masks: tuple[np.ndarray, ...]
    train_steps: int


def find_multi_prizes(
    fit: Fit, inits: Sequence[Params], targets: Sequence[Target], pruner: Pruner
) -> list[MultiPrize]:
    """Train the scores of networks together, each for its target.

    Args:
        fit: The task; its schedule is that of the scores (its ``bits`` are not used: weights have one).
        inits: Weights to be frozen; the same network may stand there for several targets.
        targets: What masks are wanted, one each.
        pruner: How scores are ranked (its criterion is not used: they are trained).
    """
    stacks: list[ScoredStack] = []

    def build(spec: NetworkSpec, tickets: Sequence[Ticket], neuron_loop: str) -> Stack:
        stacks.append(ScoredStack(spec, tickets, neuron_loop, targets, pruner, fit.seed))
        return stacks[-1]

    networks = fit.train(inits, [dense_masks(params) for params in inits], build=build)
    steps = fit.schedule.epochs * fit.epoch_steps
    return [MultiPrize(p, m, steps) for p, m in zip(networks, stacks[-1].survivors(), strict=True)]


class ScoredStack(Stack):
    """A stack whose trained values are scores.

    Attributes:
        frozen: The weights, one array a connection with K before its shape.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        tickets: Sequence[Ticket],
        neuron_loop: str,
        targets: Sequence[Target],
        pruner: Pruner,
        seed: int,
    ) -> None:
        super().__init__(spec, tickets, neuron_loop)
        self.frozen = [weight.detach().clone() for weight in self.weights]
        self._targets, self._pruner = targets, pruner
        generator = torch.Generator().manual_seed(seed)
        for scores in self.weights:  # uniform in +-1/sqrt(fan-in), as in the source
            # the same for all candidates, so that each is found alike in any stack
            drawn = torch.rand(scores.shape[1:], generator=generator) * 2 - 1
            scores.data = (drawn * scores[0, 0].numel() ** -0.5).expand(scores.shape).clone()
        self.grids = [Quantiser((1,) * self.size, grid.per_channel, grid.over_all) for grid in self.grids]

    def forward(self, x: Tensor, timesteps: int) -> Tensor:
        """Rank the scores, then run with the survivors."""
        for index, rows in enumerate(zip(*self.survivors(), strict=True)):
            self.masks[index] = torch.from_numpy(np.stack(rows).astype(np.float32))
        return super().forward(x, timesteps)

    def _quantised(self) -> list[Tensor]:
        """Return the binary weights gain * sign(w) * mask; their gradient to scores is the module's."""
        binary = list(self.frozen)
        for population in range(len(self.spec.populations)):
            places = entering(self.spec.connections, population)
            for place, values in zip(places, self._binary(places), strict=True):
                binary[place] = values
        parts = zip(self.weights, self.frozen, binary, strict=True)
        return [_ThroughRanking.apply(*part) for part in parts]  # type: ignore[no-untyped-call]

    def _binary(self, places: Sequence[int]) -> list[Tensor]:
        """Return the binary weights of the connections into one population; several share its gain."""
        frozen, masks = [self.frozen[i] for i in places], [self.masks[i] for i in places]
        if len(places) == 1:
            integers, gain = self.grids[places[0]].quantise(frozen[0], masks[0])
            return [integers * gain]
        units = [unit_of(self.spec, self.spec.connections[i]) for i in places]
        joint = JointGrid(tuple(self.grids[i] for i in places), tuple(units)).quantise(frozen, masks)
        gains = [joint.scale(c, unit).float() for c, unit in enumerate(units)]
        return [
            q * gain.view(*gain.shape, *(1,) * (q.dim() - 2))
            for q, gain in zip(joint.integers, gains, strict=True)
        ]

    def survivors(self) -> list[tuple[np.ndarray, ...]]:
        """Return the masks of each candidate."""
        scores = [weight.detach().abs().numpy() for weight in self.weights]
        return [
            self._pruner.masks_from_scores(target, [layer[k] for layer in scores])
            for k, target in enumerate(self._targets)
        ]

    def params(self) -> list[Params]:
        """Return the frozen weights with the biases and normalisation that were trained."""
        return [
            replace(trained, weights=tuple(frozen[k].numpy().copy() for frozen in self.frozen))
            for k, trained in enumerate(super().params())
        ]


class _ThroughRanking(torch.autograd.Function):
    """The binary weights forward; dL/dS = dL/dW_eff * w * sign(S) backward."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, scores: Tensor, frozen: Tensor, binary: Tensor
    ) -> Tensor:
        ctx.save_for_backward(scores, frozen)
        return binary

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None]:
        scores, frozen = ctx.saved_tensors  # type: ignore[attr-defined]
        return grads[0] * frozen * scores.sign(), None, None
