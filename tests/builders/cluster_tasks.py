"""What tests have workers of real clusters do: imported there by this name, so that nothing heavy is imported here."""

import os
import signal
import time


def nothing(seconds=0.0):
    """Take some time."""
    time.sleep(seconds)


def some_seconds(bench, seconds):
    """Take some time, and say how much."""
    time.sleep(seconds)
    return seconds


def die():
    """Kill the worker that runs this."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(path):
    """Kill the worker that runs this first."""
    if not path.exists():
        path.touch()
        die()
    return "done"
