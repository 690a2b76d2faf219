"""What a candidate makes a device do: counts, before any device prices them.

A Workload is built twice by the same function of the masks or weights: before training from the dense network's
firing rates (`predict`), after training from counted spikes (`measure`). No device enters here.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    """The counts that fix the stored size of one layer's weights in every format.

    The layer's weights are a tensor [out_channels, in_channels, kernel_area] (kernel_area is 1 for a fully
    connected layer). "Output-major" rows are out_channels rows of in_channels * kernel_area weights;
    "input-major" rows are in_channels rows of out_channels * kernel_area weights.

    Attributes:
        out_channels: Rows, outputs or output channels.
        in_channels: Inputs or input channels.
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

    @property
    def size(self) -> int:
        """Number of weights, zeros included."""
        return self.out_channels * self.in_channels * self.kernel_area

    @property
    def rows(self) -> tuple[tuple[int, int], ...]:
        """(non-zeros, input-major rows that hold so many); spread evenly where rows were not counted."""
        if self.row_counts:
            return tuple((n, rows) for n, rows in enumerate(self.row_counts) if rows)
        if not self.in_channels:
            return ()
        few, more = divmod(self.nonzero, self.in_channels)
        return ((few, self.in_channels - more), *(((few + 1, more),) if more else ()))

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
        return len(self.row_counts) - 1 if self.row_counts else self.out_channels * self.kernel_area

    @property
    def fan_in_kept(self) -> int:
        """Most non-zeros of any output-major row; every weight of one where they were not counted."""
        return self.in_channels * self.kernel_area if self.fan_in_most is None else self.fan_in_most


@dataclass(frozen=True)
class OpCounts:
    """Operations of one layer in one inference, by what is worked off (mean over samples).

    For a spiking input one operation is one accumulate: one spike meeting one weight. For an analog input it is
    one multiply-accumulate of a non-zero input value, counted once an inference: the current of a static input
    is kept.

    Attributes:
        nonzero: Only non-zero weights (NeuroBench's effective operations).
        dense: Every weight of the (shrunk) layer.
        blocks: Every weight of a stored block, for each length of BLOCKS.
        planes: Every weight of a stored filter plane.
    """

    nonzero: float
    dense: float
    blocks: tuple[float, ...]
    planes: float


@dataclass(frozen=True)
class LayerWork:
    """One layer's share of a Workload.

    Attributes:
        name: The layer's name (``fc1``, ``conv1``, ``readout``).
        role: ``input`` (first), ``hidden`` or ``readout`` (last).
        kind: ``fc`` or ``conv``.
        analog: Whether its input is analog values (the first layer) instead of spikes.
        weight_bits: Bits of one weight.
        census: Counts of its weights.
        neurons: Neurons (or accumulators of the readout) that keep a state.
        inputs: Input values it reads (for a conv layer, pixels times channels).
        ops: Operations of one inference.
        spikes_in: Spikes arriving in one inference (non-zero analog values for an analog input).
        spikes_out: Spikes sent in one inference (0 for the readout).
        out_size: Height and width of its neurons' map; (1, 1) for a fully connected layer.
        pool: Side of the pooling window behind it; 1 for none.
        fan_columns: Consecutive inputs that one channel of the layer before feeds (1, but behind a conv layer).
    """

    name: str
    role: str
    kind: str
    analog: bool
    weight_bits: int
    census: WeightCensus
    neurons: int
    inputs: int
    ops: OpCounts
    spikes_in: float
    spikes_out: float
    out_size: tuple[int, int] = (1, 1)
    pool: int = 1
    fan_columns: int = 1


@dataclass(frozen=True)
class Workload:
    """What one inference asks of a device.

    Attributes:
        timesteps: T of the deployed model.
        input_bits: Bits of one analog input value.
        layers: In order of the data.
    """

    timesteps: int
    input_bits: int
    layers: tuple[LayerWork, ...]

    @property
    def synaptic_ops(self) -> float:
        """Accumulates at non-zero weights in one inference (NeuroBench's Effective_ACs)."""
        return sum(layer.ops.nonzero for layer in self.layers if not layer.analog)

    @property
    def macs(self) -> float:
        """Multiply-accumulates at non-zero weights in one inference."""
        return sum(layer.ops.nonzero for layer in self.layers if layer.analog)

    @property
    def neuron_updates(self) -> int:
        """Membrane updates in one inference (clock-driven: every neuron, every timestep)."""
        return self.timesteps * sum(layer.neurons for layer in self.layers)
