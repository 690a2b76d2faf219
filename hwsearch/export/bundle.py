"""An export: a folder of files for one model, a manifest over them, and what is needed to prove it.

``check.safetensors`` holds inputs of the validation split with the predictions and membranes that the integer model
gave at export; ``verify`` loads everything anew and compares bit for bit.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import packed_bytes, read_weights, write_weights
from hwsearch.network.integer import IntegerNetwork, run_integer
from hwsearch.network.store import load_tensors, save_tensors
from hwsearch.search.records import write_text

CONFIG, CHECK, MANIFEST = "config.yaml", "check.safetensors", "manifest.json"
FORMATS = ("config", "weights")
_MANIFEST_VERSION = 1


@dataclass(frozen=True)
class Model:
    """What is exported.

    Attributes:
        network: The integers.
        formats: Storage format of each layer.
        pointer_bits: Bits of a row pointer on the device.
        config: The candidate, study, profile, seeds, versions and numbers, as plain values.
        inputs: [N, C, H, W] inputs to record.
    """

    network: IntegerNetwork
    formats: tuple[str, ...]
    pointer_bits: int
    config: Mapping[str, Any]
    inputs: np.ndarray


@dataclass(frozen=True)
class Check:
    """One thing that ``verify`` looked at.

    Attributes:
        name: What.
        passed: Whether it holds.
        detail: The numbers behind it.
    """

    name: str
    passed: bool
    detail: str


def write_export(model: Model, to: Path, formats: Sequence[str] = FORMATS) -> Path:
    """Write an export; return its folder.

    Raises:
        InputError: A format is unknown, or the folder holds something else.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        law = f"a format must be one of {', '.join(FORMATS)}"
        raise InputError([Fault("--format", law, ", ".join(unknown) or "none")])
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / MANIFEST).exists())):
        law = "an export needs a new or empty folder, or one of an earlier export"
        raise InputError([Fault("--to", law, "a folder with other files", "choose another", to)])
    to.mkdir(parents=True, exist_ok=True)
    if "config" in formats:
        write_text(to / CONFIG, _yaml(model.config))
    if "weights" in formats:
        write_weights(to / WEIGHTS, model.network, model.formats, model.pointer_bits)
        run = run_integer(model.network, model.inputs, trace=True)
        traces = {f"membrane.{i}": trace.astype(np.int32) for i, trace in enumerate(run.membranes or ())}
        recorded = {"inputs": model.inputs, "predictions": run.predictions.astype(np.int64)}
        save_tensors(to / CHECK, recorded | traces, {})
    files = [name for name in (CONFIG, WEIGHTS, CHECK) if (to / name).exists()]
    cost = model.config["measured"]
    manifest = {
        "format": _MANIFEST_VERSION,
        # a device may give memory out in lumps: the file holds the packed bytes
        "weight_bytes": cost.get("packed_bytes", cost["weight_bytes"]),
        "files": {
            name: {"bytes": (to / name).stat().st_size, "sha256": _sha256(to / name)} for name in files
        },
    }
    write_text(to / MANIFEST, json.dumps(manifest, indent=1))
    return to


def verify(folder: Path) -> list[Check]:
    """Load an export anew and check that it is what its record says.

    Raises:
        RecordError: There is no readable manifest.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files: dict[str, dict[str, Any]] = manifest["files"]
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise RecordError(f"{folder}: an export must have a {MANIFEST}; got: {error!r}") from None
    checks = [_check_file(folder / name, entry) for name, entry in files.items()]
    if WEIGHTS in files and CHECK in files:
        for check in (_check_weights, _check_behaviour):
            checks += _guarded(check, folder, manifest)
    return checks


def _guarded(
    check: Callable[[Path, dict[str, Any]], list[Check]], folder: Path, manifest: dict[str, Any]
) -> list[Check]:
    """Run a check; a file that cannot be read is a check that failed."""
    try:
        return check(folder, manifest)
    except RecordError as error:
        return [Check(check.__name__.removeprefix("_check_"), False, str(error))]


def _check_file(path: Path, entry: Mapping[str, Any]) -> Check:
    if not path.exists():
        return Check(path.name, False, "missing")
    size, sha = path.stat().st_size, _sha256(path)
    same = size == entry["bytes"] and sha == entry["sha256"]
    return Check(
        path.name, same, f"{size:,} bytes, sha256 {sha[:12]}" + ("" if same else " differs from the manifest")
    )


def _check_weights(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Compare the packed weights with the clear ones, and their bytes with the predicted ones."""
    network, arrays = read_weights(folder / WEIGHTS)
    equal = all(np.array_equal(layer.weight, arrays[f"{layer.name}.weight"]) for layer in network.layers)
    size, said = packed_bytes(arrays), manifest["weight_bytes"]
    return [
        Check(
            "packed weights", equal, f"unpacked and clear weights of {len(network.layers)} layers compared"
        ),
        Check("weight_bytes", size == said, f"{size:,} packed, {said:,} priced"),
    ]


def _check_behaviour(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Compare predictions and membranes on the recorded inputs, bit for bit."""
    network, _ = read_weights(folder / WEIGHTS)
    recorded, _ = load_tensors(folder / CHECK)
    run = run_integer(network, recorded["inputs"], trace=True)
    traces = [name for name in recorded if name.startswith("membrane.")]
    membranes = run.membranes or ()
    same = len(traces) == len(membranes) and all(
        np.array_equal(recorded[f"membrane.{i}"], trace) for i, trace in enumerate(membranes)
    )
    n = len(recorded["inputs"])
    return [
        Check(
            "predictions", np.array_equal(run.predictions, recorded["predictions"]), f"{n} recorded inputs"
        ),
        Check("membranes", same, f"{len(traces)} layers, every timestep"),
    ]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _yaml(values: Mapping[str, Any]) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    yaml.dump(json.loads(json.dumps(values)), stream)
    return stream.getvalue()
