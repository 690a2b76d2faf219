"""The whole profile file: its sections, the laws between them, and the check of a document.

Not for finding files (`load`) and not for what the numbers mean (`device`, `cost_model`). A further device is a further
file; a kind of device whose work is charged in another way needs a further model (`model_sections`, `models`) and a
formula in `hwsearch.hardware.families`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo
from pydantic import field_validator as check

from hwsearch.errors import Fault
from hwsearch.hardware.device import format_granularity
from hwsearch.hardware.profiles.model_sections import ManyCoreSection, ModelSection, unknown_constants
from hwsearch.hardware.profiles.quantities import Section
from hwsearch.hardware.profiles.sections import (
    ConnectionsSection,
    FirmwareSection,
    LimitsSection,
    MemorySection,
    NeuronsSection,
    PerCycleSection,
    PerTermSection,
    PowerSection,
    SparsitySection,
    StateSection,
    TimingSection,
    WeightsSection,
)
from hwsearch.study.laws import Granularity
from hwsearch.study.yaml_border import Loc, YamlDocument, broken, validate


class ProfileSection(Section):
    """The whole file."""

    schema_version: Literal[1]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
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
    connections: ConnectionsSection = ConnectionsSection()
    inputs: Literal["analog", "events"] = "analog"
    timing: TimingSection | None
    energy: Annotated[PerCycleSection | PerTermSection, Field(discriminator="kind")] | None
    model: ModelSection | None = None
    power: PowerSection
    firmware: FirmwareSection | None = None
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

    @check("firmware")
    @classmethod
    def _only_processors_run_c(cls, firmware: Any, info: ValidationInfo) -> Any:
        family = info.data.get("family")
        if firmware is not None and family != "mcu":
            raise broken(
                "only a device of the family mcu runs the exported C library", str(family), "remove firmware"
            )
        return firmware

    @check("model")
    @classmethod
    def _constants_are_known(cls, model: Any) -> Any:
        for name in () if model is None else unknown_constants(model):
            law = f"a model of kind {model.kind} needs this number: what it computes hangs on it"
            raise broken(law, "null", "find it, or leave the model out", at=(name, "value"))
        return model

    @check("model")
    @classmethod
    def _lists_are_stored(cls, model: Any, info: ValidationInfo) -> Any:
        weights = info.data.get("weights")
        listed = isinstance(model, ManyCoreSection) and model.layout == "words"
        if listed and weights is not None and not {"dense", "csr"} & set(weights.formats):
            law = "weights of a core that keeps lists of words must be stored dense or csr"
            raise broken(law, ", ".join(weights.formats), "add dense to weights.formats", at=("layout",))
        return model


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
    listed = {str(key) for key in sources} if isinstance(sources, dict) else set()
    for loc, source in _sources_named(document.data, ()):
        if listed and source not in listed:
            law = f"a source must be a key of sources: {', '.join(sorted(listed))}"
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
