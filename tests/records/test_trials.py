"""A trial's record is read as it was written, by this version or an earlier one; which of two records counts."""

import json
from dataclasses import replace

import pytest
from builders.devices import mlp
from builders.records import record

from hwsearch.errors import RecordError
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.trials import OUTCOMES, TRIAL_FORMAT, TrialRecord, objective_values, remember
from hwsearch.space.candidate import Candidate

FULL = TrialRecord(
    trial=7, candidate=Candidate((0.5, 0.9), "nm:4", (2, 8), 3), outcome="trained", reason="",
    predicted={"memory_bytes": 12, "energy_j": 0.1 + 0.2, "latency_s": None}, measured={"memory_bytes": 11},
    workload=mlp((6, 4, 3), analog=True), accuracy_val=0.75, curve=(0.5, 0.75), layer_sparsity=(0.5, 0.875),
    loss=WidthLoss(weights_zeroed=3, sums_clipped=0.25), network_digest="00aa",
)  # fmt: skip


def test_what_is_written_is_read():
    assert TrialRecord.from_json(FULL.to_json()) == FULL
    untrained = record(3, 0.5, (), 100.0, "over_budget")
    assert TrialRecord.from_json(untrained.to_json()) == untrained


def test_the_text_is_the_fields_after_the_format():
    values = json.loads(FULL.to_json())
    assert list(values)[:4] == ["format", "trial", "candidate", "outcome"]
    assert values["format"] == TRIAL_FORMAT
    assert values["candidate"] == {
        "sparsity": [0.5, 0.9], "granularity": "nm:4", "weight_bits": [2, 8], "timesteps": 3, "network": 0,
        "state_bits": None,
    }  # fmt: skip
    assert values["predicted"] == {"memory_bytes": 12, "energy_j": 0.1 + 0.2, "latency_s": None}
    assert "12," in FULL.to_json()  # a whole number stays one


def test_a_record_from_before_there_were_versions_is_read():
    values = json.loads(FULL.to_json())
    for name in ("format", "network_digest", "skilled", "layer_sparsity", "curve"):
        del values[name]
    found = TrialRecord.from_json(json.dumps(values))
    assert found == replace(FULL, network_digest=None, skilled=True, layer_sparsity=None, curve=())


def test_a_newer_format_is_refused_whatever_else_it_says():
    text = json.dumps({"format": TRIAL_FORMAT + 1, "number": 7})
    law = rf"must be of format {TRIAL_FORMAT} or an earlier one; got: {TRIAL_FORMAT + 1} \(a newer hwsearch"
    with pytest.raises(RecordError, match=law):
        TrialRecord.from_json(text)


@pytest.mark.parametrize(
    ("text", "said"), [("{", "JSON"), ("{}", "trial: "), ("[]", "not"), ('{"format": "x"}', "'x'")]
)
def test_a_damaged_record_is_refused(text, said):
    with pytest.raises(RecordError, match=f"as it was written; got: .*{said}"):
        TrialRecord.from_json(text)


def test_what_is_no_number_is_not_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        replace(FULL, accuracy_val=float("nan")).to_json()


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_only_trained_models_within_the_budgets_may_be_on_a_front(outcome):
    ended = record(0, 0.5, (0.9,), 10.0, outcome)
    assert ended.eligible == (outcome == "trained")
    assert not replace(ended, feasible=False).eligible
    assert not replace(ended, skilled=False).eligible


def test_objectives_are_minimised():
    assert FULL.objectives(["error", "memory_bytes"]) == (0.25, 11.0)
    assert objective_values(["energy_j", "error"], 0.9, {"energy_j": 2e-6}) == (2e-6, pytest.approx(0.1))
    with pytest.raises(ValueError, match="cannot tell latency_s"):
        objective_values(["latency_s"], 0.5, {"latency_s": None})
    with pytest.raises(ValueError, match="trial 3 was not trained"):
        record(3, 0.5, (), 100.0).objectives(["error"])


def test_the_first_record_counts_until_its_training_goes_on():
    known = {}
    stopped = record(0, 0.5, (0.5,), 10.0, "stopped")
    remember(known, stopped)
    remember(known, record(1, 0.5, (), 10.0, "repeat"))
    remember(known, record(2, 0.5, (0.6,), 10.0, "stopped"))  # not further than the first
    assert known == {stopped.candidate.digest: stopped}
    further = record(3, 0.5, (0.5, 0.7), 10.0, "trained")
    remember(known, further)
    remember(known, record(4, 0.5, (0.5, 0.7, 0.8), 10.0, "trained"))  # what was finished stays
    assert known == {stopped.candidate.digest: further}


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("the same network as trial 3", "repeat"),
        ("alike to trial 3 on 99.0% of inputs, as predicted", "lookalike"),
    ],
)
def test_a_twin_of_before_formats_is_a_repeat_or_a_lookalike(reason, outcome):
    values = json.loads(replace(record(1, 0.5, (), 10.0, "repeat"), reason=reason).to_json())
    del values["format"]
    assert TrialRecord.from_json(json.dumps(values | {"outcome": "twin"})).outcome == outcome
