"""What a workload costs on a device: memory by bank, operations, energy and latency of one inference.

Predicted and measured costs both come from `price`; they differ in the workload only. An unknown constant gives
an unknown cost (None), never 0. Not for what a device refuses: `rules` says that.

How a family of devices stores and works a network off is in `hwsearch.hardware.families`. Removed channels are gone
from the workload's shapes already, so they always pay.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.crossbar import crossbar
from hwsearch.hardware.families.event_cores import event_cores
from hwsearch.hardware.families.fpga import fpga_clock, fpga_dataflow
from hwsearch.hardware.families.many_core import many_core
from hwsearch.hardware.families.packed import packed
from hwsearch.hardware.families.parts import Parts
from hwsearch.hardware.families.roofline import npu, roofline
from hwsearch.hardware.families.step_cycles import step_cycles
from hwsearch.hardware.families.storing import storage_words
from hwsearch.hardware.models import (
    Crossbar,
    EventCores,
    FpgaClock,
    FpgaDataflow,
    ManyCore,
    Npu,
    Roofline,
    StepCycles,
)
from hwsearch.hardware.storage import stored_bytes
from hwsearch.hardware.workload import Workload


@dataclass(frozen=True)
class Cost:
    """The price of one inference, and of keeping the network.

    Attributes:
        memory_bytes: Everything below together.
        banks: (bank, bytes in it).
        weight_bytes: Packed weights, with index and padding.
        bias_bytes: Biases, and the thresholds of spiking layers, one an output channel.
        state_bytes: Membranes, and the accumulators of the readout.
        buffer_bytes: Input, its kept current, one bit a neuron for spikes, and sums that software keeps in memory.
        formats: Storage format of each layer.
        synaptic_ops: Accumulates at non-zero weights.
        macs: Multiply-accumulates at non-zero weights.
        neuron_updates: Membrane updates.
        charged_ops: Operations that the device works off (cycles where it has them, else energy).
        energy_j: Dynamic energy, or all-in where the device is priced by the cycle; None: unknown.
        static_energy_j: Static power times latency; None: unknown, or inside ``energy_j``.
        latency_s: Time of one inference; None: unknown.
        energy_grade: Weakest grade among the constants behind ``energy_j``; None: unknown.
        latency_grade: Likewise for ``latency_s``.
        notes: What a reader of these numbers should know.
        packed_bytes: Bytes of the weights as a file in ``formats``; fewer than ``weight_bytes`` where the device
            gives memory out in lumps.
        storage: What formats cost that are not the smallest, a sentence a connection.
        code_bytes: Program code, in the bank of the weights; 0 where the profile does not count it.
    """

    memory_bytes: int
    banks: tuple[tuple[str, int], ...]
    weight_bytes: int
    bias_bytes: int
    state_bytes: int
    buffer_bytes: int
    formats: tuple[str, ...]
    synaptic_ops: float
    macs: float
    neuron_updates: int
    charged_ops: float
    energy_j: float | None
    static_energy_j: float | None
    latency_s: float | None
    energy_grade: str | None
    latency_grade: str | None
    notes: tuple[str, ...]
    packed_bytes: int = 0
    storage: tuple[str, ...] = ()
    code_bytes: int = 0


def price(workload: Workload, profile: HardwareProfile) -> Cost:
    """Return what a workload costs on a device.

    Raises:
        ValueError: If no format of the profile can hold a layer.

    """
    profile = profile.with_membranes(workload.state_bits)
    parts = _parts(workload, profile)
    n_bytes = {
        "weights": sum(layer.n_bytes for layer in parts.stored),
        "params": parts.params,
        "state": parts.state,
        "buffers": parts.buffers,
    }
    storage = storage_words(workload, profile, parts.stored)
    static_j = None
    if parts.latency_s is not None and parts.static_w is not None and not parts.all_in:
        static_j = parts.static_w * parts.latency_s
    return Cost(
        memory_bytes=sum(n_bytes.values()) + parts.code,
        banks=tuple(
            (
                bank.name,
                sum(n_bytes[what] for what in bank.holds) + (parts.code if "weights" in bank.holds else 0),
            )
            for bank in profile.banks
        ),
        weight_bytes=n_bytes["weights"],
        bias_bytes=n_bytes["params"],
        state_bytes=n_bytes["state"],
        buffer_bytes=n_bytes["buffers"],
        formats=tuple(layer.format for layer in parts.stored),
        synaptic_ops=workload.synaptic_ops,
        macs=workload.macs,
        neuron_updates=workload.neuron_updates,
        charged_ops=parts.charged_ops,
        energy_j=parts.energy_j,
        static_energy_j=static_j,
        latency_s=parts.latency_s,
        energy_grade=None if parts.energy_j is None else profile.labels.get("energy_j"),
        latency_grade=None if parts.latency_s is None else profile.labels.get("latency_s"),
        notes=(*_notes(workload, profile, parts), *storage),
        packed_bytes=_packed_bytes(profile, parts),
        storage=storage,
        code_bytes=parts.code,
    )


def cost_fields(cost: Cost) -> dict[str, float | int | None]:
    """Return the costs that reports and budgets name, and ``<bank>_bytes`` of each bank."""
    return {
        "memory_bytes": cost.memory_bytes,
        "weight_bytes": cost.weight_bytes,
        "bias_bytes": cost.bias_bytes,
        "state_bytes": cost.state_bytes,
        "buffer_bytes": cost.buffer_bytes,
        "synaptic_ops": cost.synaptic_ops,
        "macs": cost.macs,
        "energy_j": cost.energy_j,
        "latency_s": cost.latency_s,
        **{f"{name}_bytes": n_bytes for name, n_bytes in cost.banks},
    }


def _parts(workload: Workload, profile: HardwareProfile) -> Parts:
    """Return a network on a device, by the family's formula."""
    match profile.model:
        case ManyCore() as model:
            return many_core(workload, profile, model)
        case StepCycles() as model:
            return step_cycles(workload, profile, model)
        case EventCores() as model:
            return event_cores(workload, profile, model)
        case Crossbar() as model:
            return crossbar(workload, profile, model)
        case FpgaClock() as model:
            return fpga_clock(workload, profile, model)
        case FpgaDataflow() as model:
            return fpga_dataflow(workload, profile, model)
        case Npu() as model:
            return npu(workload, profile, model)
        case Roofline() as model:
            return roofline(workload, profile, model)
        case None:
            return packed(workload, profile)


def _packed_bytes(profile: HardwareProfile, parts: Parts) -> int:
    if profile.model is None:
        return sum(layer.n_bytes for layer in parts.stored)
    return sum(
        stored_bytes(layer.format, layer.work.census, layer.work.weight_bits, profile.pointer_bits) or 0
        for layer in parts.stored
    )


def _notes(workload: Workload, profile: HardwareProfile, parts: Parts) -> tuple[str, ...]:
    notes = list(parts.notes)
    if workload.analog and not profile.takes_analog:
        notes.append(
            f"{profile.id} reads events: an input value that is not zero is priced as one event a timestep, and the "
            "host must present it so that it carries the value"
        )
    for name, value in (("energy_j", parts.energy_j), ("latency_s", parts.latency_s)):
        if value is None:
            notes.append(f"{name} is unknown on {profile.id}")
        elif profile.labels.get(name, "").startswith("estimated"):
            notes.append(f"{name} is an estimate: a constant behind it is graded so")
        if value is not None and name in profile.uncalibrated:
            notes.append(f"{name} is uncalibrated: no measured network confirms it on {profile.id}")
    if parts.all_in and parts.energy_j is not None:
        notes.append("energy_j is all-in: static power is inside, nothing is added")
    return tuple(notes)
