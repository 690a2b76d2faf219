"""What is said of networks: a finalist and the dense reference as rows."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from builders.records import record

from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.front import read_front, write_front
from hwsearch.search.stages.finalist import FinalForetold, Finalist, Scored
from hwsearch.search.stages.rows import dense_row, foretold_row, front_row
from hwsearch.search.stages.skill import answer_columns

ANSWERS = Answers((20, 0, 10), (18, 2, 10), (18, 0, 10), 3, 0, (), 1)
MEASURED = Measured(
    failure="", network=None, workload=None, accuracy_val=0.9, accuracy_val_float=0.91, accuracy_test=0.88,
    sparsity_effective=0.5, accumulator_bits=17, membrane_bits=12, params=None, train_steps=0, eval_steps=0,
    loss=WidthLoss(weights_zeroed=2), answers_val=ANSWERS, answers_test=ANSWERS,
)  # fmt: skip
COST = {"memory_bytes": 100, "weight_bytes": 80, "energy_j": None, "macs": 2.5, "flash_bytes": 90}


def finalist(trial, tests=(0.86, 0.9)):
    return Finalist(
        None if trial is None else record(trial, 0.5, (0.92,), 100.0), MEASURED, 77, COST, 0.89, float(np.mean(tests)),
        (0.8, 0.9), (0.88, 0.9), tests, (0.02,) * len(tests), len(tests), 2, True, "",
        score_val_interval=(0.85, 0.93),
    )  # fmt: skip


def test_a_finalist_is_a_row():
    row = front_row(finalist(3))
    assert (row.trial, row.sparsity, row.weight_bits, row.timesteps, row.seed) == (3, 0.5, 4, 3, 77)
    assert (row.accuracy_val, row.accuracy_val_search, row.accuracy_val_own) == (0.89, 0.92, 0.9)
    assert (row.accuracy_test, row.accuracy_test_low, row.accuracy_test_high) == (
        pytest.approx(0.88),
        0.8,
        0.9,
    )
    assert row.accuracy_test_sd == pytest.approx(0.04 / 2**0.5)
    assert row.drop_val_to_test == pytest.approx(0.01)
    assert (row.memory_bytes, row.energy_j, row.banks) == (100, None, {"flash_bytes": 90})
    assert (row.accumulator_bits, row.weights_zeroed) == (17, 2)
    assert row.recalls_test == "0.9000//1.0000"
    assert row.network_digest is None
    assert (row.evidence, row.accuracy_val_low, row.accuracy_val_high) == ("trained 2 times", 0.85, 0.93)
    assert (row.believed, row.believed_sd) == (None, None)
    known = front_row(replace(finalist(3), believed=(0.87, 0.01)))
    assert (known.accuracy_val, known.believed, known.believed_sd) == (0.89, 0.87, 0.01)


def test_another_score_has_columns_of_its_own():
    scored = replace(finalist(3), scored=Scored(0.7, 0.6, 0.5, 0.65))
    row = front_row(scored)
    assert [name for name in row.columns() if name.startswith("score")] == [
        "score_val", "score_test", "score_test_low", "score_test_high", "score_val_low", "score_val_high",
    ]  # fmt: skip
    assert (scored.score, row.score, row.accuracy_val) == (0.7, 0.7, 0.89)
    assert not any(name.startswith("score") for name in front_row(finalist(3)).columns())
    dense = SimpleNamespace(measured=MEASURED, cost=COST, scored_by="macro_f1", score=0.8)
    assert dense_row(dense, None).score == 0.8
    final = replace(finalist(None), scored=scored.scored)
    told = dense_row(dense, final)
    assert (told.score, told.score_val_search, told.accuracy_val) == (0.7, 0.8, 0.89)


def test_one_seed_has_no_spread():
    row = front_row(finalist(3, tests=(0.88,)))
    assert (row.seeds, row.accuracy_test_sd, row.evidence) == (1, None, "trained once of 2")


def test_the_dense_reference_of_the_search_has_no_test():
    dense = SimpleNamespace(measured=MEASURED, cost=COST, scored_by="accuracy")
    row = dense_row(dense, None)
    assert list(row.columns())[:4] == ["accuracy_val", "accuracy_val_search", "accuracy_test", "memory_bytes"]
    assert (row.accuracy_val, row.accuracy_val_search, row.accuracy_test) == (0.9, 0.9, None)


def test_the_dense_reference_of_the_final_trainings_has_all():
    row = dense_row(SimpleNamespace(measured=MEASURED, cost={}), finalist(None))
    assert (row.accuracy_val, row.accuracy_val_search) == (0.89, 0.9)
    assert (row.accuracy_test_low, row.accuracy_test_own) == (0.8, 0.88)
    assert row.banks == {"flash_bytes": 90}
    assert list(row.columns())[-12:] == list(answer_columns(MEASURED))


def test_what_is_foretold_has_its_word_and_the_costs_of_the_search_and_nothing_of_a_test(tmp_path):
    row = foretold_row(FinalForetold(record(5, 0.5, (0.92,), 100.0), 0.94, 0.9, 0.96, 0.015))
    assert (row.accuracy_val, row.accuracy_val_low, row.accuracy_val_high) == (0.94, 0.9, 0.96)
    assert (row.believed, row.believed_sd) == (0.94, 0.015)
    assert (row.evidence, row.seeds, row.is_foretold, row.accuracy_val_search) == ("foretold", 0, True, 0.92)
    assert (row.accuracy_test, row.accuracy_val_own, row.network_digest, row.memory_bytes) == (
        None,
        None,
        None,
        100,
    )
    cost = COST | {"state_bytes": 10, "synaptic_ops": 5.0, "latency_s": None}
    trained = front_row(replace(finalist(3), cost=cost))
    write_front([row, trained], tmp_path / "front.csv")
    first, second = read_front(tmp_path / "front.csv")
    assert (first.trial, first.accuracy_test, first.evidence) == (5, None, "foretold")
    assert (second.trial, second.seed, second.accuracy_test) == (3, 77, pytest.approx(0.88))
    header = (tmp_path / "front.csv").read_text().splitlines()[0]
    assert header == ",".join(trained.columns())  # the columns are those of what was trained
