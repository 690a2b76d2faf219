"""From a run folder back to a trial's network: out of the cache, or trained again as it was."""

from __future__ import annotations

import importlib.metadata
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hwsearch.errors import Fault, HwsearchError, InputError, RecordError
from hwsearch.hardware.workload import Workload
from hwsearch.measure.measured import Measured
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.store import network_digest
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.records.front import FrontRow, read_front
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import read_summary
from hwsearch.records.tables import Cell
from hwsearch.records.trials import TrialRecord
from hwsearch.search.jobs.pool import Bench, Trainer
from hwsearch.search.optuna_study import records_of
from hwsearch.search.stages.context import Context, Reference
from hwsearch.search.stages.dense import dense_reference, fresh_references
from hwsearch.search.stages.final_trainings import fresh_dense, member_job
from hwsearch.search.stages.rungs import Trial, train_rung
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.environment import environment_of, is_as_recorded, recorded_device
from hwsearch.study.model import Study, load_study
from hwsearch.train.device import find_device

_BYTES = ("memory_bytes", "weight_bytes")


@dataclass(frozen=True)
class Recovered:
    """A trial with its network.

    Attributes:
        plan: The run's plan.
        record: The trial.
        network: Its integers.
        workload: Counted on the validation split.
        accuracy_val, accuracy_test: Of this very network; test only for members of the front.
        accumulator_bits, membrane_bits: Widths that no input can exceed.
        seed: Of its training.
        versions: Of the libraries that the run was made with, by name.
        search_train_steps: What the whole search cost; None: its summary does not say.
    """

    plan: Plan
    record: TrialRecord
    network: IntegerNetwork
    workload: Workload
    accuracy_val: float | None
    accuracy_test: float | None
    accumulator_bits: int | None
    membrane_bits: int | None
    seed: int
    versions: Mapping[str, str]
    search_train_steps: int | None = None


def recover(folder: RunFolder, trial: int, storage: str | None = None) -> Recovered:
    """Return a trial's network: for a member of the front the one that the final trainings chose.

    Args:
        folder: The run's.
        trial: Its number.
        storage: URL; None: the one that the folder remembers.

    Raises:
        InputError: There is no such trial, it was not trained, it is foretold, or its record cannot be read.
        RecordError: The network is not what was recorded.
    """
    study = load_study(folder.study)
    record = _trained_record(records_of(folder, study, storage), trial)
    plan = make_plan(with_used_files(study, folder), folder.study)
    row = _front_row(folder, trial)
    if row is not None and row.is_foretold:
        law = "a member of the front must be trained in full before a network of it is handed over"
        what = "hwsearch front DIR --confirm trains the front's recipes"
        raise InputError([Fault("--trial", law, f"trial {trial}: foretold", what)])
    seed = None if row is None else row.seed
    cache = _cache_of(plan, folder)
    path = (
        cache.path("trained", record.candidate.digest)
        if seed is None
        else cache.final_path(record.candidate, seed)
    )
    measured = cache.load(path)
    cached = measured is not None and measured.network is not None
    if measured is None or not cached:
        measured = _train_again(plan, cache, folder, record, seed)
    versions = recorded_versions(folder)
    if wrong := _differences(plan, _recorded(record, row), measured):
        reason = _other_network(versions, path if cached else None)
        law = f"{folder.path}: trial {trial} must be what was recorded"
        raise RecordError(f"{law}; got {'; '.join(wrong)} ({reason})")
    if not cached:
        cache.save(path, measured)
    found = _recovered(plan, record, measured, study.seed if seed is None else seed, versions)
    return replace(found, search_train_steps=_search_train_steps(folder))


def recover_dense(folder: RunFolder, found: Recovered) -> Measured:
    """Return the dense network that a recovered trial was cut from: out of the cache, or trained again.

    Args:
        folder: The run's.
        found: The trial.

    Raises:
        HwsearchError: It does not train.
    """
    plan = found.plan.at(found.record.candidate.network)
    fresh, cache = found.seed != plan.study.seed, _cache_of(plan, folder)
    path = cache.final_path(plan.place, found.seed) if fresh else cache.path("dense", *plan.place)
    measured = cache.load(path)
    if measured is not None and measured.network is not None:
        return measured
    with _bits_apart(plan, cache, folder) as (trainer, own):
        if not fresh:
            return dense_reference(plan, trainer, own).measured
        (trained,) = fresh_references(plan, trainer, own, [found.seed])
    if trained.network is None:
        raise HwsearchError(f"the dense network must train; got: {trained.failure}")
    return trained


def _cache_of(plan: Plan, folder: RunFolder) -> Cache:
    """Return the cache of a run, as what computes here and now reads it."""
    key = environment_of(plan, _device(folder)).key if folder.environment.exists() else ""
    return Cache(folder.cache, plan.digest, folder.shared, key)


def _trained_record(records: Sequence[TrialRecord], trial: int) -> TrialRecord:
    """Return a trial's record.

    Raises:
        InputError: There is no such trial, or it was not trained.
    """
    if not 0 <= trial < len(records):
        raise InputError([Fault("--trial", f"a trial must lie in 0 .. {len(records) - 1}", str(trial))])
    record = records[trial]
    if record.outcome != "trained":
        law = "only a trained candidate can be exported"
        raise InputError([Fault("--trial", law, f"trial {trial}: {record.outcome}", "see trials.csv")])
    return record


def _recovered(
    plan: Plan, record: TrialRecord, measured: Measured, seed: int, versions: Mapping[str, str]
) -> Recovered:
    assert measured.network is not None
    assert measured.workload is not None
    return Recovered(
        plan, record, measured.network, measured.workload, measured.accuracy_val, measured.accuracy_test,
        measured.accumulator_bits, measured.membrane_bits, seed, versions,
    )  # fmt: skip


def recorded_versions(folder: RunFolder) -> Mapping[str, str]:
    """Return the versions that a run was made with; none where its summary does not say."""
    try:
        return read_summary(folder.summary).versions
    except RecordError:
        return {}


def _search_train_steps(folder: RunFolder) -> int | None:
    """Return what a search cost, with what it took over from others; None where its summary does not say."""
    try:
        cost = read_summary(folder.summary).cost
    except RecordError:
        return None
    return cost.train_steps + cost.reused_train_steps


def _recorded(record: TrialRecord, row: FrontRow | None) -> Mapping[str, Cell]:
    """Return what was recorded of the network that stands for a trial, where it was: on the front, or in the search."""
    if row is None:
        costs = record.measured or {}
        said: dict[str, Cell] = {"accuracy_val": record.accuracy_val, "network_digest": record.network_digest}
        return said | {name: costs.get(name) for name in _BYTES}
    said = {"accuracy_val": row.accuracy_val_own, "accuracy_test": row.accuracy_test_own}
    return said | {name: row.cell(name) for name in (*_BYTES, "network_digest")}


def _differences(plan: Plan, recorded: Mapping[str, Cell], measured: Measured) -> list[str]:
    """Return in words what a network is otherwise than was recorded."""
    assert measured.network is not None
    assert measured.workload is not None
    costs = price_on_device(plan, measured.workload).fields
    found: dict[str, float | None] = {name: costs[name] for name in _BYTES}
    found |= {"accuracy_val": measured.accuracy_val, "accuracy_test": measured.accuracy_test}
    digest, wrong = network_digest(measured.network), []
    for name, said in recorded.items():
        if said is None:
            continue
        here = digest if isinstance(said, str) else found[name]
        same = here == said if isinstance(said, str) else math.isclose(found[name] or 0.0, said)
        if not same:
            wrong.append(f"{name} {here}, recorded {said}")
    return wrong


def _other_network(versions: Mapping[str, str], path: Path | None) -> str:
    """Say why a network may differ from its record, and what to do."""
    if path is not None:
        return f"the cache holds another network: delete {path}"
    pairs = [f"{name} {then} then, {importlib.metadata.version(name)} now" for name, then in versions.items()]
    told = ", ".join(pairs) or "the versions of then are not recorded"
    return (
        f"it was trained again: {told}; the same versions and machine give the same network, "
        "or run the study into a new folder"
    )


def with_used_files(study: Study, folder: RunFolder) -> Study:
    """Return the study with the profile and the NIR file that lie in the run folder: both may have changed since."""
    device = study.device.model_copy(update={"profile": str(folder.profile.resolve())})
    network = study.network
    if network.nir is not None:
        nir = network.nir.model_copy(update={"file": str(folder.network.resolve())})
        network = network.model_copy(update={"nir": nir})
    return study.model_copy(update={"device": device, "network": network})


def _front_row(folder: RunFolder, trial: int) -> FrontRow | None:
    """Return a trial's row of the front, whose network the final trainings chose, or None if it is not on it."""
    if not folder.front.exists():
        return None
    return next((row for row in read_front(folder.front) if row.trial == trial), None)


def _device(folder: RunFolder) -> str:
    """Return where a run's networks are trained again: where it trained them, if that is here."""
    return "cuda" if recorded_device(folder) == "cuda" and find_device("auto") == "cuda" else "cpu"


def _train_again(
    plan: Plan, cache: Cache, folder: RunFolder, record: TrialRecord, seed: int | None
) -> Measured:
    """Train a candidate as the run did (it is not in the cache)."""
    of_one = plan.at(record.candidate.network)
    with _bits_apart(plan, cache, folder) as (trainer, own):
        reference = Reference(of_one, dense_reference(of_one, trainer, own))
        context = Context(plan, (reference,), trainer, own)
        if seed is None:
            trial = Trial(record, ticket_of(context, record.candidate))
            measured = train_rung(context, [trial], len(plan.cycles) - 1)[record.trial]
        else:
            job = member_job(context, [record], fresh_dense(context, reference, seed), seed)
            measured = trainer.run([job])[0][0]
    if measured.network is None:
        raise InputError([Fault("--trial", "the candidate must train", measured.failure)])
    return measured


@contextmanager
def _bits_apart(plan: Plan, cache: Cache, folder: RunFolder) -> Iterator[tuple[Trainer, Cache]]:
    """Yield who trains, and the cache to train in: the run's own, or one that is thrown away.

    Where it is not as the run recorded, what a training rests on may come out otherwise, and the run must never go on
    from that.
    """
    device = _device(folder)
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop, device)
    with Trainer(bench, 1) as trainer:
        if is_as_recorded(folder, environment_of(plan, device)):
            yield trainer, cache
            return
        with tempfile.TemporaryDirectory() as scratch:
            yield trainer, Cache(Path(scratch), plan.digest, environment=cache.environment)
