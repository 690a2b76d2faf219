"""Rules of what a device can do beyond a chain of plain connections: strides, joins, recurrence, sequences, readouts.

What its documents do not say is refused, and the message says which key of the profile would tell. A chain of square
filters of stride 1 that reads a still image asks nothing of these rules. Not for numbers: `toolchain_limits`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.rules.violation import Rule, Violation, offered
from hwsearch.hardware.workload import Workload


def stride_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device has filters with a stride, and the strides that are asked for."""
    for connection in workload.connections:
        if connection.stride == (1, 1):
            continue
        what = f"stride {_by(connection.stride)}"
        yield from _able("stride_offered", "strided", profile, connection.name, what)
        for step in dict.fromkeys(connection.stride):
            yield from offered("stride_offered", step, profile.limits.strides, connection.name, "stride")


def rectangle_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device has filters, and windows that pool a map of neurons, of unequal sides."""
    for connection in workload.connections:
        window = connection.pooling.window
        if connection.kernel[0] != connection.kernel[1]:
            what = f"a filter of {_by(connection.kernel)}"
            yield from _able("rectangle_offered", "rectangular", profile, connection.name, what)
        if window[0] != window[1] and connection.role != "input":  # an input is pooled by whoever presents it
            what = f"a pooling window of {_by(window)}"
            yield from _able("rectangle_offered", "rectangular", profile, connection.name, what)


def depthwise_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device has depthwise filters; the identity of a residual block is none."""
    for connection in workload.connections:
        if connection.depthwise and not connection.identity:
            what = "a filter a channel (depthwise)"
            yield from _able("depthwise_offered", "depthwise", profile, connection.name, what)


def residual_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device joins several connections of one timestep in one population."""
    for population, incoming in workload.joined():
        names = [connection.name for connection in incoming if not connection.delay]
        if len(names) > 1:
            what = f"{len(names)} connections into one population ({', '.join(names)})"
            yield from _able("residual_offered", "residual", profile, population.name, what)


def recurrence_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device has connections whose spikes arrive one timestep later."""
    for connection in workload.connections:
        if connection.delay:
            what = f"spikes that arrive {connection.delay} timestep later (recurrence)"
            yield from _able("recurrence_offered", "recurrence", profile, connection.name, what)


def analog_sequence_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device reads values that differ from timestep to timestep; a sequence of one timestep is an image."""
    if workload.analog and not workload.still and workload.timesteps > 1:
        what, name = "an input of other values in every timestep", workload.connections[0].name
        yield from _able("analog_sequence_offered", "analog_sequence", profile, name, what)


def readout_leak_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device has a readout that leaks."""
    if workload.readout.leak_shift is not None:
        what = f"a readout with a leak of v >> {workload.readout.leak_shift}"
        yield from _able(
            "readout_leak_offered", "leaky_readout", profile, workload.populations[-1].name, what
        )


def late_readout_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device has a readout that adds up the last timesteps only."""
    if workload.readout.first(workload.timesteps) > 0:
        what = f"a readout of the last {workload.readout.last} of {workload.timesteps} timesteps"
        yield from _able("late_readout_offered", "late_readout", profile, workload.populations[-1].name, what)


def step_readout_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The device gives a prediction after every timestep."""
    if workload.readout.labels == "step" and workload.timesteps > 1:
        what = "a prediction after every timestep"
        yield from _able("step_readout_offered", "step_readout", profile, workload.populations[-1].name, what)


CONNECTION_RULES: tuple[Rule, ...] = (
    stride_offered,
    rectangle_offered,
    depthwise_offered,
    residual_offered,
    recurrence_offered,
    analog_sequence_offered,
    readout_leak_offered,
    late_readout_offered,
    step_readout_offered,
)
"""Every rule of this module, in the order in which violations are listed."""


def _able(rule: str, ability: str, profile: HardwareProfile, layer: str, what: str) -> Iterator[Violation]:
    """Yield a violation unless the profile says that the device can."""
    can = getattr(profile.connectivity, ability)
    if can is None:
        message = (
            f"{layer}: {what}: whether {profile.id} can is not known, so it is refused (connections.{ability} of its "
            "profile would say)"
        )
        yield Violation(rule, 0, 0, layer, message)
    elif not can:
        yield Violation(rule, 0, 0, layer, f"{layer}: {what}: {profile.id} cannot")


def _by(sides: tuple[int, int]) -> str:
    return f"{sides[0]} x {sides[1]}"
