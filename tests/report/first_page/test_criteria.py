"""The criteria to go on: met, open, failed, without a limit, not known, or for the trial to tell; never guessed."""

from dataclasses import replace

import pytest
from builders.first_pages import changed_pick, run_of, with_rival, with_stress
from builders.runs import synthetic_run, with_summary

from hwsearch.report.first_page.criteria import criteria, criteria_table
from hwsearch.report.first_page.words import words_of


def text(part):
    return "".join(span.text for span in words_of("en").spans(part)).replace("\N{NO-BREAK SPACE}", " ")


def states(run):
    return {text(one.name): one.state for one in criteria(run)}


def limits_of(run):
    return {text(one.name): text(one.limit) for one in criteria(run)}


@pytest.fixture
def asked(finished, tmp_path):
    """Return a function that makes a run whose study asks for something."""

    def make(folder=None, **changes):
        from hwsearch.study.model import load_study, write_study

        folder = folder or synthetic_run(tmp_path / "run")
        study = load_study(finished / "study.yaml").model_copy(update=changes)
        write_study(study, folder / "study.yaml")
        return run_of(folder)

    return make


def pick_of(**keys):
    from hwsearch.study.search_sections import Pick

    return Pick(**keys)


@pytest.mark.parametrize(
    ("low", "value", "high", "state"),
    [
        (0.972, 0.975, 0.985, "met"),
        (0.95, 0.972, 0.985, "open"),
        (0.95, 0.96, 0.972, "doubtful"),
        (0.95, 0.96, 0.97, "failed"),
        (None, 0.98, None, "open"),
        (None, None, None, "unknown"),
    ],
)
def test_accuracy_is_sure_only_by_the_lower_end(asked, tmp_path, low, value, high, state):
    columns = {"accuracy_test": value, "accuracy_test_low": low, "accuracy_test_high": high}
    folder = changed_pick(synthetic_run(tmp_path / "run"), **columns)
    run = asked(folder, pick=pick_of(within=0.01))  # the dense network has 98.1 %
    assert states(run)["accuracy on test samples"] == state
    assert (
        limits_of(run)["accuracy on test samples"] == "at least 97.1 % (dense network 98.1 %, less 1 points)"
    )


def test_an_accuracy_that_is_asked_for_is_the_limit(asked):
    run = asked(pick=pick_of(min_accuracy=0.94))
    assert limits_of(run)["accuracy on test samples"] == "at least 94.0 %"
    assert states(run)["accuracy on test samples"] == "met"


def test_without_a_study_that_can_be_read_there_is_no_limit(tmp_path):
    assert states(run_of(synthetic_run(tmp_path)))["accuracy on test samples"] == "unset"


def test_on_site_the_lower_end_is_the_limit(tmp_path):
    run = run_of(synthetic_run(tmp_path))
    assert limits_of(run)["the same on site"] == "at least 95.0 %"
    assert states(run)["the same on site"] == "trial"


@pytest.mark.parametrize(
    ("budget", "label", "state"),
    [
        (1e-6, "measured", "met"),
        (1e-6, "estimated", "open"),
        (1e-6, "measured, uncalibrated", "open"),
        (1e-9, "measured", "failed"),
    ],
)
def test_energy_is_met_only_where_it_was_measured(tmp_path, budget, label, state):
    run = run_of(
        with_summary(synthetic_run(tmp_path), budgets={"energy_j": budget}, labels={"energy_j": label})
    )
    assert states(run)["energy per answer"] == state


def test_costs_that_are_not_known_are_left_to_the_trial_or_unknown(tmp_path):
    folder = changed_pick(synthetic_run(tmp_path), energy_j=None, synaptic_ops=None)
    run = run_of(with_summary(folder, budgets={"energy_j": 1.0, "synaptic_ops": 5, "memory_bytes": 12288}))
    found = states(run)
    assert found["energy per answer"] == "trial"
    assert found["operations per answer"] == "unknown"
    assert found["memory"] == "met"
    assert found["time per answer"] == "unset"


def robust(noise=0.1, most=0.02):
    from hwsearch.study.search_sections import Robustness

    return Robustness(noise=noise, lose_at_most=most)


@pytest.mark.parametrize(("high", "state"), [(0.02, "met"), (0.021, "failed"), (None, "unknown")])
def test_robustness_that_the_study_demands(asked, tmp_path, high, state):
    run = asked(
        changed_pick(synthetic_run(tmp_path / "run"), noise_loss=0.01, noise_loss_high=high),
        robustness=robust(),
    )
    assert states(run)["robustness"] == state
    assert limits_of(run)["robustness"] == "under noise of 10.0 % of the range at most 2 points lost"


def test_robustness_that_was_measured_has_no_limit(tmp_path):
    run = run_of(with_stress(synthetic_run(tmp_path)))
    found = next(one for one in criteria(run) if text(one.name) == "robustness")
    assert found.state == "unset"
    assert (
        text(found.value) == "worst of the weakest disturbances: timesteps 2 times coarser, 20.0 points lost"
    )


def test_an_ordinary_network_that_takes_less_fails_the_spiking_one(tmp_path):
    key = "advantage over an ordinary network"
    folder = synthetic_run(tmp_path)
    assert states(run_of(folder))[key] == "unknown"
    assert states(run_of(with_rival(folder, memory_bytes=500, energy_j=1e-9)))[key] == "failed"
    assert states(run_of(with_rival(folder, memory_bytes=60_000, energy_j=1e-3)))[key] == "met"
    assert states(run_of(with_rival(folder, memory_bytes=60_000, accuracy_val=0.1)))[key] == "met"
    least = min(row.memory_bytes for row in run_of(folder).tables.front)
    assert states(run_of(with_rival(folder, memory_bytes=least, energy_j=None)))[key] == "open"
    spikes_only = with_summary(folder, rival={"why_none": "x runs spikes only"})
    assert key not in states(run_of(spikes_only))


def test_the_table_has_a_row_a_criterion_with_its_state(tmp_path):
    found = criteria(run_of(synthetic_run(tmp_path)))
    table = criteria_table([replace(found[0], state="failed"), *found[1:]])
    assert len(table.rows) == len(found)
    assert text(table.rows[0][3]) == "✗ missed"
    assert [text(head) for head in table.heads] == ["Criterion", "Asked", "This run", "State"]
