"""What finalists keep under noise, and who may be picked."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import hwsearch
from hwsearch.data.datasets import resplit
from hwsearch.errors import InputError, NothingFits
from hwsearch.network.integer import run_integer
from hwsearch.plan.plan import make_plan
from hwsearch.records.front import FRONT_COLUMNS
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.recover import recover
from hwsearch.search.stages.robustness import under_noise
from hwsearch.stress.draws import draws_of
from hwsearch.stress.inputs import noise
from hwsearch.study.model import load_study
from hwsearch.study.search_sections import Robustness

ASKED = "robustness: {noise: 0.1, lose_at_most: 0.1}\n"


def test_it_is_the_integer_machine_on_noisy_validation_samples_of_its_own_split(finished):
    row = hwsearch.load_run(finished).front.iloc[0]
    found = recover(RunFolder(finished), int(row["trial"]))
    plan, seed = found.plan, found.seed
    got = under_noise(_asking(plan, 0.2, 0.5), found_measured(found), seed)
    data = resplit(plan.data, seed)
    draws = draws_of("validation", "noise", plan.study.seed, 10)
    shares = [
        (
            run_integer(found.network, noise(data.x_val, data.input, 0.2, draw)).predictions == data.y_val
        ).mean()
        for draw in draws
    ]
    assert got.accuracy == pytest.approx(np.mean(shares))
    assert got.loss == pytest.approx(row["accuracy_val_own"] - np.mean(shares))
    assert got.kept
    assert got.columns == {
        "accuracy_val_noise": got.accuracy, "noise_loss": got.loss, "noise_loss_high": got.loss_high,
    }  # fmt: skip
    # no narrower than by the samples alone, each one's loss a mean over the draws
    right = [
        run_integer(found.network, noise(data.x_val, data.input, 0.2, draw)).predictions == data.y_val
        for draw in draws
    ]
    clean = run_integer(found.network, data.x_val).predictions == data.y_val
    error = (clean - np.mean(right, axis=0)).std(ddof=1) / np.sqrt(len(data.y_val))
    assert got.loss + 1.64 * error < got.loss_high < got.loss + 3 * error


def test_the_upper_end_of_the_loss_decides(finished):
    found = recover(RunFolder(finished), int(hwsearch.load_run(finished).front.iloc[0]["trial"]))
    loose = under_noise(_asking(found.plan, 0.2, 0.5), found_measured(found), found.seed)
    between = (loose.loss + loose.loss_high) / 2
    assert not under_noise(_asking(found.plan, 0.2, between), found_measured(found), found.seed).kept
    assert under_noise(_asking(found.plan, 0.2, loose.loss_high), found_measured(found), found.seed).kept


def _asking(plan, noise, lose_at_most):
    wanted = Robustness(noise=noise, lose_at_most=lose_at_most)
    return replace(plan, study=plan.study.model_copy(update={"robustness": wanted}))


def found_measured(found):
    """Return a measured candidate of a network that was recovered; nothing but the network is read."""
    from types import SimpleNamespace

    return SimpleNamespace(network=found.network)


def test_nothing_is_measured_where_nothing_is_asked(finished):
    found = recover(RunFolder(finished), int(hwsearch.load_run(finished).front.iloc[0]["trial"]))
    assert under_noise(found.plan, found_measured(found), found.seed) is None


@pytest.fixture(scope="module")
def asked_later(finished, tmp_path_factory):
    """A finished run that is asked again, now with robustness: final trainings are in its cache."""
    run = shutil.copytree(finished, tmp_path_factory.mktemp("asked") / "run")
    study = run / "study.yaml"
    study.write_text(study.read_text() + ASKED)
    hwsearch.run(shutil.copy(study, run.parent / "tiny.yaml"), out=run)
    return run


def test_a_finished_run_can_be_asked_later_and_says_what_was_measured_at_the_end(finished, asked_later):
    before, after = (hwsearch.load_run(run) for run in (finished, asked_later))
    assert after.study.digest == before.study.digest
    assert list(after.front.columns) == [
        *before.front.columns,
        "accuracy_val_noise",
        "noise_loss",
        "noise_loss_high",
    ]
    assert tuple(after.front.columns[: len(FRONT_COLUMNS)]) == FRONT_COLUMNS
    known = after.front[before.front.columns].set_index("trial")
    both = known.index.intersection(before.front["trial"])
    assert len(both)
    assert known.loc[both, "memory_bytes"].equals(before.front.set_index("trial").loc[both, "memory_bytes"])


def test_the_pick_keeps_it(asked_later):
    result = hwsearch.load_run(asked_later)
    kept = result.front.query("noise_loss_high <= 0.1 + 1e-9")
    picked = result.pick("smallest", within="100%")
    assert picked["memory_bytes"] == kept["memory_bytes"].min()
    assert result.summary["pick"] is None or result.summary["pick"]["trial"] in set(kept["trial"])


def test_where_none_keeps_it_that_is_said(asked_later, tmp_path):
    run = shutil.copytree(asked_later, tmp_path / "run")
    front = pd.read_csv(run / "front.csv", dtype={"digest": str, "network_digest": str})
    front["noise_loss_high"] = 0.5
    front.to_csv(run / "front.csv", index=False)
    with pytest.raises(NothingFits, match="no member of the front keeps its accuracy under noise"):
        hwsearch.load_run(run).pick()


def test_noise_on_events_is_refused_before_anything_is_spent(tiny):
    text = tiny.read_text().replace("train_size: 400", "train_size: 400, encode: {rate: {frames: 3}}")
    tiny.write_text(text + ASKED)
    with pytest.raises(InputError, match=r"robustness.noise: .*values; got inputs are events"):
        make_plan(load_study(tiny), tiny)


def test_a_study_that_does_not_ask_is_the_study_that_it_was(tiny):
    study = load_study(tiny)
    assert "robustness" not in study.to_yaml_dict()
    study.write(tiny)
    assert "robustness" not in tiny.read_text()
    tiny.write_text(tiny.read_text() + ASKED)
    other = load_study(tiny)
    assert other.digest == study.digest
    assert other.to_yaml_dict()["robustness"] == {"noise": 0.1, "lose_at_most": 0.1}
