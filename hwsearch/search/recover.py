"""From a run folder back to a trial's network: out of the cache, or trained again as it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.hardware.workload import Workload
from hwsearch.network.integer import IntegerNetwork
from hwsearch.search.ascend import train_rung
from hwsearch.search.cache import Cache
from hwsearch.search.dense import dense_reference
from hwsearch.search.evaluate import ticket_of
from hwsearch.search.final import final_path, fresh_dense, member_job
from hwsearch.search.folder import RunFolder, damaged
from hwsearch.search.lab import Draft, Lab
from hwsearch.search.plan import Plan, make_plan
from hwsearch.search.propose import read_records
from hwsearch.search.records import TrialRecord, read_table
from hwsearch.search.trainer import Bench, Measured, Trainer
from hwsearch.study.model import Study, load_study


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


def records_of(folder: RunFolder, study: Study, storage: str | None = None) -> list[TrialRecord]:
    """Return every record of a run, in order.

    Raises:
        InputError: The storage does not hold the run.
        RecordError: The file of its own storage is gone.
    """
    if storage is None and not folder.storage_file.exists():
        raise RecordError(damaged(folder.storage_file, "a run must have its storage", "no such file"))
    return [
        TrialRecord.from_json(text)
        for _, text in sorted(read_records(storage or folder.storage, study.name).items())
    ]


def recover(folder: RunFolder, trial: int, storage: str | None = None) -> Recovered:
    """Return a trial's network: for a member of the front the one that the final trainings chose.

    Raises:
        InputError: There is no such trial, or it was not trained.
    """
    study = load_study(folder.study)
    records = records_of(folder, study, storage)
    if not 0 <= trial < len(records):
        raise InputError([Fault("--trial", f"a trial must lie in 0 .. {len(records) - 1}", str(trial))])
    record = records[trial]
    if record.outcome != "trained":
        law = "only a trained candidate can be exported"
        raise InputError([Fault("--trial", law, f"trial {trial}: {record.outcome}", "see trials.csv")])
    plan = make_plan(with_own_profile(study, folder))
    seed = _final_seed(folder, trial)
    cache = Cache(folder.cache, plan.digest, folder.shared)
    path = cache.path("trained", record.candidate.digest) if seed is None else final_path(cache, record, seed)
    measured = cache.load(path)
    if measured is None or measured.network is None:
        measured = _train_again(plan, cache, record, path, seed)
    assert measured.network is not None
    assert measured.workload is not None
    return Recovered(
        plan, record, measured.network, measured.workload, measured.accuracy_val, measured.accuracy_test,
        measured.accumulator_bits, measured.membrane_bits, study.seed if seed is None else seed,
    )  # fmt: skip


def with_own_profile(study: Study, folder: RunFolder) -> Study:
    """Return the study with the profile that lies in the run folder: the device's own file may have changed since."""
    device = study.device.model_copy(update={"profile": str(folder.profile.resolve())})
    return study.model_copy(update={"device": device})


def _final_seed(folder: RunFolder, trial: int) -> int | None:
    """Return the seed that the final trainings chose for a trial, or None if it is not on the front."""
    if not folder.front.exists():
        return None
    front = read_table(folder.front, ("trial", "seed"))
    own = front[front["trial"] == trial]
    return None if own.empty else int(own["seed"].iloc[0])


def _train_again(plan: Plan, cache: Cache, record: TrialRecord, path: Path, seed: int | None) -> Measured:
    """Train a candidate as the run did (the cache was deleted)."""
    bench = Bench(plan.spec, plan.data, plan.widths, plan.study.train.neuron_loop)
    with Trainer(bench, 1) as trainer:
        lab = Lab(plan, dense_reference(plan, trainer, cache), trainer, cache)
        if seed is None:
            draft = Draft(record, ticket_of(lab, record.candidate))
            measured = train_rung(lab, [draft], len(plan.cycles) - 1)[record.trial]
        else:
            job = member_job(lab, [record], fresh_dense(lab, seed), seed)
            measured = trainer.run([job])[0][0]
    if measured.network is None:
        raise InputError([Fault("--trial", "the candidate must train", measured.failure)])
    cache.save(path, measured)
    return measured
