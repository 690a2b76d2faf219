"""What a family's formula returns, and the small sums that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.hardware.device import HardwareProfile, format_granularity
from hwsearch.hardware.storage import smallest, streams
from hwsearch.hardware.workload import BLOCKS, LayerWork, Workload

Term = tuple[float, float | None]

_ADDS_IN_MEMORY = ("mcu",)
"""Families whose software loads and stores a sum in every synaptic operation (see `_accumulator_bytes`)."""


@dataclass(frozen=True)
class StoredLayer:
    """A layer as the device keeps it: format, bytes, and the bits of all its streams without padding."""

    work: LayerWork
    format: str
    n_bytes: int
    bits: int


@dataclass(frozen=True)
class Parts:
    """A network on a device.

    Attributes:
        stored: Each layer's weights: the file's format, and the bytes that the device gives to it.
        params, state, buffers: Bytes of biases and thresholds, of membranes, of inputs, spikes and sums.
        charged_ops: Operations that the device works off.
        energy_j: Dynamic energy, or all-in where ``all_in``; None: unknown.
        latency_s: Time of one inference; None: unknown.
        static_w: Power drawn whatever it does; None: unknown or inside ``energy_j``.
        all_in: Whether ``energy_j`` holds everything: nothing is added.
        notes: What a reader of these numbers should know.
    """

    stored: tuple[StoredLayer, ...]
    params: int
    state: int
    buffers: int
    charged_ops: float
    energy_j: float | None
    latency_s: float | None
    static_w: float | None
    all_in: bool
    notes: tuple[str, ...] = ()


def store(layer: LayerWork, profile: HardwareProfile) -> StoredLayer:
    """Return a layer in the smallest packed format that the device reads."""
    bits, pointer_bits = layer.weight_bits, profile.pointer_bits
    name, n_bytes = smallest(profile.formats, layer.census, bits, pointer_bits)
    layout = streams(name, layer.census, bits, pointer_bits) or ()
    return StoredLayer(layer, name, n_bytes, sum(stream.count * stream.bits for stream in layout))


def store_dense(layer: LayerWork, n_bytes: int) -> StoredLayer:
    """Return a layer that the device keeps whole, in memory that it gives out in lumps."""
    return StoredLayer(layer, "dense", n_bytes, 8 * n_bytes)


def shared_bytes(workload: Workload, profile: HardwareProfile) -> tuple[int, int, int]:
    """Return the bytes of parameters, state and buffers, each as wide as the profile says."""
    layers = workload.layers
    return (
        sum(_param_bytes(layer, profile) for layer in layers),
        sum(as_bytes(layer.neurons, state_bits_of(layer, profile)) for layer in layers),
        _buffer_bytes(workload, profile),
    )


def _param_bytes(layer: LayerWork, profile: HardwareProfile) -> int:
    """Return the bytes of a layer's biases and thresholds, one an output channel."""
    channels = layer.census.out_channels
    thresholds = as_bytes(channels, profile.threshold_bits) if spikes(layer) else 0
    return as_bytes(channels, profile.bias_bits) + thresholds


def _buffer_bytes(workload: Workload, profile: HardwareProfile) -> int:
    """Return the bytes of the input, of its kept current, of one bit a spiking neuron, and of sums."""
    first = workload.layers[0]
    inputs = first.inputs * as_bytes(1, workload.input_bits) if first.analog else as_bytes(first.inputs, 1)
    current = as_bytes(first.neurons, profile.accumulator_bits) if first.analog else 0
    sent = sum(as_bytes(layer.neurons, 1) for layer in workload.layers if spikes(layer))
    return inputs + current + sent + _accumulator_bytes(workload, profile)


def _accumulator_bytes(workload: Workload, profile: HardwareProfile) -> int:
    """Return the bytes of the sums of one timestep, one a neuron of the layer that software is working on.

    Software adds a spike's weights, one after the other, to sums that are wider than membranes: its cycles count their
    load and store in every operation, whatever the layer's format. Layers take turns, so the largest one counts. One
    with an analog input reads its kept current, and the readout adds to its state: neither needs more.
    """
    if profile.family not in _ADDS_IN_MEMORY:
        return 0
    adding = [layer.neurons for layer in workload.layers if spikes(layer) and not layer.analog]
    return as_bytes(max(adding, default=0), profile.accumulator_bits)


def state_bits_of(layer: LayerWork, profile: HardwareProfile) -> int:
    """Return the width of a neuron's state: a membrane, or the readout's accumulator."""
    return profile.state_bits if spikes(layer) else profile.accumulator_bits


def spikes(layer: LayerWork) -> bool:
    """Return whether a layer's neurons spike."""
    return layer.role != "readout"


def as_bytes(count: int, bits: int) -> int:
    """Return ceil(count * bits / 8)."""
    return -(-count * bits // 8)


def charged(layer: StoredLayer, skips: tuple[str, ...]) -> tuple[float, int]:
    """Return the operations that are worked off, and of how many weights of the layer they are."""
    ops, census = layer.work.ops, layer.work.census
    zeros = format_granularity(layer.format)
    if zeros not in skips:
        return ops.dense, census.size
    if zeros == "block":
        length = int(layer.format.partition(":")[2])
        index = BLOCKS.index(length)
        return ops.blocks[index], census.blocks[index] * length
    if zeros == "kernel":
        return ops.planes, census.planes * census.kernel_area
    return ops.nonzero, census.nonzero


def events(layer: LayerWork, workload: Workload) -> float:
    """Return the events that reach a layer in one inference.

    A device that only knows events gets a non-zero analog value as one event in every timestep.
    """
    return layer.spikes_in * (workload.timesteps if layer.analog else 1)


def event_ops(layer: LayerWork, workload: Workload, *, zeros: bool) -> float:
    """Return the operations of those events, at every weight (``zeros``) or at non-zero ones only."""
    ops = layer.ops.dense if zeros else layer.ops.nonzero
    return ops * (workload.timesteps if layer.analog else 1)


def positions(layer: LayerWork) -> int:
    """Return the pixels at which a layer's filters stand; 1 for a fully connected layer."""
    return layer.out_size[0] * layer.out_size[1] if layer.kind == "conv" else 1


def total(terms: list[Term]) -> float | None:
    """Return the sum of count * cost; None where a cost that is needed is unknown."""
    result = 0.0
    for count, cost in terms:
        if count and cost is None:
            return None
        result += count * (cost or 0.0)
    return result


def over(amount: float | None, rate: float | None) -> float | None:
    """Return amount / rate; None where either is unknown."""
    return None if amount is None or not rate else amount / rate


def times(amount: float | None, rate: float | None) -> float | None:
    """Return amount * rate; None where either is unknown."""
    return None if amount is None or rate is None else amount * rate
