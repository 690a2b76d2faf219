"""The ticket of a candidate by the study's finder; everything that was trained to find it is kept and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from hwsearch.data.datasets import resplit
from hwsearch.data.samples import Dataset
from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Params, Ticket
from hwsearch.plan.plan import Plan
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import dense_fit
from hwsearch.search.stages.layer_masks import LayerMasks
from hwsearch.search.store.ticket_store import Masks, StoredWork, TicketStore, ladder_store
from hwsearch.space.candidate import Candidate
from hwsearch.tickets.compensate import compensate
from hwsearch.tickets.criteria import after_quantising, score
from hwsearch.tickets.early_bird import find_early_birds
from hwsearch.tickets.early_time import early_time
from hwsearch.tickets.fit import Fit, Pruner, Target, criterion_on, dense_masks
from hwsearch.tickets.ladder import Ladder, LadderSchedule, find_ladders, masks_at
from hwsearch.tickets.multi_prize import find_multi_prizes
from hwsearch.tickets.observe import observe
from hwsearch.train.machine import OneThread


@dataclass(frozen=True, eq=False)
class Found:
    """A ticket without its bits.

    Attributes:
        params: The weights to start from.
        masks: What survives.
        spent: Samples times timesteps that this run trained to find it, by the name of what is kept: tickets share
            most of it.
        reused: Likewise of what another run had trained.
    """

    params: Params
    masks: Masks
    spent: Mapping[str, int] = field(default_factory=dict)
    reused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class TicketSource:
    """Where tickets are looked for.

    Attributes:
        plan: The question, of one network.
        store: Where finished work is kept.
        dense: The trained dense network of this seed.
        data: The samples of this seed.
        seed: Of initial weights and of the order of the samples.
        layer_masks: Of that dense network.
    """

    plan: Plan
    store: TicketStore
    dense: Params
    data: Dataset
    seed: int
    layer_masks: LayerMasks


def find_ticket(source: TicketSource, candidate: Candidate) -> Found:
    """Return the ticket of a candidate by the study's finder."""
    plan, finder = source.plan, source.plan.study.tickets.finder
    if finder == "magnitude":
        return _magnitude(source, candidate)
    store = source.store.uncounted()
    with OneThread():
        fit = dense_fit(plan, source.data, source.seed)
        target = target_of(candidate)
        if finder == "early_time":
            finder = plan.study.tickets.early
            fit = replace(fit, timesteps=early_timesteps_of(plan, store, fit))
        find = {"iterative": _iterative, "early_bird": _early_bird, "multi_prize": _multi_prize}[finder]
        params, masks = find(plan, store, fit, target)
    return Found(params, masks, store.spent, store.reused)


def target_of(candidate: Candidate) -> Target:
    """Return the masks that a candidate wants."""
    return Target(candidate.granularity, candidate.sparsity)


def bits_of(spec: NetworkSpec, candidate: Candidate) -> tuple[int, ...]:
    """Return the weight bits of each connection; what is not prunable has those of its population's first weights."""
    return spec.spread(candidate.bits(len(spec.prunable)))


def knife_of(plan: Plan, fit: Fit) -> Pruner:
    """Return how the study cuts masks."""
    tickets, space = plan.study.tickets, plan.study.space
    return Pruner(
        plan.spec.connections,
        criterion_on(tickets.criterion, fit, tickets.samples),
        _scope(plan),
        space.gentle,
        plan.spec.channel_multiple,
    )


def cut_of(plan: Plan) -> list[object]:
    """Return all that the masks of the study's knife depend on besides the training."""
    tickets = plan.study.tickets
    samples = None if tickets.criterion == "magnitude" else tickets.samples
    multiple = plan.spec.channel_multiple
    cut: list[object] = [tickets.criterion, samples, _scope(plan), plan.study.space.gentle]
    return cut if multiple == 1 else [*cut, multiple]


def climb_of(plan: Plan, granularity: str) -> LadderSchedule:
    """Return how the study climbs: one ladder for every sparsity of the space."""
    tickets = plan.study.tickets
    highest = max(plan.study.space.sparsity_levels)
    return LadderSchedule(granularity, highest, tickets.fraction, tickets.rewind_epoch)


def score_fit(plan: Plan, fit: Fit) -> Fit:
    """Return the training of multi-prize scores."""
    tickets = plan.study.tickets
    scores = replace(
        fit.schedule,
        epochs=tickets.score_epochs,
        learning_rate=tickets.score_learning_rate,
        loss_gain=tickets.score_gain,
    )
    return replace(fit, schedule=scores)


def early_timesteps_of(plan: Plan, store: TicketStore, fit: Fit) -> int:
    """Return T_early by the KL rule, on a network that was trained for a few epochs."""
    tickets = plan.study.tickets
    warm = replace(fit, schedule=replace(fit.schedule, epochs=tickets.warmup_epochs))

    def make() -> StoredWork:
        init = plan.start(fit.seed)
        params = warm.train([init], [dense_masks(init)])[0]
        rule = early_time(
            plan.spec, params, fit.x[:1000], fit.timesteps,
            limit=tickets.kl_limit, loss_gain=fit.schedule.loss_gain,
        )  # fmt: skip
        told = {"timesteps": rule.timesteps, "forward": rule.forward, "backward": rule.backward}
        return StoredWork(tickets.warmup_epochs * fit.epoch_steps, values=told)

    path = store.cache.shared_path("early_time", warm.digest, tickets.kl_limit)
    return int(store.fetch(path, make).values["timesteps"])


def find_birds(
    plan: Plan, store: TicketStore, fit: Fit, seeds: Sequence[int], targets: Sequence[Target]
) -> list[list[StoredWork]]:
    """Return early-bird masks of initial weights by their seeds, one a target; those not kept share one training."""
    tolerance = plan.study.tickets.tolerance
    cut = [tolerance, *cut_of(plan)]
    paths = [
        [
            store.cache.shared_path("bird", fit.digest, seed, target.granularity, target.sparsity, *cut)
            for target in targets
        ]
        for seed in seeds
    ]
    kept = [[store.load(path) for path in row] for row in paths]
    if any(work is None for row in kept for work in row):
        inits = [plan.start(seed) for seed in seeds]
        nests = find_early_birds(fit, inits, targets, knife_of(plan, fit), tolerance=tolerance)
        kept = [[StoredWork(bird.train_steps, masks=bird.masks) for bird in row] for row in nests]
        for places, row in zip(paths, kept, strict=True):
            for path, work in zip(places, row, strict=True):
                if work is not None:
                    store.save(path, work)
    return [[work for work in row if work is not None] for row in kept]


def find_prizes(
    plan: Plan, store: TicketStore, fit: Fit, seeds: Sequence[int], target: Target
) -> list[tuple[Params, Masks]]:
    """Return the multi-prize tickets of initial weights by their seeds, trained together unless they are kept."""
    fit, space = score_fit(plan, fit), plan.study.space
    cut = [target.granularity, target.sparsity, _scope(plan), space.gentle]
    cut += [] if plan.spec.channel_multiple == 1 else [plan.spec.channel_multiple]
    paths = [store.cache.shared_path("prize", fit.digest, seed, *cut) for seed in seeds]
    kept = [store.load(path) for path in paths]
    if any(work is None for work in kept):
        inits = [plan.start(seed) for seed in seeds]
        prizes = find_multi_prizes(fit, inits, [target] * len(seeds), knife_of(plan, fit))
        kept = [StoredWork(prize.train_steps, {"start": prize.params}, prize.masks) for prize in prizes]
        for path, work in zip(paths, kept, strict=True):
            if work is not None:
                store.save(path, work)
    return [(work.nets["start"], work.masks) for work in kept if work is not None]


def _scope(plan: Plan) -> Literal["global", "layer"]:
    """Return where weights are ranked; sparsities of layers rank each layer on its own."""
    return plan.study.space.ranking


def _magnitude(source: TicketSource, candidate: Candidate) -> Found:
    """Cut once from the trained dense network; the second order also makes up for what went."""
    plan, criterion = source.plan, source.plan.study.tickets.criterion
    dense, statistics, target = source.dense, None, target_of(candidate)
    if criterion == "magnitude" and len(target.sparsity) > 1:
        sparsities = target.sparsity
        names = candidate.granularities(len(sparsities))
        bits = bits_of(plan.spec, candidate) if plan.spec.quantise_first else None
        return Found(dense, source.layer_masks.together(names, sparsities, bits))
    if criterion != "magnitude":
        calibration = source.data.x_train[: plan.study.tickets.samples]
        statistics = observe(plan.spec, dense, calibration, plan.dense_timesteps)
    scores = score(criterion, dense, statistics)
    if plan.spec.quantise_first:
        scores = after_quantising(scores, plan.spec, dense, bits_of(plan.spec, candidate))
    knife = knife_of(plan, dense_fit(plan, source.data, source.seed))
    masks = knife.masks_from_scores(target, scores)
    if criterion != "second_order" or statistics is None:
        return Found(dense, masks)
    made_up = compensate(dense, masks, statistics)
    if plan.spec.quantise_first:  # the grid is that of all weights: those that go keep their values
        pairs = zip(made_up.weights, masks, dense.weights, strict=True)
        made_up = replace(made_up, weights=tuple(np.where(mask, new, old) for new, mask, old in pairs))
    return Found(made_up, masks)


def _iterative(plan: Plan, store: TicketStore, fit: Fit, target: Target) -> tuple[Params, Masks]:
    """Take the masks from the ladder of each granularity, climbed if need be."""
    knife, ladders = knife_of(plan, fit), dict[str, Ladder]()
    names = (target.granularity,) if isinstance(target.granularity, str) else target.granularity
    for name in dict.fromkeys(names):  # the dense round is one file for all granularities
        how = climb_of(plan, name)
        load, save = ladder_store(store, fit, how, cut_of(plan), [fit.seed])
        init = plan.start(fit.seed)
        (ladders[name],) = find_ladders(fit, [init], how, knife, load=load, save=save)
    return ladders[names[0]].start, masks_at([ladders[name] for name in names], target.sparsity, knife)


def _early_bird(plan: Plan, store: TicketStore, fit: Fit, target: Target) -> tuple[Params, Masks]:
    """Draw the mask as soon as it has settled; the ticket starts from the initial weights."""
    ((bird,),) = find_birds(plan, store, fit, [fit.seed], [target])
    return plan.start(fit.seed), bird.masks


def _multi_prize(plan: Plan, store: TicketStore, fit: Fit, target: Target) -> tuple[Params, Masks]:
    """Train which of the initial weights survive as binary ones; they are what a candidate starts from."""
    (prize,) = find_prizes(plan, store, fit, [fit.seed], target)
    return prize


def ticket_of(context: Context, candidate: Candidate, fresh_seed: int | None = None) -> Ticket:
    """Return the ticket of a candidate: what the study's finder lets survive, and its own bits.

    Args:
        context: Its dense networks are what tickets are cut from.
        candidate: The knobs.
        fresh_seed: Seed of a final training, with its own split; None: the search's.
    """
    found = find_ticket(source_of(context, candidate.network, fresh_seed), candidate)
    bits = bits_of(context.of(candidate).plan.spec, candidate)
    return Ticket(found.params, found.masks, bits, state_bits=candidate.state_bits)


def source_of(context: Context, network: int, fresh_seed: int | None = None) -> TicketSource:
    """Return where the tickets of a network and a seed are looked for."""
    reference, store = context.at(network), TicketStore(context.cache)
    plan = reference.plan
    if fresh_seed is None:
        data, seed = plan.data, plan.study.seed
    else:
        data, seed = resplit(plan.data, fresh_seed), fresh_seed
    return TicketSource(plan, store, reference.dense.params, data, seed, reference.layer_masks)
