"""Study files, as changes of a short one."""

import copy
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hwsearch.errors import InputError
from hwsearch.study.model import Study, load_study

SHORT: dict[str, Any] = {
    "name": "digits_mcu",
    "data": {"name": "digits"},
    "network": {"layers": "fc128-fc128"},
    "space": {
        "sparsity": [0, 0.5, 0.9],
        "granularity": ["weight", "nm:4"],
        "weight_bits": [4, 8],
        "timesteps": [2, 4],
    },
    "device": {"profile": "cortex-m4", "budgets": {"memory_bytes": 65536, "energy_j": 1e-6}},
    "search": {"candidates": 100},
}


def changed(key: str, value: Any) -> dict[str, Any]:
    """SHORT with the dotted key set, or removed where the value is ..."""
    content = copy.deepcopy(SHORT)
    at = content
    *parents, last = key.split(".")
    for part in parents:
        at = at.setdefault(part, {})
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return content


def load(tmp_path: Path, content: dict[str, Any] | str) -> Study:
    path = tmp_path / "study.yaml"
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8") as stream:
            YAML(typ="safe", pure=True).dump(content, stream)
    return load_study(path)


def faults(tmp_path: Path, content: dict[str, Any] | str) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(tmp_path, content)
    return [str(fault).removeprefix(f"{tmp_path / 'study.yaml'}:") for fault in caught.value.faults]
