"""What does not map onto a device, and why: one small function a rule, named after it.

Limits are hard: one violation and the network does not run. Not for budgets, which a study sets. The rules of single
toolchains are in `toolchain_limits`, those of a family's formula in `family_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hwsearch.hardware.cost_model import Cost, price
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.rules.family_rules import FAMILY_RULES
from hwsearch.hardware.rules.toolchain_limits import LIMIT_RULES
from hwsearch.hardware.rules.violation import Violation, over
from hwsearch.hardware.workload import Workload


def violations(
    workload: Workload,
    profile: HardwareProfile,
    *,
    neuron_model: str,
    reset: str,
    accumulator_bits_needed: int | None = None,
    cost: Cost | None = None,
) -> list[Violation]:
    """Return every hard limit of a device that a network breaks; none: it maps.

    Args:
        workload: The network's work and counts.
        profile: The device.
        neuron_model: Of the network's neurons, ``lif`` or ``if``.
        reset: Of the network's neurons, ``zero`` or ``subtract``.
        accumulator_bits_needed: Widest accumulator that the network needs; None: not known yet, not checked.
        cost: The network's price on the device, if it is known already.
    """
    return [
        *neuron_model_offered(profile, neuron_model),
        *reset_offered(profile, reset),
        *weight_bits_offered(workload, profile),
        *fan_in_within_limit(workload, profile),
        *fan_out_within_limit(workload, profile),
        *neurons_within_limit(workload, profile),
        *banks_hold_everything(cost or price(workload, profile), profile),
        *accumulator_wide_enough(profile, accumulator_bits_needed),
        *(violation for rule in (*LIMIT_RULES, *FAMILY_RULES) for violation in rule(workload, profile)),
    ]


def neuron_model_offered(profile: HardwareProfile, neuron_model: str) -> Iterator[Violation]:
    """The device runs the neuron model."""
    if neuron_model not in profile.neuron_models:
        message = f"neuron model {neuron_model}: {profile.id} runs {', '.join(profile.neuron_models)}"
        yield Violation("neuron_model_offered", 0, 0, "", message)


def reset_offered(profile: HardwareProfile, reset: str) -> Iterator[Violation]:
    """The device has the reset."""
    if reset not in profile.resets:
        message = f"reset {reset}: {profile.id} has {', '.join(profile.resets)}"
        yield Violation("reset_offered", 0, 0, "", message)


def weight_bits_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each layer's weights have a width that the device takes."""
    for layer in workload.layers:
        if layer.weight_bits not in profile.weight_bits:
            menu = ", ".join(map(str, profile.weight_bits))
            message = f"{layer.name}: {layer.weight_bits}-bit weights: {profile.id} takes {menu}"
            yield Violation("weight_bits_offered", layer.weight_bits, 0, layer.name, message)


def fan_in_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each neuron's inputs, pruned ones included, are within the device's limit."""
    for layer in workload.layers:
        need = layer.census.in_channels * layer.census.kernel_area
        yield from over("fan_in_within_limit", need, profile.max_fan_in, layer.name, "inputs to a neuron")


def fan_out_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each source's targets in the next layer, pruned ones included, are within the device's limit."""
    for layer in workload.layers:
        need = layer.census.out_channels * layer.census.kernel_area
        what = "targets of an input to this layer"
        yield from over("fan_out_within_limit", need, profile.max_fan_out, layer.name, what)


def neurons_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """All neurons together, the readout's included, are within the device's limit."""
    need = sum(layer.neurons for layer in workload.layers)
    yield from over("neurons_within_limit", need, profile.max_neurons, "", "neurons")


def banks_hold_everything(cost: Cost, profile: HardwareProfile) -> Iterator[Violation]:
    """What each memory must hold is within its size, less what is reserved in it."""
    needs = dict(cost.banks)
    for bank in profile.banks:
        what = f"bytes in {bank.name}" + (
            f" (of {bank.size_bytes:,}, {bank.reserved_bytes:,} are reserved)" if bank.reserved_bytes else ""
        )
        yield from over("banks_hold_everything", needs[bank.name], bank.free_bytes, "", what)


def accumulator_wide_enough(profile: HardwareProfile, bits_needed: int | None) -> Iterator[Violation]:
    """The widest sum fits the device's accumulator."""
    if bits_needed is not None:
        limit, what = profile.accumulator_bits, "bits of accumulator"
        yield from over("accumulator_wide_enough", bits_needed, limit, "", what)
