"""`hwsearch stress`: which networks of a run folder or an export are put under stress, and what is written of it.

Measured once: the same question is answered from stress.csv.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwsearch.data.datasets import resplit
from hwsearch.data.given import digest_of_arrays
from hwsearch.data.samples import Dataset
from hwsearch.data.split import sample_classes, stratified_take
from hwsearch.errors import Fault, InputError
from hwsearch.export.agree import read_config
from hwsearch.export.bundle import CONFIG
from hwsearch.export.replace import MANIFEST
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import packing_of, read_weights
from hwsearch.hardware.cost_model import price
from hwsearch.network.store import network_digest
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.stress import DENSE, StressRow, read_stress, write_stress
from hwsearch.report.stress_figure import write_stress_png
from hwsearch.results.exported import dataset_in, study_of
from hwsearch.results.recover import Recovered, recover, recover_dense
from hwsearch.seeds import seed_of
from hwsearch.stress.kinds import KINDS, Kind
from hwsearch.stress.measure import Samples, Settings, Subject, stress, subset
from hwsearch.stress.models import Stored
from hwsearch.study.digest import digest

SPLITS = ("test", "validation")
MOST_SEEDS, MOST_SAMPLES = 100, 100_000


@dataclass(frozen=True)
class StressAsked:
    """What a user asks of a stress test.

    Attributes:
        split: ``test`` (a report at the end: nothing may be chosen by it) or ``validation``.
        seeds: Draws of each disturbance.
        samples: Of the split, at most, classes in proportion: bounds the time.
        kinds: Which disturbances, by name; none: all.
    """

    split: str = "test"
    seeds: int = 10
    samples: int = 500
    kinds: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse what cannot be asked.

        Raises:
            InputError: Every value that breaks its law.
        """
        faults, known = [], [kind.name for kind in KINDS]
        if self.split not in SPLITS:
            faults.append(Fault("--split", f"a split must be {' or '.join(SPLITS)}", self.split))
        for name, value, most in (("seeds", self.seeds, MOST_SEEDS), ("samples", self.samples, MOST_SAMPLES)):
            if not 1 <= value <= most:
                faults.append(Fault(f"--{name}", f"{name} must lie in 1 .. {most:,}", str(value)))
        faults += [
            Fault("--only", f"a kind must be one of {', '.join(known)}", name)
            for name in self.kinds
            if name not in known
        ]
        if faults:
            raise InputError(faults)

    @property
    def chosen(self) -> tuple[Kind, ...]:
        """The kinds in their order."""
        return tuple(kind for kind in KINDS if not self.kinds or kind.name in self.kinds)


@dataclass(frozen=True, eq=False)
class _Group:
    """Candidates that are run on the same samples, beside the same dense network."""

    dense: Subject | None
    candidates: tuple[Subject, ...]
    samples: Samples


def stress_run(
    folder: RunFolder,
    trials: Sequence[int],
    asked: StressAsked,
    tell: Callable[[str], object],
    storage: str | None = None,
) -> list[StressRow]:
    """Stress trials of a run beside the dense networks they were cut from; write stress.csv and stress.png there.

    Raises:
        InputError: A trial was not trained, or what is asked breaks a law.
        RecordError: A network is not what was recorded.
    """
    asked.check()
    recovered = [recover(folder, trial, storage) for trial in dict.fromkeys(trials)]
    groups = list(_groups(folder, recovered, asked))
    return _answered(groups, asked, recovered[0].plan.study.seed, folder.stress, tell)


def stress_export(
    folder: Path,
    to: Path,
    asked: StressAsked,
    tell: Callable[[str], object],
    data_root: Path | None = None,
) -> list[StressRow]:
    """Stress the model of an export, which alone it holds; write stress.csv and stress.png into another folder.

    Args:
        folder: The export.
        to: Where to write: an export's folder holds nothing else.
        asked: What is asked.
        tell: Told what is being done.
        data_root: Folder of data sets, or of the study's data files.

    Raises:
        InputError: The data cannot be read, or what is asked breaks a law.
        RecordError: A file of the export is missing or damaged.
    """
    asked.check()
    if to.resolve() == folder.resolve():
        law = "an export's folder holds its model and nothing else"
        raise InputError([Fault("--to", law, str(to), "choose another folder")])
    config = read_config(folder / CONFIG)
    study, seed = study_of(folder, config)
    network, _ = read_weights(folder / WEIGHTS)
    formats, _ = packing_of(folder / WEIGHTS)
    dataset = dataset_in(folder, config, network.input, data_root)
    samples = _samples(dataset, seed, study.seed, asked)
    to.mkdir(parents=True, exist_ok=True)
    group = _Group(None, (Subject("the export", Stored(network, formats)),), samples)
    return _answered([group], asked, study.seed, RunFolder(to).stress, tell)


def is_export(path: Path) -> bool:
    """Return whether a folder is an export's."""
    return (path / MANIFEST).is_file()


def _groups(folder: RunFolder, recovered: Sequence[Recovered], asked: StressAsked) -> Iterator[_Group]:
    """Yield candidates by the training of the dense network that they were cut from."""
    alike: dict[tuple[int, int], list[Recovered]] = {}
    for found in recovered:
        alike.setdefault((found.record.candidate.network, found.seed), []).append(found)
    for members in alike.values():
        first = members[0]
        measured = recover_dense(folder, first)
        assert measured.network is not None
        assert measured.workload is not None
        formats = price(measured.workload, first.plan.profile).formats
        name = DENSE if len(alike) == 1 else f"{DENSE} of trial {first.record.trial}"
        yield _Group(
            Subject(name, Stored(measured.network, formats)),
            tuple(_subject(found) for found in members),
            _samples(first.plan.data, first.seed, first.plan.study.seed, asked),
        )


def _subject(found: Recovered) -> Subject:
    formats = price(found.workload, found.plan.profile).formats
    return Subject(f"trial {found.record.trial}", Stored(found.network, formats))


def _samples(data: Dataset, seed: int, study_seed: int, asked: StressAsked) -> Samples:
    """Return the samples that are asked for; those of validation are of the split that a training of the seed had."""
    if asked.split == "test":
        whole = Samples("test", data.x_test, data.y_test)
    else:
        own = data if seed == study_seed else resplit(data, seed)
        whole = Samples("validation", own.x_val, own.y_val)
    if len(whole.y) <= asked.samples:
        return whole
    rng = np.random.default_rng(seed_of("stress/samples", study_seed))
    return subset(whole, stratified_take(sample_classes(whole.y), asked.samples, rng)[0])


def _answered(
    groups: Sequence[_Group], asked: StressAsked, seed: int, path: Path, tell: Callable[[str], object]
) -> list[StressRow]:
    """Return what was measured before, or measure and write it."""
    question = _question(groups, asked, seed)
    known = read_stress(path)
    if known and all(row.asked == question for row in known):
        tell(f"{path} has it already")
    else:
        settings = Settings(asked.chosen, asked.seeds, seed, question)
        known = [
            row
            for group in groups
            for row in stress(group.candidates, group.dense, group.samples, settings, tell)
        ]
        write_stress(known, path)
    write_stress_png(known, RunFolder(path.parent).stress_png)
    return known


def _question(groups: Sequence[_Group], asked: StressAsked, seed: int) -> str:
    """Return a digest of all that the rows depend on."""
    networks = [
        [subject.name, network_digest(subject.stored.network), list(subject.stored.formats)]
        for group in groups
        for subject in (*((group.dense,) if group.dense else ()), *group.candidates)
    ]
    samples = [digest_of_arrays({"x": group.samples.x, "y": group.samples.y}) for group in groups]
    levels = [[kind.name, list(kind.levels)] for kind in asked.chosen]
    return digest([networks, samples, levels, asked.split, asked.seeds, seed])
