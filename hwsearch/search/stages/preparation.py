"""Before the first candidate: dense references are trained, and similarity estimators calibrated on them.

Those of the fresh seeds are begun as well, by whoever has nothing else to do until the search has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from hwsearch.network.params import Ticket
from hwsearch.plan.plan import Plan
from hwsearch.predict.probes import LogitsOf, stacks, untrained_logits
from hwsearch.predict.quality import Quality
from hwsearch.records.events import Event, Listener
from hwsearch.search.jobs.pool import Bench, Trainer
from hwsearch.search.stages.calibration import JUDGING, calibrate
from hwsearch.search.stages.context import Context, Reference
from hwsearch.search.stages.dense import Dense, begin_fresh, dense_reference
from hwsearch.search.stages.final_trainings import final_seeds
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.probe_store import ProbeStore


def prepare(plan: Plan, trainer: Trainer, cache: Cache, tell: Listener) -> Context:
    """Return what a search works with; what the cache has is not done again.

    Raises:
        HwsearchError: A dense reference is no model: there is nothing to search from.
        InputError: On the device it loses more than the study tolerates.
    """
    references, total, fresh = list[Reference](), len(plan.networks), final_seeds(plan)
    if total == 1:  # whatever is found is held against these in the end
        begin_fresh(plan, trainer, cache, fresh)
    for number in range(total):
        of_one = plan.at(number)
        tell(Event("dense", f"training the dense reference{_of(of_one)}", number, total))
        references.append(Reference(of_one, dense_reference(of_one, trainer, cache)))
        tell(Event("dense", _dense_words(of_one, references[-1].dense), number + 1, total))
    context = Context(plan, tuple(references), trainer, cache)
    if total > 1:
        begin_fresh(context.yardstick.plan, trainer, cache, fresh)
    if not plan.study.search.foresee:
        return context
    calibrated = []
    for reference in references:
        with context.model_clock:
            stored = ProbeStore(cache, cache.path("probes", *reference.plan.place, JUDGING))
            ticket = partial(ticket_of, context)
            logits_of = _logits_by(trainer, reference.plan)
            calibration = calibrate(
                reference.plan, reference.dense, ticket, stored=stored, logits_of=logits_of
            )
        calibrated.append(replace(reference, calibration=calibration))
        said = _quality_words(reference.plan, calibration.quality)
        tell(Event("note", said, model_s=context.model_clock.lap()))
    return replace(context, references=tuple(calibrated))


def _logits_by(trainer: Trainer, plan: Plan) -> LogitsOf:
    """Return what has untrained tickets of a plan's network run by workers, stack by stack."""
    run = partial(_run_stack, network=plan.number, timesteps=min(plan.space.timesteps))

    def logits_of(tickets: Sequence[Ticket], x: np.ndarray) -> np.ndarray:
        return np.concatenate(trainer.done(partial(run, tickets=stack, x=x) for stack in stacks(tickets)))

    return logits_of


def _run_stack(
    bench: Bench, *, network: int, timesteps: int, tickets: Sequence[Ticket], x: np.ndarray
) -> np.ndarray:
    return untrained_logits(bench.networks[network], tickets, x, timesteps)


def _of(plan: Plan) -> str:
    """Return which network a plan is of, where the study has several."""
    return f" of {plan.names[plan.number]}" if plan.place else ""


def _dense_words(plan: Plan, dense: Dense) -> str:
    """Say how good a dense reference is, and what the device's widths took from it."""
    known = f"{dense.score:.1%} on validation, {dense.cost['memory_bytes']:,} bytes"
    lost = dense.measured.loss.words if dense.measured.loss is not None else ""
    return f"dense reference{_of(plan)}: {known}" + (f" ({lost})" if lost else "")


def _quality_words(plan: Plan, quality: Quality) -> str:
    """Say how good similarity is in this run."""
    said = (
        f"ticket similarity{_of(plan)} on {quality.n} candidates: rank correlation {quality.spearman:.2f}, "
        f"mean error {quality.mae:.3f}"
    )
    return f"{said}: poor, so it is left out and less is cut" if quality.poor else said
