"""From a topology string to layer shapes. No torch: shapes are needed to price thousands of candidates.

``"fc128-fc128"`` is a spiking MLP, ``"16c3-p2-32c3-p2-fc128"`` a spiking conv net; the readout is added by itself.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

_TOKEN = re.compile(r"^(?:(?P<channels>\d+)c(?P<kernel>\d+)|p(?P<pool>\d+)|fc(?P<units>\d+))$")


@dataclass(frozen=True)
class LayerShape:
    """The shape of one layer with weights.

    Attributes:
        name: ``conv1``, ``fc2``, ``readout``.
        kind: ``conv`` (same padding, stride 1) or ``fc``.
        in_channels: Input channels; for fc the number of inputs.
        out_channels: Output channels or units.
        kernel: Side of the filter; 1 for fc.
        in_size: Height and width of its input; (1, 1) for fc.
        out_size: Height and width of its neurons' map, before pooling; (1, 1) for fc.
        pool: Side of the pooling window behind it; 1 for none.
        fan_columns: Consecutive inputs of this layer that one channel of the layer before feeds: more than 1 only
            for an fc behind a conv.
    """

    name: str
    kind: str
    in_channels: int
    out_channels: int
    kernel: int
    in_size: tuple[int, int]
    out_size: tuple[int, int]
    pool: int
    fan_columns: int

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """Shape of its weights: [out, in] or [out, in, k, k]."""
        shape = (self.out_channels, self.in_channels)
        return shape if self.kind == "fc" else (*shape, self.kernel, self.kernel)

    @property
    def neurons(self) -> int:
        """Neurons (or readout accumulators)."""
        return self.out_channels * self.out_size[0] * self.out_size[1]


@dataclass(frozen=True)
class NetworkSpec:
    """Everything that fixes the architecture and the neuron.

    Attributes:
        layers: In order of the data; the last is the readout.
        leak_shift: k of the leak v - (v >> k); None: integrate-and-fire.
        threshold: Firing threshold of the float network.
        reset: ``zero`` or ``subtract``.
        batch_norm: Whether a batch normalisation stands before each spiking neuron.
        pool: ``max`` (OR of spikes) or ``sum`` (divisor folded into the next weights).
        input_shape: [C, H, W] of one input.
        input_max: Largest integer input value.
        input_bits: Bits of one input value.
        classes: Number of classes.
        quantise_first: Whether weights are quantised and then pruned (the grid is that of all weights), or the other
            way round (the grid is that of the survivors).
    """

    layers: tuple[LayerShape, ...]
    leak_shift: int | None
    threshold: float
    reset: str
    batch_norm: bool
    pool: str
    input_shape: tuple[int, int, int]
    input_max: int
    input_bits: int
    classes: int
    quantise_first: bool = True

    @property
    def neuron_model(self) -> str:
        """``lif`` or ``if``."""
        return "if" if self.leak_shift is None else "lif"

    @property
    def has_conv(self) -> bool:
        """Whether any layer is convolutional."""
        return any(layer.kind == "conv" for layer in self.layers)

    @property
    def n_weights(self) -> int:
        """Number of prunable weights."""
        return sum(math.prod(layer.weight_shape) for layer in self.layers)


def layer_shapes(topology: str, input_shape: tuple[int, int, int], classes: int) -> tuple[LayerShape, ...]:
    """Return the layer shapes of a topology string, readout included.

    Args:
        topology: Tokens joined by ``-``: ``<n>c<k>`` conv, ``p<k>`` pooling, ``fc<n>`` fully connected.
        input_shape: [C, H, W] of one input.
        classes: Units of the readout.

    Raises:
        ValueError: A token is unknown, a conv stands behind an fc, or a map is pooled away.
    """
    layers: list[LayerShape] = []
    channels, size = input_shape[0], (input_shape[1], input_shape[2])
    for token in [*topology.split("-"), f"fc{classes}"]:
        match = _TOKEN.match(token)
        if match is None:
            raise ValueError(f"a layer must be <n>c<k>, p<k> or fc<n>; got {token!r}")
        behind_fc = bool(layers) and layers[-1].kind == "fc"
        if match["pool"]:
            if behind_fc or not layers or layers[-1].pool > 1:
                raise ValueError("pooling must follow a conv layer")
            layers[-1] = _pooled(layers[-1], int(match["pool"]))
            size = (size[0] // layers[-1].pool, size[1] // layers[-1].pool)
        elif match["channels"]:
            if behind_fc:
                raise ValueError("a conv layer cannot stand behind a fully connected one")
            name = f"conv{len(layers) + 1}"
            layers.append(_conv(name, channels, int(match["channels"]), int(match["kernel"]), size))
            channels = layers[-1].out_channels
        else:
            fan = 1 if behind_fc else size[0] * size[1]
            name, units = f"fc{len(layers) + 1}", int(match["units"])
            layers.append(LayerShape(name, "fc", channels * fan, units, 1, (1, 1), (1, 1), 1, fan))
            channels = units
    layers[-1] = replace(layers[-1], name="readout")
    return tuple(layers)


def _conv(name: str, in_channels: int, out_channels: int, kernel: int, size: tuple[int, int]) -> LayerShape:
    if kernel % 2 == 0:
        raise ValueError(f"a kernel must be odd (same padding); got {kernel}")
    return LayerShape(name, "conv", in_channels, out_channels, kernel, size, size, 1, 1)


def _pooled(layer: LayerShape, window: int) -> LayerShape:
    """Return a conv layer with a pooling behind it."""
    if min(layer.out_size) < window:
        raise ValueError(f"pooling by {window} leaves no pixel of a {layer.out_size} map")
    return replace(layer, pool=window)
