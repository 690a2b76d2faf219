"""Calls the command line in this process, as a person would: argv in, exit code and text out, within time and memory.

What is called is `hwsearch.cli.main`, so the exit codes and messages are those of the program; torch is loaded once.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60
_WAITED = 300.0
"""Seconds after which a call waits for something that never comes, however busy the machine is."""
BYTES = 4 * 2**30
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Answer:
    """What a call gave.

    Attributes:
        code: Exit code; None: something else than an exit came out of it.
        out, err: What it printed.
        trace: The traceback of what came out of it instead of an exit.
        seconds: Of the processor: how long it takes on a machine that does nothing else.
    """

    code: int | None
    out: str
    err: str
    trace: str
    seconds: float


class TooLong(BaseException):
    """The call took longer than any may."""


def called(argv: Sequence[str], folder: Path) -> Answer:
    """Call ``hwsearch`` with arguments in a folder."""
    from hwsearch.cli import main

    out, err, trace, code = io.StringIO(), io.StringIO(), "", None
    start = time.process_time()
    with _within(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        before, sys.argv = sys.argv, ["hwsearch", *argv]
        try:
            main()
            code = 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except KeyboardInterrupt:  # of whoever stops this process
            raise
        except BaseException:
            trace = traceback.format_exc()
        finally:
            sys.argv = before
    return Answer(code, out.getvalue(), err.getvalue(), trace, time.process_time() - start)


@contextlib.contextmanager
def _within(folder: Path) -> Iterator[None]:
    """Work in a folder, with an alarm for time, a limit of memory, and everything set back afterwards."""
    here, handlers = Path.cwd(), {number: signal.getsignal(number) for number in _SIGNALS}
    hook, limits = sys.unraisablehook, resource.getrlimit(resource.RLIMIT_AS)
    # a bug's message says enough here, and a storage that is away need not be waited for
    given = {"HWSEARCH_LOG": os.devnull, "HWSEARCH_STORAGE_WAIT": "1"}
    environment = dict(os.environ)
    os.environ.update(given)
    alarms = {number: signal.signal(number, _too_long) for number in (signal.SIGPROF, signal.SIGALRM)}
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_AS, (_mapped() + BYTES, limits[1]))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, _WAITED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        os.chdir(here)
        for number, handler in (alarms | handlers).items():
            signal.signal(number, handler)
        sys.unraisablehook = hook
        for name in given:
            os.environ.pop(name)
        os.environ.update({name: environment[name] for name in given if name in environment})


def _mapped() -> int:
    """Return the bytes that this process has mapped."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _too_long(*_: object) -> None:
    raise TooLong
