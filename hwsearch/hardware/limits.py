"""Limits of toolchains, what they can connect, and skip lists of single roles, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Hard limits of a toolchain beyond those of the profile itself; None: none is known.

    Attributes:
        fan_in_kept, fan_out_kept: Most non-zero weights into a neuron, and out of a source.
        inputs: Inputs of the network.
        input_events: Events of one input in a timestep: the largest value of a sequence that a channel can carry.
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
        channel_multiple: What the channels of each population must be a multiple of.
        kernels, pools: Sides of a filter, and of a pooling window, that are offered; empty: any.
        strides: Strides of a filter that are offered, where it may have any at all; empty: any.
    """

    fan_in_kept: int | None = None
    fan_out_kept: int | None = None
    inputs: int | None = None
    input_events: int | None = None
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
    channel_multiple: int | None = None
    kernels: tuple[int, ...] = ()
    pools: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()


@dataclass(frozen=True)
class Connectivity:
    """What a device can do beyond a chain of plain connections; None: its documents do not say, and it is refused.

    Attributes:
        strided: Filters that stand at every second pixel, or more rarely (`Limits.strides`).
        rectangular: Filters, and pooling windows, of unequal sides.
        depthwise: A filter a channel.
        residual: Several connections of one timestep into one population.
        recurrence: Connections whose spikes arrive one timestep later.
        analog_sequence: An input of values that differ from timestep to timestep.
        leaky_readout: A readout that leaks.
        late_readout: A readout that adds up the last timesteps only.
        step_readout: A prediction after every timestep.
    """

    strided: bool | None = None
    rectangular: bool | None = None
    depthwise: bool | None = None
    residual: bool | None = None
    recurrence: bool | None = None
    analog_sequence: bool | None = None
    leaky_readout: bool | None = None
    late_readout: bool | None = None
    step_readout: bool | None = None


@dataclass(frozen=True)
class RoleSkips:
    """Whose zeros cost nothing in the layers of one role, instead of the profile's lists."""

    storage: tuple[str, ...]
    cycles: tuple[str, ...]
    energy: tuple[str, ...]
