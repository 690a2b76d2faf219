"""Who is trained at the end of a search: by the study, and where nothing can be foretold. Trainings are made up."""

import math
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import pytest
from builders.records import record, state_of

from hwsearch.plan.plan import Plan, make_plan
from hwsearch.search.stages import ending
from hwsearch.search.stages.final_trainings import Tally
from hwsearch.search.stages.finals import Finals
from hwsearch.search.stages.luck import variance
from hwsearch.search.stages.runner import Race, Runner
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
    """Return what is trained at the end, round by round, and what becomes of the rest; 0 to 3 contend."""

    def end(others, confirmed=False, after=(), again=(), batch=2, rest=(2, 5, 6)):
        plan = make_plan(load_study(tiny), tiny)
        final = plan.study.final.model_copy(update={"others": others, "chance": 0.1})
        search = plan.study.search.model_copy(update={"batch": batch})
        plan = replace(plan, study=plan.study.model_copy(update={"final": final, "search": search}))
        records = [record(i, 0.1, (0.9,), 100.0 + i) for i in range(9)]
        contenders = {(): [0, 1], (0, 1): [2], **dict(after)}
        racing, rounds = dict(again), []

        class Trained:
            """A race of which nothing is judged."""

            def __init__(self, context, tally, believe):
                self.records = {}

            def train(self, again, new=()):
                self.records |= {record.trial: record for record in new}
                rounds.append((dict(again), [record.trial for record in new]))

            def again(self, settled):
                return racing.pop(tuple(sorted(self.records)), {})

            def missing(self):
                return {"everything": 1}

            def finals(self):
                return NOTHING

        def contend(end, race):
            found = contenders.pop(tuple(sorted(race.records)), ())
            return [records[i] for i in found]

        monkeypatch.setattr(ending, "FinalRace", Trained)
        monkeypatch.setattr(ending, "foresight", lambda state: None)
        monkeypatch.setattr(ending, "_contend", contend)
        monkeypatch.setattr(ending, "_middle", lambda end, race: [])
        monkeypatch.setattr(ending, "promising", lambda state: [records[i] for i in rest])
        monkeypatch.setattr(
            ending, "_with_foretold", lambda end, finals, rest: ("foretold", [r.trial for r in rest])
        )
        found = ending._contenders(Known(plan), None, records, Tally(), confirmed=confirmed)
        return rounds, found

    return end


def test_contenders_come_first_and_the_others_last(raced):
    rounds, _ = raced("train", batch=1)
    assert rounds == [({}, [0, 1]), ({}, [2]), ({}, [5, 6])]


def test_the_others_fill_rounds_up_to_a_batch(raced):
    later = {(0, 1, 5): [2], (0, 1, 2, 5): [3]}
    rounds, _ = raced(
        "train", batch=3, after=later.items(), again={(0, 1, 5): {0: 1}}.items(), rest=(5, 6, 7)
    )
    assert rounds == [({}, [0, 1, 5]), ({0: 1}, [2, 6]), ({}, [7])]
    assert raced("foretold", batch=8)[0] == [({}, [0, 1]), ({}, [2])]


def test_contenders_race_while_others_are_found_unless_few_trainings_are_asked_for(raced):
    again = {(0, 1): {1: 1}, (0, 1, 2): {1: 2}}.items()
    assert raced("train", again=again, rest=())[0] == [({}, [0, 1]), ({1: 1}, [2]), ({1: 2}, [])]
    assert raced("foretold", again=again)[0] == [({}, [0, 1]), ({}, [2]), ({1: 2}, [])]


def test_whoever_contends_by_what_the_others_training_says_races_as_well(raced):
    assert raced("train", batch=1, after={(0, 1, 2, 5, 6): [3]}.items())[0][-1] == ({}, [3])


def test_the_others_are_foretold_where_that_is_asked_and_trained_with_every_seed_where_confirmed(raced):
    rounds, found = raced("foretold")
    assert rounds == [({}, [0, 1]), ({}, [2])]
    assert found == ("foretold", [5, 6])
    rounds, _ = raced("foretold", confirmed=True)
    assert rounds[2:] == [({"everything": 1}, [5, 6]), ({"everything": 1}, [])]
    assert raced("train", confirmed=True)[0][-1] == ({"everything": 1}, [])


def test_what_trainings_tell_is_on_the_scale_of_y_and_the_dense_networks_luck_is_apart():
    # half of what chance alone gives, beforehand; an error of 0.09 (scale 0.1), the dense network's 0.04
    runner = Runner(100.0, (0.05,), 0.91, able=True, begun=1)
    (told,) = ending.reached_by([7], [runner], Race("smallest", 0.9, 0.96, 400, 5, 0.1))
    assert (told.trial, told.n, told.score, told.cost, told.fits) == (7, 1, 0.91, 100.0, True)
    assert told.own_sd == pytest.approx(math.sqrt(0.5 * variance(0.91, 400)) / 0.1)
    assert told.dense_sd == pytest.approx(math.sqrt(0.5 * variance(0.96, 400)) / 0.1)
    poor = replace(runner, score=0.89)
    assert not ending.reached_by([7], [poor], Race("smallest", 0.9, 0.96, 400, 5, 0.1))[0].fits
    assert ending.reached_by([], [], Race("smallest", 0.9, 0.96, 400, 5, 0.1)) == []
