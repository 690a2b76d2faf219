"""One more process, which works on what will be needed for certain, while no other process wants a core.

Workers wait for each other at the end of every rung, and all of them while the next batch is chosen. What is done
meanwhile is no other and gives no other result than if it were done when it is asked for. On a machine that others
keep busy it may come to nothing, so nobody waits for it: what is under way when its result is asked for is given up,
and done by the workers. So is what failed here, or died: they tell what is wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from hwsearch.search.jobs.job import Bench

R = TypeVar("R")


class Process(Protocol):
    """A process that runs tasks."""

    def begin(self, task: Callable[[Bench], Any]) -> Future[Any]:
        """Begin a task, and do not wait for it."""
        ...

    def close(self, at_once: bool) -> None:
        """End it; at once: what is running is given up."""
        ...


@dataclass(frozen=True)
class _Piece:
    """A task, and who is given what comes of it: its place among those of its owner that were begun with it."""

    owner: str
    place: int
    task: Callable[[Bench], Any]
    keep: Callable[[int, Any], object]


class Spare:
    """Works on tasks one after the other while cores are idle."""

    def __init__(self, start: Callable[[], Process] | None) -> None:
        """Start nothing yet; start: what starts the process; None: there is none, and nothing is ever begun."""
        self._start = start
        self._process: Process | None = None
        self._todo = deque[_Piece]()
        self._running: tuple[_Piece, Future[Any]] | None = None

    @property
    def size(self) -> int:
        """Processes that it may have at a time."""
        return 0 if self._start is None else 1

    def begin(
        self, owner: str, tasks: Sequence[Callable[[Bench], R]], keep: Callable[[int, R], object]
    ) -> None:
        """Begin tasks, in their order, after those that were begun before.

        Args:
            owner: What they are given up by.
            tasks: Any number.
            keep: Given the place of each and what came of it, in this process; it may begin more.
        """
        if self._start is not None:
            self._todo += [_Piece(owner, place, task, keep) for place, task in enumerate(tasks)]
            self._next()

    def look(self) -> None:
        """Take over what is finished, and begin the next task."""
        if self._running is None or not self._running[1].done():
            return
        piece, future = self._running
        self._running = None
        if future.exception() is None:
            piece.keep(piece.place, future.result())
            self._next()
        else:
            self._start = None
            self._todo.clear()

    def give_up(self, owners: Collection[str]) -> None:
        """Take over what is finished; give up what is not, of these owners."""
        self.look()
        self._todo = deque(piece for piece in self._todo if piece.owner not in owners)
        if self._running is not None and self._running[0].owner in owners:
            self._end()
            self._next()

    def close(self) -> None:
        """Take over what is finished; give up what is not, and end the process."""
        self._todo.clear()
        self.look()
        self._todo.clear()  # what is finished may be followed by more
        self._end()

    def _end(self) -> None:
        """End the process, and give up what it works on."""
        self._running = None
        process, self._process = self._process, None
        if process is not None:
            process.close(at_once=True)

    def _next(self) -> None:
        if self._running is not None or not self._todo or self._start is None:
            return
        if self._process is None:
            self._process = self._start()
        piece = self._todo.popleft()
        self._running = (piece, self._process.begin(piece.task))
