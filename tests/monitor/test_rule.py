"""The rule in whole numbers, by hand, and its laws."""

import numpy as np
import pytest

from hwsearch.monitor.quantities import Quantity, Seen
from hwsearch.monitor.rule import (
    CLIP,
    MOST_GAIN,
    MOST_LIMIT,
    MOST_SHIFT,
    MOST_VALUE,
    Alarm,
    Rule,
    Watch,
    alarms,
    heights,
    peaks,
    scores,
    sums,
)

MARGIN = Quantity("margin", "margin")
# usual are 10 and 20 of the two classes, a spread is 1: a unit off is 16
PLAIN = Watch(MARGIN, down=0, gain=16, shift=0, offsets=(160, 320))


def stream(*values, classes=None):
    column = np.array(values, np.int64)[:, None]
    return Seen(column, np.array(classes or [0] * len(values)))


def test_scores_are_sixteenths_of_the_spread_from_what_is_usual_of_the_class():
    assert scores([PLAIN], stream(10, 12, 9, 22, classes=[0, 0, 0, 1])).tolist() == [[0], [32], [-16], [32]]
    assert scores([PLAIN], stream(99, 0)).tolist() == [[CLIP], [-CLIP]]


def test_a_score_is_rounded_down_after_the_shift():
    # (7 * 5 - 20) >> 2 = 15 >> 2 = 3; (3 * 5 - 20) >> 2 = -5 >> 2 = -2
    watch = Watch(MARGIN, down=0, gain=5, shift=2, offsets=(20,))
    assert scores([watch], stream(7, 3)).tolist() == [[3], [-2]]


def test_a_large_value_is_shifted_and_cut_before_it_is_multiplied():
    watch = Watch(MARGIN, down=4, gain=MOST_GAIN, shift=MOST_SHIFT, offsets=(0,))
    # 2**20 >> 4 = 65536, which is cut to 65535: 65535 * 16383 >> 24 = 63
    assert scores([watch], stream(2**20, 2**32 - 1, 16)).tolist() == [[63], [63], [0]]
    assert MOST_VALUE * MOST_GAIN < 2**30


def test_sums_grow_by_what_exceeds_the_slack_and_an_alarm_lets_them_begin_again():
    rule = Rule((PLAIN,), ((40, 40),))
    # 12 is 32 off, of which 24 add up: 24, 48 > 40: an alarm; then 24; then 10: 24 - 8 = 16
    found = [(above.tolist(), below.tolist()) for above, below in sums(rule, stream(12, 12, 12, 10))]
    assert found == [([24], [0]), ([48], [0]), ([24], [0]), ([16], [0])]
    assert alarms(rule, stream(12, 12, 12, 10)) == [Alarm(1, (0,), ())]


def test_a_fall_is_noticed_as_one():
    assert alarms(Rule((PLAIN,), ((40, 40),)), stream(8, 8)) == [Alarm(1, (), (0,))]


def test_what_is_within_half_a_spread_never_adds_up():
    half = Watch(MARGIN, down=0, gain=8, shift=0, offsets=(80,))
    assert alarms(Rule((half,), ((0, 0),)), stream(*[11, 9] * 100)) == []


def test_the_class_that_is_predicted_says_what_is_usual():
    rule = Rule((PLAIN,), ((40, 40),))
    assert alarms(rule, stream(*[20] * 50, classes=[1] * 50)) == []
    assert alarms(rule, stream(*[20] * 50, classes=[0] * 50))[0].inference == 0


def test_each_sum_has_its_own_limit():
    rule = Rule((PLAIN,), ((100, 40),))
    # 24 more each time: over 100 after the fifth, over 40 after the second
    assert alarms(rule, stream(*[12] * 6)) == [Alarm(4, (0,), ())]
    assert alarms(rule, stream(*[8] * 3)) == [Alarm(1, (), (0,))]


def test_the_sums_of_many_streams_are_those_of_each():
    rng = np.random.default_rng(0)
    what = Seen(rng.integers(5, 30, (40, 2)), rng.integers(0, 2, 40))
    watches = (PLAIN, Watch(Quantity("input", "input"), 0, 4, 0, (60, 60)))
    streams = rng.integers(0, 40, (7, 25))
    z = scores(watches, what)
    found = np.stack([height.copy() for height in heights(z, streams)], 1)
    never = Rule(watches, ((10**6, 10**6),) * 2)
    for chosen, height in zip(streams, found, strict=True):
        each = [np.concatenate(both).tolist() for both in sums(never, what[chosen])]
        assert height.tolist() == each
    assert peaks(z, streams).tolist() == found.max(1).tolist()


@pytest.mark.parametrize("value", [0, 2**32 - 1])
def test_sums_fit_sixteen_bits(value):
    rule = Rule((Watch(MARGIN, 0, MOST_GAIN, 0, (10**9,)),), ((MOST_LIMIT, MOST_LIMIT),))
    top = max(max(above.max(), below.max()) for above, below in sums(rule, stream(*[value] * 3000)))
    assert MOST_LIMIT < top < 2**15
