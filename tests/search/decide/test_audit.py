"""What was cut and what the front may lack, by hand."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders.records import record

from hwsearch.measure.accuracy import wilson
from hwsearch.predict.quality import Quality
from hwsearch.search.decide import audit as module
from hwsearch.search.decide.audit import NO_SIMILARITY, audited, completion, similarity_quality


def test_the_quality_of_similarity_is_that_of_the_calibration():
    quality = Quality(32, 0.9, 0.01, 0.2, 0.05)
    assert similarity_quality(SimpleNamespace(calibrations=(SimpleNamespace(quality=quality),))).model_dump() == {
        "n": 32, "spearman": 0.9, "mae": 0.01, "brier": 0.2, "ece": 0.05,
    }  # fmt: skip
    assert similarity_quality(SimpleNamespace(calibrations=())) is NO_SIMILARITY


def test_what_the_front_may_lack_is_the_sum_of_chances():
    chances = (0.5, 0.01, 0.25, None)
    records = [
        replace(record(i, 0.1 * i, (), 9.0, "stopped"), chance=chance) for i, chance in enumerate(chances)
    ]
    records[3] = replace(records[3], finishing=True)
    found = completion(records)
    assert (found.finishing, found.n, found.ruled_out, found.expected) == (1, 3, 1, 0.76)
    # of two independent events of 1/2 and 1/4 none happens in 3/8, both in 1/8
    assert (found.low, found.high) == (0, 2)


def test_where_nothing_was_left_nothing_is_lacking():
    found = completion([])
    assert found.model_dump() == {"finishing": 0, "n": 0, "ruled_out": 0, "expected": 0, "low": 0, "high": 0}
    assert isinstance(found.expected, int)  # as the file has always had it


@pytest.mark.parametrize("cut", [(), (1, 2)])
def test_the_audit_counts_what_would_have_been_left_and_was_on_the_front(monkeypatch, cut):
    records = [replace(record(i, 0.1 * i, (0.9,), 9.0), audited=i > 0) for i in range(4)]
    records[3] = replace(records[3], feasible=False)
    monkeypatch.setattr(module, "audited_and_dropped", lambda state: [records[i] for i in cut])
    found = audited(SimpleNamespace(front=lambda records: records[:2]), records)
    assert (found.continued, found.left, found.false_cuts) == (2, len(cut), 1 if cut else 0)
    assert (found.low, found.high) == (wilson(0.5, 2) if cut else (None, None))
