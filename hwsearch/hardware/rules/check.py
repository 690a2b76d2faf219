"""What does not map onto a device, and why: one small function a rule, named after it.

Limits are hard: one violation and the network does not run. Not for budgets, which a study sets. The rules of single
toolchains are in `toolchain_limits`, those of a family's formula in `family_rules`, those of what may be connected in
`connection_rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hwsearch.hardware.cost_model import Cost, price
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.limits import Limits
from hwsearch.hardware.rules.connection_rules import CONNECTION_RULES
from hwsearch.hardware.rules.family_rules import FAMILY_RULES
from hwsearch.hardware.rules.toolchain_limits import LIMIT_RULES
from hwsearch.hardware.rules.violation import Rule, Violation, over
from hwsearch.hardware.workload import Workload

_NO_LIMITS = Limits()


def violations(
    workload: Workload,
    profile: HardwareProfile,
    *,
    accumulator_bits_needed: int | None = None,
    cost: Cost | None = None,
) -> list[Violation]:
    """Return every hard limit of a device that a network breaks; none: it maps.

    Args:
        workload: The network's work and counts.
        profile: The device.
        accumulator_bits_needed: Widest accumulator that the network needs; None: not known yet, not checked.
        cost: The network's price on the device, if it is known already.
    """
    return [
        *neuron_model_offered(workload, profile),
        *reset_offered(workload, profile),
        *weight_bits_offered(workload, profile),
        *fan_in_within_limit(workload, profile),
        *fan_out_within_limit(workload, profile),
        *neurons_within_limit(workload, profile),
        *banks_hold_everything(cost or price(workload, profile), profile),
        *accumulator_wide_enough(profile, accumulator_bits_needed),
        *(violation for rule in _rules(profile) for violation in rule(workload, profile)),
    ]


def _rules(profile: HardwareProfile) -> tuple[Rule, ...]:
    """Return the rules that may say something of a device: some are of limits, some of models, which few have."""
    limited = () if profile.limits == _NO_LIMITS else LIMIT_RULES
    return *limited, *(() if profile.model is None else FAMILY_RULES), *CONNECTION_RULES


def neuron_model_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device runs each neuron model of the network."""
    for neuron_model in _once(population.model for population in workload.populations):
        if neuron_model in profile.neuron_models:
            continue
        message = f"neuron model {neuron_model}: {profile.id} runs {', '.join(profile.neuron_models)}"
        yield Violation("neuron_model_offered", 0, 0, "", message)


def reset_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device has each reset of the network."""
    for reset in _once(population.reset for population in workload.populations):
        if reset in profile.resets:
            continue
        message = f"reset {reset}: {profile.id} has {', '.join(profile.resets)}"
        yield Violation("reset_offered", 0, 0, "", message)


def weight_bits_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each connection's weights have a width that the device takes."""
    for layer in workload.connections:
        if layer.weight_bits not in profile.weight_bits:
            menu = ", ".join(map(str, profile.weight_bits))
            message = f"{layer.name}: {layer.weight_bits}-bit weights: {profile.id} takes {menu}"
            yield Violation("weight_bits_offered", layer.weight_bits, 0, layer.name, message)


def fan_in_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each neuron's inputs, pruned ones included, are within the device's limit."""
    for population, incoming in workload.joined():
        need = sum(c.census.in_channels * c.census.kernel_area for c in incoming)
        yield from over(
            "fan_in_within_limit", need, profile.max_fan_in, population.name, "inputs to a neuron"
        )


def fan_out_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each source's targets, pruned ones included, are within the device's limit."""
    for source in dict.fromkeys(c.source for c in workload.connections):
        outgoing = workload.reading(source)
        need, names = sum(c.fan_out for c in outgoing), " and ".join(c.name for c in outgoing)
        what = "targets of an input to this layer" if len(outgoing) == 1 else "targets of an input to these"
        yield from over("fan_out_within_limit", need, profile.max_fan_out, names, what)


def neurons_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """All neurons together, the readout's included, are within the device's limit."""
    need = sum(population.neurons for population in workload.populations)
    yield from over("neurons_within_limit", need, profile.max_neurons, "", "neurons")


def banks_hold_everything(cost: Cost, profile: HardwareProfile) -> Iterator[Violation]:
    """What each memory must hold is within its size, less what is reserved in it."""
    needs = dict(cost.banks)
    for bank in profile.banks:
        what = f"bytes in {bank.name}"
        if bank.size_bytes is not None and bank.reserved_bytes:
            what += f" (of {bank.size_bytes:,}, {bank.reserved_bytes:,} are reserved)"
        yield from over("banks_hold_everything", needs[bank.name], bank.free_bytes, "", what)


def accumulator_wide_enough(profile: HardwareProfile, bits_needed: int | None) -> Iterator[Violation]:
    """The widest sum fits the device's accumulator."""
    if bits_needed is not None:
        limit, what = profile.accumulator_bits, "bits of accumulator"
        yield from over("accumulator_wide_enough", bits_needed, limit, "", what)


def _once(words: Iterable[str | None]) -> list[str]:
    """Return words in order, each once."""
    return list(dict.fromkeys(word for word in words if word is not None))
