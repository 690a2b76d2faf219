"""Whether a run folder is another study's: it is refused before anything is written, by the keys that differ.

Not for the storage, which may hold other searches as well (`storage`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hwsearch.errors import Fault, InputError
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.records.run_folder import RunFolder
from hwsearch.study.model import Study, load_study
from hwsearch.study.yaml_border import read_yaml

Loaded = TypeVar("Loaded")
_TODO = "choose another --out, or put it back"
_ABSENT = object()


def refuse_changed(study: Study, profile: HardwareProfile, folder: RunFolder) -> None:
    """Refuse a folder whose run was of another study or device; what does not change the search may differ.

    Raises:
        InputError: Each key of the study and of the profile that differs, with both values; or what lies in the folder
            cannot be read.
    """
    if not folder.study.exists():
        return
    used = _read(load_study, folder.study)
    faults = []
    if used.digest != study.digest:
        law = f"a run folder holds one study, and here lies the run of {used.name}"
        faults += _faults(folder.study, law, _plain(used), _plain(study))
    if folder.profile.exists():
        device = _read(load_profile, folder.profile)
        if device.digest != profile.digest:
            law = f"a run folder holds the run of one device, and here it is {device.id}"
            before, now = read_yaml(folder.profile).data, read_yaml(profile.path).data
            faults += _faults(folder.profile, law, before, now)
    if faults:
        raise InputError(faults)


def _read(load: Callable[[Path], Loaded], path: Path) -> Loaded:
    """Return what lies in the folder.

    Raises:
        InputError: It cannot be read; the folder is to blame, not what was asked.
    """
    try:
        return load(path)
    except InputError as error:
        law = "what a run folder keeps of its run must be readable"
        first = error.faults[0]
        got = f"line {first.line}: {first.law}" if first.line else first.law
        todo = "choose another --out, or put the file back as it was"
        raise InputError([Fault(first.where, law, got, todo, path)]) from None


def _faults(path: Path, law: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for each key that differs, placed where the used value stands."""
    document = read_yaml(path)
    used, asked = dict(leaves(before, ())), dict(leaves(now, ()))
    return [
        Fault(
            ".".join(map(str, loc)),
            law,
            f"{_shown(asked.get(loc, _ABSENT))}, used was {_shown(used.get(loc, _ABSENT))}",
            _TODO,
            path,
            document.line(loc),
        )
        for loc in {**used, **asked}
        if used.get(loc, _ABSENT) != asked.get(loc, _ABSENT)
    ]


def _plain(study: Study) -> dict[str, Any]:
    """Return what changes the search as plain values."""
    whole, counts = study.to_yaml_dict(), study.searched()
    return {
        name: {
            key: counted if isinstance(counted, int) else whole[name][key] for key, counted in section.items()
        }
        if isinstance(section, dict)
        else whole[name]
        for name, section in counts.items()
    }


def leaves(value: Any, loc: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every value below, by its path of keys; a list of plain values is one."""
    if isinstance(value, Mapping):
        parts: list[tuple[str | int, Any]] = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        parts = list(enumerate(value))
    else:
        yield loc, value
        return
    for key, part in parts:
        yield from leaves(part, (*loc, key))


def _shown(value: Any) -> str:
    return "nothing" if value is _ABSENT else str(value)
