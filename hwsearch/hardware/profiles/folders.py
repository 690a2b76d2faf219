"""Where profiles lie: the folders that are searched for them, nearest first."""

from __future__ import annotations

import os
from pathlib import Path

FOLDERS_VARIABLE = "HWSEARCH_PROFILES"
"""Environment variable with further folders of profiles, separated as PATH is."""


def profile_folders() -> list[Path]:
    """Return the folders of profiles, nearest first: ./hardware_profiles, HWSEARCH_PROFILES, the package's own."""
    package = Path(__file__).parents[2]
    packaged = package / "hardware_profiles"  # in a wheel; in a checkout they stand beside the package
    shipped = packaged if packaged.is_dir() else package.parent / "hardware_profiles"
    named = [Path(part) for part in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if part]
    return [folder for folder in (Path("hardware_profiles"), *named, shipped) if folder.is_dir()]
