"""A stack of one whose stored weights stay stored: none of them becomes zero, and none that is zero comes alive.

What a sparse format stores, and where, hangs on which weights are not zero. So a weight that rounding would make 0
stays 1 or -1, by its sign. Its grid is that of the parent, times a gain that each channel learns (the readout one for
all): so a gain costs no bits, it goes into the threshold.

    w = gain step q,      q = round(v / step), at most the largest level, where 0 becomes sign(v);  v is trained

Not for the ordinary grids, which follow the weights (`compress.quantise`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from hwsearch.compress.quantise import Given, largest_level
from hwsearch.network.fold import in_fixed_point
from hwsearch.network.integers import IntegerNetwork, Widths
from hwsearch.network.stack import Stack
from hwsearch.retrain.start import Start

_MOST_LOG_GAIN = 20.0
"""A gain of e**20 is no training's: no threshold of 32 bits could follow it."""


class HeldStack(Stack):
    """The network of a start.

    Attributes:
        log_gains: One a population, [1, C], of the readout [1, 1]: logarithms of the gains, 0 at first.
    """

    def __init__(self, start: Start, neuron_loop: str = "fused") -> None:
        super().__init__(start.spec, [start.ticket], neuron_loop)
        self.start = start
        self._steps = [
            torch.from_numpy(step.astype(np.float32)).view(1, -1, *(1,) * (weight.dim() - 2))
            for step, weight in zip(start.steps, self.weights, strict=True)
        ]
        self.log_gains = torch.nn.ParameterList([torch.zeros(1, len(unit)) for unit in start.units])

    def move(self, device: str) -> HeldStack:
        """Move all of it to a device, and return it."""
        super().move(device)
        self._steps = [step.to(device) for step in self._steps]
        return self

    def _quantised(self) -> list[Tensor]:
        """Return each connection's weights, with a straight-through gradient to those that are stored."""
        found = []
        for connection, weight, mask, step, levels in zip(
            self.spec.connections, self.weights, self.masks, self._steps, self._levels(), strict=True
        ):
            held: Tensor = Given.apply(weight, mask, levels * step)  # type: ignore[no-untyped-call]
            gain = self.log_gains[connection.target].exp()
            found.append(held * gain.view(*gain.shape, *(1,) * (weight.dim() - 2)))
        return found

    def _levels(self) -> list[Tensor]:
        """Return the integers of each connection's weights, as floats [1, out, ...]."""
        found = []
        with torch.no_grad():
            for weight, mask, step, bits in zip(
                self.weights, self.masks, self._steps, self.start.ticket.bits, strict=True
            ):
                most = largest_level(bits)
                levels = (weight / step).round_().clamp_(-most, most)
                signs = torch.where(weight < 0, -1.0, 1.0)
                found.append(torch.where(levels == 0, signs, levels) * mask)
        return found

    def integers(self, widths: Widths) -> IntegerNetwork | None:
        """Return the network as integers within a device's widths; None: a number has gone astray."""
        levels = [_array(each)[0] for each in self._levels()]
        biases = [_array(bias)[0] for bias in self.biases]
        log_gains = [_array(gain)[0].astype(np.float64) for gain in self.log_gains]
        if not all(np.isfinite(values).all() for values in (*levels, *biases)):
            return None
        if not all(
            (np.abs(values) <= _MOST_LOG_GAIN).all() for values in log_gains
        ):  # nor is one that is no number
            return None
        gains = [np.exp(values) for values in log_gains]
        start = self.start
        scales = start.scales([each.astype(np.int64) for each in levels], biases, gains)
        network, _ = in_fixed_point(
            start.spec, scales, start.network.weight_bits, start.network.timesteps, widths
        )
        return _with_all_stored(network, start.network, levels)


def _with_all_stored(
    network: IntegerNetwork, parent: IntegerNetwork, levels: Sequence[np.ndarray]
) -> IntegerNetwork:
    """Return a network with its parent's shapes, and 1 or -1 where a grid that got coarser took a stored weight."""
    connections = tuple(
        replace(
            c,
            weight=np.where((c.weight == 0) & (level != 0), np.sign(level), c.weight).astype(np.int32),
        )
        for c, level in zip(network.connections, levels, strict=True)
    )
    populations = tuple(
        replace(p, shape=old.shape) for p, old in zip(network.populations, parent.populations, strict=True)
    )
    return replace(network, populations=populations, connections=connections)


def _array(values: Tensor) -> np.ndarray:
    array: np.ndarray = values.detach().cpu().numpy()
    return array
