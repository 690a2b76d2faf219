"""Rungs and ranked proposals: who goes on, who comes back, and that every step is counted once."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.records import DENSE, record

import hwsearch
from hwsearch.plan.plan import make_plan
from hwsearch.plan.pricing import steps_ahead
from hwsearch.plan.schedules import rung_schedule
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.recover import recover
from hwsearch.search.decide.acquisition import ranked, ranks
from hwsearch.search.decide.learned import LEAST_KNOWN
from hwsearch.search.decide.promotion import judge
from hwsearch.study.model import load_study


@pytest.fixture
def plan(tmp_path, tiny_text):
    path = tmp_path / "study.yaml"
    path.write_text(tiny_text.replace(", epochs: 3", ", epochs: 16"))
    plan = make_plan(load_study(path), path)
    search = plan.study.search.model_copy(update={"audit": 0.0, "early": False})
    return replace(plan, study=plan.study.model_copy(update={"search": search}))


def standing(n=9):
    """Trials after their first rung: the sparser, the smaller and the less accurate; the last is at chance."""
    levels = np.linspace(0.1, 0.9, n)
    rows = [record(i, float(s), (float(0.96 - 0.1 * s**2),), 3000 - 2800 * s) for i, s in enumerate(levels)]
    return [*rows[:-1], record(n - 1, 0.95, (0.1,), 50.0)]


def test_a_rung_is_a_cosine_of_its_own_and_they_add_up(plan):
    assert plan.cycles == (1, 3, 12)
    assert [rung_schedule(plan, rung).epochs for rung in range(3)] == [1, 3, 12]
    one, samples = record(0, 0.5, (0.9,), 100.0), len(plan.data.y_train)
    assert steps_ahead(plan, one) == (3 * 2 + 12 * 3) * samples  # T = 3: rungs at 1, 2 and 3
    assert steps_ahead(plan, replace(one, curve=())) == (1 + 3 * 2 + 12 * 3) * samples
    whole = plan.study.search.model_copy(update={"early_time": False})
    whole_time = replace(plan, study=plan.study.model_copy(update={"search": whole}))
    assert steps_ahead(whole_time, replace(one, curve=())) == 16 * samples * 3


def test_a_third_goes_on_and_a_tiny_network_at_chance_does_not(plan):
    judged = judge(plan, DENSE, 0.03, False, [], standing())
    on = [r.trial for r in judged if r.outcome == "trained"]
    assert len(on) == 3
    assert judged[-1].outcome == "stopped"
    assert "1 of 16 epochs" in judged[-1].reason
    assert [r.curve for r in judged] == [r.curve for r in standing()]


def test_nobody_goes_on_when_all_still_guess(plan):
    judged = judge(plan, DENSE, 0.03, False, [], [replace(r, curve=(0.12,)) for r in standing()])
    assert {r.outcome for r in judged} == {"stopped"}


def test_one_alone_goes_on(plan):
    assert judge(plan, DENSE, 0.03, False, [], standing()[:1])[0].outcome == "trained"


def test_the_audit_lets_some_go_on_to_the_end(plan):
    search = plan.study.search.model_copy(update={"audit": 1.0})
    all_ = replace(plan, study=plan.study.model_copy(update={"search": search}))
    judged = judge(all_, DENSE, 0.03, False, [], standing())
    assert all(r.outcome == "trained" for r in judged)
    assert sum(r.audited for r in judged) == 6


OVER = "memory_bytes 3,100 is over its budget of 3,000 (1.03 times)"


@pytest.mark.parametrize("audit", [0.0, 1.0])
def test_what_measured_over_budget_does_not_go_on_however_promising(plan, audit):
    search = plan.study.search.model_copy(update={"audit": audit})
    drawn = replace(plan, study=plan.study.model_copy(update={"search": search}))
    best = {r.trial for r in judge(plan, DENSE, 0.03, False, [], standing()) if r.outcome == "trained"}
    rows = [replace(r, feasible=False, reason=OVER) if r.trial in best else r for r in standing()]
    rows[0] = replace(rows[0], audited=True, feasible=False, reason=OVER)
    judged = judge(drawn, DENSE, 0.03, False, [], rows)
    over = [r for r in judged if not r.feasible]
    assert {r.outcome for r in over} == {"stopped"}
    assert {r.reason for r in over} == {f"after 1 of 16 epochs {OVER}"}
    assert sum(r.outcome == "trained" for r in judged) >= 3  # others take their places


def test_one_alone_over_budget_does_not_go_on(plan):
    alone = replace(standing()[0], feasible=False, reason=OVER)
    assert judge(plan, DENSE, 0.03, False, [], [alone])[0].outcome == "stopped"


def look(settings, plan):
    """Price settings: the sparser, the smaller."""
    rows = [plan.space.candidate(own) for own in settings]
    return [replace(record(-1, c.sparsity[0], (), 3000 - 2800 * c.sparsity[0]), candidate=c) for c in rows]


def test_what_gains_most_is_proposed_and_what_is_finished_is_not(plan):
    known = {r.candidate.digest: r for r in standing(LEAST_KNOWN)}
    known = {k: replace(r, curve=(*r.curve, 0.97, 0.98)) for k, r in known.items()}
    rng = np.random.default_rng(0)
    suggested = [plan.space.draw(rng) for _ in range(8)]
    got = ranked(plan, (DENSE, 0.03), False, known, suggested, 16, lambda s: look(s, plan))
    assert len(got) == 8
    assert got[0] == suggested[0]  # one is taken as it comes
    digests = [plan.space.candidate(own).digest for own in got[1:]]
    assert len(set(digests)) == len(digests)
    assert not set(digests) & set(known)
    assert got == ranked(plan, (DENSE, 0.03), False, known, suggested, 16, lambda s: look(s, plan))


def test_what_is_taken_unranked_was_never_asked_before(plan):
    known = {r.candidate.digest: r for r in standing(LEAST_KNOWN)}
    rng = np.random.default_rng(0)
    suggested = [plan.space.draw(rng) for _ in range(8)]
    while plan.space.candidate(suggested[1]) == plan.space.candidate(suggested[0]):
        suggested[1] = plan.space.draw(rng)
    first = look(suggested[:1], plan)[0]
    for outcome in ("trained", "stopped", "over_budget"):
        asked = replace(
            first, trial=99, outcome=outcome, curve=(0.9,), measured=first.predicted, accuracy_val=0.9
        )
        known[first.candidate.digest] = asked
        got = ranked(plan, (DENSE, 0.03), False, known, suggested, 16, lambda s: look(s, plan))
        assert got[0] == suggested[1]
        digests = [plan.space.candidate(own).digest for own in got]
        assert len(set(digests)) == len(digests)


def test_where_little_is_gained_there_are_as_many_proposals_all_the_same(plan):
    known = {r.candidate.digest: r for r in standing(LEAST_KNOWN)}
    best = record(99, 0.99, (0.999, 0.999, 0.999), 1.0)  # nothing promises to beat it
    known[best.candidate.digest] = best
    suggested = [plan.space.draw(np.random.default_rng(0))] * 8
    assert len(ranked(plan, (DENSE, 0.03), False, known, suggested, 16, lambda s: look(s, plan))) == 8


def test_nothing_is_ranked_without_trainings_or_similarity(plan):
    known = {r.candidate.digest: r for r in standing(LEAST_KNOWN)}
    assert ranks(plan, False, known)
    assert ranks(plan, True, {})
    assert not ranks(plan, False, {})
    birds = plan.study.tickets.model_copy(update={"finder": "early_bird"})
    assert not ranks(replace(plan, study=plan.study.model_copy(update={"tickets": birds})), True, known)


def test_settings_and_candidates_are_one_to_one(plan):
    rng = np.random.default_rng(1)
    for _ in range(50):
        own = plan.space.draw(rng)
        candidate = plan.space.candidate(own)
        assert plan.space.candidate(plan.space.setting(candidate)) == candidate
        moved = plan.space.neighbour(own, rng)
        assert sum(moved[name] != own[name] for name in own) <= 2
        assert plan.space.candidate(moved)


@pytest.mark.slow
def test_a_run_stops_goes_on_and_counts_every_step_once(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(
        tiny_text.replace(", epochs: 3", ", epochs: 8").replace("candidates: 24", "candidates: 48")
    )
    hwsearch.run(study, out=tmp_path / "run")
    trials = pd.read_csv(tmp_path / "run/trials.csv")
    assert (trials["outcome"] == "stopped").sum() > 5
    went_on = trials[trials["began"].notna() & (trials["outcome"] == "trained")]
    assert len(went_on) > 0
    plan = make_plan(load_study(study), study)
    samples, cycles = len(plan.data.y_train), plan.cycles
    trained = trials[trials["outcome"].isin(["stopped", "trained"])]
    for _, own in trained.groupby("digest"):
        rungs = own["curve"].astype(str).str.count("/").max() + 1
        timesteps = own["timesteps"].iloc[0]
        steps = sum(cycles[rung] * plan.rung_timesteps(rung, timesteps) for rung in range(rungs))
        assert own["train_steps"].sum() == steps * samples


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True])
def test_interrupted_in_the_middle_of_rungs_it_goes_on(tmp_path, tiny_text, lost):
    study = tmp_path / "study.yaml"
    study.write_text(
        tiny_text.replace(", epochs: 3", ", epochs: 8").replace("candidates: 24", "candidates: 40")
    )
    hwsearch.run(study, out=tmp_path / "whole")
    heard = []

    def stop(event):
        heard.append(event)
        if event.kind == "candidates" and event.done >= 16 and "trained" in event.text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hwsearch.run(study, out=tmp_path / "cut", listen=stop)
    if lost:
        for path in (tmp_path / "cut/cache").glob("rung-*"):
            path.unlink()
    hwsearch.run(study, out=tmp_path / "cut")
    whole, cut = (
        pd.read_csv(tmp_path / name / "trials.csv").drop(columns="wall_s") for name in ("whole", "cut")
    )
    if lost:  # what is trained again is counted again
        assert (cut.pop("train_steps") >= whole.pop("train_steps")).all()
    pd.testing.assert_frame_equal(whole, cut)


@pytest.mark.slow
def test_a_trial_is_trained_again_rung_by_rung(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace(", epochs: 3", ", epochs: 8"))
    result = hwsearch.run(study, out=tmp_path / "run")
    (trial, accuracy), *_ = result.trials.query("outcome == 'trained' and not on_front")[
        ["trial", "accuracy_val"]
    ].to_numpy()
    before = recover(RunFolder(tmp_path / "run"), int(trial))
    for path in (tmp_path / "run/cache").iterdir():
        path.unlink()
    again = recover(RunFolder(tmp_path / "run"), int(trial))
    assert before.accuracy_val == accuracy == again.accuracy_val
    for one, other in zip(before.network.layers, again.network.layers, strict=True):
        assert (one.weight == other.weight).all()


@pytest.mark.slow
def test_switched_off_every_candidate_is_trained_in_one_piece(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    off = "candidates: 8, rungs: false, rank: false"
    study.write_text(tiny_text.replace(", epochs: 3", ", epochs: 8").replace("candidates: 24", off))
    hwsearch.run(study, out=tmp_path / "run")
    trials = pd.read_csv(tmp_path / "run/trials.csv")
    assert "stopped" not in set(trials["outcome"])
    assert not trials["curve"].astype(str).str.contains("/").any()
