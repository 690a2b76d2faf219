"""log.jsonl: one JSON object an event. A process that was killed may leave half a line; that costs this line alone."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from hwsearch.records.events import Event, Listener
from hwsearch.records.run_folder import RunFolder


@dataclass(frozen=True)
class Log:
    """What was logged.

    Attributes:
        sessions: The events of each session, which its ``start`` begins; each has ``time`` [s] and ``kind``.
        torn: Lines that say nothing any more.
    """

    sessions: tuple[tuple[dict[str, Any], ...], ...]
    torn: int

    @property
    def wall_s(self) -> float:
        """Seconds of all sessions, each from its start to its last event."""
        return float(sum(events[-1]["time"] - events[0]["time"] for events in self.sessions))

    @property
    def model_s(self) -> float:
        """Seconds of probes and model, of all sessions."""
        return float(sum(event.get("model_s", 0.0) for events in self.sessions for event in events))


def read_log(folder: RunFolder) -> Log:
    """Return what was logged in a run folder, whatever became of some of its lines."""
    if not folder.log.exists():
        return Log((), 0)
    sessions: list[list[dict[str, Any]]] = []
    torn = 0
    for line in folder.log.read_text(encoding="utf-8", errors="replace").split("\n"):
        event = _event(line)
        if event is None:
            torn += bool(line.strip())
        elif event["kind"] == "start" or not sessions:
            sessions.append([event])
        else:
            sessions[-1].append(event)
    return Log(tuple(map(tuple, sessions)), torn)


def logged(folder: RunFolder, listen: Listener) -> Listener:
    """Return a listener that also writes log.jsonl, from a new line on."""
    _end_line(folder)

    def tell(event: Event) -> None:
        line = {"time": round(time.time(), 3), "kind": event.kind, "text": event.text}
        if event.total:
            line |= {"done": event.done, "total": event.total}
        if event.model_s:
            line |= {"model_s": round(event.model_s, 3)}
        with folder.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        listen(event)

    return tell


def _end_line(folder: RunFolder) -> None:
    """End a line that was cut, so that the next one stands alone."""
    if folder.log.exists() and not folder.log.read_bytes().endswith(b"\n") and folder.log.stat().st_size:
        with folder.log.open("a", encoding="utf-8") as log:
            log.write("\n")


def _event(line: str) -> dict[str, Any] | None:
    """Return a line's event, or None where it is none."""
    try:
        event = json.loads(line)
        numbers = (event["time"], event.get("model_s", 0.0))
        sound = isinstance(event["kind"], str) and all(type(own) in (int, float) for own in numbers)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return event if sound else None
