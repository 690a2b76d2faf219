"""What the command line answers in the end: the front, the pick, and what a run did and spent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hwsearch.errors import NothingFits
from hwsearch.network.width_loss import WidthLoss
from hwsearch.report.quantities import column, duration, percent, plain, times

if TYPE_CHECKING:
    import pandas as pd

    from hwsearch.records.run_folder import RunFolder
    from hwsearch.results.other_device import FrontOn

_SHOWN = {
    "trial": "trial",
    "evidence": "evidence",
    "sparsity": "sparsity",
    "granularity": "granularity",
    "weight_bits": "bits",
    "timesteps": "T",
    "accuracy_val": "val",
    "accuracy_test": "test",
    "memory_bytes": "memory B",
    "synaptic_ops": "synaptic ops",
    "energy_j": "energy",
    "latency_s": "latency",
}
_SCALED = ("accuracy_val", "accuracy_test", "synaptic_ops", "energy_j", "latency_s")


def print_answer(folder: RunFolder, summary: dict[str, Any]) -> None:
    """Print what a run that has ended found and spent.

    Raises:
        NothingFits: It found nothing.
    """
    from hwsearch.records.trials import FRONT_COLUMNS, read_table

    if not summary["front_size"]:
        raise NothingFits(summary["nearest_miss"])
    print_front(read_table(folder.front, FRONT_COLUMNS))
    print_pick(summary["pick"], summary["dense"])
    print_recall(summary["pick"], summary)
    print_spent(summary)
    print(f"report: {folder.report}")


def print_notes(notes: Iterable[str]) -> None:
    """Print what a reader must know."""
    for note in notes:
        print(f"note: {note}")


def print_front(table: pd.DataFrame) -> None:
    """Print a front for a person."""
    shown = table[[c for c in _SHOWN if c in table.columns and not table[c].isna().all()]].copy()
    heads = dict(_SHOWN)
    for name in _SCALED:
        if name in shown:
            unit, shown[name] = column(name, shown[name].astype(float).tolist())
            heads[name] = f"{_SHOWN[name]} {unit}".rstrip()
    print(shown.rename(columns=heads).to_string(index=False))


def print_front_on(answer: FrontOn) -> None:
    """Print the front on another device: its rows, what the device cannot tell, and which trials were left out."""
    print_front(answer.front)
    for note in answer.notes:
        print(f"note: {note}")
    left_out = sum(len(one.trials) for one in answer.left_out)
    print(f"left out: {left_out} of {left_out + len(answer.front)} candidates")
    for one in answer.left_out:
        print(f"  {len(one.trials)}: {one.reason}")


def print_pick(row: dict[str, Any] | None, dense: dict[str, Any]) -> None:
    """Print the pick next to the dense reference."""
    if row is None:
        print("pick: no member of the front is accurate enough; relax pick.within or pick.min_accuracy")
        return
    print(f"pick: {_knobs(row)}")
    test, low, high, full = (
        percent(value)
        for value in (
            row["accuracy_test"],
            row["accuracy_test_low"],
            row["accuracy_test_high"],
            dense["accuracy_test"],
        )
    )
    print(f"  test {test} ({low} to {high}); dense {full} (means of {row['seeds']:.0f} trainings)")
    member, whole = percent(row["accuracy_test_own"]), percent(dense["accuracy_test_own"])
    print(f"  test of the network that is handed over {member}; of the dense one {whole}")
    if lost := WidthLoss.of(row).words:
        print(f"  to the device's widths: {lost}")
    ratio = times(dense["memory_bytes"], row["memory_bytes"], "larger", "smaller")
    print(f"  memory {row['memory_bytes']:,} B; dense {dense['memory_bytes']:,} B ({ratio})")
    if row.get("energy_j") and dense.get("energy_j"):
        unit, (ours, theirs) = column("energy_j", [row["energy_j"], dense["energy_j"]])
        ratio = times(dense["energy_j"], row["energy_j"], "more", "less")
        print(f"  energy {ours} {unit}; dense {theirs} {unit} ({ratio})")


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


def print_provisional_pick(row: dict[str, Any]) -> None:
    """Print the pick of a run that has not ended."""
    print(f"provisional pick: {_knobs(row)}")
    print(f"  validation {percent(row['accuracy_val'])} in the search; memory {row['memory_bytes']:,} B")


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
            f"{left['expected']:.1f} of them{_counted(left)} (a smaller search.finish trains on)"
        )
    if (audit := summary["audit"])["continued"]:
        print(
            f"audit: {audit['continued']} of what was to be cut or stopped were trained all the same; "
            f"{audit['left']} would have been left for good, {audit['false_cuts']} of these came to the front"
            f"{_shared(audit)}"
        )
    else:
        print("audit: none of what was to be cut or stopped was drawn")
    print(
        f"training spent: {plain(steps / dense)} times the dense network's, in {duration(cost['wall_s'])}; probes and "
        f"model took {duration(cost['model_s'])}, as long as {percent(cost['model_steps'] / steps)} of it"
    )
    if (arithmetic := summary.get("arithmetic")) and not arithmetic["as_device"]:
        print(arithmetic["words"])


def _counted(fields: dict[str, Any]) -> str:
    """Return the interval of a number; empty where a run of an earlier version has none."""
    return f", {fields['low']} to {fields['high']} at 95 %" if fields.get("high") is not None else ""


def _shared(fields: dict[str, Any]) -> str:
    """Return the interval of a share; empty where nothing was counted."""
    return f" ({fields['low']:.0%} to {fields['high']:.0%} at 95 %)" if fields.get("high") is not None else ""
