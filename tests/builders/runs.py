"""Run folders that no search made: every number is made up."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

COSTS = ["memory_bytes", "weight_bytes", "state_bytes", "synaptic_ops", "energy_j", "latency_s"]
ENDS = {
    "over_budget": 22,
    "foreseen": 9,
    "lookalike": 4,
    "repeat": 0,
    "stopped": 11,
    "failed": 2,
    "trained": 32,
}
N_FRONT = 12
HOSTILE = "</script><script>alert('x')</script>"
"""What trials.csv of somebody may hold."""


def synthetic_run(
    folder: Path, objectives=("error", "energy_j", "memory_bytes"), latency=True, front=True, pick=True
) -> Path:
    """Write a run's files as a report needs them."""
    rng = np.random.default_rng(0)
    outcomes = [name for name, n in ENDS.items() for _ in range(n)]
    rng.shuffle(outcomes)
    rows, taken = [], 0
    for trial, outcome in enumerate(outcomes):
        trained, first = outcome == "trained", outcome == "trained" and taken < N_FRONT
        taken += trained
        memory = int(1500 * 1.17**taken) if first else int(rng.uniform(2, 11.5) * 1024)
        if outcome == "over_budget":
            memory = int(rng.uniform(12.5, 90) * 1024)
        energy = memory * 6.2e-11 * rng.uniform(0.8, 1.2)
        cost = {
            "memory_bytes": memory, "weight_bytes": int(memory * 0.8), "state_bytes": int(memory * 0.1),
            "synaptic_ops": int(memory * 1.7), "energy_j": energy, "latency_s": memory * 1.1e-6 if latency else None,
        }  # fmt: skip
        accuracy = 0.987 - 17.5 / memory - (0 if first else rng.uniform(0.005, 0.12))
        rows.append(
            {
                "trial": trial, "outcome": outcome, "reason": "" if trained else "because",
                "sparsity": round(rng.uniform(0, 0.95), 2), "granularity": rng.choice(["weight", "nm:4", "channel"]),
                "weight_bits": int(rng.choice([2, 4, 8])), "timesteps": int(rng.choice([2, 4])),
                "accuracy_val": accuracy if trained else None, "accuracy_val_float": accuracy if trained else None,
                **{k: v if trained else None for k, v in cost.items()}, "macs": None,
                "feasible": outcome != "over_budget", "on_front": front and first, "twin_of": None,
                **{f"{k}_predicted": v for k, v in cost.items()}, "train_steps": 1000, "eval_steps": 10,
                "digest": f"{trial:08x}", "wall_s": 1.0,
            }
        )  # fmt: skip
    trials = pd.DataFrame(rows)
    members = trials[trials["on_front"]]
    table = members[["trial", "sparsity", "granularity", "weight_bits", "timesteps", "accuracy_val"]].assign(
        accuracy_test=members["accuracy_val"] - 0.004,
        accuracy_test_low=members["accuracy_val"] - 0.024,
        accuracy_test_high=members["accuracy_val"] + 0.009,
        **{name: members[name] for name in COSTS},
        accuracy_val_search=members["accuracy_val"],
        seeds=3,
    )
    if front:
        chosen = {
            "accuracy_val": 0.978, "accuracy_test": 0.972, "accuracy_test_low": 0.950, "accuracy_test_high": 0.985,
            "memory_bytes": 1945, "energy_j": 1.2e-7, "accuracy_test_own": 0.968, "accuracy_test_sd": 0.003,
        }  # fmt: skip
        for name, value in chosen.items():
            table.loc[table.index[1], name] = value
    folder.mkdir(parents=True, exist_ok=True)
    trials.to_csv(folder / "trials.csv", index=False)
    if front:
        table.to_csv(folder / "front.csv", index=False)
    summary = _summary(table, objectives, latency, front, front and pick)
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "study.yaml").write_text("name: digits_mcu\ndescription: <script>alert(1)</script>\n")
    (folder / "profile.yaml").write_text("id: generic_45nm\nlink: https://example.org/source\n")
    return folder


def _summary(table: pd.DataFrame, objectives, latency: bool, front: bool, pick: bool) -> dict:
    picked = json.loads(table.iloc[1].to_json()) if pick else None
    dense = {
        "accuracy_val": 0.986, "accuracy_test": 0.981, "accuracy_test_low": 0.959, "accuracy_test_high": 0.991,
        "memory_bytes": 18842, "weight_bytes": 17000, "state_bytes": 1100, "synaptic_ops": 52000, "energy_j": 1.1e-6,
        "latency_s": 0.021 if latency else None, "weight_bits": 8, "timesteps": 4,
    }  # fmt: skip
    miss = "nothing fits. Nearest miss: trial 7: needs memory_bytes 13,000, the budget is 12,288 (1.06 times)"
    return {
        "study": "digits_mcu", "study_digest": "ab", "profile": "generic_45nm", "seed": 0,
        "versions": {"hwsearch": "0.1.0", "torch": "2.11.0"}, "objectives": list(objectives),
        "budgets": {"memory_bytes": 12288, "synaptic_ops": 60000}, "dense": dense,
        "counts": {"asked": sum(ENDS.values()), **ENDS},
        "cost": {"train_steps": 4.6e6, "eval_steps": 9e5, "dense_train_steps": 4e5, "wall_s": 754.2},
        "similarity": {"n": 0, "spearman": None, "mae": None, "brier": None, "ece": None},
        "audit": {"continued": 0, "false_cuts": 0}, "left": {"finishing": 0, "n": 0},
        "front_size": len(table) if front else 0, "hypervolume": 0.6123,
        "reference_point": {"error": 0.9, "energy_j": 1.1e-6, "memory_bytes": 18842}, "pick": picked,
        "nearest_miss": None if front else miss, "samples": {"train": 1079, "val": 359, "test": 360},
        "labels": {"energy_j": "estimated (generic 45 nm prices)"}, "notes": ["kernel is not searched: no convolution"],
    }  # fmt: skip


def playable_run(folder: Path, **options) -> Path:
    """Write a made-up run with a study that this version can read."""
    synthetic_run(folder, **options)
    (folder / "study.yaml").write_text(Path("studies/digits_mcu.yaml").read_text(encoding="utf-8"))
    return folder


def with_trials(folder: Path, n: int) -> Path:
    """Repeat a run's candidates off the front until there are ``n``, each with costs and an accuracy of its own."""
    rng = np.random.default_rng(1)
    trials = pd.read_csv(folder / "trials.csv")
    more = trials[~trials["on_front"]].sample(n - len(trials), replace=True, random_state=1)
    more["trial"] = np.arange(len(trials), n)
    factor = rng.uniform(0.5, 2.0, n - len(trials))
    for name in COSTS:
        for column in (name, f"{name}_predicted"):
            cost = more[column] * factor
            more[column] = cost if name in ("energy_j", "latency_s") else cost.round()
    more["accuracy_val"] -= rng.uniform(0, 0.3, len(more))
    more["digest"] = [f"{trial:08x}" for trial in more["trial"]]
    pd.concat([trials, more]).to_csv(folder / "trials.csv", index=False)
    return folder


def with_summary(folder: Path, **sections) -> Path:
    """Replace sections of a run's summary; None removes one."""
    path = folder / "summary.json"
    summary = json.loads(path.read_text()) | sections
    path.write_text(json.dumps({name: value for name, value in summary.items() if value is not None}))
    return folder


def visible(page: str) -> str:
    """Return what a person reads on a page: no scripts, no styles, no tags."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))
