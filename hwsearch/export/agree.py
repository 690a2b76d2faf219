"""Whether the files of an export are of one model: the same trial, candidate and integers in each of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hwsearch.errors import InputError, RecordError
from hwsearch.export.weights import packed_bytes, read_weights, weights_facts
from hwsearch.graph.graph import INPUT
from hwsearch.network.integers import IntegerNetwork, IntegerPopulation
from hwsearch.network.store import input_settings, load_tensors, network_digest
from hwsearch.study.yaml_border import read_yaml

IDENTITY = ("trial", "candidate", "seed", "study_digest", "profile_digest", "network_digest")
_SHOWN = 200


def identity_of(config: Mapping[str, Any], network: IntegerNetwork) -> dict[str, Any]:
    """Return what names a model, for every file of its export."""
    named = {name: config[name] for name in ("trial", "seed", "study_digest", "profile_digest")}
    return named | {
        "candidate": config["candidate"]["digest"],
        "network_digest": network_digest(network),
    }


def structure_of(network: IntegerNetwork, formats: Sequence[str]) -> dict[str, Any]:
    """Return what a config says of a network's structure: its input, populations, connections and readout in full.

    Args:
        network: The integers.
        formats: Storage format of each connection's weights.
    """
    names = {INPUT: "input", **{p: population.shape.name for p, population in enumerate(network.populations)}}
    return {
        "input": input_settings(network.input),
        "populations": [_population_of(population) for population in network.populations],
        "connections": [
            {
                "name": c.shape.name,
                "from": names[c.shape.source],
                "to": names[c.shape.target],
                "kind": c.shape.kind,
                "shape": list(c.weight.shape),
                "stride": list(c.shape.stride),
                "groups": c.shape.groups,
                "pooling": {"window": list(c.shape.pooling.window), "kind": c.shape.pooling.kind},
                "delay": c.shape.delay,
                "fraction_bits": c.fraction_bits,
                "weight_bits": bits,
                "format": name,
            }
            for c, bits, name in zip(network.connections, network.weight_bits, formats, strict=True)
        ],
        "readout": dataclasses.asdict(network.readout),
    }


def _population_of(population: IntegerPopulation) -> dict[str, Any]:
    """Return what a config says of a population; the readout has no law: it never fires."""
    shape = population.shape
    law = None if shape.law is None else {"leak_shift": shape.law.leak_shift, "reset": shape.law.reset}
    return {"name": shape.name, "channels": shape.channels, "size": list(shape.size), "law": law}


def read_config(path: Path) -> dict[str, Any]:
    """Return an export's config.

    Raises:
        RecordError: It is missing or damaged.
    """
    try:
        document = read_yaml(path)
    except InputError as error:
        fault = error.faults[0]
        line = "" if fault.line is None else f" in line {fault.line}"
        got = f"{fault.got}{line} ({fault.law})"
        raise RecordError(f"{path}: a config must be readable YAML; got: {got}") from None
    if document.repeats:
        raise RecordError(f"{path}: a config must be as it was written; got: {document.repeats[0]}")
    config: dict[str, Any] = document.data
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
            f"{name} {_short(values.get(name))} in {file}, {_short(said.get(name))} in the manifest"
            for name in IDENTITY
            if name in values and values[name] != said.get(name)
        ]
        wrong += [f"{file} does not say its {name}" for name in IDENTITY if name not in values]
    return wrong


def _short(value: Any) -> str:
    """Return a value in few letters: what a file says may be of any length."""
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def config_identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a config says its model is."""
    candidate = config.get("candidate")
    values = {name: config[name] for name in IDENTITY if name in config and name != "candidate"}
    return values | ({"candidate": candidate.get("digest")} if isinstance(candidate, dict) else {})


def config_against_weights(config: Mapping[str, Any], weights: Path) -> list[str]:
    """Return in words what a config says otherwise than the weights: structure, timesteps, bytes.

    Raises:
        RecordError: The weights cannot be read.
    """
    network, arrays = read_weights(weights)
    packing: Any = weights_facts(weights)["packing"]
    formats = [packing[c.shape.name]["format"] for c in network.connections]
    here = _layers_of(network, formats) if "layers" in config else structure_of(network, formats)
    candidate, measured = config.get("candidate"), config.get("measured")
    said = {
        **{name: config.get(name) for name in here},
        "timesteps": candidate.get("timesteps") if isinstance(candidate, dict) else None,
        "packed_bytes": measured.get("packed_bytes") if isinstance(measured, dict) else None,
    }
    found = {**here, "timesteps": network.timesteps, "packed_bytes": packed_bytes(arrays)}
    return [
        f"{name} {_short(said[name])} in the config, {_short(found[name])} in the weights"
        for name in found
        if said[name] != found[name]
    ]


def _layers_of(network: IntegerNetwork, formats: Sequence[str]) -> dict[str, Any]:
    """Return what a config of format 2 says of a network's structure."""
    return {
        "layers": [
            {"name": c.shape.name, "format": name, "weight_bits": bits, "shape": list(c.weight.shape)}
            for c, bits, name in zip(network.connections, network.weight_bits, formats, strict=True)
        ]
    }


def tensors_identity(path: Path) -> Any:
    """Return what a safetensors file of an export says its model is; None: nothing.

    Raises:
        RecordError: The file is missing or damaged.
    """
    return load_tensors(path)[1].get("identity")
