"""What a candidate makes a device do: counts, before any device prices them.

A Workload is built twice by the same function of the masks or weights: before training from the dense network's
firing rates (`predict`), after training from counted spikes (`measure`). No device enters here. What has weights is
counted by connection, what has a state by population: nothing is in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from hwsearch.graph.graph import INPUT, NO_POOLING, Pooling, Readout, Size
from hwsearch.hardware.arrivals import Arrivals

BLOCKS = (4, 8)
"""Block lengths that are counted (runs of consecutive inputs)."""
NM_GROUPS = (4, 8, 16)
"""Group lengths m of the n:m pattern that are counted."""
DELTA_BITS = (2, 3, 4, 5, 6, 7, 8)
"""Index widths of the delta (zero-run) format that are counted."""
LANES = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of lanes in lock step that are counted."""


@dataclass(frozen=True)
class WeightCensus:
    """The counts that fix the stored size of one connection's weights in every format.

    The weights are a tensor [out_channels, in_channels, kernel_area] (kernel_area is 1 for fully connected weights,
    in_channels is 1 for depthwise ones). "Output-major" rows are out_channels rows of in_channels * kernel_area
    weights; "input-major" rows are groups * in_channels rows, one an input channel, of out_channels / groups *
    kernel_area weights.

    Attributes:
        out_channels: Rows, outputs or output channels.
        in_channels: Inputs or input channels, of one group.
        kernel_area: Weights of one filter plane.
        nonzero: Weights that are not zero.
        blocks: For each length of BLOCKS, output-major runs of that many weights holding any non-zero.
        nm_most: For each group of NM_GROUPS, the most non-zeros in any output-major run of that length.
        planes: Filter planes (out, in) holding any non-zero.
        delta_entries: For each width of DELTA_BITS, entries of the delta format, fillers included: each
            input-major row is a sequence of (zeros skipped since the last entry, weight); a run of 2**bits or
            more zeros before a weight takes one filler entry (a zero weight) for every 2**bits zeros.
        row_counts: At place n, the input-major rows that hold exactly n non-zeros; empty: not counted.
        fan_in_most: Most non-zeros of any output-major row; None: not counted.
        outputs_used: Output-major rows that hold any non-zero; None: not counted.
        lane_reads: For each number of LANES, the reads that so many lanes take which work on consecutive
            output-major rows in lock step: the sum, over groups of that many rows, of the most non-zeros of any
            row of the group; empty: not counted.
        groups: 1; of depthwise weights their channels.
    """

    out_channels: int
    in_channels: int
    kernel_area: int
    nonzero: int
    blocks: tuple[int, ...]
    nm_most: tuple[int, ...]
    planes: int
    delta_entries: tuple[int, ...]
    row_counts: tuple[int, ...] = ()
    fan_in_most: int | None = None
    outputs_used: int | None = None
    lane_reads: tuple[int, ...] = ()
    groups: int = 1

    @property
    def input_rows(self) -> int:
        """Number of input-major rows."""
        return self.groups * self.in_channels

    @property
    def row_length(self) -> int:
        """Weights of an input-major row, zeros included: those that one input channel feeds."""
        return self.out_channels // self.groups * self.kernel_area

    @property
    def size(self) -> int:
        """Number of weights, zeros included."""
        return self.out_channels * self.in_channels * self.kernel_area

    @property
    def rows(self) -> tuple[tuple[int, int], ...]:
        """(non-zeros, input-major rows that hold so many); spread evenly where rows were not counted."""
        if self.row_counts:
            return tuple((n, rows) for n, rows in enumerate(self.row_counts) if rows)
        if not self.input_rows:
            return ()
        few, more = divmod(self.nonzero, self.input_rows)
        return ((few, self.input_rows - more), *(((few + 1, more),) if more else ()))

    def reads(self, lanes: int) -> int:
        """Return the reads of so many lanes in lock step; spread evenly over rows where they were not counted.

        Raises:
            ValueError: This number of lanes is not one of LANES.
        """
        if lanes not in LANES:
            raise ValueError(f"lanes in lock step must be one of {LANES}; got {lanes}")
        if self.lane_reads:
            return self.lane_reads[LANES.index(lanes)]
        rows = max(1, self.out_channels)
        return self.nonzero if lanes == 1 else -(-rows // lanes) * -(-self.nonzero // rows)

    @property
    def fan_out_most(self) -> int:
        """Most non-zeros of any input-major row; every weight of one where rows were not counted."""
        return len(self.row_counts) - 1 if self.row_counts else self.row_length

    @property
    def fan_in_kept(self) -> int:
        """Most non-zeros of any output-major row; every weight of one where they were not counted."""
        return self.in_channels * self.kernel_area if self.fan_in_most is None else self.fan_in_most


@dataclass(frozen=True)
class OpCounts:
    """Operations of one connection in one inference, by what is worked off (mean over samples).

    For spikes one operation is one accumulate: one spike meeting one weight. For an analog input it is one
    multiply-accumulate of a non-zero input value: counted once an inference for a still image, whose current is kept,
    and in every timestep for a sequence.

    Attributes:
        nonzero: Only non-zero weights (NeuroBench's effective operations).
        dense: Every weight of the (shrunk) connection.
        blocks: Every weight of a stored block, for each length of BLOCKS.
        planes: Every weight of a stored filter plane.
        nm_unused: Slots of n:m without a weight, each a zero at its group's first value, for each of NM_GROUPS; of a
            convolution 0. Empty: not counted.
    """

    nonzero: float
    dense: float
    blocks: tuple[float, ...]
    planes: float
    nm_unused: tuple[float, ...] = ()


@dataclass(frozen=True)
class ConnectionWork:
    """One connection's share of a Workload: its weights, and the events that meet them.

    Attributes:
        name: The connection's name (``fc1``, ``conv1``, ``readout``, ``conv3.skip``).
        source: Place of the population that it reads; INPUT for the input.
        target: Place of the population that it enters.
        role: ``input`` (reads the input), ``readout`` (enters the readout) or ``hidden``.
        kind: ``fc`` or ``conv``.
        analog: Whether it reads values instead of spikes.
        weight_bits: Bits of one weight.
        census: Counts of its weights.
        inputs: Values that it reads (for a convolution, pixels times channels), pooled.
        ops: Operations of one inference.
        spikes_in: Spikes arriving in one inference; for an analog input the values that are not zero, once for a still
            image and of all timesteps for a sequence.
        kernel: Height and width of a filter; (1, 1) for fc.
        stride: Of the filter, down and across.
        pooling: Of what it reads.
        delay: Timesteps until a spike arrives: 0 or 1.
        in_size: Height and width of the map that its filters read, after pooling; (1, 1) for fc.
        out_size: Height and width of its target's map; (1, 1) for fc.
        fan_columns: Consecutive inputs that one channel of its source feeds (1, but for an fc behind a map).
        identity: Whether it is the identity of a residual block: a weight a channel, never pruned.
        arrivals: How what it reads falls into timesteps and channels; None: not counted, taken as spread out.
    """

    name: str
    source: int
    target: int
    role: str
    kind: str
    analog: bool
    weight_bits: int
    census: WeightCensus
    inputs: int
    ops: OpCounts
    spikes_in: float
    kernel: Size = (1, 1)
    stride: Size = (1, 1)
    pooling: Pooling = NO_POOLING
    delay: int = 0
    in_size: Size = (1, 1)
    out_size: Size = (1, 1)
    fan_columns: int = 1
    identity: bool = False
    arrivals: Arrivals | None = None

    @cached_property
    def layouts(self) -> dict[tuple[tuple[str, ...], int], tuple[str, int, int]]:
        """Smallest formats that were found so far (`families.parts.store`): one layer is priced in many networks."""
        return {}

    @property
    def groups(self) -> int:
        """1, or its channels where each has its own filter."""
        return self.census.groups

    @property
    def depthwise(self) -> bool:
        """Whether each channel has its own filter, and reads that channel alone."""
        return self.identity or self.groups > 1

    @property
    def read(self) -> tuple[int, Pooling, int]:
        """What it reads, and when: connections that read alike are reached by the same events."""
        return self.source, self.pooling, self.delay

    @property
    def fan_out(self) -> int:
        """Most targets of one input, pruned ones included."""
        down, across = (-(-side // step) for side, step in zip(self.kernel, self.stride, strict=True))
        return self.census.out_channels // self.groups * down * across


@dataclass(frozen=True)
class PopulationWork:
    """One population's share of a Workload: its neurons and their spikes.

    Attributes:
        name: The population's name (``fc1``, ``conv1``, ``readout``).
        role: ``hidden`` or ``readout``.
        channels: Channels: each has a bias and, but in the readout, a threshold.
        size: Height and width of its map; (1, 1) where it is flat.
        neurons: Neurons (or accumulators of the readout) that keep a state.
        spikes_out: Spikes sent in one inference (0 for the readout).
        model: Of its neurons, ``lif`` or ``if``; None for the readout.
        reset: Of its neurons, ``zero`` or ``subtract``; None for the readout.
        flat: Whether fully connected weights enter it.
    """

    name: str
    role: str
    channels: int
    size: Size
    neurons: int
    spikes_out: float
    model: str | None
    reset: str | None
    flat: bool = True

    @property
    def spikes(self) -> bool:
        """Whether its neurons spike."""
        return self.role != "readout"


@dataclass(frozen=True)
class Workload:
    """What one inference asks of a device.

    Attributes:
        timesteps: T of the deployed model.
        input_bits: Bits of one analog input value.
        connections: By rising target.
        populations: In the order in which a timestep computes them; the last is the readout.
        inputs: Values of one frame of the input.
        still: Whether the input is one image, shown at every timestep; else there is a frame for each.
        readout: How the network predicts.
        state_bits: Width of the membranes, where the network was made for one; None: the device's own.
    """

    timesteps: int
    input_bits: int
    connections: tuple[ConnectionWork, ...]
    populations: tuple[PopulationWork, ...]
    inputs: int
    still: bool = True
    readout: Readout = field(default_factory=Readout)
    state_bits: int | None = None

    @property
    def synaptic_ops(self) -> float:
        """Accumulates at non-zero weights in one inference (NeuroBench's Effective_ACs)."""
        return sum(c.ops.nonzero for c in self.connections if not c.analog)

    @property
    def macs(self) -> float:
        """Multiply-accumulates at non-zero weights in one inference."""
        return sum(c.ops.nonzero for c in self.connections if c.analog)

    @property
    def neuron_updates(self) -> int:
        """Membrane updates in one inference (clock-driven: every neuron, every timestep)."""
        return self.timesteps * sum(p.neurons for p in self.populations)

    @property
    def analog(self) -> bool:
        """Whether the input is values instead of spikes."""
        return any(c.analog for c in self.connections)

    def entering(self, population: int) -> tuple[ConnectionWork, ...]:
        """Return the connections that enter a population."""
        return self._entering.get(population, ())

    def reading(self, population: int) -> tuple[ConnectionWork, ...]:
        """Return the connections that read a population, or INPUT."""
        return self._reading.get(population, ())

    @cached_property
    def _entering(self) -> dict[int, tuple[ConnectionWork, ...]]:
        return _by_place((c.target, c) for c in self.connections)

    @cached_property
    def _reading(self) -> dict[int, tuple[ConnectionWork, ...]]:
        return _by_place((c.source, c) for c in self.connections)

    def joined(self) -> Iterator[tuple[PopulationWork, tuple[ConnectionWork, ...]]]:
        """Yield each population with the connections that enter it."""
        for place, population in enumerate(self.populations):
            yield population, self.entering(place)

    @property
    def depth(self) -> int:
        """Populations on the longest way from the input to the readout, delayed connections left out."""
        longest = {INPUT: 0}
        for place in range(len(self.populations)):
            longest[place] = 1 + max(
                (longest[c.source] for c in self.entering(place) if not c.delay), default=0
            )
        return max(longest.values())


def _by_place(
    pairs: Iterable[tuple[int, ConnectionWork]],
) -> dict[int, tuple[ConnectionWork, ...]]:
    """Return the connections of each place, in order."""
    found: dict[int, tuple[ConnectionWork, ...]] = {}
    for place, connection in pairs:
        found[place] = (*found.get(place, ()), connection)
    return found
