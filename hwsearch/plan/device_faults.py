"""What a study asks of its device that the device does not have, or its profile cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

from hwsearch.errors import Fault, did_you_mean
from hwsearch.graph.graph import NetworkSpec
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import has_conv
from hwsearch.hardware.device import HardwareProfile
from hwsearch.records.trials import COST_COLUMNS
from hwsearch.space.supported import search_space
from hwsearch.study.model import Study


def space_faults(study: Study, profile: HardwareProfile) -> list[Fault]:
    """Return the knobs of which the device supports no level."""
    # the layers make no difference to which levels there are
    space = search_space(study.space, profile, has_conv=study.network.has_conv)
    faults = [
        Fault(
            f"space.{knob}",
            f"at least one {knob} must be one that {profile.id} supports",
            str(list(getattr(study.space, knob))),
        )
        for knob in ("granularity", "weight_bits", "state_bits")
        if not getattr(space, knob)
    ]
    flat = [name for name in study.network.alternatives if not has_conv(name)]
    if flat and space.granularity == ("kernel",):
        law = "at least one granularity must apply to each network, and kernel needs a conv layer"
        faults.append(Fault("space.granularity", law, f"kernel alone, for {flat[0]}", "add another"))
    return faults


def profile_faults(study: Study, profile: HardwareProfile) -> list[Fault]:
    """Return what the study asks of the profile that it cannot tell."""
    faults = []
    known = set(COST_COLUMNS) | {f"{bank.name}_bytes" for bank in profile.banks}
    unknown = {name for name in ("energy_j", "latency_s") if not profile.tells(name)}
    for name in study.device.budgets:
        if name not in known:
            law = f"a budget must be of a cost that {profile.id} has"
            faults.append(Fault(f"device.budgets.{name}", law, name, did_you_mean(name, known, "costs")))
        elif name in unknown:
            law = f"{profile.id} must know what a budget limits"
            faults.append(Fault(f"device.budgets.{name}", law, f"{name}: unknown", "leave this budget out"))
    if study.device.storage != "smallest" and profile.family != "mcu":
        law = f"formats are chosen by their instructions on microcontrollers alone; {profile.id} is none"
        faults.append(Fault("device.storage", law, study.device.storage, "leave it at smallest"))
    if study.device.firmware == "priced" and profile.firmware is None:
        law = f"code and instructions are priced where the profile names its core; {profile.id} names none"
        faults.append(Fault("device.firmware", law, "priced", "leave it at profile"))
    for index, name in enumerate(study.objectives):
        if name in unknown:
            law = f"{profile.id} must know what an objective minimises"
            faults.append(Fault(f"objectives.{index}", law, f"{name}: unknown", "choose another objective"))
    return faults


def law_faults(study: Study, specs: Sequence[NetworkSpec], profile: HardwareProfile) -> list[Fault]:
    """Return the laws of neurons that the device does not have; specs: none where the study alone says the law."""
    faults, from_file, network = [], study.network.nir is not None, study.network
    alone = (NeuronLaw(network.leak_shift, network.threshold, network.reset),)
    laws = [law for spec in specs for law in spec.laws] or alone
    neurons = dict.fromkeys("if" if law.leak_shift is None else "lif" for law in laws)
    for neuron in neurons:
        if neuron not in profile.neuron_models:
            law = f"the neuron must be one that {profile.id} runs: {', '.join(profile.neuron_models)}"
            faults.append(Fault("network.nir" if from_file else "network.neuron", law, neuron))
    for reset in dict.fromkeys(law.reset for law in laws):
        if reset not in profile.resets:
            law = f"the reset must be one that {profile.id} has: {', '.join(profile.resets)}"
            faults.append(Fault("network.nir" if from_file else "network.reset", law, reset))
    return faults
