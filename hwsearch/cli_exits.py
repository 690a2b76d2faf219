"""How a command ends: every failure that is no bug is one message and a documented code, and a bug leaves its trace.

What hwsearch raises on purpose says its own code (`errors`); what Python, the operating system and typer raise is told
here. Codes are in `ExitCode`; what to do about each is in docs/exit_codes.md.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from hwsearch.errors import GOES_ON, ExitCode, HwsearchError, InputError
from hwsearch.interrupts import Stopped
from hwsearch.records.storage_url import without_passwords
from hwsearch.shown import line, say

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SHORT = {errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}
_NO_MEMORY = (
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "out of memory",
    "failed to map segment",
)
_TODO = {
    errno.EACCES: "give permission, or name another place",
    errno.EPERM: "give permission, or name another place",
    errno.EROFS: "name a place that can be written",
    errno.ENOENT: "create it, or name another place",
    errno.ENOTDIR: "a part of the path is a file: name another place",
    errno.EEXIST: "a file is in its way: name another place",
    errno.EISDIR: "it is a folder: name a file",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "its links go round in a circle: name another place",
}


@dataclass(frozen=True)
class Failure:
    """A failure as it is told.

    Attributes:
        code: How the command ends.
        lines: What is said, each a line.
    """

    code: ExitCode
    lines: tuple[str, ...]


def run_command(command: Callable[[], object]) -> int:
    """Run a command to its end; return its exit code, with every failure told on the standard error output."""
    try:
        command()
        if sys.stdout is not None:  # as it is where somebody closed it
            sys.stdout.flush()
        return ExitCode.DONE
    except SystemExit as leaving:
        failure = _told_by_typer(leaving)
        if failure is None:
            return _flushed(leaving)
    except Stopped:  # a signal's: `interrupts` says so
        raise
    except BaseException as error:
        failure = told(error)
    return _end(failure)


def told(error: BaseException) -> Failure:
    """Return how a failure is told: as what it is, or as what it was raised from on purpose."""
    cause: BaseException | None = error
    while cause is not None:
        if (failure := _known(cause)) is not None:
            return failure
        cause = cause.__cause__
    return _bug(error)


def _known(error: BaseException) -> Failure | None:
    """Return how a failure is told that is no bug; None: it may be one."""
    if isinstance(error, InputError):
        return Failure(error.exit_code, tuple(f"error: {fault}" for fault in error.faults))
    if isinstance(error, HwsearchError):
        return Failure(ExitCode(error.exit_code), (f"error: {error}",))
    if isinstance(error, KeyboardInterrupt):
        return Failure(ExitCode.INTERRUPTED, (f"error: interrupted ({GOES_ON})",))
    if isinstance(error, OSError):
        return _of_the_system(error)
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in _NO_MEMORY):
        law = "there must be memory for what is to be done"
        todo = f"give fewer --workers, a smaller train.batch_size or search.stack, or a machine with more; {GOES_ON}"
        return Failure(ExitCode.NO_RESOURCES, (f"error: {law}; got none left ({todo})",))
    if _is_killed_worker(error):
        law, got = "worker processes must run until their work is done", "one was ended from outside"
        todo = f"most often for lack of memory: give fewer --workers; {GOES_ON}"
        return Failure(ExitCode.NO_RESOURCES, (f"error: {law}; got {got} ({todo})",))
    return None


def _is_killed_worker(error: BaseException) -> bool:
    """Return whether a pool of processes lost one; asked without loading what makes pools."""
    pools = sys.modules.get("concurrent.futures.process")
    return pools is not None and isinstance(error, pools.BrokenProcessPool)


def _of_the_system(error: OSError) -> Failure | None:
    """Return how a failure of the operating system is told; None: it is nobody's but ours."""
    if isinstance(error, BrokenPipeError):
        law = "whoever reads the output must stay until its end"
        return Failure(ExitCode.CLOSED_PIPE, (f"error: {law}; got a closed pipe ({GOES_ON})",))
    names = [os.fsdecode(name) for name in (error.filename, error.filename2) if name is not None]
    place = "".join(f"{line(name)}: " for name in names[:1])
    got = error.strerror or type(error).__name__
    if error.errno in _FULL:
        law = "the disk must have room"
        return Failure(ExitCode.NO_RESOURCES, (f"error: {place}{law}; got {got} (free space; {GOES_ON})",))
    if error.errno in _SHORT:
        law = "the machine must have memory, processes and open files left"
        todo = f"give fewer --workers, or raise the limits (ulimit); {GOES_ON}"
        return Failure(ExitCode.NO_RESOURCES, (f"error: {place}{law}; got {got} ({todo})",))
    if error.errno == errno.EIO:
        law, todo = "the disk must be readable and writable", f"look after it; {GOES_ON}"
        return Failure(ExitCode.NO_RESOURCES, (f"error: {place}{law}; got {got} ({todo})",))
    if error.errno in _TODO:
        law = "a file or folder that is named must be there, and readable and writable"
        return Failure(ExitCode.WRONG_INPUT, (f"error: {place}{law}; got {got} ({_TODO[error.errno]})",))
    return None


def _told_by_typer(leaving: SystemExit) -> Failure | None:
    """Return how a failure is told that typer turned into an exit; None: it was told, or there was none."""
    cause = leaving.__context__
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt | BrokenPipeError):
            return _known(cause)
        if isinstance(cause, EOFError):  # of a file that was read: typer takes it for the end of the input
            return _bug(cause)
        if isinstance(cause, typer.Abort) and cause.__context__ is None:
            break
        if isinstance(cause, typer.Abort) and isinstance(cause.__context__, EOFError) and not cause.__cause__:
            break
        cause = cause.__cause__ or cause.__context__
    else:
        return None
    law, todo = "every question must be answered", "hwsearch init --help names the options that answer them"
    return Failure(ExitCode.WRONG_INPUT, (f"error: {law}; got the end of the input ({todo})",))


def _bug(error: BaseException) -> Failure:
    """Return how a bug is told: one line; its trace is written where the line says."""
    what = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    what = line(without_passwords(what, _storage()).rstrip(": "))
    try:
        where = f"its trace is in {_write_trace(error)}: please report it"
    except OSError:
        where = "its trace could be written nowhere: set HWSEARCH_LOG to a file that can be"
    return Failure(ExitCode.BUG, (f"error: a fault of hwsearch's own: {what} ({where}; {GOES_ON})",))


def _write_trace(error: BaseException) -> Path:
    """Add the trace of a bug to the log file, its URLs without passwords; return the file.

    Raises:
        OSError: There is no place that can be written.
    """
    import importlib.metadata

    version = importlib.metadata.version("hwsearch")
    head = f"{time.strftime('%Y-%m-%d %H:%M:%S')} hwsearch {version}: {' '.join(sys.argv[1:])}"
    trace = without_passwords(f"{head}\n{''.join(traceback.format_exception(error))}\n", _storage())
    last: OSError = OSError("no place")
    for path in _log_files():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
                log.write(trace)
            return path
        except OSError as failed:
            last = failed
    raise last


def _log_files() -> Iterator[Path]:
    """Yield where a trace is written, the first that can be."""
    if asked := os.environ.get("HWSEARCH_LOG"):
        yield Path(asked)
    state = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    yield Path(state) / "hwsearch" / "errors.log"
    yield Path(tempfile.gettempdir()) / f"hwsearch-errors-{os.getuid() if hasattr(os, 'getuid') else ''}.log"


def _storage() -> str | None:
    """Return the URL that the command line was given, whose password must appear nowhere."""
    args = sys.argv[1:]
    for index, arg in enumerate(args):
        if arg.startswith("--storage="):
            return arg.partition("=")[2]
        if arg == "--storage":
            return args[index + 1] if index + 1 < len(args) else None
    return None


def _flushed(leaving: SystemExit) -> int:
    """Return the code of an exit of typer's, its output written."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        return _end(told(error))
    return leaving.code if isinstance(leaving.code, int) else ExitCode.DONE


def _end(failure: Failure) -> int:
    """Say what failed; return the code. What can still be written is, and Python says nothing more at its end."""
    for output in (sys.stdout, sys.stderr):
        try:
            if output is not None and output is sys.stderr:
                for text in failure.lines:
                    say(text, to=output)
            if output is not None:
                output.flush()
        except (OSError, ValueError):
            # nobody reads it any more, or its disk is full: what is left must not be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
    return failure.code
