"""A device as a value: what its profile says, in SI units, each number with its evidence.

Unknown is None, everywhere. Not for reading YAML (`profiles`) and not for pricing (`cost_model`).
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from hwsearch.hardware.firmware.core import Core, Firmware
from hwsearch.hardware.limits import Connectivity, Limits, RoleSkips
from hwsearch.hardware.models import Model, known, needs
from hwsearch.hardware.neurons import Arithmetic
from hwsearch.study.digest import digest

Grade = Literal["measured", "vendor", "toolchain", "simulated", "emulated", "derived", "estimated"]
"""How a number came about, best evidence first."""

Storage = Literal["smallest", "fastest", "both"]
"""How the format of a connection's weights is chosen: by bytes, by instructions, or by both, within the budget."""

GRADES: tuple[Grade, ...] = get_args(Grade)

HELD = ("weights", "params", "state", "buffers")
"""What a memory bank may hold: packed weights, biases and thresholds, membranes, inputs, spikes and sums."""

SKIPPABLE = ("weight", "nm", "block", "kernel", "channel")
"""Classes of granularity whose zeros a device may skip."""


@dataclass(frozen=True)
class Quantity:
    """One number, or word, of a profile with its evidence.

    Attributes:
        value: In SI units (bytes, bits and cycles count as such), a word, or whether it can; None: unknown; several: a
            menu.
        text: As written in the profile, with its unit.
        grade: How it came about.
        source: Key of the profile's sources.
        conditions: Under which it holds, or how it was derived.
    """

    value: float | tuple[float, ...] | str | None
    text: str
    grade: Grade
    source: str
    conditions: str


@dataclass(frozen=True)
class Bank:
    """One memory of the device.

    Attributes:
        name: Its name; costs name it ``<name>_bytes``.
        holds: What it holds, of HELD.
        size_bytes: Its size; None: unknown, nothing is refused for it.
        reserved_bytes: Of these, what something else takes (a stack, say).
    """

    name: str
    holds: tuple[str, ...]
    size_bytes: int | None
    reserved_bytes: int = 0

    @property
    def free_bytes(self) -> int | None:
        """Bytes left for the network; None: unknown."""
        return None if self.size_bytes is None else self.size_bytes - self.reserved_bytes


@dataclass(frozen=True)
class Cycles:
    """Processor cycles of each piece of work; None: unknown.

    Attributes:
        mac: A multiply-accumulate with an analog input.
        synop: A synaptic operation: one spike meets one weight.
        indexed_synop: Extra for one operation on a layer that is stored with an index.
        unpack: Extra for one operation on a weight narrower than 8 bits.
        neuron_update: Updating one neuron in one timestep.
        layer_step: Fixed, for one layer in one timestep.
    """

    mac: float | None = None
    synop: float | None = None
    indexed_synop: float | None = None
    unpack: float | None = None
    neuron_update: float | None = None
    layer_step: float | None = None


@dataclass(frozen=True)
class PerCycle:
    """Energy by the cycle, all-in: leakage, memories and regulator are inside; nothing is added on top.

    Attributes:
        cycle_j: Energy of one cycle.
    """

    cycle_j: float


@dataclass(frozen=True)
class PerTerm:
    """Dynamic energy, term by term.

    Attributes:
        add_j_per_bit: An adder, by its width.
        mul_j_per_bit2, mul_j_per_bit: A multiplier, by its width squared and by its width.
        gate_share: A spike gating a weight, as a share of an adder of the weight's width.
        sram: (capacity in bytes, energy of one bit read or written), by rising capacity.
    """

    add_j_per_bit: float
    mul_j_per_bit2: float
    mul_j_per_bit: float
    gate_share: float
    sram: tuple[tuple[int, float], ...]

    def add_j(self, bits: float) -> float:
        """Return the energy of an addition: E_add(b) = add * b."""
        return self.add_j_per_bit * bits

    def mul_j(self, bits: float) -> float:
        """Return the energy of a multiplication: E_mul(b) = mul2 * b^2 + mul * b."""
        return self.mul_j_per_bit2 * bits**2 + self.mul_j_per_bit * bits

    def sram_j(self, n_bytes: int) -> float:
        """Return the energy of one bit of a memory: linear in log2(bytes), level beyond both ends."""
        size = min(max(n_bytes, self.sram[0][0]), self.sram[-1][0])
        for (small, low), (large, high) in itertools.pairwise(self.sram):
            if size <= large:
                return low + (high - low) * math.log2(size / small) / math.log2(large / small)
        return self.sram[-1][1]


@dataclass(frozen=True)
class HardwareProfile:
    """A device, as its YAML file says.

    Attributes:
        id, name, vendor, family, description: What it is.
        banks: Its memories; together they hold each of HELD once.
        weight_bits: Widths of a weight that it takes.
        formats: Storage formats that it reads (names of `storage.FORMATS`).
        pointer_bits, bias_bits, threshold_bits: Widths, in bits.
        state_bits, accumulator_bits: Widths of a membrane and of an accumulator, in bits.
        state_menu: Widths that membranes may have instead of ``state_bits``, which is one of them; empty: no choice.
        overflow: What happens to a membrane that is too wide: ``saturate`` or ``reject`` the network.
        neuron_models, resets: What its neurons can do.
        granularities: Of pruning, that make sense on it (``weight``, ``nm:4``, ..., ``channel``).
        skips_storage, skips_cycles, skips_energy: Classes (SKIPPABLE) whose zeros cost nothing there.
        max_fan_in, max_fan_out, max_neurons: Hard limits; None: none is known.
        clock_hz: Clock; None: unknown.
        cycles: Cycles of each piece of work.
        energy: How energy is priced; None: unknown, or one of its constants is.
        model: What the family adds (`models`); None: formats, cycles and terms say all.
        limits: Further hard limits of its toolchain.
        role_skips: (role of a layer, its own lists of zeros that cost nothing).
        takes_analog: Whether the first layer may read analog values; else they must come as events.
        conv_mac_cycles: Cycles of a multiply-accumulate in a convolution; None: as ``cycles.mac``.
        arithmetic: How its neurons compare and leak.
        connectivity: What it can do beyond a chain of plain connections.
        uncalibrated: Costs (``energy_j``, ``latency_s``) that no measurement of a network has confirmed.
        static_w: Power drawn whatever it does, in watts; None: unknown, or inside the energy per cycle.
        quantities: Every number with its evidence, by its dotted place in the file.
        sources: (key, text) of each source.
        path: The file.
        storage: How a connection's format is chosen: what a study says, not the file.
        storage_budgets: (cost, upper limit) of the study, within which formats are chosen.
        kept_formats: The format of each connection's weights, where a network has them already; empty: it is chosen.
        firmware: What C libraries take on its core; None: nobody has tried.
    """

    id: str
    name: str
    vendor: str
    family: str
    description: str
    banks: tuple[Bank, ...]
    weight_bits: tuple[int, ...]
    formats: tuple[str, ...]
    pointer_bits: int
    bias_bits: int
    threshold_bits: int
    state_bits: int
    accumulator_bits: int
    overflow: Literal["saturate", "reject"]
    neuron_models: tuple[str, ...]
    resets: tuple[str, ...]
    granularities: tuple[str, ...]
    skips_storage: tuple[str, ...]
    skips_cycles: tuple[str, ...]
    skips_energy: tuple[str, ...]
    max_fan_in: int | None
    max_fan_out: int | None
    max_neurons: int | None
    clock_hz: float | None
    cycles: Cycles
    energy: PerCycle | PerTerm | None
    static_w: float | None
    quantities: tuple[tuple[str, Quantity], ...]
    sources: tuple[tuple[str, str], ...]
    path: Path
    model: Model | None = None
    limits: Limits = dataclasses.field(default_factory=Limits)
    role_skips: tuple[tuple[str, RoleSkips], ...] = ()
    takes_analog: bool = True
    uncalibrated: tuple[str, ...] = ()
    conv_mac_cycles: float | None = None
    arithmetic: Arithmetic = dataclasses.field(default_factory=Arithmetic)
    connectivity: Connectivity = dataclasses.field(default_factory=Connectivity)
    state_menu: tuple[int, ...] = ()
    storage: Storage = "smallest"
    storage_budgets: tuple[tuple[str, float], ...] = ()
    kept_formats: tuple[str, ...] = ()
    firmware: Firmware | None = None

    @property
    def priced_core(self) -> Core | None:
        """The core whose instructions and code are counted; None: hand-counted cycles are, and no code."""
        return self.firmware.core if self.firmware is not None and self.firmware.priced else None

    @property
    def state_widths(self) -> tuple[int, ...]:
        """Every width that a membrane may have, rising."""
        return tuple(sorted({self.state_bits, *self.state_menu}))

    def with_membranes(self, state_bits: int | None) -> HardwareProfile:
        """Return the device as it holds a network whose membranes have this width; None: the device's own.

        Of the widths that it offers the narrowest is taken that is wide enough, or the widest.
        """
        if state_bits is None or state_bits == self.state_bits:
            return self
        fits = next((bits for bits in self.state_widths if bits >= state_bits), self.state_widths[-1])
        return self._at_width[fits]

    def storing(self, storage: Storage, budgets: Mapping[str, float]) -> HardwareProfile:
        """Return the device as a study stores networks on it.

        Args:
            storage: How formats are chosen.
            budgets: Of the study.
        """
        if storage == "smallest":
            return self
        return dataclasses.replace(self, storage=storage, storage_budgets=tuple(sorted(budgets.items())))

    def keeping(self, formats: Sequence[str]) -> HardwareProfile:
        """Return the device as it holds a network whose weights are stored already: the format of each connection."""
        return dataclasses.replace(self, kept_formats=tuple(formats))

    def pricing(self, firmware: Literal["profile", "priced"]) -> HardwareProfile:
        """Return the device as a study prices the exported C library on it; without a core, as it is."""
        if firmware == "profile" or self.firmware is None:
            return self
        return dataclasses.replace(self, firmware=dataclasses.replace(self.firmware, priced=True))

    @cached_property
    def _at_width(self) -> dict[int, HardwareProfile]:
        return {bits: dataclasses.replace(self, state_bits=bits) for bits in self.state_widths}

    def skipped(self, what: Literal["storage", "cycles", "energy"], role: str) -> tuple[str, ...]:
        """Return the classes whose zeros cost nothing (``what``) in a layer of a role."""
        skips = dict(self.role_skips).get(role)
        if skips is None:
            skips = self._skips
        return {"storage": skips.storage, "cycles": skips.cycles, "energy": skips.energy}[what]

    @cached_property
    def _skips(self) -> RoleSkips:
        return RoleSkips(self.skips_storage, self.skips_cycles, self.skips_energy)

    @cached_property
    def digest(self) -> str:
        """16 hex digits of everything that a price or a rule hangs on; wording and evidence are left out.

        So is what it can do beyond a chain of plain connections, and which other widths it has for membranes: that
        counts for networks and studies that ask for it (`plan`). How formats are chosen is in the study's digest.
        """
        wording = (
            "name", "vendor", "description", "quantities", "sources", "path", "uncalibrated", "arithmetic",
            "connectivity", "state_menu", "storage", "storage_budgets", "kept_formats", "firmware",
        )  # fmt: skip
        fields = [field for field in dataclasses.fields(self) if field.name not in wording]
        values = {field.name: getattr(self, field.name) for field in fields}
        # what a profile does not use is left out, so that a new kind of limit or model renames no old record
        later = {
            "model": None,
            "limits": Limits(),
            "role_skips": (),
            "takes_analog": True,
            "conv_mac_cycles": None,
        }
        used = {name: value for name, value in values.items() if name not in later or value != later[name]}
        if self.priced_core is not None:
            used["core"] = [self.priced_core.instructions, self.priced_core.code_bytes]
        return digest([used, type(self.model).__name__] if self.model else used)

    def tells(self, name: str) -> bool:
        """Return whether a cost (``energy_j``, ``latency_s``) can be told for every network."""
        if self.model is not None and name in ("energy_j", "latency_s"):
            fields = needs(self.model, name)
            return fields is not None and all(known(self.model, field) for field in fields)
        timed = self.priced_core is not None or None not in dataclasses.astuple(self.cycles)
        if name == "latency_s":
            return timed and self.clock_hz is not None
        if name == "energy_j":
            return isinstance(self.energy, PerTerm) or (timed and isinstance(self.energy, PerCycle))
        return True

    @cached_property
    def labels(self) -> dict[str, str]:
        """The weakest grade among the constants behind ``energy_j`` and ``latency_s``, where they are known."""
        found = {}
        for name in ("energy_j", "latency_s"):
            if self.tells(name):
                behind = self._behind(name)
                graded = [quantity.grade for place, quantity in self.quantities if place.startswith(behind)]
                graded += ["emulated"] if self.priced_core is not None and "firmware" in behind else []
                unchecked = ", uncalibrated" if name in self.uncalibrated else ""
                found[name] = weakest(graded) + unchecked
        return found

    def _behind(self, name: str) -> tuple[str, ...]:
        """Return how the places of the constants behind a cost begin."""
        if self.model is not None:
            return tuple(f"model.{field}" for field in needs(self.model, name) or ())
        if self.priced_core is not None and (name == "latency_s" or isinstance(self.energy, PerCycle)):
            return ("firmware", "timing.clock" if name == "latency_s" else "energy.")
        if name == "latency_s":
            return ("timing.",)
        return ("energy.", "timing.cycles.") if isinstance(self.energy, PerCycle) else ("energy.",)


def weakest(grades: Iterable[Grade]) -> Grade:
    """Return the grade with the least evidence behind it; of none, ``estimated``."""
    return max(grades, key=GRADES.index, default="estimated")


def format_granularity(format_name: str) -> str | None:
    """Return the class of zeros (SKIPPABLE) that a storage format leaves out; None for ``dense``."""
    kind = format_name.partition(":")[0]
    return {"dense": None, "bitmap": "weight", "csr": "weight", "delta": "weight"}.get(kind, kind)
