"""A budget below all that the space can cost: refused before training; afterwards every command says so."""

import json

import pytest


def errors(done):
    """Return the lines that say what is wrong: a run has notes beside them."""
    return [line for line in done.stderr.splitlines() if line.startswith("error: ")]


@pytest.mark.slow
def test_a_budget_that_nothing_can_keep(case):
    case.study(
        space="{sparsity: [0.0, 0.5], granularity: [weight], weight_bits: [1, 2], timesteps: [4]}",
        device="{profile: dev.yaml, budgets: {memory_bytes: 10}}",
    )
    said = set()
    commands = (
        ["run", "s.yaml", "--out", "run"],
        ["front", "run"],
        ["pick", "run"],
        ["export", "run", "--to", "m"],
    )
    for command in (*commands, ["report", "run"], ["run", "s.yaml", "--out", "run"]):
        done = case.hwsearch(*command)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        said.update(errors(done))
    (miss,) = said
    assert "Nearest miss" in miss
    assert "memory_bytes" in miss
    summary = json.loads((case.folder / "run" / "summary.json").read_text())
    assert summary["nearest_miss"] in miss
    assert summary["cost"]["train_steps"] == 0
    assert not (case.folder / "run" / "cache").exists()
    assert not (case.folder / "m").exists()


@pytest.mark.slow
def test_what_only_the_search_can_tell_is_answered_likewise(case):
    case.study(
        space="{sparsity: [0.0, 0.5], granularity: [weight], weight_bits: [1, 2], timesteps: [4]}",
        device="{profile: dev.yaml, budgets: {memory_bytes: 400}}",
    )
    ran = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", 1)
    assert ran.returncode == 1, ran.stderr
    assert "Nearest miss: trial" in ran.stderr
    for command in (["front", "run"], ["pick", "run"], ["export", "run", "--to", "m"]):
        done = case.hwsearch(*command)
        assert (done.returncode, errors(done)) == (1, errors(ran))
