"""Proposing, telling, resuming; and the facts about Optuna that the search relies on."""

import optuna
import pytest
from sqlalchemy.orm import Session

from hwsearch.errors import InputError
from hwsearch.search.optuna_study import Proposer, Told, Verdict, read_records
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace, canonical

SPACE = SearchSpace(tuple(i / 20 for i in range(20)), ("weight", "nm:4", "channel"), (1, 2, 4, 8), (2, 4), 0)


def open_study(path, sampler="tpe", seed=0, digest="d", space=SPACE):
    return Proposer(f"sqlite:///{path / 'study.db'}", "s", digest, space, sampler, seed, 2)


def small(candidate):
    """A toy cost: relative to a budget that about a tenth of the space keeps."""
    bits, density = candidate.weight_bits[0], 1 - candidate.sparsity[0]
    return bits * density


def play(proposer, first, end, batch=8, budget=0.5):
    """Ask, price, tell: over budget pruned with its constraint, else complete."""
    seen = []
    for start in range(first, end, batch):
        for proposal in proposer.proposals(start, min(start + batch, end)):
            cost = small(proposal.candidate)
            seen.append(proposal.candidate)
            over = {"memory_bytes": cost / budget - 1}
            error = 0.5 - 0.4 * min(1.0, cost)
            verdict = (
                Verdict("pruned", None, over) if cost > budget else Verdict("complete", (error, cost), over)
            )
            proposer.tell([Told(proposal.number, verdict, f"record {proposal.number}")])
    return seen


def test_what_was_told_is_kept(tmp_path):
    proposer = open_study(tmp_path)
    assert len(play(proposer, 0, 12)) == 12
    assert proposer.records() == {n: f"record {n}" for n in range(12)}


def test_optuna_says_nothing_of_its_own(tmp_path, capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    play(open_study(tmp_path), 0, 2)
    assert capfd.readouterr() == ("", "")


def test_suggestions_ask_for_nothing_and_settings_are_kept(tmp_path):
    proposer = open_study(tmp_path)
    play(proposer, 0, 24)
    suggested = proposer.suggestions(24, 4)
    assert suggested == proposer.suggestions(24, 4)
    assert len(proposer.records()) == 24
    chosen = list(reversed(suggested))
    got = proposer.proposals(24, 28, lambda: chosen)
    assert [own.candidate for own in got] == [SPACE.candidate(setting) for setting in chosen]
    # once they are asked they stay, whatever would be chosen now
    assert proposer.proposals(24, 28, lambda: suggested) == got


@pytest.mark.slow
def test_tpe_learns_the_budget_from_pruned_trials(tmp_path):
    def feasible(candidates):
        return sum(small(c) <= 0.5 for c in candidates) / len(candidates)

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    tpe = play(open_study(tmp_path / "a"), 0, 96)
    blind = play(open_study(tmp_path / "b", "random"), 0, 96)
    assert feasible(tpe[32:]) > 0.4
    assert feasible(tpe[32:]) > 1.5 * feasible(blind[32:])


def test_a_broken_search_proposes_what_an_unbroken_one_would(tmp_path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    whole = play(open_study(tmp_path / "whole"), 0, 32)
    broken = play(open_study(tmp_path / "broken"), 0, 24)
    asked = open_study(tmp_path / "broken").proposals(24, 27)  # stopped in the middle of asking
    assert [p.number for p in asked] == [24, 25, 26]
    broken += play(open_study(tmp_path / "broken"), 24, 32)
    assert broken == whole


def test_a_search_of_an_earlier_version_goes_on_as_it_was_stored(tmp_path):
    """Its knobs are stored by their places, and its objectives as samplers count them."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    made = optuna.create_study(
        storage=f"sqlite:///{tmp_path / 'old' / 'study.db'}", study_name="s", directions=["minimize"] * 2
    )
    made.set_user_attr("hwsearch:study_digest", "d")

    def search(name):
        proposer, asked = open_study(tmp_path / name), []
        for start in range(0, 24, 8):
            for number, candidate in ((p.number, p.candidate) for p in proposer.proposals(start, start + 8)):
                asked.append(candidate)
                cost = small(candidate)
                told = (0.5 - 0.4 * min(1.0, cost), cost * 300)
                proposer.tell([Told(number, Verdict("complete", told, {"m": cost - 1}, (1.0, 300.0)), "r")])
        return asked

    assert search("old") == search("new")
    old, new = (
        optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / name / 'study.db'}").trials
        for name in ("old", "new")
    )
    assert isinstance(old[0].params["sparsity"], int)
    assert [trial.params["sparsity"] for trial in new] == [
        SPACE.sparsity[trial.params["sparsity"]] for trial in old
    ]
    for one, other in zip(old, new, strict=True):
        assert one.values == [other.values[0], other.values[1] / 300.0]


def test_killed_before_a_batch_is_stored_nothing_of_it_is_there(tmp_path, monkeypatch):
    proposer = open_study(tmp_path)
    play(proposer, 0, 8)
    chosen = proposer.suggestions(8, 4)

    def stop(session):
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "commit", stop)
    with pytest.raises(KeyboardInterrupt):
        proposer.proposals(8, 12, lambda: chosen)
    monkeypatch.undo()
    again = open_study(tmp_path)
    assert again.count == 8
    got = again.proposals(8, 12, lambda: chosen)
    assert [own.number for own in got] == [8, 9, 10, 11]
    assert [own.candidate for own in got] == [SPACE.candidate(setting) for setting in chosen]


def test_of_a_batch_that_an_earlier_version_asked_in_part_the_rest_is_asked(tmp_path):
    proposer = open_study(tmp_path)
    play(proposer, 0, 8)
    chosen = proposer.suggestions(8, 4)
    proposer.proposals(8, 10, lambda: chosen[:2])
    got = open_study(tmp_path).proposals(8, 12, lambda: chosen)
    assert [own.number for own in got] == [8, 9, 10, 11]
    assert [own.candidate for own in got] == [SPACE.candidate(setting) for setting in chosen]


def test_only_one_search_adds_to_a_storage(tmp_path):
    one, other = open_study(tmp_path), open_study(tmp_path)
    chosen = one.suggestions(0, 2)

    def late():
        other.proposals(0, 2)
        return chosen

    with pytest.raises(InputError, match="only one search at a time"):
        one.proposals(0, 2, late)


def test_a_told_trial_stays_as_it_is(tmp_path):
    proposer = open_study(tmp_path)
    proposer.proposals(0, 1)
    proposer.tell([Told(0, Verdict("complete", (0.1, 1.0), {"memory_bytes": -0.5}), "first")])
    proposer.tell([Told(0, Verdict("complete", (0.9, 9.0), {"memory_bytes": 0.5}), "second")])
    assert proposer.records() == {0: "first"}


def test_refuses_the_storage_of_another_study(tmp_path):
    open_study(tmp_path, digest="one")
    with pytest.raises(InputError, match="holds one study"):
        open_study(tmp_path, digest="other")


def test_records_can_be_read_without_asking(tmp_path):
    play(open_study(tmp_path), 0, 3)
    assert read_records(f"sqlite:///{tmp_path / 'study.db'}", "s") == {n: f"record {n}" for n in range(3)}
    with pytest.raises(InputError, match="must hold the search"):
        read_records(f"sqlite:///{tmp_path / 'study.db'}", "other")


def test_per_layer_knobs(tmp_path):
    space = SearchSpace((0.0, 0.5, 0.9), ("weight",), (2, 8), (4,), 3)
    assert space.size == 3**3 * 2**3
    candidate = open_study(tmp_path, space=space).proposals(0, 1)[0].candidate
    assert len(candidate.sparsity) == len(candidate.weight_bits) == 3


def test_one_network_has_one_spelling():
    dense = canonical(Candidate((0.0,), "channel", (8,), 4))
    assert dense == Candidate((0.0,), "weight", (8,), 4)
    # 4:16 is 0.75; 0.78 lies between 0.75 and 0.8125, nearer to 0.75
    assert canonical(Candidate((0.78,), "nm:16", (4,), 4)).sparsity == (0.75,)
    assert (
        canonical(Candidate((0.78,), "nm:16", (4,), 4)).digest
        == canonical(Candidate((0.75,), "nm:16", (4,), 4)).digest
    )
    assert dense.digest != canonical(Candidate((0.0,), "weight", (4,), 4)).digest


class TestOptunaIsAsItWas:
    """Each fact that `propose` and `samplers` stand on; a release that changes one must fail here."""

    def study(self):
        return optuna.create_study(
            directions=["minimize", "minimize"], sampler=optuna.samplers.RandomSampler(seed=0)
        )

    @pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
    def test_a_pruned_trial_keeps_its_constraints(self):
        study = self.study()
        trial = study.ask()
        trial.set_constraint("c", 0.5)
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        assert dict(study.trials[0].constraints) == {"c": 0.5}

    def test_a_trial_without_constraints_counts_as_feasible(self):
        study = self.study()
        study.tell(study.ask(), (1.0, 1.0))
        assert len(study.best_trials) == 1

    def test_there_is_no_multi_objective_pruning(self):
        trial = self.study().ask()
        with pytest.raises(NotImplementedError):
            trial.report(1.0, 1)

    def test_nsga2_marks_its_generations_so(self):
        study = self.study()
        study.sampler = optuna.samplers.NSGAIISampler(population_size=2, seed=0)
        marks = []
        for _ in range(6):
            trial = study.ask()
            study.tell(trial, (trial.suggest_int("a", 0, 9), trial.suggest_int("b", 0, 9)))
            marks.append(study.trials[-1].system_attrs["NSGAIISampler:generation"])
        assert marks == [0, 0, 1, 1, 2, 2]
