"""A monitor, and what it noticed, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from hwsearch.monitor.learn import CONFIDENCE, Monitor
from hwsearch.monitor.limits import SURE
from hwsearch.monitor.rule import CLIP, SLACK, Alarm

SHIFT, LATE = 3, 500
"""A quantity that lies so many spreads off is noticed late where it takes more than so many inferences."""


def monitor_words(monitor: Monitor) -> str:
    """Say what is watched, what a false alarm's chance rests on, and what is noticed late."""
    watched = ", ".join(watch.quantity.words for watch in monitor.rule.watches)
    grouped = monitor.units < monitor.samples
    units = f" in {monitor.units} groups" if grouped else ""
    said = [
        f"Watched: {watched}. {monitor.inferences:,} inferences like the {monitor.samples:,} validation "
        f"samples{units} raise a false alarm with a chance of {monitor.chance:.0%} at most ({SURE:.0%} sure)."
    ]
    if monitor.left_out is not None:
        found = monitor.left_out
        said.append(
            f"That is no promise for new groups: of {found.groups} groups of validation and training, each left out "
            f"while the rest was learned from, {found.alarmed or 'none'} raised one alone, so a new group does with a "
            f"chance of {found.most:.1%} at most ({CONFIDENCE:.0%} sure)."
        )
    elif grouped:
        said.append("Groups are too few to tell how they differ: nothing can be promised of new ones.")
    if late := noticed_late(monitor):
        said.append(
            f"What was seen differs so much that a shift by {SHIFT} spreads is noticed after more than {LATE} "
            f"inferences, or never, in {', '.join(late)}."
        )
    return " ".join(said)


def noticed_late(monitor: Monitor) -> tuple[str, ...]:
    """Return what the quantities are called in which a shift by ``SHIFT`` spreads is noticed late, and which way."""
    rule, found = monitor.rule, []
    for watch, limits, spread in zip(rule.watches, rule.limits, monitor.spreads, strict=True):
        score = min(SHIFT * spread / 2**watch.down * watch.gain / 2**watch.shift, CLIP) - SLACK
        # what was the same in all samples has no spread to tell a shift by
        late = [spread > 0 and (score <= 0 or limit / score > LATE) for limit in limits]
        if any(late):
            way = "" if all(late) else " (upwards)" if late[0] else " (downwards)"
            found.append(watch.quantity.words + way)
    return tuple(found)


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
