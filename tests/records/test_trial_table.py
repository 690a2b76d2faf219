"""trials.csv: a row a record, in the columns that users know, read as it was written."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.records import record

from hwsearch.errors import RecordError
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.columns import LaterColumns
from hwsearch.records.trial_table import (
    TRIAL_COLUMNS,
    TrialTable,
    read_trials,
    read_trials_frame,
    trial_row,
    write_trials,
)

TRAINED = replace(
    record(0, 0.5, (0.25, 0.123456), 100.0), wall_s=1.23456, accumulator_bits=17, loss=WidthLoss(weights_zeroed=2),
    reason="",
)  # fmt: skip
PRICED = record(1, 0.9, (), 40.0, "over_budget")
HEAD = (
    "trial,outcome,reason,sparsity,granularity,weight_bits,timesteps,accuracy_val,accuracy_val_float,memory_bytes,"
    "weight_bytes,bias_bytes,state_bytes,buffer_bytes,synaptic_ops,macs,energy_j,latency_s,sparsity_mask,"
    "sparsity_effective,similarity,accuracy_foreseen,accuracy_most,audited,chance,feasible,on_front,twin_of,began,"
    "finishing,curve,memory_bytes_predicted,weight_bytes_predicted,bias_bytes_predicted,state_bytes_predicted,"
    "buffer_bytes_predicted,synaptic_ops_predicted,macs_predicted,energy_j_predicted,latency_s_predicted,train_steps,"
    "eval_steps,accumulator_bits,membrane_bits,weights_zeroed,biases_clipped,thresholds_clipped,sums_clipped,"
    "membranes_clipped,digest,wall_s,skilled"
)


def test_a_record_is_a_row():
    row = trial_row(TRAINED, on_front=True)
    assert row.curve == "0.2500/0.1235"
    assert row.wall_s == 1.235
    assert (row.memory_bytes, row.memory_bytes_predicted) == (100, 100)
    assert (row.accumulator_bits, row.weights_zeroed, row.biases_clipped) == (17, 2, 0)
    assert row.on_front
    assert trial_row(PRICED, on_front=False).memory_bytes is None


def test_the_file_by_hand(tmp_path):
    write_trials([TRAINED, PRICED], {0}, tmp_path / "trials.csv")
    head, first, second = (tmp_path / "trials.csv").read_text().splitlines()
    assert head == HEAD
    assert first.startswith("0,trained,,0.5,weight,4,3,0.123456,,100,100,,,,,,1.0000000000000001e-07,,")
    assert second.startswith("1,over_budget,,0.9,weight,4,3,,,,,,,,,,,,")
    assert first.endswith(f",17,,2,0,0,0.0,0.0,{TRAINED.candidate.digest},1.235,True")


def test_another_score_has_its_columns_at_the_end(tmp_path):
    scored = replace(TRAINED, score_val=0.5).expecting(0.4, 0.6, "macro_f1")
    write_trials([scored, PRICED], {0}, tmp_path / "trials.csv", LaterColumns(score="macro_f1"))
    head, first, second = (tmp_path / "trials.csv").read_text().splitlines()
    assert head == f"{HEAD},score_val,score_foreseen,score_most"
    assert first.endswith(",True,0.5,0.4,0.6")
    assert second.endswith(",True,,,")
    row, _ = read_trials(tmp_path / "trials.csv")
    assert (row.score_val, row.accuracy_val, row.accuracy_foreseen) == (0.5, 0.123456, None)


def test_what_is_written_is_read(tmp_path):
    write_trials([TRAINED, PRICED], {0}, tmp_path / "trials.csv")
    rows = read_trials(tmp_path / "trials.csv")
    for found, written in zip(rows, (TRAINED, PRICED), strict=True):
        expected = trial_row(written, on_front=written.trial == 0)
        for name in set(TRIAL_COLUMNS) - {"sparsity", "weight_bits"}:
            assert found.cell(name) == expected.cell(name), name
        assert float(found.sparsity) == expected.sparsity  # a cell may be one number a layer: text
    frame = read_trials_frame(tmp_path / "trials.csv")
    assert frame["digest"].tolist() == [TRAINED.candidate.digest, PRICED.candidate.digest]
    assert frame["memory_bytes"].isna().tolist() == [False, True]


def test_a_search_that_asked_for_nothing_has_its_header(tmp_path):
    write_trials([], set(), tmp_path / "trials.csv")
    assert (tmp_path / "trials.csv").read_text() == HEAD + "\n"
    assert read_trials(tmp_path / "trials.csv") == []
    assert list(read_trials_frame(tmp_path / "trials.csv").columns) == HEAD.split(",")


def test_an_outcome_that_is_none_is_refused(tmp_path):
    path = tmp_path / "trials.csv"
    write_trials([TRAINED], set(), path)
    frame = pd.read_csv(path)
    frame["outcome"] = "lost"
    frame.to_csv(path, index=False)
    with pytest.raises(RecordError, match=r"row 1 .*outcome: .*not 'lost'"):
        read_trials(path)
    with pytest.raises(RecordError, match="none of colour"):
        read_trials_frame(path, ("trial", "colour"))


def test_a_study_with_networks_and_widths_to_choose_from_has_them_in_the_last_columns(tmp_path):
    later = LaterColumns(("fc8", "fc16"), 16)
    write_trials([TRAINED, PRICED], {0}, tmp_path / "trials.csv", later)
    head, first, _ = (tmp_path / "trials.csv").read_text().splitlines()
    assert head == f"{HEAD},state_bits,network"
    assert first.endswith(",True,16,fc8")
    (row, _) = read_trials(tmp_path / "trials.csv")
    assert (row.state_bits, row.network) == (16, "fc8")


def test_a_table_that_grows_is_what_writing_it_at_once_gives(tmp_path):
    grown, whole, table = tmp_path / "grown.csv", tmp_path / "whole.csv", TrialTable()
    for records, front in (([TRAINED], {0}), ([PRICED], {0}), ([replace(TRAINED, trial=2)], {2})):
        table.add(records)
        table.write(front, grown)
    write_trials([TRAINED, PRICED, replace(TRAINED, trial=2)], {2}, whole)
    assert grown.read_bytes() == whole.read_bytes()
    assert [row.on_front for row in read_trials(grown)] == [False, False, True]
