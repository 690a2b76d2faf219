"""Who is trained at the end of a search: by the study, and where nothing can be foretold. Trainings are made up."""

from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import pytest
from builders.records import record, state_of

from hwsearch.plan.plan import Plan, make_plan
from hwsearch.search.stages import ending
from hwsearch.search.stages.finals import Finals
from hwsearch.search.stages.race import Runner
from hwsearch.study.model import load_study

NOTHING = Finals({}, (), (), 0, 0, 0, 0.0)


@dataclass(frozen=True)
class Known:
    """What the end of a search asks of its context."""

    plan: Plan
    model_clock: object = field(default_factory=nullcontext)


@pytest.fixture
def ended(tiny, monkeypatch):
    """End a search of so many trainings; return the finals, and by which way they came."""

    def end(n, others="foretold", confirmed=False, **changes):
        ways = []
        monkeypatch.setattr(ending, "finalise_until", lambda *a: ways.append("all") or NOTHING)
        monkeypatch.setattr(
            ending, "_contenders", lambda *a, confirmed: ways.append(("contenders", confirmed)) or NOTHING
        )
        monkeypatch.setattr(ending, "finalists", lambda state, records, front: [])
        plan = make_plan(load_study(tiny), tiny)
        final = plan.study.final.model_copy(update={"others": others})
        plan = replace(plan, study=plan.study.model_copy(update={"final": final, **changes}))
        records = [record(i, 0.1, (0.9,), 100.0 + i) for i in range(n)]
        records = [
            replace(r, candidate=replace(r.candidate, sparsity=(i / 100,))) for i, r in enumerate(records)
        ]
        context = Known(plan)
        found = ending.end(
            context, state_of(plan, records), records, [], lambda e: None, plan if confirmed else None
        )
        return found.notes, ways

    return end


def test_all_finalists_are_trained_where_nothing_else_is_asked(ended):
    assert ended(20, others="train") == ((), ["all"])


def test_contenders_alone_are_trained_where_that_is_asked(ended):
    assert ended(20) == ((), [("contenders", False)])
    assert ended(20, confirmed=True) == ((), [("contenders", True)])


def test_where_nothing_can_be_foretold_all_are_trained_and_that_is_said(ended):
    (note,), ways = ended(11)
    assert ways == ["all"]
    assert "too few trainings" in note
    (note,), ways = ended(20, score="macro_f1")
    assert ways == ["all"]
    assert "not macro_f1" in note


def test_the_deviation_of_y_is_that_of_a_mean_on_its_scale():
    # a loss of 0.02 (one deviation), 4 trainings, an error of 0.09: 0.02 / 2 / 0.1
    runner = Runner(100.0, (0.01,) * 4, 0.91, able=True, begun=4)
    assert ending.y_sd(runner, 0.02) == pytest.approx(0.1)
