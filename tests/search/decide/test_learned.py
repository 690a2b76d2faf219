"""What the surrogate is given: every rung of every training, once."""

from dataclasses import replace

import pytest
from builders.records import record

from hwsearch.plan.plan import make_plan
from hwsearch.search.decide import learned as outlook
from hwsearch.study.model import load_study


@pytest.fixture
def plan(tmp_path, tiny_text):
    path = tmp_path / "study.yaml"
    path.write_text(tiny_text.replace(", epochs: 3", ", epochs: 16").replace("stack: 4", "early: false"))
    return make_plan(load_study(path), path)


def test_a_training_that_went_on_twice_is_learned_from_once(plan, monkeypatch):
    """Trial 3 was stopped, 10 went on from it and was stopped, 20 goes on from that: one training, three rungs."""
    given, fit = [], outlook.fit

    def watched(inputs, *args):
        given.append(inputs)
        return fit(inputs, *args)

    monkeypatch.setattr(outlook, "fit", watched)
    others = [record(i, 0.1 * i + 0.1, (0.9 - 0.01 * i,), 1000.0) for i in range(3)]
    before = replace(record(10, 0.5, (0.8, 0.85), 900.0, "stopped"), began=3)
    now = replace(record(20, 0.5, (0.8, 0.85, 0.9), 900.0), began=3)
    outlook.learn(plan, False, [*others, before], [now])
    own = given[-1].training == 3
    assert sorted(given[-1].rung[own]) == [0, 1, 2]
    assert len(given[-1].training) == 3 + 3
