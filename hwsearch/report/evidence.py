"""The evidence in words and cells: outcomes, the front's members, what the search cost, how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping

from hwsearch.report.answer import interval
from hwsearch.report.layers import sparsity, whole
from hwsearch.report.quantities import UNKNOWN, count, duration, percent, plain, spell, title
from hwsearch.report.tables import Numbers, Row, RunTables, number, rows

Cell = tuple[str, float | str | None]
"""What is shown, and by what it is sorted."""

_COLUMNS = {
    "trial": "Trial",
    "sparsity": "Sparsity",
    "granularity": "Granularity",
    "weight_bits": "Weight bits",
    "timesteps": "T",
    "accuracy_val": "Validation",
    "accuracy_test": "Test (95 % interval)",
    "memory_bytes": "Memory",
    "synaptic_ops": "Synaptic ops",
    "energy_j": "Energy",
    "latency_s": "Latency",
}
_OUTCOMES = {
    "asked": ("Asked", "Candidates that the search proposed."),
    "over_budget": ("Over a budget", "Too big or too dear for the device by arithmetic alone; not trained."),
    "foreseen": ("Foreseen", "Could not have reached the front, by what was trained before; not trained."),
    "twin": ("Twin", "Behaves like a candidate that was already judged and is no cheaper; not trained."),
    "stopped": (
        "Stopped early",
        "Trained for a few epochs; others promised more. May have gone on later, as a candidate of its own.",
    ),
    "failed": ("Failed", "Training went wrong; the reason is in trials.csv. It counts for nothing."),
    "trained": (
        "Trained",
        "Trained through every rung of the search and measured as a network of integers.",
    ),
    "front": ("On the front", "Of use, and beaten by none: to gain in one objective, another must give way."),
}


def funnel_rows(counts: Mapping[str, int]) -> list[tuple[str, int, str]]:
    """Return outcome, how many, and what it means, in the order of the search."""
    return [(label, counts[name], meaning) for name, (label, meaning) in _OUTCOMES.items()]


def front_columns(tables: RunTables) -> list[str]:
    """Return the headings of the front's table."""
    return list(_COLUMNS.values())


def front_rows(tables: RunTables) -> list[tuple[bool, list[Cell]]]:
    """Return each front member: whether it is the pick, and its cells in the order of ``front_columns``."""
    pick = tables.summary.pick
    picked = None if pick is None else number(pick, "trial")
    return [
        (number(row, "trial") == picked, [_cell(row, name) for name in _COLUMNS])
        for row in rows(tables.front)
    ]


def _cell(row: Row, name: str) -> Cell:
    value = row.get(name)
    if value is None:
        return UNKNOWN, None
    if name == "accuracy_test":
        return interval(row), value
    if name == "sparsity":
        return sparsity(value), value
    if name in ("trial", "weight_bits", "timesteps", "granularity"):
        return whole(value), value
    return spell(name, number(row, name)), value


def cost_words(tables: RunTables) -> list[tuple[str, str]]:
    """Return what the search cost: a label and its words each."""
    cost, counts = tables.summary.cost, tables.summary.counts
    train, dense = number(cost, "train_steps"), number(cost, "dense_train_steps")
    lines = []
    if train is not None and dense:
        lines.append(
            ("Training", f"{plain(train / dense)} times that of one dense network ({_steps(train)})")
        )
        final = number(cost, "final_train_steps")
        if final:
            lines.append(
                (
                    "of which final",
                    f"{plain(final / dense)} times: the front's members again, with fresh seeds",
                )
            )
        asked = counts.get("asked", len(tables.trials))
        lines.append(
            (
                "Candidates asked",
                f"{count(asked)}: {plain(train / dense / max(1, asked))} dense trainings each",
            )
        )
    if (evals := number(cost, "eval_steps")) is not None:
        lines.append(("Evaluation", f"{_steps(evals)}, forward only"))
    model, model_s = number(cost, "model_steps"), number(cost, "model_s")
    if train and model is not None and model_s is not None:
        lines.append(
            ("Probes and model", f"{duration(model_s)}: as long as {percent(model / train)} of the training")
        )
    if (wall := number(cost, "wall_s")) is not None:
        lines.append(("Time on the clock", duration(wall)))
    return lines


def _steps(steps: float) -> str:
    return f"{count(steps)} steps of one sample and one timestep"


def judgement(tables: RunTables) -> list[str]:
    """Return how good foreseeing was, and how often cutting was wrong; plainly where there is nothing to say."""
    similarity, audit = tables.summary.similarity, tables.summary.audit
    n, continued = number(similarity, "n") or 0, number(audit, "continued") or 0
    said = []
    names = {
        "spearman": "rank correlation",
        "mae": "mean absolute error",
        "brier": "Brier score",
        "ece": "calibration error",
    }
    known = [
        f"{label} {number(similarity, k):.2f}"
        for k, label in names.items()
        if number(similarity, k) is not None
    ]
    if n and known:
        said.append(
            "Ticket similarity, foretold against measured agreement with the dense network "
            f"on {count(n)} candidates and inputs that it was not settled on: {', '.join(known)}."
        )
    else:
        said.append(
            "No candidate was judged by ticket similarity in this run, so its quality was not measured."
        )
    if continued:
        left, cuts = number(audit, "left") or 0, number(audit, "false_cuts") or 0
        said.append(
            f"Audit: {count(continued)} candidates that would have been cut or stopped were trained all the same. The "
            f"search would have left {count(left)} of them for good; {count(cuts)} of these came to the front"
            f"{_share_words(audit)}."
        )
    else:
        said.append("The audit drew no candidate: how often one was wrongly cut is not known from this run.")
    said += _no_skill_words(tables.summary.no_skill)
    if tables.summary.left.get("n") or tables.summary.left.get("finishing"):
        said.append(_left_words(tables.summary.left))
    return said


def _no_skill_words(no_skill: Numbers) -> list[str]:
    """Return how many networks are no better than always answering the largest class; nothing where there is none."""
    trained, final = number(no_skill, "trained") or 0, number(no_skill, "final") or 0
    if not trained and not final:
        return []
    return [
        f"No better than always answering the largest class: {count(trained)} of the trained candidates, and "
        f"{count(final)} of those that were trained again with fresh seeds. They are on no front."
    ]


def _left_words(left: Numbers) -> str:
    """Return what was taken up again at the end, and what the front is expected to lack."""
    finishing, n, ruled_out, expected = (
        number(left, key) or 0 for key in ("finishing", "n", "ruled_out", "expected")
    )
    again = (
        f"At the end {count(finishing)} that had been stopped or cut were taken up again. "
        if finishing
        else ""
    )
    return (
        f"{again}Left: {count(n)} candidates were stopped or cut for good. By what the run has learned "
        f"{count(ruled_out)} of them are ruled out (a chance below 2 % each); in all about {expected:.1f}"
        f"{_number_words(left)} would be on the front, had they been trained on (column chance of trials.csv). "
        "To go on, lower search.finish or raise search.candidates, and give the same line again."
    )


def _share_words(audit: Numbers) -> str:
    """Return the interval of the share that was wrongly left; empty where none was left."""
    low, high = number(audit, "low"), number(audit, "high")
    return (
        "" if low is None or high is None else f" (between {low:.0%} and {high:.0%} of what is left, at 95 %)"
    )


def _number_words(left: Numbers) -> str:
    """Return the interval of what is expected; empty where the run has none."""
    low, high = number(left, "low"), number(left, "high")
    return "" if low is None or high is None else f" ({count(low)} to {count(high)} at 95 %)"


def budget_words(tables: RunTables) -> str:
    """Return the budgets in one line; empty without any."""
    return ", ".join(f"{title(n).lower()} {spell(n, limit)}" for n, limit in tables.summary.budgets.items())


def quality_words(tables: RunTables) -> str:
    """Return the front's hypervolume with its reference point, which it means nothing without."""
    summary = tables.summary
    if summary.hypervolume is None:
        return ""
    point = ", ".join(f"{title(n).lower()} {spell(n, value)}" for n, value in summary.reference_point.items())
    return (
        f"Hypervolume: the front dominates {100 * summary.hypervolume:.1f} % of the box up to {point} "
        "(costs by their logarithms, from a ten-thousandth of these on)."
    )


def footer(tables: RunTables) -> str:
    """Return seed and versions."""
    summary = tables.summary
    versions = ", ".join(f"{name} {version}" for name, version in summary.versions.items())
    seed = "" if summary.seed is None else f"Seed {summary.seed}. "
    return f"{seed}{versions}."
