"""Limits of toolchains, and skip lists of single roles, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Hard limits of a toolchain beyond those of the profile itself; None: none is known.

    Attributes:
        fan_in_kept, fan_out_kept: Most non-zero weights into a neuron, and out of a source.
        inputs: Inputs of the network.
        hidden: Spiking neurons.
        outputs: Neurons of the readout.
        hidden_synapses: Non-zero weights between spiking neurons.
        input_targets: Neurons that the inputs reach: those of the first layer.
        readout_sources: Inputs of the readout.
        layers: Layers with weights.
        channels: Channels of a map, in or out.
        kernel: Side of a filter.
        map_in, map_out: Side of a map that is read, and that is made.
        timesteps: Timesteps of an inference.
        kernels, pools: Sides of a filter, and of a pooling window, that are offered; empty: any.
    """

    fan_in_kept: int | None = None
    fan_out_kept: int | None = None
    inputs: int | None = None
    hidden: int | None = None
    outputs: int | None = None
    hidden_synapses: int | None = None
    input_targets: int | None = None
    readout_sources: int | None = None
    layers: int | None = None
    channels: int | None = None
    kernel: int | None = None
    map_in: int | None = None
    map_out: int | None = None
    timesteps: int | None = None
    kernels: tuple[int, ...] = ()
    pools: tuple[int, ...] = ()


@dataclass(frozen=True)
class RoleSkips:
    """Whose zeros cost nothing in the layers of one role, instead of the profile's lists."""

    storage: tuple[str, ...]
    cycles: tuple[str, ...]
    energy: tuple[str, ...]
