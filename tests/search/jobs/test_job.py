"""What a job measures of each candidate; one that breaks is recorded, and harms no other."""

from dataclasses import replace

import numpy as np
import pytest
from builders.graphs import spec
from builders.jobs import X, Y, assert_same, bench, job

from hwsearch.data.samples import Dataset
from hwsearch.graph.graph import Readout
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths, needed_bits
from hwsearch.network.params import Ticket, initial_params
from hwsearch.search.jobs import job as jobs
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.train.loop import Schedule, Trained

SHORT = replace(job(), schedule=Schedule(1, 16, 0.01))


def untrained(**changes):
    """Return a job whose training is there already, and changed nothing."""
    given = replace(job(), **changes)
    return replace(given, trained=tuple(Trained(ticket.params, 0.5, "", 7) for ticket in given.tickets))


def test_what_is_measured_is_what_the_integers_answer():
    given = untrained(test=True, keep_params=True)
    for ticket, measured in zip(given.tickets, run_job(bench(), given), strict=True):
        answers = run_integer(measured.network, X[60:]).predictions
        right = answers == Y[60:]
        assert measured.failure == ""
        assert measured.accuracy_val == right[:20].mean()
        assert measured.accuracy_test == right[20:].mean()
        # the float network and the integers differ in these, and in nothing else
        n_float = measured.accuracy_val_float * 20
        assert n_float == pytest.approx(
            right[:20].sum() + measured.only_float_right - measured.only_integers_right
        )
        assert measured.train_steps == 7
        assert measured.params is ticket.params
        sums, membranes = zip(
            *((need.sums, need.membrane) for need in needed_bits(measured.network)), strict=True
        )
        assert measured.accumulator_bits >= max(sums)
        assert measured.membrane_bits >= membranes[0]


def test_what_was_not_asked_for_is_not_there():
    for measured in run_job(bench(), untrained()):
        assert (measured.params, measured.accuracy_test, measured.answers_test) == (None, None, None)


def test_another_split_of_the_same_samples():
    given = replace(SHORT, tickets=SHORT.tickets[2:], test=True, keep_params=True)
    (first,), (again,), (other,) = (run_job(bench(), replace(given, split_seed=seed)) for seed in (3, 3, 4))
    assert_same(first, again)
    assert not np.array_equal(first.params.weights[0], other.params.weights[0])


def test_early_timesteps_are_trained_with_and_not_measured_with():
    (early,) = run_job(bench(), replace(SHORT, tickets=SHORT.tickets[:1], early_timesteps=2))
    assert early.train_steps == 1 * 60 * 2
    assert early.network.timesteps == early.workload.timesteps == 3


def test_what_could_overflow_a_device_that_refuses_is_no_result():
    given = untrained()
    narrow = Widths(state=3, accumulator=3, bias=3, threshold=3, overflow="reject")
    (failed,) = run_job(bench(narrow), replace(given, tickets=given.tickets[2:], trained=given.trained[2:]))
    assert "-bit sums, the device has 3" in failed.failure
    assert (failed.network, failed.accuracy_val, failed.train_steps) == (None, None, 7)


def test_pieces_by_hand():
    given = untrained()
    pieces = given.pieces(2)
    assert [piece.tickets for piece in pieces] == [given.tickets[:2], given.tickets[2:]]
    assert [piece.trained for piece in pieces] == [given.trained[:2], given.trained[2:]]
    assert [piece.trained for piece in job().pieces(2)] == [None, None]


def test_a_stack_that_breaks_is_tried_candidate_by_candidate(monkeypatch):
    def one_at_a_time(spec, tickets, *args, **options):
        if len(tickets) > 1:
            raise RuntimeError("out of memory")
        return train(spec, tickets, *args, **options)

    whole, train = run_job(bench(), SHORT), jobs.train_stack
    monkeypatch.setattr(jobs, "train_stack", one_at_a_time)
    for alone, together in zip(run_job(bench(), SHORT), whole, strict=True):
        assert_same(alone, together)
        assert alone.train_steps == 60 * 3


def test_one_alone_that_the_memory_does_not_hold_has_failed(monkeypatch):
    def too_large(*args, **options):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(jobs, "train_stack", too_large)
    failed = run_job(bench(), job())
    assert len(failed) == 3
    assert all(
        "can't allocate memory" in measured.failure and measured.train_steps == 5 * 60 * 3
        for measured in failed
    )


@pytest.mark.parametrize("place", ["train_stack", "fold_counting_losses", "run_integer_stack", "logits"])
@pytest.mark.parametrize("error", [ValueError, RuntimeError, FloatingPointError])
def test_a_fault_of_ours_is_no_candidates_failure(monkeypatch, place, error):
    def wrong(*args, **options):
        raise error("a bug")

    monkeypatch.setattr(jobs, place, wrong)
    with pytest.raises(error, match="a bug"):
        run_job(bench(), SHORT)


def test_a_stack_that_would_not_fit_is_split(monkeypatch):
    whole, sizes = run_job(bench(), SHORT), []

    def train(spec, tickets, *args, **options):
        sizes.append(len(tickets))
        return original(spec, tickets, *args, **options)

    original = jobs.train_stack
    monkeypatch.setattr(jobs, "train_stack", train)
    monkeypatch.setattr(jobs, "fitting", lambda *args: 2)
    for piece, together in zip(run_job(bench(), SHORT), whole, strict=True):
        assert_same(piece, together)
    assert sizes == [2, 1]


def test_labels_a_timestep_are_those_of_its_last_frame():
    # frame by frame the brighter half says the class; T 2 bins four frames in two
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (60, 4))
    brighter = (np.arange(4) // 2 == y[..., None])[:, :, None, None, :]
    x = (rng.integers(0, 2, (60, 4, 1, 1, 4)) + 6 * brighter).astype(np.uint8)
    network = spec("fc8", (1, 1, 4), 2, input_max=7, frames=4, binning="mean", readout=Readout(labels="step"))
    data = Dataset("made", x[:40], y[:40], x[40:50], y[40:50], x[50:], y[50:], 7, 3, 2, (1, 1, 4), 4, "mean")
    params = initial_params(network, 0)
    ticket = Ticket(params, tuple(np.ones(w.shape, bool) for w in params.weights), (8, 8))
    given = Job((ticket,), 2, Schedule(3, 8, 0.02), 0, test=True)
    (measured,) = run_job(Bench((network,), data, Widths(), "fused"), given)
    assert measured.failure == ""
    assert measured.answers_val.n == measured.answers_test.n == 10 * 2
    assert measured.answers_val.samples == tuple(np.bincount(y[40:50, [1, 3]].ravel(), minlength=2))
    assert measured.accuracy_val == measured.answers_val.accuracy
    assert measured.train_steps == 3 * 40 * 2
    # samples count once however many predictions they have; two blank runs
    assert measured.eval_steps == (2 * 10 + 10 + 2) * 2


def test_membranes_of_a_stack_may_have_widths_of_their_own():
    given = untrained()
    first, second, third = given.tickets
    mixed = (replace(first, state_bits=8), second, replace(third, state_bits=8))
    results = run_job(bench(), replace(given, tickets=mixed))
    assert [result.network.state_bits for result in results] == [8, 32, 8]
    assert [result.workload.state_bits for result in results] == [8, None, 8]
    for place, ticket in enumerate(mixed):
        alone = run_job(bench(), replace(given, tickets=(ticket,), trained=given.trained[place : place + 1]))
        assert_same(results[place], alone[0])
    plain = run_job(bench(Widths(state=8)), given)
    assert_same(results[0], plain[0])


def test_a_job_is_of_one_of_the_networks():
    two, other = bench(), spec("fc6", (1, 4, 4), norm=True)
    two = replace(two, networks=(*two.networks, other))
    params = initial_params(other, 0)
    ticket = Ticket(params, tuple(np.ones(w.shape, bool) for w in params.weights), (8, 8))
    (measured,) = run_job(two, Job((ticket,), 3, Schedule(1, 16, 0.01), 0, network=1))
    assert measured.failure == ""
    assert [p.shape.channels for p in measured.network.populations][-1] == 3
    assert measured.network.populations[0].shape.channels <= 6
