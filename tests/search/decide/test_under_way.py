"""What may be known of batches under way: the same whether they still are or have ended since."""

from dataclasses import replace

from builders.records import plan_of_three_rungs, record, state_of

from hwsearch.records.trials import REPEATS
from hwsearch.search.decide.under_way import knowing, seen


def test_what_is_on_its_way_is_known_by_its_price_and_its_curve():
    ended = record(3, 0.5, (0.7, 0.8, 0.9), 1000.0)
    for rungs_done in (0, 1, 2):
        own = seen(ended, rungs_done)
        on_its_way = replace(
            ended, outcome=None, curve=ended.curve[:rungs_done], measured={"memory_bytes": 7.0}
        )
        assert own == seen(on_its_way, rungs_done)
        assert (own.outcome, own.curve, own.predicted) == (None, ended.curve[:rungs_done], ended.predicted)
    assert seen(ended, 3) == ended


def test_what_was_stopped_cut_or_failed_is_known_as_soon_as_it_was():
    stopped, cut = record(3, 0.5, (0.7,), 1000.0, "stopped"), record(4, 0.5, (), 1000.0, "foreseen")
    failed = replace(stopped, outcome="failed")  # in its second rung
    assert seen(stopped, 0).outcome is None
    assert seen(stopped, 1) == stopped
    assert seen(cut, 0) == cut
    assert seen(failed, 1).outcome is None
    assert seen(failed, 2) == failed


def test_with_batches_under_way_the_last_that_is_known_of_each_is_known(tmp_path, tiny_text):
    told, resumed = record(1, 0.5, (0.7,), 1000.0, "stopped"), record(3, 0.5, (0.7,), 1000.0, None)
    new, repeats = record(4, 0.6, (), 900.0, None), record(5, 0.7, (), 800.0, "repeat")
    as_told = replace(record(6, 0.8, (0.5,), 700.0), reason=f"{REPEATS} 1")
    state = state_of(plan_of_three_rungs(tmp_path, tiny_text), [told])
    known = knowing(state, [([resumed], 1), ([new, repeats, as_told], 0)]).known
    assert known == {
        told.candidate.digest: seen(resumed, 1),
        new.candidate.digest: seen(new, 0),
    }
    assert dict(state.known) == {told.candidate.digest: told}
