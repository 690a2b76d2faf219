"""log.jsonl: one JSON object an event. A process that was killed may leave half a line; that costs this line alone."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwsearch.records.events import Event, Listener
from hwsearch.records.run_folder import RunFolder

_Seconds = Annotated[float, Field(strict=True)]


class LoggedEvent(BaseModel):
    """A line of the log.

    Attributes:
        time: _Seconds since 1970.
        kind, text, done, total, model_s: Of the `Event`.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore")

    time: _Seconds
    kind: str
    text: str = ""
    done: int = 0
    total: int = 0
    model_s: _Seconds = 0.0


@dataclass(frozen=True)
class Log:
    """What was logged.

    Attributes:
        sessions: The events of each session, which its ``start`` begins.
        torn: Lines that say nothing any more.
    """

    sessions: tuple[tuple[LoggedEvent, ...], ...]
    torn: int

    @property
    def wall_s(self) -> float:
        """Seconds of all sessions, each from its start to its last event; a clock that was set back takes none away."""
        return float(sum(_passed(events) for events in self.sessions))

    @property
    def model_s(self) -> float:
        """Seconds of probes and model, of all sessions."""
        return float(sum(event.model_s for events in self.sessions for event in events))


@dataclass(frozen=True)
class Seconds:
    """What a run took on the clock.

    Attributes:
        wall: In all.
        model: Of these, probes and model: all that a search which trains everything would not need.
        torn: Lines of the log that could not be read, whose time is in neither.
    """

    wall: float
    model: float
    torn: int = 0


def seconds_spent(folder: RunFolder, model_s: float) -> Seconds:
    """Return the time spent in a folder by all sessions; model_s: of probes and model that was not logged yet."""
    log = read_log(folder)
    since = max(0.0, time.time() - log.sessions[-1][-1].time) if log.sessions else 0.0
    return Seconds(log.wall_s + since, log.model_s + model_s, log.torn)


def read_log(folder: RunFolder) -> Log:
    """Return what was logged in a run folder, whatever became of some of its lines."""
    if not folder.log.exists():
        return Log((), 0)
    sessions: list[list[LoggedEvent]] = []
    torn = 0
    for line in folder.log.read_text(encoding="utf-8", errors="replace").split("\n"):
        event = _event(line)
        if event is None:
            torn += bool(line.strip())
        elif event.kind == "start" or not sessions:
            sessions.append([event])
        else:
            sessions[-1].append(event)
    return Log(tuple(map(tuple, sessions)), torn)


def followed(folder: RunFolder, wait: Callable[[], None]) -> Iterator[Event]:
    """Yield the events of a run's last session, then those that are added, until the run has ended.

    Args:
        folder: The run folder; whoever writes it may be another process.
        wait: Called before each further look.
    """
    begun, told = None, 0
    while True:
        over = folder.summary.stat().st_mtime if folder.summary.exists() else 0.0
        sessions = read_log(folder).sessions  # after the summary, which is written last: nothing is missed
        events = sessions[-1] if sessions else ()
        if events and events[0] != begun:
            begun, told = events[0], 0
        for event in events[told:]:
            yield Event(event.kind, event.text, event.done, event.total, event.model_s)
        told = len(events)
        if begun is not None and over >= begun.time:
            return
        wait()


def _passed(events: Sequence[LoggedEvent]) -> float:
    """Return the seconds from the first event to the last, with those added by which the clock was set back."""
    back = sum(max(0.0, earlier.time - later.time) for earlier, later in itertools.pairwise(events))
    return events[-1].time - events[0].time + back


def logged(folder: RunFolder, listen: Listener) -> Listener:
    """Return a listener that also writes log.jsonl, from a new line on."""
    _end_line(folder)

    def tell(event: Event) -> None:
        with folder.log.open("a", encoding="utf-8") as log:
            log.write(_line(event, time.time()) + "\n")
        listen(event)

    return tell


def _line(event: Event, now: float) -> str:
    """Return an event as a line; what it does not say is left out."""
    values: dict[str, str | int | float] = {"time": round(now, 3), "kind": event.kind, "text": event.text}
    if event.total:
        values |= {"done": event.done, "total": event.total}
    if event.model_s:
        values |= {"model_s": round(event.model_s, 3)}
    return json.dumps(values)


def _end_line(folder: RunFolder) -> None:
    """End a line that was cut, so that the next one stands alone."""
    if folder.log.exists() and not folder.log.read_bytes().endswith(b"\n") and folder.log.stat().st_size:
        with folder.log.open("a", encoding="utf-8") as log:
            log.write("\n")


def _event(line: str) -> LoggedEvent | None:
    """Return a line's event, or None where it is none."""
    try:
        return LoggedEvent.model_validate_json(line)
    except ValidationError:
        return None
