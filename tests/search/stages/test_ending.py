"""Who is trained at the end of a search: by the study, and where nothing can be foretold. Trainings are made up."""

from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import pytest
from builders.records import record, state_of

from hwsearch.plan.plan import Plan, make_plan
from hwsearch.search.stages import ending
from hwsearch.search.stages.final_trainings import Tally
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


@pytest.mark.parametrize("others", ["train", "foretold"])
def test_contenders_come_first_whatever_becomes_of_the_others(ended, others):
    assert ended(20, others) == ((), [("contenders", False)])
    assert ended(20, others, confirmed=True) == ((), [("contenders", True)])


def test_where_nothing_can_be_foretold_all_are_trained_and_that_is_said_to_who_asked(ended):
    assert ended(11, others="train") == ((), ["all"])
    (note,), ways = ended(11)
    assert ways == ["all"]
    assert "too few trainings" in note
    (note,), ways = ended(20, score="macro_f1")
    assert ways == ["all"]
    assert "not macro_f1" in note


@pytest.fixture
def raced(tiny, monkeypatch):
    """Return what is trained at the end, in the order of the rounds, and what becomes of the rest; 0 to 3 contend."""

    def end(others, confirmed=False, more_after=()):
        rounds, plan = [], make_plan(load_study(tiny), tiny)
        final = plan.study.final.model_copy(update={"others": others, "chance": 0.1})
        plan = replace(plan, study=plan.study.model_copy(update={"final": final}))
        records = [record(i, 0.1, (0.9,), 100.0 + i) for i in range(9)]
        contenders = {(): [0, 1], (0, 1): [2], (0, 1, 2): [], **dict(more_after)}

        def finalise(context, chosen, tally, *, racing=True):
            rounds.append((tuple(r.trial for r in chosen), racing, context.plan.study.final.chance))
            return NOTHING

        def following(end, finals, chosen):
            return [records[i] for i in contenders.get(tuple(r.trial for r in chosen), ())]

        monkeypatch.setattr(ending, "finalise", finalise)
        monkeypatch.setattr(ending, "foresight", lambda state: None)
        monkeypatch.setattr(ending, "_next", following)
        monkeypatch.setattr(ending, "_middle", lambda end, finals, chosen: [])
        monkeypatch.setattr(ending, "promising", lambda state: [records[2], records[5], records[6]])
        monkeypatch.setattr(
            ending, "_with_foretold", lambda end, finals, rest: ("foretold", [r.trial for r in rest])
        )
        found = ending._contenders(Known(plan), None, records, Tally(), confirmed=confirmed)
        return rounds, found

    return end


def test_the_others_are_trained_after_the_contenders_have_raced(raced):
    rounds, _ = raced("train")
    assert [trials for trials, _, _ in rounds] == [(), (0, 1), (0, 1, 2), (0, 1, 2), (0, 1, 2, 5, 6)]
    assert [racing for _, racing, _ in rounds] == [False, False, False, True, True]


def test_whoever_contends_by_what_the_others_training_says_races_as_well(raced):
    later = {(0, 1, 2, 5, 6): [3]}.items()
    assert raced("train", more_after=later)[0][-1] == ((0, 1, 2, 5, 6, 3), True, 0.1)
    assert raced("train", confirmed=True, more_after=later)[0][-1] == ((0, 1, 2, 5, 6, 3), True, 0.0)


def test_the_others_are_foretold_where_that_is_asked_and_trained_with_every_seed_where_confirmed(raced):
    rounds, found = raced("foretold")
    assert rounds[-1][0] == (0, 1, 2)
    assert found == ("foretold", [5, 6])
    for others in ("train", "foretold"):
        rounds, _ = raced(others, confirmed=True)
        assert rounds[-1] == ((0, 1, 2, 5, 6), True, 0.0)


def test_the_deviation_of_y_is_that_of_a_mean_on_its_scale():
    # a loss of 0.02 (one deviation), 4 trainings, an error of 0.09: 0.02 / 2 / 0.1
    runner = Runner(100.0, (0.01,) * 4, 0.91, able=True, begun=4)
    assert ending.y_sd(runner, 0.02) == pytest.approx(0.1)
