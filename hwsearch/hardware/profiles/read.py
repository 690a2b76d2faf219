"""From a profile file to the device as a value, in SI units.

Not for finding the file (`load`) nor for its laws (`schema`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

from hwsearch.errors import InputError
from hwsearch.hardware.device import (
    Bank,
    Cycles,
    HardwareProfile,
    PerCycle,
    PerTerm,
    Quantity,
)
from hwsearch.hardware.firmware.core import Firmware
from hwsearch.hardware.limits import Connectivity, Limits, RoleSkips
from hwsearch.hardware.neurons import Arithmetic
from hwsearch.hardware.profiles.cores import core_of
from hwsearch.hardware.profiles.folders import profile_folders
from hwsearch.hardware.profiles.model_sections import model_value
from hwsearch.hardware.profiles.quantities import Number, Series, Spelling, Word, quantities
from hwsearch.hardware.profiles.schema import ProfileSection, parse_profile
from hwsearch.hardware.profiles.sections import (
    ConnectionsSection,
    LimitsSection,
    NeuronsSection,
    PerCycleSection,
    PerTermSection,
    SparsitySection,
)
from hwsearch.study.yaml_border import read_yaml


def read_device(path: Path) -> HardwareProfile:
    """Read one profile file.

    Raises:
        InputError: The file breaks a law; every fault is named.
    """
    parsed = parse_profile(read_yaml(path))
    if isinstance(parsed, list):
        raise InputError(parsed)
    return _device(parsed, path)


def _device(profile: ProfileSection, path: Path) -> HardwareProfile:
    return HardwareProfile(
        id=profile.id,
        name=profile.name,
        vendor=profile.vendor,
        family=profile.family,
        description=" ".join(profile.description.split()),
        banks=_banks(profile),
        weight_bits=tuple(sorted(profile.weights.bits.value)),
        formats=profile.weights.formats,
        pointer_bits=_width(profile.weights.pointer_bits),
        bias_bits=_width(profile.weights.bias_bits),
        threshold_bits=_width(profile.weights.threshold_bits),
        state_bits=_width(profile.state.bits),
        accumulator_bits=_width(profile.state.accumulator_bits),
        overflow=profile.state.overflow,
        neuron_models=profile.neurons.models,
        resets=profile.neurons.reset,
        granularities=profile.granularities,
        skips_storage=profile.sparsity.storage,
        skips_cycles=profile.sparsity.cycles,
        skips_energy=profile.sparsity.energy,
        max_fan_in=_whole(profile.limits.fan_in),
        max_fan_out=_whole(profile.limits.fan_out),
        max_neurons=_whole(profile.limits.neurons),
        clock_hz=profile.timing.clock.si() if profile.timing else None,
        cycles=_cycles(profile),
        energy=_energy(profile.energy),
        static_w=profile.power.static.si(),
        quantities=_quantities(profile),
        sources=tuple(profile.sources.items()),
        path=path,
        model=None if profile.model is None else model_value(profile.model),
        limits=_limits(profile.limits),
        role_skips=_role_skips(profile.sparsity),
        takes_analog=profile.inputs == "analog",
        uncalibrated=profile.uncalibrated,
        conv_mac_cycles=_conv_mac(profile),
        arithmetic=_arithmetic(profile.neurons),
        connectivity=_connectivity(profile.connections),
        firmware=_firmware(profile, path),
        state_menu=() if profile.state.menu is None else tuple(sorted(profile.state.menu.value)),
    )


def _banks(profile: ProfileSection) -> tuple[Bank, ...]:
    return tuple(
        Bank(bank.name, bank.holds, _whole(bank.bytes), _whole(bank.reserved) or 0)
        for bank in profile.memory.banks
    )


def _role_skips(sparsity: SparsitySection) -> tuple[tuple[str, RoleSkips], ...]:
    roles = (("input", sparsity.input), ("hidden", sparsity.hidden), ("readout", sparsity.readout))
    return tuple(
        (role, RoleSkips(skips.storage, skips.cycles, skips.energy))
        for role, skips in roles
        if skips is not None
    )


def _arithmetic(neurons: NeuronsSection) -> Arithmetic:
    """Return how the neurons compute; what is left out is unknown."""
    return Arithmetic(_word(neurons.comparison), _word(neurons.leak), _word(neurons.firing))


def _word(word: Word[Spelling] | None) -> Spelling | None:
    return None if word is None else word.value


def _limits(section: LimitsSection) -> Limits:
    """Return the limits that are not attributes of the profile itself."""
    menus = Limits(kernels=_menu(section.kernels), pools=_menu(section.pools), strides=_menu(section.strides))
    elsewhere = {"fan_in", "fan_out", "neurons", "kernels", "pools", "strides"}
    numbers: dict[str, Any] = {
        name: _whole(getattr(section, name)) for name in LimitsSection.model_fields if name not in elsewhere
    }
    return replace(menus, **numbers)


def _connectivity(section: ConnectionsSection) -> Connectivity:
    """Return what it can connect; what is left out is unknown."""
    said = {name: getattr(section, name) for name in ConnectionsSection.model_fields}
    return Connectivity(**{name: ability.value for name, ability in said.items() if ability is not None})


def _menu(series: Series | None) -> tuple[int, ...]:
    return () if series is None else series.value


def _firmware(profile: ProfileSection, path: Path) -> Firmware | None:
    section = profile.firmware
    if section is None:
        return None
    where = f"{path}: firmware.core"
    return Firmware(core_of(section.core, (path.parent, *profile_folders()), where), section.priced)


def _cycles(profile: ProfileSection) -> Cycles:
    if profile.timing is None:
        return Cycles()
    listed: dict[str, Number] = dict(profile.timing.cycles)
    return Cycles(**{field.name: listed[field.name].si() for field in dataclasses.fields(Cycles)})


def _conv_mac(profile: ProfileSection) -> float | None:
    number = profile.timing.cycles.conv_mac if profile.timing else None
    return None if number is None else number.si()


def _energy(energy: PerCycleSection | PerTermSection | None) -> PerCycle | PerTerm | None:
    """Return how energy is priced; one unknown constant leaves all of it unknown."""
    if energy is None:
        return None
    if any(number.value is None for _, number in quantities(energy)):
        return None
    if isinstance(energy, PerCycleSection):
        return PerCycle(_known(energy.cycle))
    return PerTerm(
        _known(energy.add_per_bit),
        _known(energy.mul_per_bit2),
        _known(energy.mul_per_bit),
        _known(energy.gate_share),
        tuple((_width(point.capacity), _known(point.per_bit)) for point in energy.sram),
    )


def _quantities(profile: ProfileSection) -> tuple[tuple[str, Quantity], ...]:
    return tuple(
        (place, Quantity(item.si(), item.text(), item.grade, item.source, " ".join(item.conditions.split())))
        for place, item in quantities(profile)
    )


def _known(number: Number) -> float:
    """Return a number that its law, or the caller, has found to be known."""
    si = number.si()
    assert si is not None
    return si


def _width(number: Number) -> int:
    return int(_known(number))


def _whole(number: Number | None) -> int | None:
    si = None if number is None else number.si()
    return None if si is None else int(si)
