"""Before the first candidate: the dense reference is trained, and the similarity estimator calibrated on it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from hwsearch.plan.plan import Plan
from hwsearch.predict.quality import Quality
from hwsearch.records.events import Event, Listener
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.stages.calibration import JUDGING, calibrate
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import Dense, dense_reference
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.store.cache import Cache


def prepare(plan: Plan, trainer: Trainer, cache: Cache, tell: Listener) -> Context:
    """Return what a search works with; what the cache has is not done again.

    Raises:
        HwsearchError: The dense reference is no model: there is nothing to search from.
        InputError: On the device it loses more than the study tolerates.
    """
    tell(Event("dense", "training the dense reference", 0, 1))
    context = Context(plan, dense_reference(plan, trainer, cache), trainer, cache)
    tell(Event("dense", _dense_words(context.dense), 1, 1))
    if not plan.study.search.foresee:
        return context
    with context.model_clock:
        stored = cache.path("probes", JUDGING)
        calibration = calibrate(plan, context.dense, partial(ticket_of, context), stored=stored)
    tell(Event("note", _quality_words(calibration.quality), model_s=context.model_clock.lap()))
    return replace(context, calibration=calibration)


def _dense_words(dense: Dense) -> str:
    """Say how good the dense reference is, and what the device's widths took from it."""
    known = f"{dense.score:.1%} on validation, {dense.cost['memory_bytes']:,} bytes"
    lost = dense.measured.loss.words if dense.measured.loss is not None else ""
    return f"dense reference: {known}" + (f" ({lost})" if lost else "")


def _quality_words(quality: Quality) -> str:
    """Say how good similarity is in this run."""
    said = (
        f"ticket similarity on {quality.n} candidates: rank correlation {quality.spearman:.2f}, "
        f"mean error {quality.mae:.3f}"
    )
    return f"{said}: poor, so it is left out and less is cut" if quality.poor else said
