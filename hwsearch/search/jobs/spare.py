"""One more process, which trains what will be needed for certain, while no other process wants a core.

Workers wait for each other at the end of every rung, and all of them while the next batch is chosen. What is trained
meanwhile is no other and gives no other result than if it were trained when it is asked for. On a machine that others
keep busy it may come to nothing, so nobody waits for it: what is under way when its result is asked for is given up,
and trained by the workers. So is what failed here, or died: they tell what is wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Protocol

from hwsearch.search.jobs.job import Bench, Job, TrainedAlone, train_job

Keep = Callable[[str, TrainedAlone], object]


class Process(Protocol):
    """A process that runs tasks."""

    def begin(self, task: Callable[[Bench], TrainedAlone]) -> Future[TrainedAlone]:
        """Begin a task, and do not wait for it."""
        ...

    def close(self, at_once: bool) -> None:
        """End it; at once: what is running is given up."""
        ...


class Spare:
    """Trains jobs one after the other while cores are idle."""

    def __init__(self, start: Callable[[], Process] | None) -> None:
        """Start nothing yet; start: what starts the process; None: there is none, and nothing is ever begun."""
        self._start = start
        self._process: Process | None = None
        self._todo = deque[tuple[str, Job]]()
        self._running: tuple[str, Future[TrainedAlone]] | None = None
        self._keep: Keep = lambda name, trained: None

    @property
    def size(self) -> int:
        """Processes that it may have at a time."""
        return 0 if self._start is None else 1

    def begin(self, jobs: Mapping[str, Job], keep: Keep) -> None:
        """Begin to train jobs, in their order.

        Args:
            jobs: By name.
            keep: Given the name of each and what came of it, in this process.
        """
        if self._start is not None and self._process is None and jobs:
            self._todo, self._keep = deque(jobs.items()), keep
            self._process = self._start()
            self._next()

    def look(self) -> None:
        """Take over what is finished, and begin the next job."""
        if self._running is None or not self._running[1].done():
            return
        name, future = self._running
        self._running = None
        if future.exception() is None:
            self._keep(name, future.result())
            self._next()
        else:
            self._todo.clear()

    def close(self) -> None:
        """Take over what is finished; give up what is not, and end the process."""
        self._todo.clear()
        self.look()
        self._running = None
        process, self._process = self._process, None
        if process is not None:
            process.close(at_once=True)

    def _next(self) -> None:
        if self._todo and self._process is not None:
            name, job = self._todo.popleft()
            self._running = (name, self._process.begin(partial(train_job, job=job)))
