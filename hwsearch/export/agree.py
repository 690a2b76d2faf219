"""Whether the files of an export are of one model: the same trial, candidate and integers in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hwsearch.errors import RecordError
from hwsearch.export.weights import packed_bytes, read_weights, weights_facts
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.store import load_tensors, network_digest

IDENTITY = ("trial", "candidate", "seed", "study_digest", "profile_digest", "network_digest")


def identity_of(config: Mapping[str, Any], network: IntegerNetwork) -> dict[str, Any]:
    """Return what names a model, for every file of its export."""
    named = {name: config[name] for name in ("trial", "seed", "study_digest", "profile_digest")}
    return named | {
        "candidate": config["candidate"]["digest"],
        "network_digest": network_digest(network),
    }


def layers_of(network: IntegerNetwork, formats: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what a config says of each layer."""
    return [
        {"name": layer.name, "format": name, "weight_bits": bits, "shape": list(layer.weight.shape)}
        for layer, bits, name in zip(network.layers, network.weight_bits, formats, strict=True)
    ]


def read_config(path: Path) -> dict[str, Any]:
    """Return an export's config.

    Raises:
        RecordError: It is missing or damaged.
    """
    try:
        config = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise RecordError(f"{path}: a config must be readable YAML; got: {error!r}") from None
    if not isinstance(config, dict):
        raise RecordError(f"{path}: a config must be a mapping; got: {type(config).__name__}")
    return config


def other_models(said: Mapping[str, Any], identities: Mapping[str, Any]) -> list[str]:
    """Return in words each part of an identity that another file contradicts.

    Args:
        said: By the manifest.
        identities: By other files, by name.
    """
    wrong = []
    for file, identity in identities.items():
        values = identity if isinstance(identity, Mapping) else {}
        wrong += [
            f"{name} {values.get(name)} in {file}, {said.get(name)} in the manifest"
            for name in IDENTITY
            if name in values and values[name] != said.get(name)
        ]
        wrong += [f"{file} does not say its {name}" for name in IDENTITY if name not in values]
    return wrong


def config_identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a config says its model is."""
    candidate = config.get("candidate")
    values = {name: config[name] for name in IDENTITY if name in config and name != "candidate"}
    return values | ({"candidate": candidate.get("digest")} if isinstance(candidate, dict) else {})


def config_against_weights(config: Mapping[str, Any], weights: Path) -> list[str]:
    """Return in words what a config says otherwise than the weights: layers, timesteps, bytes.

    Raises:
        RecordError: The weights cannot be read.
    """
    network, arrays = read_weights(weights)
    packing: Any = weights_facts(weights)["packing"]
    here = layers_of(network, tuple(packing[layer.name]["format"] for layer in network.layers))
    candidate, measured = config.get("candidate"), config.get("measured")
    said = {
        "layers": config.get("layers"),
        "timesteps": candidate.get("timesteps") if isinstance(candidate, dict) else None,
        "packed_bytes": measured.get("packed_bytes") if isinstance(measured, dict) else None,
    }
    found = {"layers": here, "timesteps": network.timesteps, "packed_bytes": packed_bytes(arrays)}
    return [
        f"{name} {said[name]} in the config, {found[name]} in the weights"
        for name in found
        if said[name] != found[name]
    ]


def tensors_identity(path: Path) -> Any:
    """Return what a safetensors file of an export says its model is; None: nothing.

    Raises:
        RecordError: The file is missing or damaged.
    """
    return load_tensors(path)[1].get("identity")
