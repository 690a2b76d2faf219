"""From the arguments of ``hwsearch.search`` to the sections of a study: what is said, put over what is proposed.

Not for arrays and folders (`api_arrays`), nor for the laws of sections (`study`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwsearch.data.samples import Samples
from hwsearch.errors import Fault
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.plan.proposal import Sample, objectives, proposed
from hwsearch.records.run_folder import RunFolder

_NAMES = {
    "--out": "out", "--workers": "workers", "--device": "train_on", "--storage": "storage",
    "--scheduler": "scheduler",
    "--tls-ca": "scheduler.ca", "--tls-cert": "scheduler.cert", "--tls-key": "scheduler.key",
    "data.x": "x", "data.y": "y", "data.group": "groups", "data.part": "x_test", "data.axes": "axes",
    "device.profile": "device", "device.budgets": "budgets",
}  # fmt: skip
_NIR_ENDINGS = (".nir", ".h5")
_STAND_IN = "generic_45nm"
"""Stands for a device that is at fault, so that the faults of all other arguments are found with its own."""


@dataclass(frozen=True)
class Arguments:
    """What ``hwsearch.search`` was given besides arrays; as its arguments.

    Attributes:
        sections: Sections and keys of a study.
    """

    device: Any
    network: Any
    budgets: Mapping[str, Any] | None
    axes: str | None
    score: str | None
    within: Any
    candidates: Any
    seed: Any
    sections: Mapping[str, Any]


@dataclass
class Said:
    """A study as the arguments say it.

    Attributes:
        content: Sections as a study file has them.
        names: What the arguments are called that say a key.
        graph: A network in memory (an ``nir.NIRGraph``); None: there is none.
        faults: Of arguments that contradict each other.
    """

    content: dict[str, Any]
    names: dict[str, str] = field(default_factory=lambda: dict(_NAMES))
    graph: Any = None
    faults: list[Fault] = field(default_factory=list)


def known_profile(device: Any) -> HardwareProfile:
    """Return the device of an argument.

    Raises:
        InputError: There is no such profile, or it is faulty.
    """
    return device if isinstance(device, HardwareProfile) else load_profile(device, "device")


def said(
    given: Arguments, samples: Samples | None, profile: HardwareProfile | None, arrays: Mapping[str, Any]
) -> Said:
    """Return the study that arguments say, proposed where they say nothing.

    Args:
        given: The arguments.
        samples: What the arrays are; None: they are at fault.
        profile: The device; None: it is at fault.
        arrays: What lies in ``data.npz``, by name.
    """
    network, graph = _network(given.network)
    found = Said(_proposed(network, samples, profile or load_profile(_STAND_IN)), graph=graph)
    keys = {"npz": RunFolder(Path()).data.name} | {name: name for name in ("group", "part") if name in arrays}
    found.content |= {"name": "search", "seed": given.seed, "data": keys}
    found.content["device"] = {
        "profile": _profile_name(given.device),
        "budgets": {} if given.budgets is None else given.budgets,
    }
    for name, value in {"network": network, **given.sections}.items():
        _put(found.content, name, value)
    if not isinstance(given.network, Mapping):
        found.names |= {f"network.{key}": "network" for key in ("layers", "connections", "nir")}
    arguments = {
        "within": "pick.within",
        "candidates": "search.candidates",
        "axes": "data.axes",
        "score": "score",
    }
    for argument, key in arguments.items():
        _put_argument(found, argument, key, getattr(given, argument), given.sections)
    return found


def _proposed(network: Any, samples: Samples | None, profile: HardwareProfile) -> dict[str, Any]:
    """Return the sections that nobody need write, for the network that is given."""
    sample = Sample.unknown() if samples is None else Sample.of(samples)
    given = network if isinstance(network, dict) else {}
    layers = given.get("layers")
    first = layers[0] if isinstance(layers, list) and layers else layers
    sections: dict[str, Any] = proposed(sample, profile, first if isinstance(first, str) else None)
    if "connections" in given:
        del sections["network"]["layers"]
    if "nir" in given:  # such a file says its neurons too
        sections["network"] = {}
    return {**sections, "objectives": objectives(profile)}


def _put(content: dict[str, Any], name: str, value: Any) -> None:
    """Put a section over what is proposed: key by key, where it has keys."""
    before = content.get(name)
    merged = isinstance(before, Mapping) and isinstance(value, Mapping)
    content[name] = {**before, **value} if merged else value  # type: ignore[dict-item]


def _put_argument(found: Said, argument: str, key: str, value: Any, sections: Mapping[str, Any]) -> None:
    """Put an argument at its key, unless that is said by a section as well."""
    if value is None:
        return
    section, _, name = key.partition(".")
    said = sections.get(section)
    if not name:
        found.content[section] = value
        return
    if isinstance(said, Mapping) and name in said:
        law = f"{key} may be said once"
        found.faults.append(Fault(argument, law, f"{argument} and {section}", "leave one out"))
        return
    _put(found.content, section, {name: value})
    found.names[key] = argument


def _network(network: Any) -> tuple[Any, Any]:
    """Return the section that a network in any of its spellings is, and the graph in memory, where it is one."""
    if network is None:
        return {}, None
    if isinstance(network, Mapping):
        nir = network.get("nir")
        if nir is None:
            return dict(network), None
        section = nir if isinstance(nir, Mapping) else {"file": nir}
        file, graph = _network_file(section.get("file"))
        return {**network, "nir": {**section, "file": file}}, graph
    if isinstance(network, list | tuple):
        key = "layers" if all(isinstance(item, str) for item in network) else "connections"
        return {key: list(network)}, None
    if isinstance(network, str) and not network.endswith(_NIR_ENDINGS):
        return {"layers": network}, None
    file, graph = _network_file(network)
    return {"nir": {"file": file}}, graph


def _network_file(source: Any) -> tuple[Any, Any]:
    """Return how a study names a NIR file, and the graph that is to be written to it."""
    if isinstance(source, str | Path) or source is None:
        return source if source is None else str(Path(source).resolve()), None
    return RunFolder(Path()).network.name, source


def _profile_name(device: Any) -> str:
    """Return how a study names a device: a file's place does not depend on where the study is."""
    if isinstance(device, HardwareProfile):
        return str(device.path.resolve())
    return str(Path(device).resolve()) if str(device).endswith((".yaml", ".yml")) else str(device)
