"""The contract of every sampler, ranked or not: valid, repeatable, resumable, quiet at the end, true to its name."""

from dataclasses import replace

import numpy as np
import optuna
import pytest
from builders.records import state_of

from hwsearch.plan.plan import make_plan
from hwsearch.records.trials import TrialRecord, remember
from hwsearch.search import optuna_study, samplers
from hwsearch.search.decide.acquisition import can_rank, ranked
from hwsearch.search.optuna_study import Proposer, Told
from hwsearch.search.samplers import POPULATION, OptunaSuggester, distributions, permuted
from hwsearch.search.store.trial_store import add_trials
from hwsearch.search.verdict import verdict
from hwsearch.space.space import SearchSpace
from hwsearch.study.model import load_study

GP = pytest.param("gp", marks=pytest.mark.slow)  # fits for every ask
SMALL = SearchSpace((0.0, 0.8), ("weight",), (2, 8), (3,), 0)
WIDE = SearchSpace(
    tuple(i / 20 for i in range(20)), ("weight", "nm:4", "channel"), (1, 2, 3, 4, 6, 8), (2, 3), 0
)
both = pytest.mark.parametrize("rank", [False, True], ids=["unranked", "ranked"])
every = pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random", "grid", GP])


class Game:
    """A search whose trainings are a formula: asked, ranked where a run would rank, told as a run tells."""

    def __init__(self, folder, plan, sampler, rank, space, seed=0):
        search = plan.study.search.model_copy(update={"sampler": sampler, "rank": rank})
        study = plan.study.model_copy(update={"search": search, "seed": seed})
        self.plan = replace(plan, study=study, space=space)
        self.folder, self.known, self.asked = folder, {}, []
        self.open()

    def open(self):
        study, self.known = self.plan.study, {}
        storage = None if self.folder is None else f"sqlite:///{self.folder / 'study.db'}"
        self.proposer = Proposer(storage, "s", "d", self.plan.space, study.search.sampler, study.seed, 3)
        for text in self.proposer.records().values():
            remember(self.known, TrialRecord.from_json(text))

    def record(self, number, candidate):
        size = candidate.weight_bits[0] / 8 * (1 - candidate.sparsity[0]) + 0.01
        costs = {"memory_bytes": 4000 * size, "energy_j": 4e-6 * size, "weight_bytes": 4000 * size}
        accuracy = 0.98 - 0.02 / size**0.5 - 0.02 * (candidate.granularity == "channel")
        return TrialRecord(
            trial=number, candidate=candidate, outcome="trained", reason="", predicted=costs, measured=costs,
            accuracy_val=accuracy, curve=(accuracy,), layer_sparsity=candidate.sparsity * 3,
        )  # fmt: skip

    @property
    def state(self):
        return state_of(self.plan, self.known.values(), dense_error=0.03)

    def price_all(self, candidates):
        rows = [self.record(-1, candidate) for candidate in candidates]
        return [replace(row, outcome=None, measured=None, accuracy_val=None, curve=()) for row in rows]

    def choice(self, first, count):
        return ranked(self.state, self.proposer.suggestions(first, count), first, self.price_all)

    def ask(self, first, end):
        settings = (lambda: self.choice(first, end - first)) if can_rank(self.state) else None
        return self.proposer.proposals(first, end, settings)

    def play(self, first, end, batch=8):
        got = []
        for start in range(first, end, batch):
            proposals = self.ask(start, min(start + batch, end))
            for proposal in proposals:
                record = self.record(proposal.number, proposal.candidate)
                self.proposer.tell([Told(record.trial, verdict(self.state, record), record.to_json())])
                remember(self.known, record)
            got += [proposal.candidate for proposal in proposals]
        return got


@pytest.fixture
def plan(tmp_path, tiny_text):
    path = tmp_path / "study.yaml"
    path.write_text(tiny_text)
    return make_plan(load_study(path), path)


@pytest.fixture
def game(plan):
    def start(sampler, rank, space, seed=0, folder=None):
        return Game(folder, plan, sampler, rank, space, seed)

    return start


@both
@every
def test_it_ends_quietly_at_the_end_of_a_small_space(game, sampler, rank):
    got = game(sampler, rank, SMALL).play(0, 20)
    assert set(got) == {SMALL.candidate(SMALL.nth(i)) for i in range(4)}
    assert len(got) == (4 if sampler == "grid" else 20)


@both
@every
def test_it_proposes_candidates_of_the_space_and_the_same_for_the_same_seed(game, sampler, rank):
    got = game(sampler, rank, WIDE).play(0, 20)
    assert all(WIDE.candidate(WIDE.setting(own)) == own for own in got)
    assert game(sampler, rank, WIDE).play(0, 20) == got
    assert game(sampler, rank, WIDE, seed=1).play(0, 20) != got


@both
@every
def test_stopped_in_the_middle_of_an_ask_it_goes_on_with_the_same(game, monkeypatch, tmp_path, sampler, rank):
    whole, cut = game(sampler, rank, WIDE), game(sampler, rank, WIDE, folder=tmp_path)
    want = whole.play(0, 20)
    got = cut.play(0, 16)

    def stop(study, params, knobs):  # an earlier version could be killed between two of a batch
        add_trials(study, params[:2], knobs)
        raise KeyboardInterrupt

    monkeypatch.setattr(optuna_study, "add_trials", stop)
    with pytest.raises(KeyboardInterrupt):
        cut.ask(16, 20)
    monkeypatch.undo()
    cut.open()
    assert got + cut.play(16, 20) == want


@both
def test_a_grid_asks_each_candidate_once_and_then_nothing(game, rank):
    space = SearchSpace((0.0, 0.5, 0.6, 0.8), ("weight", "nm:4", "channel"), (2, 4), (3,), 0)
    run = game("grid", rank, space)
    got = run.play(0, 64)
    # 3 settings spell the unpruned network; 0.5 and 0.6 are one for nm:4, 0.8 is 0.75
    assert len(got) == len(set(got)) == space.size == (1 + 3 + 2 + 3) * 2
    assert run.ask(len(got), len(got) + 8) == []
    draws = np.random.default_rng(0)
    assert {space.candidate(space.draw(draws)) for _ in range(500)} == set(got)


def test_a_grid_of_layers_is_counted_through_and_not_listed(game):
    space = SearchSpace(tuple(i / 20 for i in range(20)), ("weight", "channel"), (1, 2, 3, 4, 6, 8), (3,), 12)
    assert space.size == (2 * 20**12 - 1) * 6**12
    got = [space.candidate(own) for own in game("grid", True, space).proposer.suggestions(0, 64)]
    assert len(set(got)) == 64
    assert len({own.sparsity[0] for own in got}) > 10  # no corner of it


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 17, 1000])
def test_an_order_is_a_permutation_that_the_seed_draws(n):
    order = [permuted(i, n, 0) for i in range(n)]
    assert sorted(order) == list(range(n))
    assert n < 17 or order != [permuted(i, n, 1) for i in range(n)]


@both
def test_nsga2_breeds_from_the_best_of_what_was_evaluated(game, rank):
    run = game("nsga2", rank, WIDE)
    run.play(0, 5 * POPULATION)
    suggested = run.proposer.suggestions(5 * POPULATION, 96)
    # channel is dominated everywhere: what is left of it are mutations; without generations it is a third, 32
    assert sum(own["granularity"] == "channel" for own in suggested) < 20


@both
@pytest.mark.parametrize("sampler", ["tpe", "nsga2", GP])
def test_a_sampler_that_learns_suggests_by_what_it_was_told(game, sampler, rank):
    one, other = game(sampler, rank, WIDE), game(sampler, rank, WIDE)
    # the other is told that sparse networks are the accurate ones
    other.record = lambda number, own: replace(
        Game.record(other, number, own), accuracy_val=0.5 + own.sparsity[0] / 2
    )
    assert one.play(0, 16) == other.play(0, 16)  # what is asked before any learns
    assert one.proposer.suggestions(16, 4) != other.proposer.suggestions(16, 4)


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_what_is_drawn_or_listed_is_never_ranked_and_the_run_says_so(game, sampler):
    rank, none = game(sampler, True, WIDE), game(sampler, False, WIDE)
    assert rank.play(0, 32) == none.play(0, 32)
    note = f"sampler {sampler}: candidates are asked as it suggests them, none are ranked"
    assert note in rank.plan.notes
    assert note not in none.plan.notes


def shown(n, seed=0):
    """Return finished trials of the wide space: some pruned, some over a budget."""
    rng, spelt = np.random.default_rng(seed), samplers.distributions(WIDE)
    trials = []
    for number in range(n):
        pruned, over = rng.random() < 0.5, rng.random() < 0.2
        trial = optuna.trial.create_trial(
            state=optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE,
            params=WIDE.draw(rng), distributions=spelt,
            values=None if pruned else [float(v) for v in rng.random(2)],
            system_attrs={"constraints:memory_bytes": 0.5 if over else -0.5},
        )  # fmt: skip
        trial.number = number
        trials.append(trial)
    return trials


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_of_a_long_history_a_resumed_sampler_sees_what_an_unbroken_one_does(sampler, monkeypatch):
    monkeypatch.setattr(samplers, "SHOWN_WHOLE", 64)
    monkeypatch.setattr(samplers, "_SHOWN", 32)
    trials = shown(200)
    unbroken = OptunaSuggester(sampler, WIDE, 0, 2)
    for n in range(8, 201, 8):
        got = unbroken.suggest(trials[:n], range(n, n + 2))
    assert OptunaSuggester(sampler, WIDE, 0, 2).suggest(trials, range(200, 202)) == got
    seen = len(
        unbroken._study.get_trials(
            deepcopy=False, states=(optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
        )
    )
    assert seen == (32 + 200 % samplers.STEP if sampler == "tpe" else 200)
    assert all(set(setting) == set(WIDE.knobs) for setting in got)


def test_what_stands_for_a_long_history_is_best_and_of_any_order_the_same(monkeypatch):
    monkeypatch.setattr(samplers, "SHOWN_WHOLE", 64)
    monkeypatch.setattr(samplers, "_SHOWN", 32)
    trials = shown(128)
    chosen = OptunaSuggester("tpe", WIDE, 0, 2)._standing(trials)
    mixed = [trials[i] for i in np.random.default_rng(1).permutation(128)]
    assert {t.number for t in chosen} == {
        t.number for t in OptunaSuggester("tpe", WIDE, 0, 2)._standing(mixed)
    }
    sound = [t for t in trials if t.values is not None and t.constraints["memory_bytes"] <= 0]
    best = min(sound, key=lambda t: sum(t.values))
    assert best.number in {t.number for t in chosen}


def test_the_space_of_knobs_drawn_together_is_the_one_that_tpe_gathers():
    study = optuna.create_study(directions=["minimize"] * 2)
    study.add_trials(shown(4))
    knobs = distributions(WIDE)
    gathered, known = (
        sampler.infer_relative_search_space(study, study.get_trials()[0])
        for sampler in (optuna.samplers.TPESampler(multivariate=True), samplers._TogetherTPE(knobs, 0))
    )
    assert list(known.items()) == list(gathered.items())
    assert len(known) == len(WIDE.knobs)
