"""The export that a training goes on from: whole, with its weights as they are stored, its encoder and its device.

Not for what is trained on it (`retrained`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwsearch.data.encode.encoding import Encoding
from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.export.agree import read_config
from hwsearch.export.bundle import CONFIG, verify
from hwsearch.export.c.project import FILES as C_FILES
from hwsearch.export.c.types import param_type
from hwsearch.export.manifest import read_manifest
from hwsearch.export.nir import FILE as NIR
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import packing_of, read_weights
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.network.integers import IntegerNetwork, Widths
from hwsearch.results.exported import encoding_in, study_of
from hwsearch.study.model import Study

_PARAM_BITS = 16


@dataclass(frozen=True, eq=False)
class Parent:
    """An export that is trained on.

    Attributes:
        folder: Its folder.
        config: Its config.
        study: Its study.
        network, formats, pointer_bits: Its weights, as they are stored.
        encoding: Of its inputs.
        profile: The device.
        kinds: Formats that it was exported in.
    """

    folder: Path
    config: Mapping[str, Any]
    study: Study
    network: IntegerNetwork
    formats: tuple[str, ...]
    pointer_bits: int
    encoding: Encoding
    profile: HardwareProfile
    kinds: tuple[str, ...]

    @property
    def widths(self) -> Widths:
        """What the device offers, and no wider biases and thresholds than the model's library has room for."""
        profile, most = self.profile, 32
        if all(param_type(p.bias, p.threshold) == "i16" for p in self.network.populations):
            most = _PARAM_BITS
        return Widths(
            self.network.state_bits,
            self.network.accumulator_bits,
            min(profile.bias_bits, most),
            min(profile.threshold_bits, most),
            profile.overflow,
        )


def parent_of(folder: Path, profile: Path | None = None) -> Parent:
    """Return an export that is whole, and what a training needs of it.

    Args:
        folder: The export.
        profile: The device's file, where its id is not known here; None: it is.

    Raises:
        InputError: The device is unknown, or another one.
        RecordError: A check of it fails, or it lacks its config or weights.
    """
    wrong = [check for check in verify(folder, library=False) if not check.passed]
    if wrong:
        law = "an export must be what its record says to be trained on"
        raise RecordError(f"{folder}: {law}; got: {'; '.join(f'{c.name}: {c.detail}' for c in wrong)[:500]}")
    files = read_manifest(folder)["files"]
    if missing := [name for name in (CONFIG, WEIGHTS) if name not in files]:
        law = "a training needs an export's config and weights"
        raise RecordError(f"{folder}: {law}; there is no {missing[0]} (export it with config,weights)")
    config = read_config(folder / CONFIG)
    study, _ = study_of(folder, config)
    network, _ = read_weights(folder / WEIGHTS)
    formats, pointer_bits = packing_of(folder / WEIGHTS)
    kinds = ["config", "weights"]
    kinds += ["nir"] if NIR in files else []
    kinds += ["c"] if C_FILES[0] in files else []
    return Parent(
        folder, config, study, network, formats, pointer_bits, encoding_in(folder, config, network.input),
        _device(folder, config, study, profile).keeping(formats), tuple(kinds),
    )  # fmt: skip


def _device(folder: Path, config: Mapping[str, Any], study: Study, file: Path | None) -> HardwareProfile:
    """Return the device that a model was priced on.

    Raises:
        InputError: It is unknown here, or another one.
    """
    named = config.get("profile") if file is None else file
    profile = load_profile(str(named), "--profile").pricing(study.device.firmware)
    if profile.digest != config.get("profile_digest"):
        law = f"the device must be the one that {folder.name} was priced on ({config.get('profile')})"
        got = f"{profile.id}, of digest {profile.digest}, not {str(config.get('profile_digest'))[:40]}"
        raise InputError([Fault("--profile", law, got, "give the file that the study named")])
    return profile
