"""`hwsearch retrain`: an export's model, trained on with new data, as a new export that says which it came from.

It needs the export alone: the float network to start from is its integers (`retrain.start`). Its place in memory stays
(`export.memory_map`), its inputs are encoded as before, with the means and deviations of the first training samples.
"""

from __future__ import annotations

import importlib.metadata
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hwsearch.data.datasets import dataset_of, find_root
from hwsearch.data.given import digest_of_arrays
from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Dataset
from hwsearch.data.suits import binned_as, unlike_input, unsuited
from hwsearch.errors import Fault, InputError
from hwsearch.export.agree import structure_of
from hwsearch.export.bundle import Model, write_export
from hwsearch.export.checks import sha256
from hwsearch.export.memory_map import memory_map, moved
from hwsearch.export.replace import MANIFEST, check_target
from hwsearch.hardware.cost_model import cost_fields, price
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import IntegerNetwork, needed_bits
from hwsearch.network.store import network_digest
from hwsearch.plan.schedules import schedule_of
from hwsearch.results.export_model import without_paths
from hwsearch.results.parent import Parent, parent_of
from hwsearch.retrain.spent import CORE_WATTS, Spent
from hwsearch.retrain.training import Retrained, Settings, Standing, retrain
from hwsearch.study.model import Study, override
from hwsearch.study.other_data import other_data

_RECORDED_INPUTS = 32
_MOST_EPOCHS = 10_000
_VERSIONED = ("hwsearch", "torch", "spikingjelly", "numpy")


@dataclass(frozen=True)
class RetrainAsked:
    """What a user asks of a training.

    Attributes:
        data: The new data: a file or folder in the format of the study's, or a YAML file with a section ``data``.
        epochs: Passes over the new training samples; None: as many as the study trains a candidate for.
        seed: Of the order of the samples; None: the study's.
        profile: The device's file, where its id is not known here; None: it is.
        core_watts: What a busy core is taken to draw.
    """

    data: Path
    epochs: int | None = None
    seed: int | None = None
    profile: Path | None = None
    core_watts: float = CORE_WATTS

    def check(self) -> None:
        """Refuse what cannot be asked.

        Raises:
            InputError: Every value that breaks its law.
        """
        faults = []
        if self.epochs is not None and not 1 <= self.epochs <= _MOST_EPOCHS:
            faults.append(Fault("--epochs", f"epochs must lie in 1 .. {_MOST_EPOCHS:,}", str(self.epochs)))
        if self.seed is not None and not 0 <= self.seed < 2**32:
            faults.append(Fault("--seed", "a seed must lie in 0 .. 2**32 - 1", str(self.seed)))
        if not 0 < self.core_watts <= 1000:
            faults.append(Fault("--core-watts", "watts must lie in 0 .. 1,000", str(self.core_watts)))
        if faults:
            raise InputError(faults)


@dataclass(frozen=True)
class RetrainedExport:
    """What came of it.

    Attributes:
        folder: The new export; None: no epoch was better on validation than doing nothing, and nothing was written.
        result: Scores, epochs, steps.
        spent: What it cost.
        study: The study, of the new data.
        notes: What a reader must know of the data.
    """

    folder: Path | None
    result: Retrained
    spent: Spent
    study: Study
    notes: tuple[str, ...]


def retrain_export(
    folder: Path,
    to: Path,
    asked: RetrainAsked,
    tell: Callable[[str], object] = lambda text: None,
    data_root: Path | None = None,
) -> RetrainedExport:
    """Train the model of an export on, and write a new export where it got better.

    Args:
        folder: The export.
        to: The folder to write.
        asked: What is asked.
        tell: Told what is being done.
        data_root: Folder of data sets.

    Raises:
        InputError: What is asked breaks a law, the data cannot be read or do not suit the model; all such faults.
        RecordError: The export is not what its record says, or lacks what a training needs.
    """
    asked.check()
    if to.resolve() == folder.resolve():
        law = "the model that is trained on stays as it is"
        raise InputError([Fault("--to", law, str(to), "choose another folder")])
    check_target(to)
    parent = parent_of(folder, asked.profile)
    study, data = _new_data(parent, asked, data_root)
    started, cores = time.perf_counter(), time.process_time()
    result = retrain(parent.network, data, _settings(parent, study, asked), _unlike(parent), tell)
    spent = Spent(
        time.perf_counter() - started,
        time.process_time() - cores,
        asked.core_watts,
        parent.config.get("search_train_steps"),
    )
    written = None
    if result.network is not None:
        written = write_export(_model(parent, study, data, result, result.network), to, parent.kinds)
    return RetrainedExport(written, result, spent, study, data.notes)


def _new_data(parent: Parent, asked: RetrainAsked, data_root: Path | None) -> tuple[Study, Dataset]:
    """Return the study with the new data, and these, encoded as the model reads them.

    Raises:
        InputError: They cannot be read, or do not suit the model; all such faults.
    """
    section = other_data(parent.study.data, asked.data)
    root = find_root(section.root, data_root, os.environ)
    samples = read_samples(section, root)
    network, names = parent.network, parent.config.get("class_names") or ()
    classes = network.populations[-1].shape.channels
    if faults := unsuited(samples, parent.encoding, network.input, classes, tuple(names)):
        raise InputError(faults)
    data = binned_as(dataset_of(section, samples, parent.encoding), network.input)
    if faults := unlike_input(data, network.input):
        raise InputError(faults)
    study = parent.study.model_copy(update={"data": section})
    return override(study, seed=asked.seed), data


def _settings(parent: Parent, study: Study, asked: RetrainAsked) -> Settings:
    schedule = schedule_of(study.train)
    return Settings(
        replace(schedule, epochs=asked.epochs or schedule.epochs),
        study.seed,
        study.score,
        study.train.neuron_loop,
        parent.widths,
    )


def _unlike(parent: Parent) -> Callable[[IntegerNetwork], str]:
    """Return what says in what a network cannot take the parent's place in memory."""
    before = memory_map(parent.network, parent.formats, parent.pointer_bits)

    def unlike(network: IntegerNetwork) -> str:
        return moved(before, memory_map(network, parent.formats, parent.pointer_bits))

    return unlike


def _model(parent: Parent, study: Study, data: Dataset, result: Retrained, network: IntegerNetwork) -> Model:
    """Return the new model, with a config that says which it came from."""
    return Model(
        network,
        parent.formats,
        parent.pointer_bits,
        _config(parent, study, data, result, network),
        data.x_val[:_RECORDED_INPUTS],
    )


def _config(
    parent: Parent, study: Study, data: Dataset, result: Retrained, network: IntegerNetwork
) -> dict[str, Any]:
    """Return config.yaml: the parent's, with what the training changed."""
    assert result.after is not None
    kept = {name: value for name, value in parent.config.items() if name not in ("layers", "network_digest")}
    return {
        **kept,
        "hwsearch": importlib.metadata.version("hwsearch"),
        "study": without_paths(study, parent.profile.id),
        "study_digest": study.digest,
        "seed": study.seed,
        "measured": _measured(parent, data, result.after, network),
        **structure_of(network, parent.formats),
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONED},
        "retrained": {
            "parent": {
                "manifest_sha256": sha256(parent.folder / MANIFEST),
                "network_digest": network_digest(parent.network),
                "study_digest": parent.config.get("study_digest"),
            },
            "samples_digest": _samples_digest(data),
            "epochs": len(result.curve),
            "epoch": result.epoch,
            "train_steps": result.train_steps,
            "eval_steps": result.eval_steps,
            "score": study.score,
            "before": _scores(result.before),
            "after": _scores(result.after),
        },
    }


def _measured(parent: Parent, data: Dataset, standing: Standing, network: IntegerNetwork) -> dict[str, Any]:
    """Return accuracies, widths and costs of the new network; events are counted on validation."""
    run = run_integer(network, data.x_val)
    counted = count_workload(network, run.input_maps, run.spikes, arrivals=run.arrivals)
    cost = price(replace(counted, state_bits=network.state_bits), parent.profile)
    needs = list(needed_bits(network))
    return {
        "accuracy_val": standing.val.accuracy,
        "accuracy_test": standing.test.accuracy,
        "accumulator_bits": max(need.sums for need in needs),
        "membrane_bits": max(need.membrane for need in needs[:-1]),
        "packed_bytes": cost.packed_bytes,
        **cost_fields(cost),
    }


def _scores(standing: Standing) -> dict[str, float]:
    return {"validation": standing.score_val, "test": standing.score_test}


def _samples_digest(data: Dataset) -> str:
    parts = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    return digest_of_arrays({name: getattr(data, name) for name in parts})[:16]
