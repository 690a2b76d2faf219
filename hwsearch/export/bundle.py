"""An export: a folder of files for one model, a manifest over them, and what is needed to prove it.

``check.safetensors`` holds inputs of the validation split with the predictions and membranes that the integer model
gave at export; ``verify`` loads everything anew and compares bit for bit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.export.agree import (
    config_against_weights,
    config_identity,
    identity_of,
    other_models,
    read_config,
    tensors_identity,
)
from hwsearch.export.boards.boards import board_of
from hwsearch.export.c.model import c_model
from hwsearch.export.c.monitor import refuse_large_sums
from hwsearch.export.c.project import FILES as C_FILES
from hwsearch.export.c.project import MONITOR_FILES, project_files
from hwsearch.export.checks import Check, check_file, guarded, sha256
from hwsearch.export.library import check_board, check_c
from hwsearch.export.manifest import irregular, read_manifest
from hwsearch.export.monitor import FILE as MONITOR
from hwsearch.export.monitor import monitor_identity, read_monitor, write_monitor
from hwsearch.export.nir import FILE as NIR
from hwsearch.export.nir import check_nir, read_nir, write_nir
from hwsearch.export.recorded import CHECK, run_recorded
from hwsearch.export.replace import MANIFEST, UNFINISHED, check_target, clear_target
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import packed_bytes, read_weights, weights_digest, write_weights
from hwsearch.export.yaml_text import yaml_text
from hwsearch.monitor.learn import Monitor
from hwsearch.network.integer import Run, run_integer
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.store import network_digest, save_tensors
from hwsearch.records.files import write_bytes, write_text

CONFIG = "config.yaml"
_FILES = {
    "config": (CONFIG,),
    "weights": (WEIGHTS, CHECK),
    "nir": (NIR,),
    "c": (*C_FILES, WEIGHTS, CHECK),  # what proves a library: the network, and recorded inputs
    "monitor": (MONITOR, WEIGHTS, CHECK),  # what it watches: the network
}
FORMATS = tuple(_FILES)
DEFAULT_FORMATS = ("config", "weights")
"""What every model can be exported as, at once; NIR cannot say some, and a monitor is learned first."""
_KNOWN = [*(name for names in _FILES.values() for name in names), *MONITOR_FILES]
_MANIFEST_VERSION = 3


@dataclass(frozen=True)
class Model:
    """What is exported.

    Attributes:
        network: The integers.
        formats: Storage format of each connection's weights.
        pointer_bits: Bits of a row pointer on the device.
        config: The candidate, study, profile, seeds, versions and numbers, as plain values.
        inputs: [N, C, H, W] inputs to record, or sequences [N, T0, C, H, W].
        monitor: What tells that the world has drifted; None: nothing.
    """

    network: IntegerNetwork
    formats: tuple[str, ...]
    pointer_bits: int
    config: Mapping[str, Any]
    inputs: np.ndarray
    monitor: Monitor | None = None


def write_export(model: Model, to: Path, formats: Sequence[str] = DEFAULT_FORMATS) -> Path:
    """Write an export; return its folder.

    Raises:
        InputError: A format is unknown or cannot say this network, or the folder holds something else.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        law = f"a format must be one of {', '.join(FORMATS)}"
        raise InputError([Fault("--format", law, ", ".join(unknown) or "none")])
    check_target(to)
    monitor = _monitor(model, formats)
    rule = None if monitor is None else monitor.rule
    if rule is not None and "c" in formats:
        refuse_large_sums(model.network)
    names = list(dict.fromkeys(name for part in FORMATS if part in formats for name in _FILES[part]))
    names += MONITOR_FILES if rule is not None and "c" in formats else ()
    if "nir" in formats:
        check_nir(model.network)
    library = c_model(model.network, model.formats, model.pointer_bits) if "c" in formats else None
    identity = identity_of(model.config, model.network)
    try:
        clear_target(to, names)
        if "config" in formats:
            write_text(to / CONFIG, yaml_text({**model.config, "network_digest": identity["network_digest"]}))
        run = run_integer(model.network, model.inputs, trace=True) if WEIGHTS in names else None
        if run is not None:
            write_weights(to / WEIGHTS, model.network, model.formats, model.pointer_bits, identity)
            save_tensors(to / CHECK, _recorded(model, run), {"identity": identity})
        if library is not None and run is not None:
            for name, data in project_files(library, identity, model.inputs, run, rule).items():
                write_bytes(to / name, data)
        if monitor is not None:
            write_monitor(to / MONITOR, monitor, identity)
        if "nir" in formats:
            write_nir(model.network, to / NIR)
        write_text(to / MANIFEST, json.dumps(_manifest(model, to, names, identity), indent=1))
        (to / UNFINISHED).unlink()
    except OSError as error:
        law, got = "an export needs a folder that can be written", error.strerror or str(error)
        raise InputError([Fault("--to", law, got, "make room, or choose another", to)]) from None
    return to


def _monitor(model: Model, formats: Sequence[str]) -> Monitor | None:
    """Return the monitor that is to be written; None where none is asked for.

    Raises:
        InputError: The model has none.
    """
    if "monitor" not in formats:
        return None
    if model.monitor is None:
        law = "a monitor is learned on validation samples, and this model comes without any"
        raise InputError([Fault("--format", law, "monitor", "export it from its run, or leave it out")])
    return model.monitor


def _recorded(model: Model, run: Run) -> dict[str, np.ndarray]:
    """Return inputs with what the integer model makes of them."""
    traces = {f"membrane.{i}": trace.astype(np.int32) for i, trace in enumerate(run.membranes or ())}
    return {"inputs": model.inputs, "predictions": run.predictions.astype(np.int64)} | traces


def _manifest(model: Model, to: Path, names: Sequence[str], identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of files that are written."""
    cost = model.config["measured"]
    return {
        "format": _MANIFEST_VERSION,
        "identity": dict(identity),
        # a device may give memory out in lumps: the file holds the packed bytes
        "weight_bytes": cost.get("packed_bytes", cost["weight_bytes"]),
        "files": {name: {"bytes": (to / name).stat().st_size, "sha256": sha256(to / name)} for name in names},
    }


def verify(
    folder: Path, board: str | None = None, *, own_code: bool = False, library: bool = True
) -> list[Check]:
    """Load an export anew and check that it is what its record says.

    Args:
        folder: The export.
        board: An emulated board to run its C library on too (`hwsearch.export.boards`).
        own_code: Whether the C library's code is the asker's own, to be built and run though this version would write
            another (`library`).
        library: Whether to build its C library at all; False: of that only its files are compared with the manifest.

    Raises:
        InputError: The board is unknown, or the model does not fit it; or there is no C library to run on it.
        RecordError: There is no readable manifest, one of another version, or one that lists what no export has.
    """
    chosen = None if board is None else board_of(board)
    manifest = read_manifest(folder)
    files: dict[str, dict[str, Any]] = manifest["files"]
    if set(_KNOWN).isdisjoint(files):
        law = f"a {MANIFEST} must list a file of an export"
        got = ", ".join(list(files)[:3])
        raise RecordError(
            f"{folder / MANIFEST}: {law}; got: {got} (give the folder that hwsearch export wrote)"
        )
    checks = [check_file(folder, name, entry) for name, entry in files.items()]
    if any(irregular(folder, name) for name in files):
        return checks  # what is no file of the folder is not opened, and so nothing more can be told
    checks += guarded(_check_one_model, folder, manifest)
    if CONFIG in files and WEIGHTS in files:
        checks += guarded(_check_config, folder, manifest)
    if WEIGHTS in files and CHECK in files:
        for check in (_check_weights, _check_behaviour):
            checks += guarded(check, folder, manifest)
    if MONITOR in files and WEIGHTS in files:
        checks += guarded(_check_monitor, folder, manifest)
    if NIR in files:
        checks += guarded(_check_nir, folder, manifest)
    if C_FILES[0] in files and library:
        checks += guarded(partial(check_c, own_code=own_code), folder, manifest)
        if chosen is not None:
            checks += guarded(partial(check_board, chosen, own_code=own_code), folder, manifest)
    elif chosen is not None and library:
        law = "a board needs an export with a C library"
        raise InputError([Fault("--board", law, ", ".join(files), "export it with --format c", folder)])
    return checks


def _check_one_model(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Compare which model each file says that it is of; no file may be left of another."""
    files, said = manifest["files"], manifest.get("identity", {})
    identities = {CONFIG: config_identity(read_config(folder / CONFIG))} if CONFIG in files else {}
    identities |= {name: tensors_identity(folder / name) for name in (WEIGHTS, CHECK) if name in files}
    identities |= {MONITOR: monitor_identity(folder / MONITOR)} if MONITOR in files else {}
    wrong = other_models(said, identities)
    wrong += [f"{name} is not listed" for name in _KNOWN if name not in files and (folder / name).exists()]
    detail = "; ".join(wrong) or f"trial {said.get('trial')}, candidate {said.get('candidate')} in every file"
    return [Check("one model", not wrong, detail)]


def _check_config(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Compare what the config says of the network with the weights."""
    wrong = config_against_weights(read_config(folder / CONFIG), folder / WEIGHTS)
    detail = "; ".join(wrong) or "structure, timesteps and bytes are those of the weights"
    return [Check("config and weights", not wrong, detail)]


def _check_weights(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Compare the packed weights with the clear ones, and their bytes with the predicted ones."""
    network, arrays = read_weights(folder / WEIGHTS)
    connections = network.connections
    clear = [arrays.get(f"{c.shape.name}.weight") for c in connections]
    equal = all(
        values is not None and np.array_equal(c.weight, values)
        for c, values in zip(connections, clear, strict=True)
    )
    here, recorded = weights_digest(folder / WEIGHTS), manifest.get("identity", {}).get("network_digest")
    size, said = packed_bytes(arrays), manifest["weight_bytes"]
    return [
        Check(
            "packed weights", equal, f"unpacked and clear weights of {len(connections)} connections compared"
        ),
        Check("network", here == recorded, f"digest {here}, the manifest says {recorded}"),
        Check("weight_bytes", size == said, f"{size:,} packed, {said:,} priced"),
    ]


def _check_behaviour(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Compare predictions and membranes on the recorded inputs, bit for bit."""
    _, recorded, run = run_recorded(folder)
    traces = [name for name in recorded if name.startswith("membrane.")]
    membranes = run.membranes or ()
    same = len(traces) == len(membranes) and all(
        np.array_equal(recorded[f"membrane.{i}"], trace) for i, trace in enumerate(membranes)
    )
    n, predictions = len(recorded["inputs"]), recorded.get("predictions", ())
    return [
        Check("predictions", np.array_equal(run.predictions, predictions), f"{n} recorded inputs"),
        Check("membranes", same, f"{len(traces)} populations, every timestep"),
    ]


def _check_monitor(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Look whether the monitor watches what the network of the weights has."""
    network, _ = read_weights(folder / WEIGHTS)
    monitor = read_monitor(folder / MONITOR, network)
    names = ", ".join(watch.quantity.name for watch in monitor.rule.watches)
    return [Check("monitor", True, f"watches {names}")]


def _check_nir(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Compare the integers that the NIR file's metadata hold with those of the manifest."""
    try:
        here = network_digest(read_nir(folder / NIR))
    except InputError as error:
        raise RecordError(str(error)) from None
    recorded = manifest.get("identity", {}).get("network_digest")
    return [Check("NIR network", here == recorded, f"digest {here}, the manifest says {recorded}")]
