"""The profile file's shape: what YAML may say about a device, and its laws.

Not for finding files (`profile`) and not for what the numbers mean (`device`, `cost_model`). A further device
is a further file; a kind of device whose work is charged in another way needs a further model (`model_yaml`,
`models`) and a formula in `hwsearch.hardware.families`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationInfo
from pydantic import field_validator as check

from hwsearch.errors import Fault
from hwsearch.hardware.arithmetic import Comparison, Firing, Leak
from hwsearch.hardware.device import HELD, format_granularity
from hwsearch.hardware.profiles.model_schema import ModelSection
from hwsearch.hardware.profiles.units import (
    Capacity,
    Count,
    CycleCount,
    Energy,
    EnergyPerBit,
    EnergyPerBit2,
    Frequency,
    Memory,
    Menu,
    Number,
    Power,
    Section,
    Series,
    Share,
    Width,
    Word,
)
from hwsearch.study.laws import Granularity
from hwsearch.study.yaml_border import Loc, YamlDocument, broken, validate

_RESERVED_NAMES = {"memory", "weight", "bias", "state", "buffer"}  # costs with these names exist already


Skipped = tuple[Literal["weight", "nm", "block", "kernel", "channel"], ...]
Format = Literal[
    "dense", "bitmap", "csr", "delta", "nm:4", "nm:8", "nm:16", "block:4", "block:8", "kernel"
]  # fmt: skip


class BankSection(Section):
    """One memory: what it holds, its bytes and how many of them something else takes."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    holds: tuple[Literal["weights", "params", "state", "buffers"], ...]
    bytes: Memory
    reserved: Capacity | None = None


class MemorySection(Section):
    """The memories."""

    banks: Annotated[tuple[BankSection, ...], Field(min_length=1)]

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
    """Widths of a membrane and of an accumulator."""

    bits: Width
    accumulator_bits: Width
    overflow: Literal["saturate", "reject"]


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
    kernels: Series | None = None
    pools: Series | None = None


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


class ProfileSection(Section):
    """The whole file."""

    schema_version: Literal[1]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    name: Annotated[str, Field(min_length=1)]
    vendor: str
    family: Literal[
        "generic", "mcu", "many_core_async", "timestep_core", "event_cnn", "crossbar", "npu", "fpga_clock",
        "fpga_dataflow", "gpu",
    ]  # fmt: skip
    description: str = ""
    memory: MemorySection
    weights: WeightsSection
    state: StateSection
    neurons: NeuronsSection
    granularities: Annotated[tuple[Granularity, ...], Field(min_length=1)]
    sparsity: SparsitySection
    limits: LimitsSection = LimitsSection()
    inputs: Literal["analog", "events"] = "analog"
    timing: TimingSection | None
    energy: Annotated[PerCycleSection | PerTermSection, Field(discriminator="kind")] | None
    model: ModelSection | None = None
    power: PowerSection
    uncalibrated: tuple[Literal["energy_j", "latency_s"], ...] = ()
    sources: Annotated[dict[str, str], Field(min_length=1)]

    @check("sparsity")
    @classmethod
    def _formats_save_storage(cls, sparsity: SparsitySection, info: ValidationInfo) -> SparsitySection:
        weights = info.data.get("weights")
        for name in weights.formats if weights else ():
            zeros = format_granularity(name)
            if zeros not in (None, *sparsity.storage):
                law = "zeros that a listed storage format leaves out must be listed too"
                raise broken(law, f"no {zeros}", f"add {zeros}, or remove the format {name}", at=("storage",))
        return sparsity

    @check("energy")
    @classmethod
    def _energy_follows_cycles(cls, energy: Any, info: ValidationInfo) -> Any:
        sparsity = info.data.get("sparsity")
        if sparsity and isinstance(energy, PerCycleSection) and set(sparsity.cycles) != set(sparsity.energy):
            law = "where energy is priced by the cycle, sparsity.energy must list what sparsity.cycles lists"
            raise broken(law, ", ".join(sparsity.energy) or "none")
        return energy


def parse_profile(document: YamlDocument) -> ProfileSection | list[Fault]:
    """Check a profile's document; return it, or every fault found."""
    found = validate(document, ProfileSection, document.data)
    faults = [*document.repeats, *(found if isinstance(found, list) else []), *_unknown_sources(document)]
    if isinstance(found, list) or faults:
        return sorted(faults, key=lambda fault: fault.line or 0)
    return found


def _unknown_sources(document: YamlDocument) -> Iterator[Fault]:
    """Yield a fault for each quantity whose source is not listed; done on the raw data, to miss none."""
    sources = document.data.get("sources")
    known = {str(key) for key in sources} if isinstance(sources, dict) else set()
    for loc, source in _sources_named(document.data, ()):
        if known and source not in known:
            law = f"a source must be a key of sources: {', '.join(sorted(known))}"
            yield document.fault(loc, law, repr(source))


def _sources_named(data: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(data, dict):
        if isinstance(data.get("source"), str):
            yield (*loc, "source"), data["source"]
        for key, value in data.items():
            yield from _sources_named(value, (*loc, str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _sources_named(value, (*loc, index))


def walk(
    section: BaseModel, visit: Callable[[str, Number | Menu | Series | Word[Any]], None], place: str = ""
) -> None:
    """Call ``visit(dotted place, quantity)`` for every quantity in the file's order."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        for index, item in enumerate(value if isinstance(value, tuple) else (value,)):
            here = f"{place}{name}" + (f".{getattr(item, 'name', index)}" if isinstance(value, tuple) else "")
            if isinstance(item, Number | Menu | Series | Word):
                visit(here, item)
            elif isinstance(item, BaseModel):
                walk(item, visit, here + ".")
