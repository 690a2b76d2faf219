"""A profile in words, for a person: what fits, what pays, what is unknown, and where each number comes from."""

from __future__ import annotations

import textwrap

from hwsearch.hardware.device import SKIPPABLE, HardwareProfile

_WIDTH = 110


def describe(profile: HardwareProfile) -> str:
    """Return a profile as plain text."""
    parts = [
        f"{profile.name} ({profile.id})",
        f"{profile.vendor}; {profile.family}" if profile.vendor else profile.family,
        textwrap.fill(profile.description, _WIDTH),
        _section("What fits", _fits(profile)),
        _section("What a zero saves", _pays(profile)),
        _section("What is unknown", _unknown(profile)),
        _section("Every number", _numbers(profile)),
        _section("Sources", [f"{key}: {text}" for key, text in profile.sources]),
    ]
    return "\n".join(part for part in parts if part)


def _section(title: str, lines: list[str]) -> str:
    filled = [textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="      ") for line in lines]
    return "\n".join(["", title, *filled])


def _fits(profile: HardwareProfile) -> list[str]:
    limits = {
        "inputs to a neuron": profile.max_fan_in,
        "targets": profile.max_fan_out,
        "neurons": profile.max_neurons,
    }
    known = [f"{limit:,} {what}" for what, limit in limits.items() if limit is not None]
    return [
        *(
            f"{bank.name}: {_bytes(bank.size_bytes)}"
            + (f", {_bytes(bank.reserved_bytes)} of them reserved" if bank.reserved_bytes else "")
            + f"; holds {', '.join(bank.holds)}"
            for bank in profile.banks
        ),
        f"weights of {', '.join(map(str, profile.weight_bits))} bits, stored as {', '.join(profile.formats)}",
        f"membranes of {profile.state_bits} bits ({profile.overflow} on overflow), accumulators of "
        f"{profile.accumulator_bits} bits, biases of {profile.bias_bits}, thresholds of {profile.threshold_bits}",
        f"neurons: {', '.join(profile.neuron_models)}; reset: {', '.join(profile.resets)}",
        f"pruning by {', '.join(profile.granularities)}",
        f"limits: {', '.join(known) or 'none known'}",
    ]


def _bytes(n_bytes: int | None) -> str:
    return "size unknown" if n_bytes is None else f"{n_bytes:,} bytes"


def _pays(profile: HardwareProfile) -> list[str]:
    lists = {"storage": profile.skips_storage, "cycles": profile.skips_cycles, "energy": profile.skips_energy}
    return [
        f"{zeros}: " + (", ".join(what for what, skipped in lists.items() if zeros in skipped) or "nothing")
        for zeros in SKIPPABLE
    ]


def _unknown(profile: HardwareProfile) -> list[str]:
    costs = [f"{name} of an inference" for name in ("energy_j", "latency_s") if not profile.tells(name)]
    numbers = [place for place, quantity in profile.quantities if quantity.value is None]
    return [*costs, *numbers] or ["nothing that this file has a place for"]


def _numbers(profile: HardwareProfile) -> list[str]:
    return [
        f"{place} = {one.text} [{one.grade}; {one.source}]" + (f" {one.conditions}" if one.conditions else "")
        for place, one in profile.quantities
    ]
