"""A stranger's data: four sensors of machines in three states, run by run; each run is of one state."""

from pathlib import Path

import numpy as np
import pandas as pd

STATES = ("idle", "good", "worn")
SENSORS = ("pressure", "flow", "temperature", "vibration")


def runs(n_runs=24, rows=192, seed=0) -> pd.DataFrame:
    """Return a table: run, time, four sensors, state."""
    rng, tables = np.random.default_rng(seed), []
    for run in range(n_runs):
        state, time = run % len(STATES), np.arange(rows)
        phase, load = rng.uniform(0, 2 * np.pi), rng.normal(1.0, 0.05)
        wave = np.sin(time * (0.2, 0.5, 0.9)[state] + phase)
        values = {
            "pressure": 100 * load + 8 * (0.2, 1, 1)[state] * wave,
            "flow": 5 * load * (0.1, 1, 0.8)[state] + 0 * time,
            "temperature": 40 + 3 * state + 0.01 * time,
            "vibration": (0.05, 0.3, 0.8)[state] * np.cos(time * 1.3 + phase),
        }
        noise = {"pressure": 2.0, "flow": 0.4, "temperature": 1.5, "vibration": 0.2}
        table = {name: value + rng.normal(0, noise[name], rows) for name, value in values.items()}
        tables.append(
            pd.DataFrame({"run": f"r{run:02}", "time": time * 0.1, **table, "state": STATES[state]})
        )
    return pd.concat(tables, ignore_index=True).round(4)


def windows(table: pd.DataFrame, length=32):
    """Return x [N, T0, C] in single precision, the states as text and the runs, windows that do not overlap."""
    x, y, group = [], [], []
    for run, rows in table.groupby("run"):
        values = rows[list(SENSORS)].to_numpy(np.float32)
        for start in range(0, len(rows) - length + 1, length):
            x.append(values[start : start + length])
            y.append(rows["state"].iloc[start])
            group.append(run)
    return np.stack(x), np.array(y), np.array(group)


def write_csv(path: Path, **settings) -> Path:
    runs(**settings).to_csv(path, index=False)
    return path


def write_npz(path: Path, **settings) -> Path:
    x, y, group = windows(runs(**settings))
    np.savez(path, x=x, y=y, group=group)
    return path
