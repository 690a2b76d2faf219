"""What the command line answers in the end: the front, the pick, and what a run did and spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = {
    "trial": "trial",
    "sparsity": "sparsity",
    "granularity": "granularity",
    "weight_bits": "bits",
    "timesteps": "T",
    "accuracy_val": "val %",
    "accuracy_test": "test %",
    "memory_bytes": "memory B",
    "synaptic_ops": "synaptic ops",
    "energy_j": "energy uJ",
    "latency_s": "latency ms",
}
_SCALED = {
    "accuracy_val": (100, 1),
    "accuracy_test": (100, 1),
    "synaptic_ops": (1, 0),
    "energy_j": (1e6, 2),
    "latency_s": (1e3, 2),
}


def print_front(table: pd.DataFrame) -> None:
    """Print a front for a person."""
    shown = table[[c for c in ("front", *_SHOWN) if c in table.columns and not table[c].isna().all()]].copy()
    for name, (factor, digits) in _SCALED.items():
        if name in shown:
            shown[name] = (shown[name].astype(float) * factor).map(lambda v, d=digits: f"{v:.{d}f}")
    print(shown.rename(columns=_SHOWN).to_string(index=False))


def print_pick(row: dict[str, Any] | None, dense: dict[str, Any]) -> None:
    """Print the pick next to the dense reference."""
    if row is None:
        print("pick: no member of the front is accurate enough; relax pick.within or pick.min_accuracy")
        return
    knobs = f"sparsity {row['sparsity']}, granularity {row['granularity']}, {row['weight_bits']} bits"
    print(f"pick: trial {row['trial']} ({knobs}, T {row['timesteps']})")
    print(
        f"  test {row['accuracy_test']:.1%} ({row['accuracy_test_low']:.1%} to {row['accuracy_test_high']:.1%}); "
        f"dense {dense['accuracy_test']:.1%} (means of {row['seeds']:.0f} trainings)"
    )
    own, whole = row["accuracy_test_own"], dense["accuracy_test_own"]
    print(f"  test of the network that is handed over {own:.1%}; of the dense one {whole:.1%}")
    ratio = dense["memory_bytes"] / row["memory_bytes"]
    print(
        f"  memory {row['memory_bytes']:,} B; dense {dense['memory_bytes']:,} B ({ratio:.1f} times smaller)"
    )
    if row.get("energy_j") and dense.get("energy_j"):
        ratio = dense["energy_j"] / row["energy_j"]
        print(
            f"  energy {row['energy_j'] * 1e6:.2f} uJ; dense {dense['energy_j'] * 1e6:.2f} uJ ({ratio:.1f} times less)"
        )


def print_recall(row: dict[str, Any] | None, summary: dict[str, Any]) -> None:
    """Print the class that a pick recognises worst, and what is wrong with its answers."""
    from hwsearch.report.recall import warnings, worst_class

    if row is None:
        return
    if (worst := worst_class(row)) is not None:
        print(f"  worst class: {worst[0]}, recognised in {worst[1]:.1%} of its test samples")
    share = (summary.get("classes") or {}).get("largest_class_share_test")
    for text in warnings(row, share):
        print(f"  warning: {text}")


def print_doubts(trials: pd.DataFrame, trial: int | None) -> None:
    """Warn where a trial that somebody named for export knows nothing."""
    if "skilled" not in trials:  # a run of an earlier version
        return
    row = trials[trials["trial"] == trial]
    if not row.empty and not bool(row["skilled"].iloc[0]):
        print(f"warning: trial {trial} is no model: {row['reason'].iloc[0]}")


def print_spent(summary: dict[str, Any]) -> None:
    """Print how the candidates ended, how good similarity was, what the audit found, and what the run spent."""
    counts = summary["counts"]
    told = ", ".join(
        f"{counts[key]} {key.replace('_', ' ')}" for key in counts if key != "asked" and counts[key]
    )
    cost = summary["cost"]
    steps, dense = cost["train_steps"], cost["dense_train_steps"]
    print(f"{counts['asked']} candidates: {told}")
    if any((no_skill := summary.get("no_skill") or {}).values()):
        print(
            f"no better than always answering the largest class: {no_skill['trained']} of those trained, and "
            f"{no_skill['final']} of the final trainings; they are on no front"
        )
    if (similarity := summary["similarity"])["n"]:
        print(
            f"ticket similarity: rank correlation {similarity['spearman']:.2f}, mean error {similarity['mae']:.3f} "
            f"on {similarity['n']} candidates that it was not settled on"
        )
    if (left := summary["left"])["n"]:
        print(
            f"left: {left['n']} candidates that were stopped or cut; the front is expected to lack "
            f"{left['expected']:.1f} of them (a smaller search.finish trains on)"
        )
    if (audit := summary["audit"])["continued"]:
        print(
            f"audit: {audit['continued']} of what was to be cut or stopped were trained all the same; "
            f"{audit['left']} would have been left for good, {audit['false_cuts']} of these came to the front"
        )
    else:
        print("audit: none of what was to be cut or stopped was drawn")
    print(
        f"training spent: {steps / dense:.1f} times the dense network's, in {cost['wall_s']:.0f} s; probes and model "
        f"took {cost['model_s']:.0f} s, as long as {cost['model_steps'] / steps:.0%} of it"
    )
