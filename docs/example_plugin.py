"""A loader of one's own: `data: {plugin: bursts, options: {n: 600}}`, and `--plugin docs/example_plugin.py`."""

from pathlib import Path

import numpy as np


def bursts(root: Path, n: int = 600, frames: int = 16) -> dict:
    """Make sequences of three channels that pulse fast or slowly; a loader would read files below `root`."""
    rng = np.random.default_rng(0)
    fast = np.arange(n) % 2 == 0
    period = np.where(fast, 2, 4)[:, None, None]
    start = rng.integers(0, 4, (n, 1, 3))
    pulses = (np.arange(frames)[:, None] + start) % period == 0
    x = np.where(pulses, 12, 0) + rng.integers(0, 4, (n, frames, 3))
    return {"x": x, "axes": "NTC", "y": np.where(fast, "fast", "slow"), "groups": np.arange(n) // 10}
