"""What a run cost: training and evaluation in samples times timesteps, probes and model in seconds."""

from __future__ import annotations

from collections.abc import Sequence

from hwsearch.plan.plan import Plan
from hwsearch.records.front import FrontRow
from hwsearch.records.log import Seconds
from hwsearch.records.summary_parts import Spent
from hwsearch.records.trials import TrialRecord
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import steps_of_fresh, whole_steps
from hwsearch.search.stages.final_trainings import final_seeds
from hwsearch.search.stages.finals import Finals
from hwsearch.search.stages.tickets import find_ticket, source_of


def spent_by(
    context: Context,
    records: Sequence[TrialRecord],
    finals: Finals | None,
    front: Sequence[FrontRow],
    seconds: Seconds,
) -> Spent:
    """Return what a search cost that trained something; see `search.summary.summarise`."""
    dense = [reference.dense for reference in context.references]
    predicting = sum(r.calibration.eval_steps for r in context.references if r.calibration)
    found, reused = _finder_steps(context, records, finals, front)
    reused += sum(d.whole_steps - d.train_steps for d in dense) + (finals.reused_steps if finals else 0)
    final_steps = finals.train_steps if finals else _final_steps_ahead(context)
    searched = sum(record.train_steps for record in records)
    evaluated = sum(record.eval_steps for record in records)
    return Spent(
        train_steps=searched + sum(d.train_steps for d in dense) + final_steps + found,
        eval_steps=predicting
        + evaluated
        + sum(d.eval_steps for d in dense)
        + (finals.eval_steps if finals else 0),
        foresee_eval_steps=predicting,
        dense_train_steps=dense[0].whole_steps,  # as many of each network: steps are samples times timesteps
        finder_train_steps=found,
        final_train_steps=final_steps,
        reused_train_steps=reused,
        model_steps=_model_steps(records, finals, seconds.model),
        model_s=round(seconds.model, 1),
        wall_s=round(seconds.wall, 1),
    )


def _final_steps_ahead(context: Context) -> int:
    """Return what was trained for the end, while workers waited, of a search that found nothing."""
    plan = context.yardstick.plan
    return steps_of_fresh(plan, context.cache, final_seeds(plan))


def nothing_spent(plan: Plan, wall_s: float) -> Spent:
    """Return what a search cost that asked for nothing."""
    return Spent(
        train_steps=0,
        eval_steps=0,
        foresee_eval_steps=0,
        dense_train_steps=whole_steps(plan),
        finder_train_steps=0,
        final_train_steps=0,
        reused_train_steps=0,
        model_steps=0,
        model_s=0.0,
        wall_s=round(wall_s, 1),
    )


def _model_steps(records: Sequence[TrialRecord], finals: Finals | None, model_s: float) -> int:
    """Return the train_steps that this run's trainings make in the time of its probes and model."""
    steps = sum(record.train_steps for record in records) + (finals.train_steps if finals else 0)
    training_s = sum(record.wall_s for record in records) + (finals.wall_s if finals else 0.0)
    return round(model_s * steps / training_s) if training_s else 0


def _finder_steps(
    context: Context, records: Sequence[TrialRecord], finals: Finals | None, front: Sequence[FrontRow]
) -> tuple[int, int]:
    """Return what this run, and what others, trained to find its tickets: each ladder, mask or score counted once."""
    if context.plan.study.tickets.finder == "magnitude":
        return 0, 0
    asked = {record.candidate.digest: record.candidate for record in records}
    tickets = [find_ticket(source_of(context, candidate.network), candidate) for candidate in asked.values()]
    if finals is not None:
        members = {row.trial for row in front if not row.is_foretold}
        candidates = [record.candidate for record in records if record.trial in members]
        for seed in final_seeds(context.plan):
            fresh = {
                number: source_of(context, number, seed)
                for number in {candidate.network for candidate in candidates}
            }
            tickets += [find_ticket(fresh[candidate.network], candidate) for candidate in candidates]
    spent, reused = dict[str, int](), dict[str, int]()
    for ticket in tickets:
        spent |= ticket.spent
        reused |= ticket.reused
    return sum(spent.values()), sum(reused.values())
