"""Candidates are cut from the dense network, priced and likened to it, each once, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwsearch.compress.masks import sparsity_of
from hwsearch.plan.pricing import price_on_device
from hwsearch.predict.cost import predict_workload
from hwsearch.predict.joint import joint_of
from hwsearch.search.stages.calibration import layer_sparsity
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.priced import Priced
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.space.candidate import Candidate


def price_all(context: Context, candidates: Sequence[Candidate]) -> list[Priced]:
    """Return candidates with their tickets, prices and, where the run has an estimator, similarities."""
    distinct = {candidate.digest: candidate for candidate in candidates}
    known = {
        name: priced
        for name, candidate in distinct.items()
        if (priced := context.priced.get(candidate)) is not None
    }
    fresh = _with_similarity(
        context, [_price(context, candidate) for name, candidate in distinct.items() if name not in known]
    )
    context.priced.add(fresh)
    known |= {priced.candidate.digest: priced for priced in fresh}
    return [known[candidate.digest] for candidate in candidates]


def _price(context: Context, candidate: Candidate) -> Priced:
    """Return a candidate with its ticket and price."""
    ticket, reference = ticket_of(context, candidate), context.of(candidate)
    spec = reference.plan.spec
    workload = predict_workload(
        spec,
        ticket.masks,
        ticket.bits,
        candidate.timesteps,
        reference.dense.runs[candidate.timesteps],
        reference.counted,
    )
    return Priced(
        candidate,
        ticket,
        price_on_device(context.plan, replace(workload, state_bits=candidate.state_bits)),
        sparsity_of(spec.connections, ticket.masks),
        layer_sparsity(spec, ticket, candidate),
    )


def _with_similarity(context: Context, priced: Sequence[Priced]) -> list[Priced]:
    """Return candidates with their similarity: those that keep the budgets, if the run has an estimator."""
    similar: dict[str, Priced] = {}
    for reference in context.references:
        number = reference.plan.number
        feasible = [p for p in priced if not p.price.faults and p.candidate.network == number]
        if reference.calibration is None or not feasible:
            continue
        candidates, sparsities = [p.candidate for p in feasible], [p.layer_sparsity for p in feasible]
        joint = joint_of(candidates, sparsities, reference.plan.spec.connections)
        agreement = reference.calibration.similarity.agreement(joint)
        for p, value in zip(feasible, agreement, strict=True):
            similar[p.candidate.digest] = replace(p, similarity=float(value))
    return [similar.get(p.candidate.digest, p) for p in priced]
