"""What comes after the search may change on a finished run and costs only itself; what changes it is named."""

import json

BASE = "{candidates: 4, batch: 4, rungs: false, foresee: false}"


def final_files(case):
    return {path.name: path.stat().st_mtime_ns for path in (case.folder / "run/cache").glob("final-*")}


def test_finals_pick_and_stack_may_change(case):
    line = ("run", "s.yaml", "--out", "run", "--workers", "1")
    assert case.hwsearch(*line).returncode == 0
    search = {path.name for path in (case.folder / "run/cache").glob("trained-*")}
    first = final_files(case)
    case.study(pick="{rule: accurate, within: 0.1}", search=BASE.replace("batch: 4", "batch: 4, stack: 2"))
    done = case.hwsearch(*line)
    assert done.returncode == 0, done.stderr
    assert final_files(case) == first
    case.study(final="{seeds: 2, chance: 0}")
    done = case.hwsearch(*line)
    assert done.returncode == 0, done.stderr
    second = final_files(case)
    assert {name: second[name] for name in first} == first
    assert len(second) == 2 * len(first)
    assert {path.name for path in (case.folder / "run/cache").glob("trained-*")} == search
    assert json.loads((case.folder / "run/summary.json").read_text())["counts"]["asked"] == 4


def test_a_key_that_changes_the_search_is_named_with_both_values(case):
    line = ("run", "s.yaml", "--out", "run", "--workers", "1")
    assert case.hwsearch(*line).returncode == 0
    case.study(search=BASE.replace("batch: 4", "batch: 2"), seed=3)
    done = case.hwsearch(*line)
    assert done.returncode == 2
    told = done.stderr.splitlines()
    assert len(told) == 2
    assert any(": seed: " in line and "got 3, used was 0" in line for line in told)
    assert any(": search.batch: " in line and "got 2, used was 4" in line for line in told)
