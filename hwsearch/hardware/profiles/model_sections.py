"""The section of a profile file that each family adds; field names are those of `hwsearch.hardware.models`.

Not for what the numbers mean: `models` says that.
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationInfo
from pydantic import field_validator as check

from hwsearch.hardware import models
from hwsearch.hardware.profiles.quantities import (
    Bandwidth,
    BankBytes,
    Count,
    CycleCount,
    Energy,
    Frequency,
    Memory,
    Menu,
    Number,
    Places,
    Power,
    Rate,
    Section,
    Series,
    Share,
    Time,
    Width,
)
from hwsearch.hardware.workload import LANES
from hwsearch.study.yaml_border import broken


class EventPricesSection(Section):
    """See `models.EventPrices`."""

    synop_j: Energy
    synop_s: Time
    update_j: Energy
    update_s: Time
    idle_update_j: Energy
    idle_update_s: Time
    spike_j: Energy
    hop_j: Energy
    hops: Share
    sync_s: Time
    reference_bits: Width | None = None
    fixed_share: Share | None = None


class ManyCoreSection(Section):
    """See `models.ManyCore`."""

    kind: Literal["many_core"]
    layout: Literal["words", "packed"]
    cores: Places
    core_neurons: Places
    core_bytes: BankBytes
    in_axons: Places
    out_axons: Places
    neuron_bytes: Memory
    word_bits: Width | None = None
    header_bits: Width | None = None
    block_synapses: Places | None = None
    synapse_bits: Menu | None = None
    index_bits: Menu | None = None
    core_static_w: Power
    chip_static_w: Power
    price: EventPricesSection


class StepCyclesSection(Section):
    """See `models.StepCycles`."""

    kind: Literal["step_cycles"]
    input_target: CycleCount
    input_fixed: CycleCount
    hidden_synop: CycleCount
    hidden_fixed: CycleCount
    hidden_spike: CycleCount
    readout_event: CycleCount
    readout_synop: CycleCount
    readout_fixed: CycleCount
    margin: Share
    skips_unused: bool
    clock_hz: Frequency
    cycle_j: Energy


class EventCoresSection(Section):
    """See `models.EventCores`."""

    kind: Literal["event_cores"]
    kernel_entries: Series
    neuron_entries: Series
    bias_entries: Series
    layer_s: Time
    synop_j: Energy

    @check("bias_entries")
    @classmethod
    def _one_of_each_a_core(cls, entries: Series, info: ValidationInfo) -> Series:
        counts = [
            len(info.data[name].value) for name in ("kernel_entries", "neuron_entries") if name in info.data
        ]
        if any(count != len(entries.value) for count in counts):
            law = "kernel_entries, neuron_entries and bias_entries must each have an entry a core"
            raise broken(law, ", ".join(map(str, [*counts, len(entries.value)])), at=("value",))
        return entries


class CrossbarSection(Section):
    """See `models.Crossbar`."""

    kind: Literal["crossbar"]
    cores: Places
    axons: Places
    neurons: Places
    event_cycles: CycleCount
    target_cycles: CycleCount
    step_cycles: CycleCount
    clock_hz: Frequency
    step_s: Time
    synop_j: Energy
    charges_zeros: bool


class FpgaClockSection(Section):
    """See `models.FpgaClock`."""

    kind: Literal["fpga_clock"]
    clock_hz: Frequency
    input_cycles: CycleCount
    layer_cycles: CycleCount
    neuron_w: Power
    block_words: Places | None = None
    block_width: Width | None = None


class FpgaDataflowSection(Section):
    """See `models.FpgaDataflow`."""

    kind: Literal["fpga_dataflow"]
    pe: Places
    simd: Places
    clock_hz: Frequency
    luts: Count
    lut_share: Share
    power_w: Power
    block_words: Places | None = None
    block_width: Width | None = None

    @check("pe")
    @classmethod
    def _lanes_are_counted(cls, pe: Number) -> Number:
        if pe.si() not in LANES:
            raise broken(f"pe must be one of {', '.join(map(str, LANES))}", pe.text())
        return pe


class NpuSection(Section):
    """See `models.Npu`."""

    kind: Literal["npu"]
    node_bytes: Memory
    nodes: Places
    first_kernels: Series | None = None
    first_filters_gray: Series | None = None
    first_filters_color: Series | None = None
    first_sides: Series | None = None

    @check("first_sides")
    @classmethod
    def _least_and_most(cls, sides: Series | None) -> Series | None:
        if sides is not None and (len(sides.value) != 2 or sides.value[0] > sides.value[1]):
            raise broken("first_sides must be the least and the most side", sides.text(), at=("value",))
        return sides


class RooflineSection(Section):
    """See `models.Roofline`."""

    kind: Literal["roofline"]
    peak_ops: Rate
    bandwidth: Bandwidth
    launch_s: Time
    power_w: Power


ModelSection = Annotated[
    ManyCoreSection
    | StepCyclesSection
    | EventCoresSection
    | CrossbarSection
    | FpgaClockSection
    | FpgaDataflowSection
    | NpuSection
    | RooflineSection,
    Field(discriminator="kind"),
]

_VALUES: dict[type[BaseModel], Any] = {
    EventPricesSection: models.EventPrices,
    ManyCoreSection: models.ManyCore,
    StepCyclesSection: models.StepCycles,
    EventCoresSection: models.EventCores,
    CrossbarSection: models.Crossbar,
    FpgaClockSection: models.FpgaClock,
    FpgaDataflowSection: models.FpgaDataflow,
    NpuSection: models.Npu,
    RooflineSection: models.Roofline,
}


def unknown_constants(section: BaseModel) -> list[str]:
    """Return the constants of a model that its formula cannot do without, and that are unknown."""
    kinds = {field.name: str(field.type) for field in dataclasses.fields(_VALUES[type(section)])}
    return [
        name
        for name, kind in kinds.items()
        if kind in ("int", "float") and getattr(section, name).si() is None
    ]


def model_value(section: BaseModel) -> Any:
    """Return a model section as the value of the same field names, in SI units."""
    kinds = {field.name: str(field.type) for field in dataclasses.fields(_VALUES[type(section)])}
    return _VALUES[type(section)](
        **{name: _plain(getattr(section, name), kind) for name, kind in kinds.items()}
    )


def _plain(item: Any, kind: str) -> Any:
    if isinstance(item, Number):
        si = item.si()
        return int(si) if si is not None and kind.startswith("int") else si
    if isinstance(item, Menu | Series):
        return tuple(int(value) for value in item.si())
    if isinstance(item, BaseModel):
        return model_value(item)
    return () if item is None and kind.startswith("tuple") else item
