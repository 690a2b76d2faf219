"""Final trainings round by round, with trainings that are made up."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.plan.plan import make_plan
from hwsearch.search.stages import final_race, finalist
from hwsearch.search.stages.final_race import FinalRace, finalise_until
from hwsearch.search.stages.final_race import raced as raced_to_the_end
from hwsearch.search.stages.final_trainings import Tally, final_seeds
from hwsearch.study.model import load_study

SOUND = Answers((20, 0, 10), (18, 2, 10), (18, 0, 10), 3, 0, (), 1)


def measured(accuracy, memory=100):
    costs = {"memory_bytes": memory, "energy_j": 1e-9 * memory}
    return Measured(
        "", None, costs, accuracy, accuracy, accuracy, None, None, None, "params", 1, 1, answers_val=SOUND
    )


@pytest.fixture
def plan(tiny, monkeypatch):
    """A plan that prices what is made up."""
    monkeypatch.setattr(
        finalist, "price_on_device", lambda plan, work: SimpleNamespace(faults=(), fields=work)
    )
    return make_plan(load_study(tiny), tiny)


@pytest.fixture
def raced(plan, monkeypatch):
    """Race recipes by their memory and the accuracies that they have with each seed."""
    final = plan.study.final.model_copy(update={"seeds": 5})
    pick = plan.study.pick.model_copy(update={"within": 0.1})
    plan = replace(plan, study=plan.study.model_copy(update={"final": final, "pick": pick}))
    seeds = final_seeds(plan)
    dense = [measured(0.98, 1000) for _ in seeds]
    rounds, told = [], []
    monkeypatch.setattr(final_race, "sound_references", lambda context, number, seeds, tally: dense)

    def run(table):
        records = [SimpleNamespace(trial=i, candidate=SimpleNamespace(network=0)) for i in range(len(table))]

        def train(context, wanted, params, tally):
            rounds.append({seeds.index(seed): [r.trial for r in some] for seed, some in wanted.items()})
            tally.finish((r.trial, seed) for seed, some in wanted.items() for r in some)
            return {
                (r.trial, seed): measured(table[r.trial][1][seeds.index(seed)], table[r.trial][0])
                for seed, some in wanted.items()
                for r in some
            }

        monkeypatch.setattr(final_race, "train_members", train)
        context = SimpleNamespace(plan=plan, yardstick=SimpleNamespace(plan=SimpleNamespace(number=0)))
        race = FinalRace(context, Tally(lambda n, certain: told.append((n, certain))))
        race.train({}, records)
        raced_to_the_end(race)
        return race._runs, rounds, told

    return run


def test_everything_is_trained_once_and_the_pick_with_every_seed(raced):
    runs, rounds, told = raced([(10, [0.2] * 5), (20, [0.98] * 5), (30, [0.98] * 5)])
    assert rounds == [{0: [0, 1, 2]}, {1: [1], 2: [1], 3: [1], 4: [1]}]
    assert list(map(len, runs.values())) == [1, 5, 1]
    assert told == [(3, 8), (7, 12)]  # of the dense network, made up, 5 are expected


def test_whoever_takes_the_place_of_a_pick_that_fell_is_trained_with_every_seed(raced):
    floors = np.array([0.885, 0.2, 0.2, 0.2, 0.2])
    runs, _, _ = raced([(20, floors), (30, [0.98] * 5)])
    assert [m.accuracy_val for m in runs[1]] == [0.98] * 5
    assert len(runs[0]) >= 2


def test_a_recipe_that_fails_is_let_be(raced, monkeypatch):
    table = [(10, [0.98] * 5), (20, [0.98] * 5)]
    choose = finalist.choose

    def failing(plan, record, runs, dense, seeds):
        return None if record is not None and record.trial == 0 else choose(plan, record, runs, dense, seeds)

    monkeypatch.setattr(final_race, "choose", failing)
    runs, _, _ = raced(table)
    assert list(map(len, runs.values())) == [1, 5]


def test_others_are_trained_for_as_long_as_none_is_accurate_enough(monkeypatch):
    enough, trained = {3}, []

    class Trained:
        """A race whose trainings are over at once."""

        def __init__(self, context, tally):
            self.records = {}

        def train(self, again, new):
            self.records |= {record.trial: record for record in new}

        def again(self):
            return {}

        def finals(self):
            trained.append(list(self.records))
            return SimpleNamespace(accurate_enough=lambda pick: enough & set(self.records))

    monkeypatch.setattr(final_race, "FinalRace", Trained)
    context = SimpleNamespace(plan=SimpleNamespace(study=SimpleNamespace(pick=None)))
    records = [SimpleNamespace(trial=trial) for trial in range(5)]

    def more(tried):
        return next((record for record in records if record.trial not in tried), None)

    finalise_until(context, records[3:4], more)
    assert trained == [[3]]  # nothing more than the search's own finalists
    trained.clear()
    finalise_until(context, records[:2], more)
    assert trained == [[0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]  # ``more`` says when it ends


def test_a_round_trains_new_recipes_once_and_others_with_the_seeds_that_follow(plan, monkeypatch):
    rounds = []
    final = plan.study.final.model_copy(update={"seeds": 3})
    plan = replace(plan, study=plan.study.model_copy(update={"final": final}))
    monkeypatch.setattr(
        final_race, "sound_references", lambda context, number, seeds, tally: [measured(0.98)] * len(seeds)
    )
    seeds = final_seeds(plan)

    def train(context, wanted, params, tally):
        rounds.append({seeds.index(seed): [r.trial for r in some] for seed, some in wanted.items()})
        assert list(params[0]) == seeds
        return {(r.trial, seed): measured(0.9) for seed, some in wanted.items() for r in some}

    monkeypatch.setattr(final_race, "train_members", train)
    records = [SimpleNamespace(trial=i, candidate=SimpleNamespace(network=0)) for i in range(3)]
    race = FinalRace(SimpleNamespace(plan=plan, yardstick=SimpleNamespace(plan=SimpleNamespace(number=0))))
    race.train({}, records[:2])
    race.train({1: 1}, records[2:])
    assert race.missing() == {0: 2, 1: 1, 2: 2}
    race.train(race.missing())
    assert rounds == [{0: [0, 1]}, {1: [1], 0: [2]}, {1: [0, 2], 2: [0, 1, 2]}]
    assert race.missing() == {}
    bare = [own.believed for own in race._finalists()]
    assert all(0 < score < 1 and sd > 0 for score, sd in bare)
    # what is said of some counts for these, and of the others their trainings
    race._believe = lambda found, dense: [(0.5, 0.1), None, None]
    assert [own.believed for own in race._finalists()] == [(0.5, 0.1), *bare[1:]]
