"""The time step of a NIR graph, which NIR has no place for: given, noted in the metadata, or the convention.

Norse writes its time constants as dt tau (its dt is 1e-3 s): they are far below any time step, and read as they are
meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.errors import Fault
from hwsearch.network.nir.file import RawNode

CONVENTION = 1e-4
NORSE_DT = 1e-3


@dataclass(frozen=True)
class TimeStep:
    """The time step of a graph.

    Attributes:
        dt: In seconds.
        origin: Where it was found, in words.
        norse: Whether time constants are written as Norse does, dt tau.
    """

    dt: float
    origin: str
    norse: bool = False

    def leak(self, tau: np.ndarray) -> np.ndarray:
        """Return a, what one step leaks."""
        return self.dt**2 / tau if self.norse else self.dt / tau


def time_step(
    nodes: Mapping[str, RawNode], metadata: Mapping[str, Any], dt: float | None, path: Path | None
) -> tuple[TimeStep, list[Fault]]:
    """Return the time step of a graph: the one given, else of its metadata, else the convention."""
    written = metadata.get("dt")
    faults = []
    if written is not None:
        try:
            written = float(np.asarray(written))
        except (TypeError, ValueError):
            written = float("nan")
        if not (np.isfinite(written) and written > 0):
            faults.append(
                Fault(
                    "metadata dt",
                    "a time step must be a positive number of seconds",
                    repr(metadata["dt"])[:60],
                    "mend it",
                    path,
                )
            )
            written = None
    if written is not None and dt is not None and not np.isclose(written, dt):
        law = "the time step that is given must be that of the file's metadata"
        faults.append(Fault("dt", law, f"{dt:g} s, the file says {written:g} s", "leave it out", path))
    if dt is None and written is None and _norse(nodes):
        return TimeStep(
            NORSE_DT, f"that of Norse, {NORSE_DT:g} s: time constants are written as dt tau", norse=True
        ), faults
    if dt is not None:
        return TimeStep(dt, "given", norse=_norse(nodes) and _too_fast(nodes, dt)), faults
    if written is not None:
        return TimeStep(written, "of the file's metadata"), faults
    return TimeStep(1e-4, "the convention of snnTorch and SpikingJelly, as the file names none"), faults


def _norse(nodes: Mapping[str, RawNode]) -> bool:
    """Return whether time constants are those that Norse writes: one number a node, R = 1, far below any time step."""
    leaky = [n.values for n in nodes.values() if n.type in ("LIF", "LI")]
    try:
        return bool(leaky) and all(
            np.ndim(v["tau"]) == 0 and 0 < float(v["tau"]) < 0.7e-4 and float(v["r"]) == 1 for v in leaky
        )
    except (KeyError, TypeError, ValueError):
        return False


def _too_fast(nodes: Mapping[str, RawNode], dt: float) -> bool:
    return all(float(n.values["tau"]) < dt for n in nodes.values() if n.type in ("LIF", "LI"))
