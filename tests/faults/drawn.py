"""Bad inputs that hypothesis draws from the schemas of studies and profiles."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from builders.devices import SHIPPED
from faults.case import Case
from faults.edits import edited
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hwsearch.hardware.profiles.schema import ProfileSection
from hwsearch.study.model import Study

TINY: dict[str, Any] = {
    "name": "tiny",
    "data": {"name": "digits", "train_size": 300, "validation": 0.3, "input_bits": 4},
    "network": {
        "layers": "fc16", "neuron": "lif", "leak_shift": 1, "batch_norm": True, "readout": {"leak_shift": 2},
    },
    "space": {
        "sparsity": [0.0, 0.5], "granularity": ["weight", "channel"], "weight_bits": [4, 8], "timesteps": [1, 2],
    },
    "device": {"profile": "nrf51822_microbit", "budgets": {"memory_bytes": 8000, "ram_bytes": "4 KiB"}},
    "objectives": ["error", "energy_j", "memory_bytes"],
    "train": {"dense_epochs": 8, "epochs": 3, "dense_learning_rate": 0.01, "learning_rate": 0.01, "batch_size": 16},
    "tickets": {"finder": "magnitude", "rewind_epoch": 1, "warmup_epochs": 1, "score_epochs": 1},
    "search": {"sampler": "random", "candidates": 2, "batch": 2, "foresee": False, "rungs": False},
    "final": {"seeds": 1},
    "pick": {"rule": "smallest", "within": 0.5},
}  # fmt: skip
"""A study that runs in about a second."""
CONNECTIONS: dict[str, Any] = TINY | {
    "network": {
        "connections": [
            {"from": "input", "to": "a", "conv": 3, "channels": 2, "pool": 2},
            {"from": "a", "to": "b", "conv": [3, 1], "channels": 2, "stride": 2},
            {"from": "b", "to": "b", "depthwise": 1, "delay": 1},
            {"from": "b", "to": "readout", "fc": True},
        ]
    },
    "data": {"csv": "rows.csv", "label": "state", "columns": ["p", "q"], "window": 4, "hop": 2},
}


@functools.cache
def profiles() -> list[dict[str, Any]]:
    """Return every shipped profile as plain values."""
    return [YAML(typ="safe", pure=True).load(path) for path in sorted(SHIPPED.glob("*.yaml"))]


studies = st.sampled_from([TINY, TINY, CONNECTIONS]).flatmap(lambda base: edited(base, Study))
devices = st.deferred(lambda: st.sampled_from(profiles()).flatmap(lambda base: edited(base, ProfileSection)))


def study_case(drawn: tuple[str, str]) -> Case:
    """Return a drawn study as a case."""
    what, text = drawn

    def lay(folder: Path) -> list[str]:
        (folder / "study.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
        (folder / "rows.csv").write_text(ROWS)
        return ["run", "study.yaml", "--out", "run", "--workers", "1", "--device", "cpu"]

    return Case("study", what, lay)


def profile_case(drawn: tuple[str, str]) -> Case:
    """Return a drawn profile as a case: checked."""
    what, text = drawn

    def lay(folder: Path) -> list[str]:
        (folder / "device.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
        return ["profiles", "check", "device.yaml"]

    return Case("profile", what, lay)


ROWS = "p,q,state\n" + "".join(f"{i % 7}.5,{i * i % 11},{'on' if i // 8 % 2 else 'off'}\n" for i in range(96))
"""A table of two columns and a class."""
