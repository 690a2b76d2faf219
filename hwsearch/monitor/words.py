"""A monitor, and what it noticed, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from hwsearch.monitor.learn import Monitor
from hwsearch.monitor.rule import Alarm


def monitor_words(monitor: Monitor) -> str:
    """Say what is watched, and what a false alarm's chance rests on."""
    watched = ", ".join(watch.quantity.words for watch in monitor.rule.watches)
    units = f" in {monitor.units} groups" if monitor.units < monitor.samples else ""
    return (
        f"Watched: {watched}. {monitor.inferences:,} inferences like the {monitor.samples:,} validation "
        f"samples{units} raise a false alarm with a chance of {monitor.chance:.0%} at most."
    )


def noticed_words(monitor: Monitor, n: int, alarms: Sequence[Alarm], of: str) -> str:
    """Say what was noticed in a stream of n inferences of something."""
    stream = f"{n:,} {of}"
    if not alarms:
        return f"Nothing was noticed in {stream}."
    first = alarms[0]
    more = "" if len(alarms) == 1 else f" The rest raised {len(alarms) - 1:,} more."
    return (
        f"Noticed after inference {first.inference + 1:,} of {stream}: {alarm_words(monitor, first)}.{more}"
    )


def alarm_words(monitor: Monitor, alarm: Alarm) -> str:
    """Say which quantities have come to lie too high or too low."""
    parts = [
        f"{monitor.rule.watches[q].quantity.words} {way}"
        for places, way in ((alarm.above, "has risen"), (alarm.below, "has fallen"))
        for q in places
    ]
    return ", ".join(parts)
