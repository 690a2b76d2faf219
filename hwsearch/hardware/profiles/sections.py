"""The sections of a profile file that devices of every family have, and each section's laws.

Not for laws between sections nor for the whole file (`schema`); what a family adds is in `model_sections`.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field, StrictBool, ValidationInfo
from pydantic import field_validator as check

from hwsearch.hardware.device import HELD
from hwsearch.hardware.neurons import Comparison, Firing, Leak
from hwsearch.hardware.profiles.quantities import (
    Ability,
    BankBytes,
    Capacity,
    Count,
    CycleCount,
    Energy,
    EnergyPerBit,
    EnergyPerBit2,
    Frequency,
    Menu,
    Number,
    Power,
    Section,
    Series,
    Share,
    Width,
    Word,
)
from hwsearch.study.yaml_border import broken

_RESERVED_NAMES = {"memory", "weight", "bias", "state", "buffer"}  # costs with these names exist already

Skipped = tuple[Literal["weight", "nm", "block", "kernel", "channel"], ...]
Format = Literal[
    "dense", "bitmap", "csr", "delta", "nm:4", "nm:8", "nm:16", "block:4", "block:8", "kernel"
]  # fmt: skip


class BankSection(Section):
    """One memory: what it holds, its bytes and how many of them something else takes."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
    holds: tuple[Literal["weights", "params", "state", "buffers"], ...]
    bytes: BankBytes
    reserved: Capacity | None = None

    @check("reserved")
    @classmethod
    def _leaves_something(cls, reserved: Number | None, info: ValidationInfo) -> Number | None:
        size = info.data.get("bytes")
        whole, part = (None if number is None else number.si() for number in (size, reserved))
        if whole is not None and part is not None and part >= whole:
            law = "what is reserved must leave something of the memory"
            raise broken(law, f"{part:,.0f} of {whole:,.0f} B", at=("value",))
        return reserved


class MemorySection(Section):
    """The memories."""

    banks: Annotated[tuple[BankSection, ...], Field(min_length=1, max_length=16)]

    @check("banks")
    @classmethod
    def _each_thing_has_one_place(cls, banks: tuple[BankSection, ...]) -> tuple[BankSection, ...]:
        held: list[str] = [what for bank in banks for what in bank.holds]
        for what in HELD:
            if held.count(what) != 1:
                law = f"exactly one bank must hold each of {', '.join(HELD)}"
                raise broken(law, f"{what} in {held.count(what)} banks")
        names = [bank.name for bank in banks]
        for index, name in enumerate(names):
            if name in _RESERVED_NAMES or name in names[:index]:
                law = f"a bank's name must be its own and none of {', '.join(sorted(_RESERVED_NAMES))}"
                raise broken(law, name, at=(index, "name"))
        return banks


class WeightsSection(Section):
    """How weights, biases and thresholds are kept."""

    bits: Menu
    formats: tuple[Format, ...]
    pointer_bits: Width
    bias_bits: Width
    threshold_bits: Width

    @check("formats")
    @classmethod
    def _some_format_holds_any_layer(cls, formats: tuple[Format, ...]) -> tuple[Format, ...]:
        if all(name.startswith(("nm", "kernel")) for name in formats):
            law = "one of the formats must hold any layer, which nm and kernel cannot"
            raise broken(law, ", ".join(formats) or "none", "add dense")
        return formats


class StateSection(Section):
    """Widths of a membrane and of an accumulator; ``menu``: all widths of membranes, where there is a choice."""

    bits: Width
    menu: Menu | None = None
    accumulator_bits: Width
    overflow: Literal["saturate", "reject"]

    @check("menu")
    @classmethod
    def _has_the_usual_width(cls, menu: Menu | None, info: ValidationInfo) -> Menu | None:
        bits = info.data.get("bits")
        if menu is not None and bits is not None and bits.si() not in menu.value:
            law = "the menu must hold the width that membranes have where nobody chooses (bits)"
            raise broken(law, menu.text(), f"add {bits.si():.0f}")
        return menu


class NeuronsSection(Section):
    """What the neurons can do, and how they compute (see `arithmetic`; left out: unknown)."""

    models: Annotated[tuple[Literal["lif", "if"], ...], Field(min_length=1)]
    reset: Annotated[tuple[Literal["zero", "subtract"], ...], Field(min_length=1)]
    comparison: Word[Comparison] | None = None
    leak: Word[Leak] | None = None
    firing: Word[Firing] | None = None


class SkipsSection(Section):
    """Whose zeros cost nothing: in storage, in cycles, in energy."""

    storage: Skipped
    cycles: Skipped
    energy: Skipped


class SparsitySection(SkipsSection):
    """The same for all layers, and for the layers of a role that differ."""

    input: SkipsSection | None = None
    hidden: SkipsSection | None = None
    readout: SkipsSection | None = None


class LimitsSection(Section):
    """Hard limits; left out or null: none is known."""

    fan_in: Count | None = None
    fan_out: Count | None = None
    neurons: Count | None = None
    fan_in_kept: Count | None = None
    fan_out_kept: Count | None = None
    inputs: Count | None = None
    input_events: Count | None = None
    hidden: Count | None = None
    outputs: Count | None = None
    hidden_synapses: Count | None = None
    input_targets: Count | None = None
    readout_sources: Count | None = None
    layers: Count | None = None
    channels: Count | None = None
    kernel: Count | None = None
    map_in: Count | None = None
    map_out: Count | None = None
    timesteps: Count | None = None
    channel_multiple: Count | None = None
    kernels: Series | None = None
    pools: Series | None = None
    strides: Series | None = None


class ConnectionsSection(Section):
    """What it can do beyond a chain of plain connections (see `limits.Connectivity`); left out or null: unknown."""

    strided: Ability | None = None
    rectangular: Ability | None = None
    depthwise: Ability | None = None
    residual: Ability | None = None
    recurrence: Ability | None = None
    analog_sequence: Ability | None = None
    leaky_readout: Ability | None = None
    late_readout: Ability | None = None
    step_readout: Ability | None = None


class CyclesSection(Section):
    """Cycles of each piece of work (see `device.Cycles`)."""

    mac: CycleCount
    synop: CycleCount
    indexed_synop: CycleCount
    unpack: CycleCount
    neuron_update: CycleCount
    layer_step: CycleCount
    conv_mac: CycleCount | None = None


class TimingSection(Section):
    """The clock and what is done in its cycles."""

    clock: Frequency
    cycles: CyclesSection


class PerCycleSection(Section):
    """Energy by the cycle, all-in."""

    kind: Literal["per_cycle"]
    cycle: Energy


class SramPoint(Section):
    """Energy of one bit read from or written to a memory of one capacity."""

    capacity: Capacity
    per_bit: EnergyPerBit


class PerTermSection(Section):
    """Energy term by term (see `device.PerTerm`)."""

    kind: Literal["per_term"]
    add_per_bit: EnergyPerBit
    mul_per_bit2: EnergyPerBit2
    mul_per_bit: EnergyPerBit
    gate_share: Share
    sram: Annotated[tuple[SramPoint, ...], Field(min_length=1)]

    @check("sram")
    @classmethod
    def _capacities_rise(cls, sram: tuple[SramPoint, ...]) -> tuple[SramPoint, ...]:
        sizes = [point.capacity.si() or 0.0 for point in sram]
        if any(small >= large for small, large in itertools.pairwise(sizes)):
            raise broken(
                "capacities must rise from point to point", ", ".join(f"{size:g} B" for size in sizes)
            )
        return sram


class PowerSection(Section):
    """Power drawn whatever the device does."""

    static: Power


class FirmwareSection(Section):
    """The core that the exported C library runs on, and whether its code and instructions are priced."""

    core: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    priced: StrictBool
