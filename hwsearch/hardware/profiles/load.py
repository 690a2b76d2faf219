"""Hardware profiles: find them, load them, check them.

A profile is one YAML file; `load_profile` turns it into a `HardwareProfile` in SI units. Not for the file's
shape and laws (`schema`), its conversion (`read`) or prices (`cost_model`).
"""

from __future__ import annotations

import re
from pathlib import Path

from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.folders import profile_folders

_HEAD = re.compile(r"""^(id|name):\s*(?:"([^"]*)"|'([^']*)'|([^#\n]*?))\s*(?:#.*)?$""", re.MULTILINE)


def load_profile(path_or_id: str | Path, where: str = "") -> HardwareProfile:
    """Load a profile.

    Args:
        path_or_id: A path that ends in ``.yaml`` (or ``.yml``), or the id of a profile in `profile_folders`.
        where: The key or option that names it, for faults.

    Raises:
        InputError: There is none, or the file breaks a law (every fault is named).
    """
    from hwsearch.hardware.profiles.read import read_device  # not on top: listing must answer at once

    return read_device(_find(path_or_id, where))


def check_profile(path: str | Path) -> list[Fault]:
    """Return every fault of a profile file; none: it can be used."""
    from hwsearch.hardware.profiles.read import read_device

    try:
        read_device(Path(path))
    except InputError as error:
        return list(error.faults)
    return []


def list_profiles() -> list[tuple[str, str, Path]]:
    """Return (id, name, path) of every profile in `profile_folders`, by id.

    Of several with one id the one in the nearest folder is taken, as a shell takes the first command on its path. Only
    the two lines are read, at the file's left margin: a file may be listed and yet be faulty.
    """
    found: dict[str, tuple[str, str, Path]] = {}
    for folder in profile_folders():
        for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
            text = path.read_text("utf-8", "replace")
            head = {m[1]: m[2] or m[3] or m[4] or "" for m in _HEAD.finditer(text)}
            if head.get("id"):
                found.setdefault(head["id"], (head["id"], head.get("name", ""), path))
    return sorted(found.values())


def profile_beside(profile: str, path: Path | None) -> str:
    """Return a profile's path relative to the file that names it, if it is a file's; else its id."""
    if not profile.endswith((".yaml", ".yml")) or Path(profile).is_absolute() or path is None:
        return profile
    return str(path.parent / profile)


def _find(path_or_id: str | Path, where: str) -> Path:
    name, law = str(path_or_id), "a hardware profile must exist"
    if name.endswith((".yaml", ".yml")):
        if Path(name).exists():
            return Path(name)
        raise InputError([Fault(where, law, f"no file {name!r}", "correct the path, or give an id")])
    known = {ident: path for ident, _, path in list_profiles()}
    if name in known:
        return known[name]
    todo = f"{did_you_mean(name, known, 'ids')}; or a path that ends in .yaml"
    raise InputError([Fault(where, law, repr(name), todo)])
