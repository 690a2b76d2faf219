"""What a family's formula returns, and the small sums that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.graph.graph import INPUT
from hwsearch.hardware.device import HardwareProfile, format_granularity
from hwsearch.hardware.storage import smallest, streams
from hwsearch.hardware.workload import BLOCKS, ConnectionWork, PopulationWork, Workload

Term = tuple[float, float | None]

_ADDS_IN_MEMORY = ("mcu",)
"""Families whose software loads and stores a sum in every synaptic operation (see `_accumulator_bytes`)."""


@dataclass(frozen=True)
class StoredLayer:
    """A connection as the device keeps it: format, bytes, and the bits of all its streams without padding."""

    work: ConnectionWork
    format: str
    n_bytes: int
    bits: int


@dataclass(frozen=True)
class Parts:
    """A network on a device.

    Attributes:
        stored: Each connection's weights: the file's format, and the bytes that the device gives to it.
        params, state, buffers: Bytes of biases and thresholds, of membranes, of inputs, spikes and sums.
        charged_ops: Operations that the device works off.
        energy_j: Dynamic energy, or all-in where ``all_in``; None: unknown.
        latency_s: Time of one inference; None: unknown.
        static_w: Power drawn whatever it does; None: unknown or inside ``energy_j``.
        all_in: Whether ``energy_j`` holds everything: nothing is added.
        notes: What a reader of these numbers should know.
        code: Bytes of program code; 0 where it is not counted.
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
    code: int = 0


def store(layer: ConnectionWork, profile: HardwareProfile) -> StoredLayer:
    """Return a connection in the smallest packed format that the device reads."""
    key = (profile.formats, profile.pointer_bits)
    if key not in layer.layouts:
        name, _ = smallest(profile.formats, layer.census, layer.weight_bits, profile.pointer_bits)
        stored = store_as(layer, name, profile)
        layer.layouts[key] = (name, stored.n_bytes, stored.bits)
    return StoredLayer(layer, *layer.layouts[key])


def store_as(layer: ConnectionWork, name: str, profile: HardwareProfile) -> StoredLayer:
    """Return a connection in a packed format, which must hold it."""
    layout = streams(name, layer.census, layer.weight_bits, profile.pointer_bits) or ()
    n_bytes = sum(stream.n_bytes for stream in layout)
    return StoredLayer(layer, name, n_bytes, sum(stream.count * stream.bits for stream in layout))


def store_dense(layer: ConnectionWork, n_bytes: int) -> StoredLayer:
    """Return a connection that the device keeps whole, in memory that it gives out in lumps."""
    return StoredLayer(layer, "dense", n_bytes, 8 * n_bytes)


def shared_bytes(workload: Workload, profile: HardwareProfile) -> tuple[int, int, int]:
    """Return the bytes of parameters, state and buffers, each as wide as the profile says."""
    populations = workload.populations
    return (
        sum(_param_bytes(population, profile) for population in populations),
        sum(as_bytes(p.neurons, state_bits_of(p, profile)) for p in populations),
        _buffer_bytes(workload, profile),
    )


def _param_bytes(population: PopulationWork, profile: HardwareProfile) -> int:
    """Return the bytes of a population's biases and thresholds, one a channel."""
    channels = population.channels
    thresholds = as_bytes(channels, profile.threshold_bits) if population.spikes else 0
    return as_bytes(channels, profile.bias_bits) + thresholds


def _buffer_bytes(workload: Workload, profile: HardwareProfile) -> int:
    """Return the bytes of the input, of its kept current, of one bit a spiking neuron, and of sums.

    A frame is held for one timestep, and so are spikes; what a delay reads is held for one more, since its neurons may
    have fired anew before it is read. A still image's current is kept, once a population that it enters, whatever its
    connections are. Assumed for every family that keeps its buffers in memory; the cores of many-core and event-driven
    chips send spikes instead, and have none.
    """
    width = workload.input_bits if workload.analog else 1
    values = as_bytes(1, width) * workload.inputs if workload.analog else as_bytes(workload.inputs, 1)
    late = any(c.delay for c in workload.reading(INPUT)) and not workload.still
    kept = [p.neurons for p, incoming in workload.joined() if any(_kept(c, workload) for c in incoming)]
    current = sum(as_bytes(neurons, profile.accumulator_bits) for neurons in kept)
    sent = 0
    for place, population in enumerate(workload.populations):
        if population.spikes:
            delayed = any(c.delay for c in workload.reading(place))
            sent += as_bytes(population.neurons, 1) * (2 if delayed else 1)
    return values * (2 if late else 1) + current + sent + _accumulator_bytes(workload, profile)


def _kept(connection: ConnectionWork, workload: Workload) -> bool:
    """Return whether a connection's current is computed once an inference, and kept."""
    return connection.analog and workload.still


def _accumulator_bytes(workload: Workload, profile: HardwareProfile) -> int:
    """Return the bytes of the sums of one timestep, one a neuron of the population that software is working on.

    Software adds a spike's weights, one after the other, to sums that are wider than membranes: its cycles count their
    load and store in every operation, whatever the format. The connections into a population share its sums.
    Populations take turns, so the largest one counts. One that only a still image enters reads its kept current, and
    the readout adds to its state: neither needs more.
    """
    if profile.family not in _ADDS_IN_MEMORY:
        return 0
    adding = [
        population.neurons
        for population, incoming in workload.joined()
        if population.spikes and not all(_kept(c, workload) for c in incoming)
    ]
    return as_bytes(max(adding, default=0), profile.accumulator_bits)


def state_bits_of(population: PopulationWork, profile: HardwareProfile) -> int:
    """Return the width of a neuron's state: a membrane, or the readout's accumulator."""
    return profile.state_bits if population.spikes else profile.accumulator_bits


def as_bytes(count: int, bits: int) -> int:
    """Return ceil(count * bits / 8)."""
    return -(-count * bits // 8)


def charged(layer: StoredLayer, skips: tuple[str, ...]) -> tuple[float, int]:
    """Return the operations that are worked off, and of how many weights of the connection they are."""
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


def events(connection: ConnectionWork, workload: Workload) -> float:
    """Return the events that arrive over a connection in one inference.

    A device that only knows events gets a non-zero value of a still image as one event in every timestep.
    """
    return connection.spikes_in * (workload.timesteps if _kept(connection, workload) else 1)


def event_ops(connection: ConnectionWork, workload: Workload, *, zeros: bool) -> float:
    """Return the operations of those events, at every weight (``zeros``) or at non-zero ones only."""
    ops = connection.ops.dense if zeros else connection.ops.nonzero
    return ops * (workload.timesteps if _kept(connection, workload) else 1)


def positions(connection: ConnectionWork) -> int:
    """Return the pixels at which a connection's filters stand; 1 for a fully connected one."""
    return connection.out_size[0] * connection.out_size[1] if connection.kind == "conv" else 1


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
