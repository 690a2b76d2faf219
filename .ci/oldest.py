"""Prints the oldest versions that pyproject.toml allows, as pip's constraints.

    python .ci/oldest.py > oldest.txt && pip install -c oldest.txt .

torch, spikingjelly and whatever else pyproject.toml does not name stay at the versions of constraints.txt: those are
too large to install in many versions, or not ours to bound.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "spikingjelly"}


def lower_bounds(requirements: list[str]) -> dict[str, str]:
    """Return the oldest version of each requirement ``name>=version,...``.

    Raises:
        ValueError: A requirement is written otherwise: it has no lower bound to try.
    """
    bounds = {}
    for requirement in requirements:
        match = re.match(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", requirement)
        if match is None:
            raise ValueError(f"{requirement!r} of pyproject.toml has no lower bound: write name>=version")
        bounds[match[1]] = match[2]
    return bounds


def oldest() -> dict[str, str]:
    """Return name -> version of every pinned package, those of pyproject.toml at their lower bound."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)$", constraints, re.MULTILINE))
    bounds = lower_bounds(project["dependencies"])
    return pinned | {name: version for name, version in bounds.items() if name not in HEAVY}


if __name__ == "__main__":
    for name, version in sorted(oldest().items()):
        print(f"{name}=={version}")
