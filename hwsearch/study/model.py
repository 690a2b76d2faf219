"""A study: the question as an engineer writes it, checked.

Not for resolving paths, nor for laws that need the hardware profile, the data or the layer shapes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import ValidationInfo
from pydantic import field_validator as check
from ruamel.yaml import YAML

from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import Data, NamedData
from hwsearch.study.digest import digest as digest_of
from hwsearch.study.laws import Name, Objective, Score, Seed, law, unique
from hwsearch.study.network_section import Network, NirSection
from hwsearch.study.search_sections import FIRST_BATCH, Final, Pick, Robustness, Search, Tickets
from hwsearch.study.section import Section
from hwsearch.study.sections import Device, Space, SparsityRange, Train
from hwsearch.study.yaml_border import broken, read_yaml, validate
from hwsearch.whole_files import whole_file

__all__ = [
    "Data",
    "Device",
    "Final",
    "Network",
    "Pick",
    "Robustness",
    "Search",
    "Space",
    "SparsityRange",
    "Study",
    "Tickets",
    "Train",
    "load_study",
    "override",
    "write_study",
]


_NOT_SEARCHED = {
    "name", "description", "final", "pick", "rival", "robustness", "data.root", "device.profile",
    "search.candidates", "search.finish", "search.stack",
}  # fmt: skip
_LEFT_OUT_AT_DEFAULT = {
    "network.readout", "network.connections", "network.nir", "train.class_weights", "train.augment", "score",
    "space.state_bits", "data.target", "data.frames", "data.layout",
    "data.split", "data.equal_samples", "data.encode", "device.storage", "device.firmware", "search.overlap",
}  # fmt: skip
"""Keys that came later: at their default a study searches what it did, and its runs go on."""


class Study(Section):
    """A whole study; changed by ``override``, or by ``model_copy(update=...)``, which checks nothing.

    Attributes:
        name: Of the study; without ``--out`` its results are in ``runs/NAME``.
        description: What is asked, in a sentence or two, for readers.
        seed: Of all draws but the splits of the data: the same study and seed give the same tables.
        objectives: What the front is about: ``error``, which is 1 - score, and one or two costs.
        score: What is to be high: the objective ``error`` is 1 - score, and ``search.worth`` and the pick's tolerance
            are shares of it. With few samples of a class, ``balanced_accuracy`` (the mean of the classes' recalls) or
            ``macro_f1``.
        robustness: What the pick must keep under input noise; None: nothing is asked.
        rival: Whether a small search for a plain network (ReLU, no spikes) goes beside it, on devices that run one:
            a few dozen networks, trained for as many epochs as the study's own.
    """

    name: Name
    description: str = ""
    seed: Seed = 0
    data: Data
    network: Network
    space: Space
    device: Device
    objectives: Annotated[
        tuple[Objective, ...],
        law("there must be two or three objectives", lambda v: 2 <= len(v) <= 3),
        unique,
        law("error must be one of the objectives", lambda v: "error" in v),
    ] = ("error", "energy_j", "memory_bytes")
    score: Score = "accuracy"
    train: Train = Train()
    tickets: Tickets = Tickets()
    search: Search
    final: Final = Final()
    pick: Pick = Pick()
    robustness: Robustness | None = None
    rival: bool = True

    @check("space")
    @classmethod
    def _some_granularity_applies(cls, value: Space, info: ValidationInfo) -> Space:
        network = info.data.get("network")
        if value.granularity == ("kernel",) and network is not None and not network.has_conv:
            law = "at least one granularity must apply to the network, and kernel needs a conv layer"
            raise broken(law, "kernel alone", "add another", at=("granularity",))
        return value

    @check("tickets")
    @classmethod
    def _rewinds_within_training(cls, value: Tickets, info: ValidationInfo) -> Tickets:
        train = info.data.get("train")
        rewinds = value.finder in ("iterative", "early_time")
        if train is not None and rewinds and value.rewind_epoch > train.dense_epochs:
            law = f"rewind_epoch may be dense_epochs at most ({train.dense_epochs})"
            raise broken(law, str(value.rewind_epoch), at=("rewind_epoch",))
        return value

    @check("pick")
    @classmethod
    def _needs_the_score(cls, value: Pick, info: ValidationInfo) -> Pick:
        score = info.data.get("score", "accuracy")
        if value.min_accuracy is not None and score != "accuracy":
            law = f"what a pick needs must be of the study's score, which is {score}"
            raise broken(law, f"min_accuracy {value.min_accuracy}", "write min_score", at=("min_accuracy",))
        return value

    @property
    def digest(self) -> str:
        """16 hex digits over all that changes the search."""
        return digest_of(self.searched())

    def searched(self) -> dict[str, Any]:
        """Return all that changes the search, section by section: what a run folder holds fast to.

        Not the name, the description or the data's folder; not how many candidates are asked and how likely what
        is left may be, since a search goes on where it stopped; not how many are trained together, which changes no
        bit of any; not the final trainings, the pick, what it must keep and the plain rival, which come after the
        search; and not how the profile or a NIR file is called: their contents have digests of their own.
        """
        return {
            name: {
                key: _content(key, value)
                for key, value in dict(section).items()
                if _is_searched(section, name, key)
            }
            if isinstance(section, Section)
            else section
            for name, section in dict(self).items()
            if name not in _NOT_SEARCHED and not (name in _LEFT_OUT_AT_DEFAULT and _at_default(self, name))
        }

    def write(self, path: str | Path) -> None:
        """Write it as a study file, defaults filled in; ``hwsearch run`` of that file asks the same question."""
        write_study(self, Path(path))

    def to_yaml_dict(self) -> dict[str, Any]:
        """Return every key with its value, defaults filled in, as plain YAML values.

        ``robustness``, ``train.augment``, ``search.overlap`` and ``final.others`` came later: where they are not asked
        they are left out, so that what names a whole study stays.
        """
        written = self.model_dump(mode="json")
        if self.robustness is None:
            del written["robustness"]
        if self.train.augment is None:
            del written["train"]["augment"]
        if not self.search.overlap:
            del written["search"]["overlap"]
        if self.final.others == "train":
            del written["final"]["others"]
        return written


def _content(key: str, value: Any) -> Any:
    """Return a value without the name of a file; ``batch: auto``, which came later, as what it begins with."""
    if (key, value) == ("batch", "auto"):
        return FIRST_BATCH
    return {k: v for k, v in dict(value).items() if k != "file"} if isinstance(value, NirSection) else value


def _is_searched(section: Section, name: str, key: str) -> bool:
    """Return whether a key of a section counts among what a run holds fast to."""
    later = f"{name}.{key}" in _LEFT_OUT_AT_DEFAULT
    return not (later and _at_default(section, key)) and f"{name}.{key}" not in _NOT_SEARCHED


def _at_default(section: Section, key: str) -> bool:
    return bool(getattr(section, key) == type(section).model_fields[key].default)


def load_study(path: Path) -> Study:
    """Read and check a study file.

    Raises:
        InputError: The file cannot be read or breaks laws; every fault is in it, in the order of lines.
    """
    document = read_yaml(path)
    result = validate(document, Study, document.data)
    faults = [*document.repeats, *(result if isinstance(result, list) else [])]
    if isinstance(result, list) or faults:
        raise InputError(sorted(faults, key=lambda fault: fault.line or 0))
    return _with_its_folder(result, path)


def _with_its_folder(study: Study, path: Path) -> Study:
    """Return the study with the folder that its data files' paths start from: its own, unless it names another."""
    if isinstance(study.data, NamedData):
        return study  # shipped sets lie in the folder of data sets
    root = path.parent / (study.data.root or "")
    return override(study, data_root=str(root.resolve()))


def write_study(study: Study, path: Path) -> None:
    """Write a study in one step, defaults filled in; ``load_study`` gives an equal one back."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 10_000  # a value stands on its key's line, however long
    content = study.to_yaml_dict()
    if study.data.root == str(path.parent.resolve()):
        content["data"]["root"] = None  # as `load_study` finds it, wherever the folder is moved to
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8") as stream:
        yaml.dump(content, stream)


def override(study: Study, seed: int | None = None, data_root: str | None = None) -> Study:
    """Return the study with options of the command line put over it; None leaves a value as it is.

    Raises:
        InputError: The seed is out of range.
    """
    if seed is not None:
        if not 0 <= seed < 2**32:
            raise InputError([Fault("--seed", "a seed must lie in 0 .. 2**32 - 1", str(seed))])
        study = study.model_copy(update={"seed": seed})
    if data_root is not None:
        study = study.model_copy(update={"data": study.data.model_copy(update={"root": data_root})})
    return study
