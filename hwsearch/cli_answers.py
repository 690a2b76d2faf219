"""What the command line answers in the end: the front, the pick, and what a run did and spent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hwsearch.errors import NothingFits

if TYPE_CHECKING:
    import pandas as pd

    from hwsearch.search.folder import RunFolder

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


def print_answer(folder: RunFolder, summary: dict[str, Any]) -> None:
    """Print what a run that has ended found and spent.

    Raises:
        NothingFits: It found nothing.
    """
    from hwsearch.search.records import FRONT_COLUMNS, read_table

    if not summary["front_size"]:
        raise NothingFits(summary["nearest_miss"])
    print_front(read_table(folder.front, FRONT_COLUMNS))
    print_pick(summary["pick"], summary["dense"])
    print_spent(summary)
    print(f"report: {folder.report}")


def print_notes(notes: Iterable[str]) -> None:
    """Print what a reader must know."""
    for note in notes:
        print(f"note: {note}")


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
    print(f"pick: {_knobs(row)}")
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


def print_provisional_pick(row: dict[str, Any]) -> None:
    """Print the pick of a run that has not ended."""
    print(f"provisional pick: {_knobs(row)}")
    print(f"  validation {row['accuracy_val']:.1%} in the search; memory {row['memory_bytes']:,} B")


def _knobs(row: dict[str, Any]) -> str:
    knobs = f"sparsity {row['sparsity']}, granularity {row['granularity']}, {row['weight_bits']} bits"
    return f"trial {row['trial']} ({knobs}, T {row['timesteps']})"


def print_spent(summary: dict[str, Any]) -> None:
    """Print how the candidates ended, how good similarity was, what the audit found, and what the run spent."""
    counts = summary["counts"]
    told = ", ".join(
        f"{counts[key]} {key.replace('_', ' ')}" for key in counts if key != "asked" and counts[key]
    )
    cost = summary["cost"]
    steps, dense = cost["train_steps"], cost["dense_train_steps"]
    print(f"{counts['asked']} candidates: {told}")
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
