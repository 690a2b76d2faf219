"""Prints the oldest versions that pyproject.toml allows, as pip's constraints: what CI holds the package to as well.

    python tests/oldest.py > oldest.txt

torch and spikingjelly (and what comes with them) stay at those of constraints.txt: they are too large to install twice.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = (
    "torch",
    "torchvision",
    "torchaudio",
    "spikingjelly",
    "h5py",
    "nir",
    "nirtorch",
    "tonic",
    "snntorch",
    "neurobench",
)


def lower_bounds(requirements):
    """Return ``name==version`` of every requirement of the form ``name>=version,...``."""
    found = {}
    for requirement in requirements:
        match = re.match(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", requirement)
        if match is None:
            raise ValueError(f"{requirement!r} has no lower bound of the form name>=version")
        found[match[1]] = match[2]
    return found


def pinned(text):
    """Return the versions that a constraints file pins."""
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)$", text, re.MULTILINE))


def oldest():
    """Return the version of every package: its lower bound, or the pinned one of what is large."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = lower_bounds(project["dependencies"])
    current = pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    large = {name: version for name, version in current.items() if name in HEAVY}
    return {**bounds, **large}


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}=={version}\n" for name, version in sorted(oldest().items()))
