"""``monitor.yaml``: what is watched of an exported model, the limits, and what they were learned on.

Not for how a monitor is learned (`hwsearch.monitor.learn`), nor for its C code (`c.monitor`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hwsearch.errors import InputError, RecordError
from hwsearch.export.yaml_text import yaml_text
from hwsearch.monitor.learn import CONFIDENCE, LeftOut, Monitor
from hwsearch.monitor.quantities import MOST, Quantity, quantities_of
from hwsearch.monitor.rule import CLIP, MOST_GAIN, MOST_LIMIT, MOST_SHIFT, SLACK, SPREAD, Rule, Watch
from hwsearch.network.integers import IntegerNetwork
from hwsearch.records.files import write_text
from hwsearch.study.yaml_border import read_yaml, validate

FILE = "monitor.yaml"
_FORMAT = 1
_MOST_CLASSES = 65_535
Number = Annotated[float, Field(allow_inf_nan=False)]
Limit = Annotated[int, Field(ge=0, le=MOST_LIMIT)]


class _Part(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore", frozen=True)


class _Watched(_Part):
    name: str
    kind: Literal["input", "spikes", "margin", "no_answer"]
    place: int | None
    mean: Number
    spread: Number
    down: Annotated[int, Field(ge=0, le=31)]
    gain: Annotated[int, Field(ge=0, le=MOST_GAIN)]
    shift: Annotated[int, Field(ge=0, le=MOST_SHIFT)]
    offsets: Annotated[
        list[Annotated[int, Field(ge=-(2 ** (MOST_SHIFT - 1)), lt=2**30)]],
        Field(min_length=1, max_length=_MOST_CLASSES),
    ]
    limit_above: Limit
    limit_below: Limit


class _FalseAlarms(_Part):
    inferences: Annotated[int, Field(ge=1)]
    chance: Annotated[float, Field(gt=0, lt=1)]


class _LearnedOn(_Part):
    samples: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=1)]


class _LeftOut(_Part):
    groups: Annotated[int, Field(ge=1)]
    alarmed: Annotated[int, Field(ge=0)]


class _File(_Part):
    format: Literal[1]
    identity: dict[str, str | int | float | bool | None]
    false_alarms: _FalseAlarms
    learned_on: _LearnedOn
    new_groups: _LeftOut | None
    spread: Literal[16]
    slack: Literal[8]
    clip: Literal[64]
    watched: Annotated[list[_Watched], Field(min_length=1, max_length=MOST)]


def write_monitor(path: Path, monitor: Monitor, identity: Mapping[str, Any]) -> None:
    """Write the file; ``identity`` says of which model it is."""
    rule, left_out = monitor.rule, monitor.left_out
    told = zip(rule.watches, rule.limits, monitor.means, monitor.spreads, strict=True)
    new_groups = None if left_out is None else _promised(left_out)
    values = {
        "format": _FORMAT,
        "identity": dict(identity),
        "false_alarms": {"inferences": monitor.inferences, "chance": monitor.chance},
        "learned_on": {"samples": monitor.samples, "units": monitor.units},
        "new_groups": new_groups,
        "spread": SPREAD,
        "slack": SLACK,
        "clip": CLIP,
        "watched": [_told(*each) for each in told],
    }
    write_text(path, yaml_text(values))


def _promised(left_out: LeftOut) -> dict[str, int | float]:
    """Return what a file says of groups that were left out, and of new ones."""
    chance = {"chance_alone": round(left_out.most, 4), "confidence": CONFIDENCE}
    return {"groups": left_out.groups, "alarmed": left_out.alarmed, **chance}


def _told(watch: Watch, limits: tuple[int, int], mean: float, spread: float) -> dict[str, Any]:
    """Return what a file says of a quantity."""
    return {
        "name": watch.quantity.name, "kind": watch.quantity.kind, "place": watch.quantity.place, "mean": mean,
        "spread": spread, "down": watch.down, "gain": watch.gain, "shift": watch.shift,
        "offsets": list(watch.offsets), "limit_above": limits[0], "limit_below": limits[1],
    }  # fmt: skip


def read_monitor(path: Path, network: IntegerNetwork) -> Monitor:
    """Return the monitor of a network.

    Raises:
        RecordError: The file is missing or damaged, or watches something else than this network has.
    """
    file = _read(path)
    watches = tuple(
        Watch(Quantity(w.name, w.kind, w.place), w.down, w.gain, w.shift, tuple(w.offsets))
        for w in file.watched
    )
    classes = network.populations[-1].shape.channels
    wanted = quantities_of(network)
    if tuple(w.quantity for w in watches) != wanted or any(len(w.offsets) != classes for w in watches):
        law = f"a monitor must watch {', '.join(q.name for q in wanted)}, with an offset for each of {classes} classes"
        raise RecordError(f"{path}: {law}; got another network's (export the trial again)")
    return Monitor(
        Rule(watches, tuple((w.limit_above, w.limit_below) for w in file.watched)),
        tuple(w.mean for w in file.watched),
        tuple(w.spread for w in file.watched),
        file.learned_on.samples,
        file.learned_on.units,
        file.false_alarms.inferences,
        file.false_alarms.chance,
        None if file.new_groups is None else LeftOut(file.new_groups.groups, file.new_groups.alarmed),
    )


def monitor_identity(path: Path) -> dict[str, Any]:
    """Return what a file says of which model it is.

    Raises:
        RecordError: It is missing or damaged.
    """
    return dict(_read(path).identity)


def _read(path: Path) -> _File:
    law = f"{FILE} must be as an export wrote it"
    try:
        document = read_yaml(path)
    except InputError as error:
        raise RecordError(f"{path}: {law}; got: {error.faults[0].got} (export the trial again)") from None
    found = list(document.repeats) or validate(document, _File, document.data)
    if isinstance(found, list):
        raise RecordError(f"{path}: {law}; got: {found[0]} (export the trial again)")
    return found
