"""The plan of a run: a study, its device, its data and its architecture, checked against each other.

All that can be refused is refused here, before anything is spent.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from hwsearch.data.datasets import find_root, load_dataset
from hwsearch.data.given import digest_of_arrays
from hwsearch.data.samples import Dataset
from hwsearch.errors import Fault, InputError
from hwsearch.graph.graph import NetworkSpec
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile, profile_beside
from hwsearch.measure.accuracy import largest_class_share
from hwsearch.measure.scores import constant_score
from hwsearch.network.integers import Widths
from hwsearch.network.params import Params, initial_params
from hwsearch.plan.architecture import network_specs
from hwsearch.plan.data_faults import data_faults
from hwsearch.plan.device_faults import law_faults, profile_faults, space_faults
from hwsearch.plan.fidelity import REFERENCE_BITS, rung_epochs, rung_timesteps
from hwsearch.plan.given import Given, given_network
from hwsearch.plan.notes import notes_of
from hwsearch.records.columns import LaterColumns
from hwsearch.records.trials import TrialRecord
from hwsearch.space.space import NetworkChoice, SearchSpace
from hwsearch.space.supported import search_space
from hwsearch.study.data_section import NamedData
from hwsearch.study.digest import digest
from hwsearch.study.model import Study
from hwsearch.study.places import placed


@dataclass(frozen=True)
class Plan:
    """All that a run needs to know.

    Attributes:
        study, profile, data: As loaded.
        networks: The dense architectures to choose from; usually one.
        space: What is searched.
        widths: What the device offers.
        digest: Names the results: study, profile, and the content of the files that the study names.
        given: The trained network of another framework that the study names; None: the dense network starts from
            chance.
        others: What other runs of the task trained, for the surrogate alone (`carry`).
        place: The place of its one network in the study's list; empty where the plan is of all that the study has.
    """

    study: Study
    profile: HardwareProfile
    data: Dataset
    networks: tuple[NetworkSpec, ...]
    space: SearchSpace
    widths: Widths
    digest: str
    given: Given | None = None
    others: tuple[TrialRecord, ...] = ()
    place: tuple[int, ...] = ()

    def at(self, network: int) -> Plan:
        """Return the same question of one of the networks alone; itself, where there is one."""
        if len(self.networks) == 1:
            return self
        return replace(
            self, networks=(self.networks[network],), space=self.space.at(network), place=(network,)
        )

    @property
    def spec(self) -> NetworkSpec:
        """The dense architecture of a plan that has one.

        Raises:
            ValueError: There are several: ask the plan of one of them (`at`).
        """
        (spec,) = self.networks
        return spec

    @property
    def number(self) -> int:
        """Which of the study's networks the plan is of, where it is of one."""
        return self.place[0] if self.place else 0

    @property
    def names(self) -> tuple[str, ...]:
        """The spelling of each of the study's networks; empty where there is no choice."""
        return self.study.network.alternatives

    @property
    def later_columns(self) -> LaterColumns:
        """The knobs that have a column of their own in tables of this study."""
        return LaterColumns.of(self.study, self.profile)

    @property
    def laws(self) -> tuple[NeuronLaw, ...]:
        """The laws of all neurons, each once."""
        return tuple(dict.fromkeys(law for spec in self.networks for law in spec.laws))

    def start(self, seed: int) -> Params:
        """Return the weights that a dense network's training starts from: fresh ones of a seed, or those given."""
        return initial_params(self.spec, seed) if self.given is None else self.given.params

    @property
    def largest_class_share(self) -> float:
        """Accuracy on validation of what knows nothing: it always answers the largest class."""
        return largest_class_share(self.data.y_val.ravel())

    @property
    def constant_score(self) -> float:
        """The study's score on validation of what knows nothing: it always answers the largest class."""
        if self.study.score == "accuracy":
            return self.largest_class_share
        return constant_score(self.samples_val, self.study.score)

    @property
    def samples_val(self) -> list[int]:
        """Validation samples (labels, where each frame has one) of each class."""
        counts: list[int] = np.bincount(self.data.y_val.ravel(), minlength=self.spec.classes).tolist()
        return counts

    @property
    def dense_timesteps(self) -> int:
        """T of the dense reference: the longest that is searched."""
        return max(self.space.timesteps)

    @property
    def reference_widths(self) -> Widths:
        """Widths of the dense reference: the device's, where it could run there at all.

        The reference of a study that searches fewer bits is a yardstick, not a network of this device; nor is one
        on a device that refuses what could overflow. Such a one has the widths that it needs.
        """
        searched = REFERENCE_BITS in self.space.weight_bits
        return self.widths if searched and self.widths.overflow == "saturate" else Widths()

    @property
    def cycles(self) -> tuple[int, ...]:
        """Epochs of each rung of the search."""
        return rung_epochs(self.study)

    def rung_timesteps(self, rung: int, timesteps: int) -> int:
        """Return the T that a rung of a candidate with this T is trained with; it is measured at its own."""
        return rung_timesteps(self.study, rung, timesteps)

    @cached_property
    def samples_digest(self) -> str:
        """Names all samples, as they are trained on and measured on, and what made them whole numbers."""
        return _content(self.data)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the run must know."""
        return notes_of(self)


def make_plan(study: Study, study_path: Path | None = None, options: Collection[str] = ()) -> Plan:
    """Load what a study names, and check it together.

    Args:
        study: The question.
        study_path: Its file: a profile's path is relative to it, and faults name its lines.
        options: Options that were put over the study (``--data-root``): faults name them instead.

    Raises:
        InputError: Something is missing or does not go together; all faults that can be told are in it.
    """
    faults: list[Fault] = []
    profile = data = given = None
    specs: tuple[NetworkSpec, ...] = ()
    try:
        profile = load_profile(profile_beside(study.device.profile, study_path), "device.profile")
        profile = profile.pricing(study.device.firmware)
    except InputError as error:
        faults += error.faults
    try:
        data = load_dataset(study.data, find_root(study.data.root, None, os.environ))
    except InputError as error:
        faults += error.faults
    if profile is not None:
        faults += [*profile_faults(study, profile), *space_faults(study, profile)]
    if data is not None:
        faults += data_faults(study, data)
        try:
            if study.network.nir is None:
                specs = network_specs(study, data)
            else:
                spec, given = given_network(study, data, study_path)
                specs = (spec,)
        except InputError as error:
            faults += error.faults
    if profile is not None and (specs or study.network.nir is None):
        faults += law_faults(study, specs, profile)
    if faults or profile is None or data is None or not specs:
        raise InputError(placed(faults, study_path, options))
    profile = profile.storing(study.device.storage, study.device.budgets)
    multiple = profile.limits.channel_multiple or 1
    specs = tuple(replace(spec, channel_multiple=multiple) for spec in specs)
    space = _space(study, profile, specs)
    widths = Widths(
        profile.state_bits,
        profile.accumulator_bits,
        profile.bias_bits,
        profile.threshold_bits,
        profile.overflow,
    )
    names = [study.digest, profile.digest, *([] if given is None else [given.digest])]
    names += [] if all(spec.plain for spec in specs) else [digest(profile.connectivity)]
    # a shipped set is the same wherever it lies; a file of one's own may have been changed since
    names += [] if isinstance(study.data, NamedData) else [_content(data)]
    names += [] if study.space.state_bits is None else [digest(profile.state_widths)]
    return Plan(study, profile, data, specs, space, widths, digest(names), given)


def _content(data: Dataset) -> str:
    """Return a digest of all samples, as they are trained on and measured on, and of what made them whole numbers."""
    parts = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    samples = digest_of_arrays({name: getattr(data, name) for name in parts})
    return digest([samples, None if data.encoding is None else data.encoding.settings])


def _space(study: Study, profile: HardwareProfile, specs: Sequence[NetworkSpec]) -> SearchSpace:
    """Return what is searched of networks on a device."""
    first = specs[0]
    return search_space(
        study.space,
        profile,
        has_conv=any(spec.has_conv for spec in specs),
        layers=[first.connections[i] for i in first.prunable],
        networks=[
            NetworkChoice(number, name, spec.has_conv)
            for number, (name, spec) in enumerate(zip(study.network.alternatives, specs, strict=False))
        ],
    )
