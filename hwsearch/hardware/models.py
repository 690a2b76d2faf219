"""What each family's profile adds to the common part: frozen values in SI units, None is unknown.

The formulas are in `families`, the YAML's shape is in `profiles.model_sections`. A device of the families ``mcu`` and
``generic`` has no model: its formats, cycles and terms say all.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EventPrices:
    """Dynamic energy and time of each event of a many-core chip.

    Attributes:
        synop_j, synop_s: One synaptic operation.
        update_j, update_s: One update of a neuron that an event reached.
        idle_update_j, idle_update_s: One update of a neuron that none reached.
        spike_j: One spike inside its tile.
        hop_j: One spike, one tile on.
        hops: Tiles that a spike travels.
        sync_s: The barrier that ends a timestep.
        reference_bits: Width of the weight that ``synop_j`` was given for; None: it holds at every width.
        fixed_share: Share of ``synop_j`` that does not follow the stored width (weight and index); None: unknown,
            all of it is taken as fixed.
    """

    synop_j: float | None
    synop_s: float | None
    update_j: float | None
    update_s: float | None
    idle_update_j: float | None
    idle_update_s: float | None
    spike_j: float | None
    hop_j: float | None
    hops: float | None
    sync_s: float | None
    reference_bits: int | None
    fixed_share: float | None

    def scale(self, bits: int, share: float | None = None) -> float:
        """Return the energy of an operation at a width, over that at the reference width.

        scale = f + (1 - f) * bits / reference_bits

        Args:
            bits: Width of the weight.
            share: f; None: the profile's, or 1 where it is unknown.
        """
        fixed = share if share is not None else self.fixed_share
        if self.reference_bits is None or fixed is None:
            return 1.0
        return fixed + (1 - fixed) * bits / self.reference_bits


@dataclass(frozen=True)
class ManyCore:
    """Cores that each hold some neurons and the synapses into them.

    Attributes:
        layout: ``words``: lists of synapses in words, one list an input axon; ``packed``: the profile's formats.
        cores: Number of cores.
        core_neurons: Most neurons of a core.
        core_bytes: Memory of a core for synapses.
        in_axons, out_axons: Most axons into and out of a core.
        neuron_bytes: Memory of one neuron, its parameters inside; None: as wide as the profile's state.
        word_bits: Word that a list is rounded up to.
        header_bits: Header of one block of a list.
        block_synapses: Most synapses of a block.
        synapse_bits: Widths that a stored weight may have.
        index_bits: Widths that a stored index may have.
        core_static_w, chip_static_w: Leakage of a used core, and of the chip.
        price: Energy and time of each event.
    """

    layout: str
    cores: int | None
    core_neurons: int | None
    core_bytes: int | None
    in_axons: int | None
    out_axons: int | None
    neuron_bytes: int | None
    word_bits: int | None
    header_bits: int | None
    block_synapses: int | None
    synapse_bits: tuple[int, ...]
    index_bits: tuple[int, ...]
    core_static_w: float | None
    chip_static_w: float | None
    price: EventPrices


@dataclass(frozen=True)
class StepCycles:
    """A core that works through input, hidden and readout neurons in every timestep.

    Attributes:
        input_target: Cycles of one input event at one hidden neuron that the inputs reach.
        input_fixed: Cycles of one input channel.
        hidden_synop: Cycles of one hidden spike at one non-zero weight.
        hidden_fixed: Cycles of one hidden neuron.
        hidden_spike: Further cycles of a hidden neuron that spikes.
        readout_event: Cycles of one spike of a hidden neuron that is read out.
        readout_synop: Cycles of one such spike at one readout neuron.
        readout_fixed: Cycles of one readout neuron.
        margin: Share of cycles that the toolchain adds when it sets the clock.
        skips_unused: Whether hidden neurons that no input reaches, or that nobody reads, cost nothing.
        clock_hz: Fastest clock.
        cycle_j: Energy of one cycle, fitted; None: unknown.
    """

    input_target: float
    input_fixed: float
    hidden_synop: float
    hidden_fixed: float
    hidden_spike: float
    readout_event: float
    readout_synop: float
    readout_fixed: float
    margin: float
    skips_unused: bool
    clock_hz: float | None
    cycle_j: float | None


@dataclass(frozen=True)
class EventCores:
    """Convolution cores, one layer each, with power-of-two memories.

    Attributes:
        kernel_entries, neuron_entries, bias_entries: Entries of each core's memories, core by core.
        layer_s: Latency of an event through one layer, longest.
        synop_j: Dynamic energy of one synaptic operation.
    """

    kernel_entries: tuple[int, ...]
    neuron_entries: tuple[int, ...]
    bias_entries: tuple[int, ...]
    layer_s: float | None
    synop_j: float | None


@dataclass(frozen=True)
class Crossbar:
    """Arrays of axons times neurons; an event sweeps all neurons of its array.

    Attributes:
        cores, axons, neurons: Number of arrays, and the two sides of one.
        event_cycles: Cycles of one event, whatever it meets.
        target_cycles: Further cycles of one event at each neuron of the array.
        step_cycles: Cycles of one timestep (leak) for each neuron of the array.
        clock_hz: Clock; None: unknown.
        step_s: Fixed length of a timestep; None: as fast as it goes.
        synop_j: All-in energy of one synaptic operation.
        charges_zeros: Whether a zero weight counts as an operation.
    """

    cores: int | None
    axons: int
    neurons: int
    event_cycles: float | None
    target_cycles: float | None
    step_cycles: float | None
    clock_hz: float | None
    step_s: float | None
    synop_j: float | None
    charges_zeros: bool


@dataclass(frozen=True)
class FpgaClock:
    """A clock-driven circuit: a layer's neurons in parallel, its inputs one after the other, every timestep.

    Attributes:
        clock_hz: Clock of the design.
        input_cycles: Cycles of one input.
        layer_cycles: Fixed cycles of one layer in one timestep.
        neuron_w: Power of the circuit while it runs, for each of its neurons; None: unknown.
        block_words, block_width: Shape of a block memory that has only one; None: blocks of 18 kbit.
    """

    clock_hz: float | None
    input_cycles: float | None
    layer_cycles: float | None
    neuron_w: float | None
    block_words: int | None
    block_width: int | None


@dataclass(frozen=True)
class FpgaDataflow:
    """A pipeline of matrix-vector units, one a layer, each folded to PE rows times SIMD columns.

    Attributes:
        pe, simd: Folding of every unit.
        clock_hz: Clock of the design.
        luts: Look-up tables of the part.
        lut_share: Share of them that a design may fill.
        power_w: Power while it runs; None: unknown.
        block_words, block_width: Shape of a block memory that has only one; None: blocks of 18 kbit.
    """

    pe: int
    simd: int
    clock_hz: float | None
    luts: int | None
    lut_share: float | None
    power_w: float | None
    block_words: int | None
    block_width: int | None


@dataclass(frozen=True)
class Npu:
    """Processors that a closed toolchain assigns: memory by regression on published mappings.

    Attributes:
        node_bytes: Bytes that each used processor takes beyond the packed weights.
        nodes: Number of processors.
        first_kernels: Sides of a filter that a first layer may have; empty: any.
        first_filters_gray, first_filters_color: Most filters of a first layer that reads 1 channel, or 3, for each side
            of ``first_kernels``.
        first_sides: Least and most width and height of the map that a first layer reads; empty: any.
    """

    node_bytes: int | None
    nodes: int | None
    first_kernels: tuple[int, ...] = ()
    first_filters_gray: tuple[int, ...] = ()
    first_filters_color: tuple[int, ...] = ()
    first_sides: tuple[int, ...] = ()


@dataclass(frozen=True)
class Roofline:
    """A processor bound by arithmetic or by memory traffic; zeros are worked off.

    Attributes:
        peak_ops: Operations a second (a multiply-accumulate is two).
        bandwidth: Bytes a second from memory.
        launch_s: Start of one layer in one timestep.
        power_w: Power while it runs.
    """

    peak_ops: float | None
    bandwidth: float | None
    launch_s: float | None
    power_w: float | None


Model = ManyCore | StepCycles | EventCores | Crossbar | FpgaClock | FpgaDataflow | Npu | Roofline


def needs(model: Model, name: str) -> tuple[str, ...] | None:
    """Return the fields that must be known for a cost (``energy_j``, ``latency_s``); None: it is never known.

    An empty tuple says that the cost is known whatever the profile says.
    """
    match model, name:
        case ManyCore(), "energy_j":
            return ("price.synop_j", "price.update_j", "price.idle_update_j")
        case ManyCore(), _:
            return ("price.synop_s", "price.update_s", "price.idle_update_s", "price.sync_s")
        case StepCycles(), "energy_j":
            return ("cycle_j",)
        case StepCycles(), _:
            return ("clock_hz",)
        case EventCores(), _:
            return ("synop_j",) if name == "energy_j" else ("layer_s",)
        case Crossbar(), "energy_j":
            return ("synop_j",)
        case Crossbar(), _:
            steps = ("event_cycles", "target_cycles", "step_cycles", "clock_hz")
            return steps if model.step_s is None else ("step_s",)
        case FpgaClock(), _:
            timed = ("clock_hz", "input_cycles", "layer_cycles")
            return (*timed, "neuron_w") if name == "energy_j" else timed
        case FpgaDataflow(), _:
            return ("clock_hz", "power_w") if name == "energy_j" else ("clock_hz",)
        case Roofline(), _:
            timed = ("peak_ops", "bandwidth", "launch_s")
            return (*timed, "power_w") if name == "energy_j" else timed
        case _:
            return None


def known(model: Model, field: str) -> bool:
    """Return whether a dotted field of a model is known."""
    value: object = model
    for part in field.split("."):
        value = getattr(value, part)
    return value is not None
