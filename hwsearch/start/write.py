"""A first study: the answers to a few questions, and what the data themselves say, as a commented file.

What is written was checked as a whole before: it loads, its data can be read and split, and its network maps onto the
device. Not for asking (the command line does), nor for what is proposed (`plan.proposal`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.plan.proposal import Sample, objectives, proposed
from hwsearch.records.files import write_text
from hwsearch.shown import line
from hwsearch.start.look import TABLES, Found, inputs_of
from hwsearch.study.model import Study, override
from hwsearch.study.said import at_arguments, said_study

_NAMES = {
    "data.label": "--label", "data.y": "--label", "data.group": "--group", "data.time": "--time", "data.x": "--x",
    "data.part": "--part", "data.window": "--window", "data.hop": "--hop", "data.columns": "--columns",
    "data.axes": "--axes", "device.profile": "--device", "device.budgets": "--budget", "pick.within": "--within",
    "name": "--to",
}  # fmt: skip
"""Options by the keys of a study that they say."""
_BARE = re.compile(r"[A-Za-z][\w./-]*|[\d.]+%")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True)
class Answers:
    """What somebody said of a first study.

    Attributes:
        data: The file or folder.
        device: Id or file of a hardware profile.
        within: Accuracy that may be lost.
        uses: Which column or array is what: ``label``, ``group``, ``time``, ``part``, ``x``.
        settings: Further keys of the section ``data``: ``window``, ``hop``, ``axes``.
        budgets: Limits by cost, as a study writes them.
    """

    data: Path
    device: str
    within: str
    uses: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    budgets: Mapping[str, str] = field(default_factory=dict)


def write_first_study(found: Found, answers: Answers, to: Path) -> Plan:
    """Write a commented study that loads, sized to its data and its device; return its plan.

    Args:
        found: A look into the data.
        answers: What was said.
        to: The file, which must not be there yet.

    Raises:
        InputError: An answer breaks a law, or the data do; each fault names the option. Nothing was written.
    """
    if to.suffix not in (".yaml", ".yml"):
        raise InputError([Fault("--to", "a study's file must end in .yaml", str(to))])
    if to.exists():
        raise InputError([Fault("--to", "a first study needs a file that is not there yet", str(to))])
    profile = load_profile(answers.device, "--device")
    section = data_section(found, answers, to)
    content = _content(section, answers, to, profile, Sample.unknown())
    samples = _samples(content, to)
    content = _content(section, answers, to, profile, Sample.of(samples))
    try:
        plan = make_plan(_at_home(said_study(content, _NAMES), to), to)
    except InputError as error:
        raise InputError(at_arguments(error.faults, _NAMES, to)) from None
    to.parent.mkdir(parents=True, exist_ok=True)
    write_text(to, _text(content, plan, samples))
    return plan


def data_section(found: Found, answers: Answers, to: Path) -> dict[str, Any]:
    """Return the section ``data`` of the answers."""
    inside = to.resolve().parent in answers.data.resolve().parents
    name = answers.data.resolve().relative_to(to.resolve().parent) if inside else Path(answers.data.name)
    section: dict[str, Any] = {} if inside else {"root": str(answers.data.resolve().parent)}
    section[found.source] = name.as_posix()
    uses, settings = dict(answers.uses), dict(answers.settings)
    if found.source == "npz":
        section |= {"x": uses.get("x", "x"), "y": uses["label"]}
    elif found.source in ("wav", "images"):
        section["label"] = uses.get("label", "folder")
    elif found.source == "events":
        section["format"] = found.format
    else:
        section["label"] = uses["label"]
    of_rows = ("group", "time", "part") if found.source in TABLES.values() else ()
    named = ("group", "part") if found.source == "npz" else of_rows
    if of_rows and "columns" not in settings and (inputs := inputs_of(found, uses)) is not None:
        settings["columns"] = list(inputs)
    return section | {key: uses[key] for key in named if key in uses} | settings


def _samples(content: Mapping[str, Any], to: Path) -> Samples:
    """Return the samples that a section names, as its reader gives them."""
    try:
        return read_samples(_at_home(said_study(content, _NAMES), to).data)
    except InputError as error:
        raise InputError(at_arguments(error.faults, _NAMES, to)) from None


def _at_home(study: Study, to: Path) -> Study:
    """Return the study with the folder that its data's path starts from, as `load_study` finds it."""
    return override(study, data_root=study.data.root or str(to.parent.resolve()))


def _content(
    section: Mapping[str, Any], answers: Answers, to: Path, profile: HardwareProfile, sample: Sample
) -> dict[str, Any]:
    """Return the sections of the study, in the order of the file."""
    sized = proposed(sample, profile)
    return {
        "name": re.sub(r"[^A-Za-z0-9_-]+", "_", to.stem).strip("_-") or "study",
        "data": dict(section),
        "network": sized["network"],
        "space": sized["space"],
        "device": {"profile": answers.device, "budgets": dict(answers.budgets)},
        "objectives": objectives(profile),
        "train": sized["train"],
        "search": sized["search"],
        "final": sized["final"],
        "pick": {"rule": "smallest", "within": answers.within},
    }


def _text(content: Mapping[str, Any], plan: Plan, samples: Samples) -> str:
    """Return the file: a comment, then the section that it is about."""
    comments = _comments(plan, samples)
    lines = [
        "# Written by `hwsearch init`. Look at the data: hwsearch data check FILE; search: hwsearch run FILE."
    ]
    for name, value in content.items():
        lines += [f"# {line(text)}" for text in comments.get(name, ())]  # a class may be called anything
        if isinstance(value, Mapping) and name in ("data", "space", "device"):
            lines += [f"{name}:", *(f"  {key}: {_flow(part)}" for key, part in value.items())]
        else:
            lines.append(f"{name}: {_flow(value)}")
    return "\n".join(lines) + "\n"


def _comments(plan: Plan, samples: Samples) -> dict[str, list[str]]:
    """Return what is said above each section."""
    data, profile = plan.data, plan.profile
    parts = (
        f"{len(data.y_train)} samples to train on, {len(data.y_val)} to choose by, {len(data.y_test)} to test"
    )
    kind = "still" if data.frames is None else f"a sequence of {data.frames} frames"
    shape = " x ".join(map(str, data.input_shape))
    groups = (
        [] if samples.groups is None else [f"{int(samples.groups.max()) + 1} groups, each whole in one part"]
    )
    names = ", ".join(data.class_names[:8] or map(str, range(min(8, data.classes))))
    error = 100 * (0.1 * 0.9 / len(data.y_val)) ** 0.5
    weights, timesteps = plan.spec.n_weights, " or ".join(map(str, plan.space.timesteps))
    return {
        "data": [
            f"{parts}; {data.classes} classes: {names}{', ...' if data.classes > 8 else ''}",
            f"a sample is {kind} of {shape} values{'; ' if groups else ''}{''.join(groups)}",
        ],
        "network": [
            f"{weights:,} weights by the shape of a sample; docs/networks.md has all that may stand here",
        ],
        "space": [f"what is searched: what pays on {profile.id}, at {timesteps} timesteps"],
        "device": [
            f"{profile.name}; `hwsearch profiles list` has others; budgets, such as memory_bytes: 16 KiB, are optional"
        ],
        "train": ["passes over the training samples, of the dense network and of candidates"],
        "search": ["more candidates find smaller networks, in proportionally more time"],
        "final": ["fresh trainings of each member of the front; more seeds, narrower intervals"],
        "pick": [
            f"accuracy that may be lost; an accuracy of 90 % on {len(data.y_val)} samples is known to {error:.1f} "
            "points (one standard error)",
        ],
    }  # fmt: skip


def _flow(value: Any) -> str:
    """Return a value in YAML's flow style."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and _BARE.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """Return text in double quotes; what is no letter to read as the escape that YAML has for it."""
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in shown)
