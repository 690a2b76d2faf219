"""The evidence in words and cells: outcomes, the front's members, what the search cost, how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping

from hwsearch.records.front import FORETOLD, FrontRow
from hwsearch.records.summary_parts import Audit, Completion, SimilarityQuality, WithoutSkill
from hwsearch.report.answer import interval
from hwsearch.report.layers import sparsity, whole
from hwsearch.report.quantities import UNKNOWN, count, duration, percent, plain, spell, title
from hwsearch.report.tables import RunTables

Cell = tuple[str, float | str | None]
"""What is shown, and by what it is sorted."""

_COLUMNS = {
    "trial": "Trial",
    "sparsity": "Sparsity",
    "granularity": "Granularity",
    "weight_bits": "Weight bits",
    "timesteps": "T",
    "score_val": "Score on validation",
    "score_test": "Score on test (95 % interval)",
    "accuracy_val": "Validation",
    "accuracy_test": "Test (95 % interval)",
    "memory_bytes": "Memory",
    "synaptic_ops": "Synaptic ops",
    "energy_j": "Energy",
    "latency_s": "Latency",
    "undecided": "Test samples that no input decides",
}
_TESTED = ("accuracy_test", "score_test")
_OUTCOMES = {
    "asked": ("Asked", "Candidates that the search proposed."),
    "over_budget": (
        "Over a budget",
        "Too big or too costly for the device by arithmetic alone; not trained.",
    ),
    "foreseen": ("Foreseen", "Could not have reached the front, by what was trained before; not trained."),
    "lookalike": (
        "Lookalike",
        "Predicted to behave like a trained candidate that costs no more; not trained.",
    ),
    "repeat": (
        "Repeat",
        "The same network as a candidate that was judged before, whose result it takes over.",
    ),
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


_TURNED = {"state_bits": "Membrane bits", "network": "Network"}


def front_columns(tables: RunTables) -> list[str]:
    """Return the headings of the front's table."""
    return list(_shown(tables).values())


def _shown(tables: RunTables) -> dict[str, str]:
    """Return the columns of the front's table with their headings; the later ones where the study asks for them."""
    plain = {
        n: t for n, t in _COLUMNS.items() if tables.summary.score != "accuracy" or not n.startswith("score")
    }
    turned = {name: title for name, title in _TURNED.items() if any(r.cell(name) for r in tables.front)}
    return plain | turned


def front_rows(tables: RunTables) -> list[tuple[bool, list[Cell]]]:
    """Return each front member: whether it is the pick, and its cells in the order of ``front_columns``."""
    pick = tables.summary.pick
    picked = None if pick is None else pick.trial
    names = _shown(tables)
    return [(row.trial == picked, [_cell(row, name) for name in names]) for row in tables.front]


def _cell(row: FrontRow, name: str) -> Cell:
    if name == "undecided":
        return _undecided(row)
    value = row.cell(name)
    if value is None:
        return (FORETOLD if name in _TESTED and row.is_foretold else UNKNOWN), None
    if row.is_foretold and name == "accuracy_val":
        return interval(row, name), value
    if name in _TESTED:
        return interval(row, name), value
    if name == "sparsity":
        return sparsity(value), value
    if name in ("trial", "weight_bits", "timesteps", "granularity", *_TURNED):
        return whole(value), value
    return spell(name, row.number(name)), value


def _undecided(row: FrontRow) -> Cell:
    """Return the share of test samples that no input decides, and by what: ties, no spike at the readout, silence."""
    ties, unheard, silent = (row.number(f"{n}_test") for n in ("ties", "input_independent", "silent_layers"))
    if ties is None or unheard is None:
        return "", None  # an earlier version did not count them
    text = f"{percent(ties)} ties, {percent(unheard)} without their input"
    if silent:
        text += f"; {count(silent)} silent layer" + ("s" if silent > 1 else "")
    return text, max(ties, unheard)


def cost_words(tables: RunTables) -> list[tuple[str, str]]:
    """Return what the search cost: a label and its words each."""
    cost, asked = tables.summary.cost, tables.summary.counts.get("asked", len(tables.trials))
    train, dense = cost.train_steps, cost.dense_train_steps
    lines = []
    if dense:
        spent = f"{plain(train / dense)} times that of one dense network ({_steps(train)})"
        lines.append(("Training", spent))
        if cost.final_train_steps:
            final = plain(cost.final_train_steps / dense)
            lines.append(("of which final", f"{final} times: the front's members again, with fresh seeds"))
        each = plain(train / dense / max(1, asked))
        lines.append(("Candidates asked", f"{count(asked)}: {each} dense trainings each"))
    lines.append(("Evaluation", f"{_steps(cost.eval_steps)}, forward only"))
    if train and cost.model_steps is not None and cost.model_s is not None:
        share = percent(cost.model_steps / train)
        lines.append(("Probes and model", f"{duration(cost.model_s)}: as long as {share} of the training"))
    if cost.wall_s is not None:
        lines.append(("Time on the clock", duration(cost.wall_s)))
    return lines


def _steps(steps: float) -> str:
    return f"{count(steps)} steps of one sample and one timestep"


def judgement(tables: RunTables) -> list[str]:
    """Return how good predictions were, and how often cutting was wrong; plainly where there is nothing to say."""
    summary = tables.summary
    said = [
        _similarity_words(summary.similarity),
        _audit_words(summary.audit),
        *_no_skill_words(summary.no_skill),
    ]
    if summary.left.n or summary.left.finishing:
        said.append(_completion_words(summary.left))
    return said


def _similarity_words(similarity: SimilarityQuality) -> str:
    """Return how good ticket similarity was."""
    measures = (
        ("rank correlation", similarity.spearman),
        ("mean absolute error", similarity.mae),
        ("Brier score", similarity.brier),
        ("calibration error", similarity.ece),
    )
    known = [f"{label} {value:.2f}" for label, value in measures if value is not None]
    if not similarity.n or not known:
        return "No candidate was judged by ticket similarity in this run, so its quality was not measured."
    return (
        "Ticket similarity, predicted against measured agreement with the dense network "
        f"on {count(similarity.n)} held-out candidates and inputs: {', '.join(known)}."
    )


def _audit_words(audit: Audit) -> str:
    """Return how often cutting was wrong, with the interval of the share where some would have been left."""
    if not audit.continued:
        return "The audit drew no candidate: how often one was wrongly cut is not known from this run."
    known = audit.low is not None and audit.high is not None
    share = f" (between {audit.low:.0%} and {audit.high:.0%} of what is left, at 95 %)" if known else ""
    return (
        f"Audit: {count(audit.continued)} candidates that would have been cut or stopped were trained all the same. "
        f"The search would have permanently dropped {count(audit.left)} of them; "
        f"{count(audit.false_cuts)} of these came to the front{share}."
    )


def _no_skill_words(no_skill: WithoutSkill) -> list[str]:
    """Return how many networks are no better than always answering the largest class; nothing where there is none."""
    if not no_skill.trained and not no_skill.final:
        return []
    return [
        f"No better than always answering the largest class: {count(no_skill.trained)} of the trained candidates, and "
        f"{count(no_skill.final)} of those that were trained again with fresh seeds. They are on no front."
    ]


def _completion_words(completion: Completion) -> str:
    """Return what was taken up again at the end, and what the front is expected to lack."""
    known = completion.low is not None and completion.high is not None
    bounds = f" ({count(completion.low or 0)} to {count(completion.high or 0)} at 95 %)" if known else ""
    again = (
        f"At the end {count(completion.finishing)} that had been stopped or cut were taken up again. "
        if completion.finishing
        else ""
    )
    return (
        f"{again}Left: {count(completion.n)} candidates were stopped or cut, and permanently dropped. "
        f"By what the run has learned {count(completion.ruled_out)} of them are ruled out "
        f"(a chance below 2 % each); in all about {completion.expected:.1f}{bounds} would be on the front, had they "
        "been trained on (column chance of trials.csv). To go on, lower search.finish or raise search.candidates, and "
        "give the same line again."
    )


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
