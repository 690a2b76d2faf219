"""Models to export that nobody trained: two layers of four weights each."""

import hashlib
import json
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from builders.integer_networks import fc
from builders.integer_networks import network as chain
from hwsearch.export.agree import structure_of
from hwsearch.export.bundle import Model
from hwsearch.monitor.fit import fit
from hwsearch.monitor.learn import Monitor
from hwsearch.monitor.quantities import quantities_of, seen
from hwsearch.monitor.rule import Rule

FORMATS_OF_LAYERS = ("dense", "bitmap")
INPUTS = np.array([[[[3, 0]]], [[[1, 9]]]], np.uint8)


def network(weight=2):
    """Return the integers; ``weight`` is the first one of the first layer."""
    layers = [fc([[weight, 1], [0, 3]], [0, 0], [5, 5]), fc([[1, 0], [1, 1]], [0, 0], name="readout")]
    return chain(layers, timesteps=2, shape=(1, 1, 2), input_max=10, input_bits=4, state_bits=16)


def model(trial=3, weight=2) -> Model:
    """Return a model of a trial."""
    # dense: 4 bytes; bitmap: 4 bits of places in a byte, and 3 bytes of weights
    return model_of(network(weight), INPUTS, FORMATS_OF_LAYERS, packed=4 + 1 + 3, trial=trial)


def model_of(net, inputs, formats, *, packed, trial=3) -> Model:
    """Return a network of integers as the model of a trial; ``packed``: bytes of its weights."""
    config = {
        "trial": trial, "seed": 1, "study_digest": "5" * 16, "profile_digest": "9" * 16,
        "candidate": {"timesteps": net.timesteps, "digest": f"{trial:016x}"},
        "measured": {"packed_bytes": packed, "weight_bytes": 64},
        **structure_of(net, formats),
    }  # fmt: skip
    return Model(net, formats, 16, config, inputs, monitor_of(net, inputs))


def monitor_of(net, inputs, limit=200) -> Monitor:
    """Return a monitor whose usual is that of some inputs, and whose limit nobody learned."""
    classes, quantities = net.populations[-1].shape.channels, quantities_of(net)
    watches = fit(quantities, seen(net, inputs), classes)
    n = len(quantities)
    return Monitor(Rule(watches, ((limit, limit + 1),) * n), (1.5,) * n, (0.0,) * n, len(inputs), len(inputs))


def config_of(folder: Path):
    return YAML(typ="safe").load((folder / "config.yaml").read_text())


def manifest_of(folder: Path):
    return json.loads((folder / "manifest.json").read_text())


def put(folder: Path, name: str, data: bytes) -> None:
    """Put a file into an export as if its manifest had always listed it so."""
    (folder / name).write_bytes(data)
    manifest = manifest_of(folder)
    manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
