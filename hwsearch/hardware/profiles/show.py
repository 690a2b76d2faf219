"""A profile in words, for a person: what fits, what pays, what is unknown, and where each number comes from."""

from __future__ import annotations

import dataclasses
import textwrap

from hwsearch.hardware.arithmetic import arithmetic_claim
from hwsearch.hardware.device import SKIPPABLE, HardwareProfile
from hwsearch.hardware.firmware.core import Firmware
from hwsearch.hardware.models import Npu
from hwsearch.shown import line

_WIDTH = 110


def describe(profile: HardwareProfile) -> str:
    """Return a profile as plain text."""
    parts = [
        line(f"{profile.name} ({profile.id})"),
        line(f"{profile.vendor}; {profile.family}" if profile.vendor else profile.family),
        textwrap.fill(profile.description, _WIDTH),
        _section("What fits", _fits(profile)),
        _section("What a zero saves", _saves(profile)),
        _section("Whether it computes as the integer model does", _arithmetic(profile)),
        *(
            [_section("What the exported C library takes", _firmware(profile.firmware))]
            if profile.firmware
            else []
        ),
        _section("What is unknown", _unknown(profile)),
        _section("Every number", _numbers(profile)),
        _section("Sources", [f"{key}: {text}" for key, text in profile.sources]),
    ]
    return "\n".join(part for part in parts if part)


def _section(title: str, lines: list[str]) -> str:
    filled = [textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="      ") for line in lines]
    return "\n".join(["", title, *filled])


def _fits(profile: HardwareProfile) -> list[str]:
    known = [f"{limit:,} {what}" for what, limit in _limits(profile) if limit is not None]
    limits = profile.limits
    menus = {"kernel sides": limits.kernels, "pooling windows": limits.pools, "strides": limits.strides}
    known += [f"{what} {', '.join(map(str, menu))}" for what, menu in menus.items() if menu]
    return [
        *(
            f"{bank.name}: {_bytes(bank.size_bytes)}"
            + (f", {_bytes(bank.reserved_bytes)} of them reserved" if bank.reserved_bytes else "")
            + f"; holds {', '.join(bank.holds)}"
            for bank in profile.banks
        ),
        f"weights of {', '.join(map(str, profile.weight_bits))} bits, stored as {', '.join(profile.formats)}",
        f"membranes of {profile.state_bits} bits{_choice(profile)} ({profile.overflow} on overflow), accumulators of "
        f"{profile.accumulator_bits} bits, biases of {profile.bias_bits}, thresholds of {profile.threshold_bits}",
        f"neurons: {', '.join(profile.neuron_models)}; reset: {', '.join(profile.resets)}",
        f"pruning by {', '.join(profile.granularities)}",
        "input: analog values or events" if profile.takes_analog else "input: events only; the host encodes",
        f"limits: {', '.join(known) or 'none known'}",
        *_first_layer(profile),
        *_connections(profile),
    ]


def _choice(profile: HardwareProfile) -> str:
    """Return which widths a study may choose for membranes instead, in words."""
    others = [str(bits) for bits in profile.state_widths if bits != profile.state_bits]
    return f", or of {', '.join(others)}" if others else ""


_ABILITIES = {
    "strided": "filters with a stride",
    "rectangular": "filters and pooling windows of unequal sides",
    "depthwise": "depthwise filters",
    "residual": "residual joins",
    "recurrence": "recurrence",
    "analog_sequence": "sequences of values",
    "leaky_readout": "a readout that leaks",
    "late_readout": "a readout of the last timesteps",
    "step_readout": "a prediction a timestep",
}


def _connections(profile: HardwareProfile) -> list[str]:
    """Return what it can do beyond a chain of plain connections, what it cannot, and what nobody says."""
    said = dataclasses.asdict(profile.connectivity)
    words = {True: "beyond a plain chain it has", False: "it does not have", None: "unknown, so refused"}
    lines = []
    for answer, title in words.items():
        named = [what for name, what in _ABILITIES.items() if said[name] is answer]
        if named:
            lines.append(f"{title}: {', '.join(named)}")
    return lines


def _first_layer(profile: HardwareProfile) -> list[str]:
    """Return what a first convolution may be, on a device that limits it."""
    model = profile.model
    if not isinstance(model, Npu) or not model.first_kernels:
        return []
    sides = ", ".join(map(str, model.first_kernels))
    filters = ((1, model.first_filters_gray), (3, model.first_filters_color))
    most = "; ".join(
        f"of {n} channels at most {', '.join(map(str, limits))} filters" for n, limits in filters if limits
    )
    maps = " to ".join(map(str, model.first_sides))
    return [
        f"first convolution: kernel sides {sides}; {most}"
        + (f"; maps of {maps} pixels a side" if maps else "")
    ]


def _limits(profile: HardwareProfile) -> list[tuple[str, int | None]]:
    limits = profile.limits
    return [
        ("inputs to a neuron", profile.max_fan_in),
        ("targets", profile.max_fan_out),
        ("neurons", profile.max_neurons),
        ("non-zero weights into a neuron", limits.fan_in_kept),
        ("non-zero weights out of a neuron", limits.fan_out_kept),
        ("network inputs", limits.inputs),
        ("events of an input in a timestep", limits.input_events),
        ("spiking neurons", limits.hidden),
        ("readout neurons", limits.outputs),
        ("synapses between spiking neurons", limits.hidden_synapses),
        ("neurons that inputs reach", limits.input_targets),
        ("neurons that are read out", limits.readout_sources),
        ("layers", limits.layers),
        ("channels", limits.channels),
        ("pixels of kernel side", limits.kernel),
        ("pixels of input side", limits.map_in),
        ("pixels of output side", limits.map_out),
        ("timesteps", limits.timesteps),
        ("as a divisor of each population's channels", limits.channel_multiple),
    ]


def _bytes(n_bytes: int | None) -> str:
    return "size unknown" if n_bytes is None else f"{n_bytes:,} bytes"


def _saves(profile: HardwareProfile) -> list[str]:
    lists = {"storage": profile.skips_storage, "cycles": profile.skips_cycles, "energy": profile.skips_energy}
    lines = [f"{zeros}: {_saved(lists, zeros)}" for zeros in SKIPPABLE]
    for role, skips in profile.role_skips:
        lists = {"storage": skips.storage, "cycles": skips.cycles, "energy": skips.energy}
        lines += [f"{zeros} in the {role} layer: {_saved(lists, zeros)}" for zeros in SKIPPABLE]
    return lines


def _saved(lists: dict[str, tuple[str, ...]], zeros: str) -> str:
    return ", ".join(what for what, skipped in lists.items() if zeros in skipped) or "nothing"


def _arithmetic(profile: HardwareProfile) -> list[str]:
    """Return the claims of every kind of network that its neurons can run, like ones together."""
    kinds: dict[str, list[str]] = {}
    for neuron in profile.neuron_models:
        for reset in profile.resets:
            claim = arithmetic_claim(profile, 1 if neuron == "lif" else None, reset)
            kinds.setdefault(claim.words, []).append(f"{neuron}, reset {reset}")
    return [f"{'; '.join(names)}: {words}" for words, names in kinds.items()]


def _firmware(firmware: Firmware) -> list[str]:
    """Return what is known of its core, and whether prices use it."""
    core = firmware.core
    used = "memory counts its code, latency and energy its instructions, one a cycle"
    unused = "not priced (firmware.priced: false): memory counts no code, and latency hand-counted cycles"
    return [
        f"{core.name}: {used if firmware.priced else unused}",
        f"instructions of {len(core.instructions)} terms and bytes of {len(core.code_bytes)} parts [emulated: "
        f"instructions, not cycles; {core.source}]",
        f"errors on {core.errors}",
    ]


def _unknown(profile: HardwareProfile) -> list[str]:
    costs = [f"{name} of an inference" for name in ("energy_j", "latency_s") if not profile.tells(name)]
    numbers = [place for place, quantity in profile.quantities if quantity.value is None]
    costs += [
        f"whether {name} ({profile.labels[name].partition(',')[0]}) holds: no measured network confirms it"
        for name in profile.uncalibrated
        if name in profile.labels
    ]
    return [*costs, *numbers] or ["nothing that this file has a place for"]


def _numbers(profile: HardwareProfile) -> list[str]:
    return [
        f"{place} = {number.text} [{number.grade}; {number.source}]"
        + (f" {number.conditions}" if number.conditions else "")
        for place, number in profile.quantities
    ]
