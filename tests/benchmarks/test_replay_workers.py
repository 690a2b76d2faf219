"""Jobs that many workers work off: by hand, and a short search of a world."""

from types import SimpleNamespace

import pytest

from benchmarks.replay import workers
from benchmarks.replay.workers import Searched, times
from benchmarks.replay.world import load_world

WORLD = SimpleNamespace(full_steps=100)


@pytest.fixture
def free(monkeypatch):
    """Let driver, network and choosing take no time."""
    for name in ("DRIVER_S", "LATENCY_S", "CHOOSING_S"):
        monkeypatch.setattr(workers, name, 0.0)


def search(batches, ends=((100,),), probes=0, overlap=False):
    size = sum(len(jobs) for jobs in batches[0])
    return Searched(batches, len(batches), size, overlap, probes, ends, 1.0, 100.0)


def test_the_next_rung_begins_when_all_jobs_of_the_last_have_ended(free):
    # three jobs of 10 on two workers take 20, then one of 30 takes 30: 60 steps in 50
    run = search([[[10, 10, 10], [30]]])
    assert times(WORLD, run, 1.0, 2)[0] == pytest.approx(60 / 50)
    # with the dense network (100) and its final training (100)
    assert times(WORLD, run, 1.0, 2)[2] == pytest.approx(260 / 250)
    assert times(WORLD, run, 1.0, 64)[0] == pytest.approx(60 / 40)


def test_the_estimator_is_calibrated_in_sets_of_stacks(free, monkeypatch):
    monkeypatch.setattr(workers, "CALIBRATION", (5, 2))
    # stacks of 10: five take 20 on four workers, then two take 10
    alone, calibrated, whole = times(WORLD, search([[[10] * 4]], probes=70), 1.0, 4)
    assert (alone, calibrated) == (pytest.approx(4), pytest.approx(110 / 40))
    assert whole == pytest.approx(310 / 240)


def test_a_job_goes_to_whoever_is_free_first(free):
    assert times(WORLD, search([[[30, 10, 10, 10]]]), 1.0, 2)[0] == pytest.approx(2)


def test_whoever_gives_out_jobs_holds_up_many_workers(free, monkeypatch):
    monkeypatch.setattr(workers, "DRIVER_S", 5.0)
    # the fourth job is given out after 20 s, and takes 10
    assert times(WORLD, search([[[10] * 4]]), 1.0, 4)[0] == pytest.approx((5 + 40) / 30)


def test_while_the_next_batch_is_chosen_all_wait(free, monkeypatch):
    monkeypatch.setattr(workers, "CHOOSING_S", 1.0)
    assert times(WORLD, search([[[10] * 4]]), 1.0, 4)[0] == pytest.approx(44 / 14)


def test_where_batches_overlap_what_is_under_way_trains_while_the_next_is_chosen(free, monkeypatch):
    monkeypatch.setattr(workers, "CHOOSING_S", 1.0)
    run = search([[[30, 30], [10, 10]], [[10], []]], overlap=True)
    # chosen after 4 s, while two of 30 train; the others are free, end at 14; then 10, while 4 are chosen
    assert times(WORLD, run, 1.0, 4)[0] == pytest.approx((80 + 10) / (30 + 10))
    # nothing is under way at first
    assert times(WORLD, search([[[], [10] * 4]], overlap=True), 1.0, 4)[0] == pytest.approx(44 / 14)


@pytest.mark.slow
def test_larger_batches_of_a_replayed_search_fill_more_workers(tmp_path):
    world = load_world("digits/grid", tmp_path)
    small, large = (workers.searched(world, 0, batch, 64) for batch in (8, 32))
    assert (len(small.batches), len(large.batches)) == (8, 2)
    assert small.steps > small.search_steps > 0
    assert len(small.ends[0]) >= 5  # the dense network's
    seconds = 600 / world.full_steps
    assert times(world, large, seconds, 16)[0] > 1.5 * times(world, small, seconds, 16)[0] > 2
    assert 0 < large.hypervolume <= 1


@pytest.mark.slow
def test_a_round_of_batches_that_overlap_is_one_list_of_jobs(tmp_path):
    world = load_world("digits/grid", tmp_path)
    plain, overlapping = (workers.searched(world, 0, 16, 64, overlap) for overlap in (False, True))
    assert (plain.chosen, plain.size) == (overlapping.chosen, overlapping.size) == (4, 16)
    assert [len(rungs) for rungs in plain.batches] == [2] * 4
    assert len(overlapping.batches) == 5  # the last batch's second rung is a round
    assert overlapping.batches[0] == [[], plain.batches[0][0]]  # nothing was known before either
    assert overlapping.batches[4][0]
    assert not overlapping.batches[4][1]
    assert overlapping.probes == plain.probes > 0
