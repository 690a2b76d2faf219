"""A monitor and its alarms in sentences."""

from dataclasses import replace

from builders.exports import INPUTS, monitor_of, network

from hwsearch.monitor.learn import LeftOut, Monitor
from hwsearch.monitor.quantities import Quantity
from hwsearch.monitor.rule import Alarm, Rule, Watch
from hwsearch.monitor.words import alarm_words, monitor_words, noticed_late, noticed_words

MONITOR = monitor_of(network(), INPUTS)


def test_what_is_watched_and_how_often_it_is_wrong():
    assert monitor_words(replace(MONITOR, samples=1200, units=1200)) == (
        "Watched: the inputs' sum, the number of spikes of fc1, the margin, the share without an answer. 1,000 "
        "inferences like the 1,200 validation samples raise a false alarm with a chance of 10% at most (90% sure)."
    )
    few = monitor_words(replace(MONITOR, samples=1200, units=4))
    assert "the 1,200 validation samples in 4 groups raise" in few
    assert few.endswith("Groups are too few to tell how they differ: nothing can be promised of new ones.")


def test_what_can_be_promised_of_a_new_group():
    said = monitor_words(replace(MONITOR, samples=1200, units=40, left_out=LeftOut(150, 2)))
    assert said.endswith(
        "(90% sure). That is no promise for new groups: of 150 groups of validation and training, each left out "
        "while the rest was learned from, 2 raised one alone, so a new group does with a chance of 4.1% at most "
        "(95% sure)."
    )
    assert "none raised one alone" in monitor_words(replace(MONITOR, left_out=LeftOut(150, 0)))


def test_what_is_noticed_late_is_said_with_its_way():
    watch = Watch(Quantity("margin", "margin"), 0, 16, 0, (0,))
    # a spread of 1 is 16 units: three are 48, of which 40 add up; 500 inferences make 20,000
    monitor = Monitor(Rule((watch,), ((20_000, 20_001),)), (0.0,), (1.0,), 20, 20)
    assert noticed_late(monitor) == ("the margin (downwards)",)
    assert monitor_words(monitor).endswith("500 inferences, or never, in the margin (downwards).")
    wide = replace(monitor, rule=Rule((replace(watch, gain=2),), ((0, 0),)))
    assert noticed_late(wide) == ("the margin",)
    assert noticed_late(replace(monitor, spreads=(0.0,))) == ()


def test_what_was_noticed_first_and_how_often():
    assert noticed_words(MONITOR, 1500, [], "test samples") == "Nothing was noticed in 1,500 test samples."
    one = Alarm(22, (0,), (2,))
    assert noticed_words(MONITOR, 60, [one], "test samples") == (
        "Noticed after inference 23 of 60 test samples: the inputs' sum has risen, the margin has fallen."
    )
    assert noticed_words(MONITOR, 60, [one, one, one], "x").endswith(" The rest raised 2 more.")
    assert alarm_words(MONITOR, Alarm(0, (3,), ())) == "the share without an answer has risen"
