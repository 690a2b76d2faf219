"""Progress on the terminal: what is being done, the best so far, time left; plain lines where it is no terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from hwsearch.shown import line, say

if TYPE_CHECKING:
    from hwsearch.records.events import Event

_STAGES = {
    "dense": "dense reference",
    "candidates": "candidates",
    "final": "final trainings",
    "rival": "plain networks",
}

_QUIET = ("final", "rival")  # of these a line at the end


class Progress:
    """Shows events as they come."""

    def __init__(self, name: str) -> None:
        self._console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description:<16}"), BarColumn(24), TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[best]}"),
            console=self._console, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._name, self._said, self._start = name, "", time.monotonic()

    def __enter__(self) -> Progress:
        self._bars.start()
        self._line(f"{self._name}: loading")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def listen(self, event: Event) -> None:
        """Show one event."""
        if event.kind == "start":
            return
        stage = _STAGES.get(event.kind)
        if stage is None:
            self._console.print(line(f"note: {event.text}"), markup=False, highlight=False)
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=event.total, best="")
        self._bars.update(
            self._tasks[stage], completed=event.done, total=event.total, best=escape(line(event.text))
        )
        # one plain line a finished batch, not one a trained stack
        if not event.text.startswith("candidates ") and (
            event.kind not in _QUIET or event.done == event.total
        ):
            self._line(f"{stage} {event.done}/{event.total}: {event.text}")

    def _line(self, text: str) -> None:
        if not self._console.is_terminal and text != self._said:
            self._said = text
            say(f"[{time.monotonic() - self._start:6.1f} s] {text}", flush=True)
