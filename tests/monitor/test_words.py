"""A monitor and its alarms in sentences."""

from dataclasses import replace

from builders.exports import INPUTS, monitor_of, network

from hwsearch.monitor.rule import Alarm
from hwsearch.monitor.words import alarm_words, monitor_words, noticed_words

MONITOR = monitor_of(network(), INPUTS)


def test_what_is_watched_and_how_often_it_is_wrong():
    assert monitor_words(replace(MONITOR, samples=1200, units=1200)) == (
        "Watched: the inputs' sum, the number of spikes of fc1, the margin, the share without an answer. 1,000 "
        "inferences like the 1,200 validation samples raise a false alarm with a chance of 10% at most."
    )
    assert "the 1,200 validation samples in 40 groups raise" in monitor_words(
        replace(MONITOR, samples=1200, units=40)
    )


def test_what_was_noticed_first_and_how_often():
    assert noticed_words(MONITOR, 1500, [], "test samples") == "Nothing was noticed in 1,500 test samples."
    one = Alarm(22, (0,), (2,))
    assert noticed_words(MONITOR, 60, [one], "test samples") == (
        "Noticed after inference 23 of 60 test samples: the inputs' sum has risen, the margin has fallen."
    )
    assert noticed_words(MONITOR, 60, [one, one, one], "x").endswith(" The rest raised 2 more.")
    assert alarm_words(MONITOR, Alarm(0, (3,), ())) == "the share without an answer has risen"
