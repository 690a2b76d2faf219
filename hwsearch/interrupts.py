"""Signals that end a command: at any moment one line and exit 3, nothing half-written, no process left behind.

SIGINT, SIGTERM and SIGHUP raise `Stopped` where the program is, so that everything opened is closed on the way out. It
is no ``Exception`` and no ``KeyboardInterrupt``, which libraries make something of their own of. What is raised may be
lost (in a destructor, or in C code that clears it), so a thread sends the signal again until it is heard; a program
that is not out after a while, stuck in a lock or in C code, is ended by that thread. Everything finished is on disk
before the next thing starts, so no way out loses anything. Not for those who call the package from Python: they have
``KeyboardInterrupt``.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager

TYPE_CHECKING = False  # what typing would say: a command loads this before it heeds signals, and little else
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import Any

_EXIT = 3  # `errors.Interrupted`
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_PATIENCE_S = 10.0
"""How long the way out may take."""
_AGAIN_S = 0.2
_LINE = "error: interrupted; the same line goes on where this one stopped"


class Stopped(BaseException):
    """A signal came that ends the command."""


class _Heed:
    """What this process knows of signals that end it."""

    asked = False
    over = False
    inside = False
    held = False
    said = False


@contextmanager
def heeded(*, last: bool = False) -> Iterator[None]:
    """Let a signal end what is inside by one line on the terminal and exit 3.

    Args:
        last: Nothing but the end of the process comes after it: from then on signals are ignored, and where one came,
            the process ends here.

    Raises:
        SystemExit: A signal came; code 3.
    """
    if _Heed.inside or threading.current_thread() is not threading.main_thread():
        yield
        return
    _Heed.inside, _Heed.asked, _Heed.over = True, False, False
    before, writing = _listen()
    try:
        yield
    except BaseException:
        _Heed.over = True
        if not _Heed.asked:
            raise
        _clean_up()
        if last:
            _end()
        raise SystemExit(_EXIT) from None
    finally:
        _Heed.over, _Heed.inside = True, False
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if last else handler)
        signal.set_wakeup_fd(-1)
        os.close(writing)
        sys.unraisablehook = sys.__unraisablehook__


@contextmanager
def held() -> Iterator[None]:
    """Hold signals that end the command until what is inside is done: a process is started whole or not at all.

    A process that is started inside holds them likewise until it calls `leave_to_parent`: a terminal sends its
    interrupts to all, also to those that still load.
    """
    mask = (
        signal.pthread_sigmask(signal.SIG_BLOCK, _numbers()) if hasattr(signal, "pthread_sigmask") else None
    )
    _Heed.held = True
    try:
        yield
    finally:
        _Heed.held = False
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if _Heed.asked and not _Heed.over:  # another thread took it, which does not block it
        raise Stopped


def leave_to_parent() -> None:
    """Heed no interrupt of a terminal in this process: its parent decides; SIGTERM ends it."""
    for number in _numbers():
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _numbers())


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


def _listen() -> tuple[dict[signal.Signals, Any], int]:
    """Handle the signals that are not ignored (as nohup and ``&`` leave them).

    Returns:
        What handled them before, and the pipe that says which came.
    """
    before = {n: h for n in _numbers() if (h := signal.getsignal(n)) not in (signal.SIG_IGN, None)}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    threading.Thread(target=_watch, args=(reading, [int(n) for n in before]), daemon=True).start()
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    sys.unraisablehook = _unraisable
    for number in before:
        signal.signal(number, _stop)
    return before, writing


def _stop(_: int, frame: FrameType | None) -> None:
    """Raise here, unless the way out is taken already, or whoever is at work cannot bear it; it is sent again soon.

    SQLAlchemy would print the traceback of what broke its transaction off. Of torch, some functions in C++ that call
    Python while it is imported (`_c10d_init`, `_multiprocessing_init`) let an exception abort the process.
    """
    _Heed.asked = _Heed.asked or not _Heed.over
    if _Heed.over or _Heed.held:
        return
    error = sys.exception()
    while error is not None:
        if isinstance(error, Stopped):
            return
        error = error.__context__
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("sqlalchemy.") or (
            name.partition(".")[0] == "torch" and frame.f_code.co_name == "<module>"
        ):
            return
        frame = frame.f_back
    raise Stopped


def _watch(reading: int, numbers: list[int]) -> None:
    """Wait for the first signal; send it again until it is heard, and end the process where that takes too long."""
    came: list[int] = []
    while not came:
        if not (told := os.read(reading, 64)):  # closed: the command is over
            os.close(reading)
            return
        came = [number for number in told if number in numbers]
    since = time.monotonic()
    while time.monotonic() - since < _PATIENCE_S:
        time.sleep(_AGAIN_S)
        if _Heed.over:
            return
        signal.pthread_kill(threading.main_thread().ident or 0, came[0])
    _clean_up()
    os._exit(_EXIT)


def _end() -> None:
    """End the process without taking the interpreter apart: libraries that were half loaded then may crash it."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # whoever read it is gone, or it is closed
            continue
    os._exit(_EXIT)


def _clean_up() -> None:
    """End workers at once, whose work is done again; remove what is half-written; say that it was interrupted."""
    if _Heed.said:  # by the other thread, just now
        return
    _Heed.said = True
    multiprocessing, files = (sys.modules.get(name) for name in ("multiprocessing", "hwsearch.whole_files"))
    for child in multiprocessing.active_children() if multiprocessing else ():
        child.kill()
    if files is not None:
        files.remove_unfinished()
    try:  # a terminal that hung up hears nothing
        os.write(2, f"{_LINE}\n".encode())
    except OSError:
        return


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """Say what a destructor or a callback could not raise, unless it is a signal's, which is sent again."""
    if not isinstance(what.exc_value, Stopped):
        sys.__unraisablehook__(what)
