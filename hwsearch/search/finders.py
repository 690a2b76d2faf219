"""The ticket of a candidate by the study's finder; everything that was trained to find it is kept and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hwsearch.data.datasets import Dataset
from hwsearch.network.stack import Params, initial_params
from hwsearch.search.cache import Cache
from hwsearch.search.dense import dense_schedule
from hwsearch.search.kept_tickets import ladder_store, load_found, rung_path, save_found
from hwsearch.search.plan import REFERENCE_BITS, Plan
from hwsearch.space.candidate import Candidate
from hwsearch.tickets.compensate import compensate
from hwsearch.tickets.criteria import score
from hwsearch.tickets.early_bird import Target, find_early_birds
from hwsearch.tickets.early_time import early_time
from hwsearch.tickets.fit import Fit, Knife, all_kept, ranking
from hwsearch.tickets.ladder import Climb, climb, masks_at
from hwsearch.tickets.magnitude import magnitude_masks
from hwsearch.tickets.multi_prize import find_multi_prizes
from hwsearch.tickets.observe import observe
from hwsearch.train.machine import OneThread


@dataclass(frozen=True, eq=False)
class Found:
    """A ticket without its bits.

    Attributes:
        params: The weights to start from.
        masks: What survives.
        spent: Samples times timesteps trained to find it, by the name of what is kept: tickets share most of it.
    """

    params: Params
    masks: tuple[np.ndarray, ...]
    spent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Ground:
    """Where tickets are looked for.

    Attributes:
        plan: The question.
        cache: Where finished work is kept.
        dense: The trained dense network of this seed.
        data: The samples of this seed.
        seed: Of initial weights and of the order of the samples.
    """

    plan: Plan
    cache: Cache
    dense: Params
    data: Dataset
    seed: int


def find_ticket(ground: Ground, candidate: Candidate) -> Found:
    """Return the ticket of a candidate by the study's finder."""
    finder = ground.plan.study.tickets.finder
    if finder == "magnitude":
        return _magnitude(ground, candidate)
    with OneThread():
        target = Target(candidate.granularity, candidate.sparsity[0])
        timesteps, spent = ground.plan.dense_timesteps, dict[str, int]()
        if finder == "early_time":
            finder = ground.plan.study.tickets.early
            timesteps, spent = early_timesteps_of(ground)
        found = {"iterative": _iterative, "early_bird": _early_bird, "multi_prize": _multi_prize}[finder](
            ground, timesteps, target
        )
    return replace(found, spent={**spent, **found.spent})


def fit_of(plan: Plan, data: Dataset, timesteps: int, seed: int) -> Fit:
    """Return the training of finders: the dense network's."""
    return Fit(
        plan.spec, data.x_train, data.y_train, timesteps, dense_schedule(plan), seed, REFERENCE_BITS,
        plan.study.train.neuron_loop,
    )  # fmt: skip


def knife_of(plan: Plan, fit: Fit) -> Knife:
    """Return how the study cuts masks."""
    tickets, space = plan.study.tickets, plan.study.space
    return Knife(ranking(tickets.criterion, fit, tickets.samples), space.scope, space.gentle)


def climb_of(plan: Plan, granularity: str) -> Climb:
    """Return how the study climbs: one ladder for every sparsity of the space."""
    tickets = plan.study.tickets
    highest = max(plan.study.space.sparsity_levels)
    return Climb(granularity, highest, tickets.fraction, tickets.rewind_epoch)


def score_fit(plan: Plan, fit: Fit) -> Fit:
    """Return the training of multi-prize scores."""
    tickets = plan.study.tickets
    scores = replace(fit.schedule, epochs=tickets.score_epochs, learning_rate=tickets.score_learning_rate)
    return replace(fit, schedule=scores)


def early_timesteps_of(ground: Ground) -> tuple[int, dict[str, int]]:
    """Return T_early by the KL rule, and what the network that it is measured on cost."""
    plan, tickets = ground.plan, ground.plan.study.tickets
    path = ground.cache.path("early_time", ground.seed)
    kept = load_found(path)
    if kept is None:
        fit = fit_of(plan, ground.data, plan.dense_timesteps, ground.seed)
        fit = replace(fit, schedule=replace(fit.schedule, epochs=tickets.warmup_epochs))
        init = initial_params(plan.spec, ground.seed)
        params = fit.train([init], [all_kept(init)])[0]
        rule = early_time(
            plan.spec, params, ground.data.x_train[:1000], plan.dense_timesteps,
            limit=tickets.kl_limit, loss_gain=plan.study.train.loss_gain,
        )  # fmt: skip
        values: dict[str, object] = {
            "timesteps": rule.timesteps,
            "forward": rule.forward,
            "backward": rule.backward,
            "train_steps": tickets.warmup_epochs * fit.epoch_steps,
        }
        save_found(path, {}, (), values)
        kept = ({}, (), values)
    own: dict[str, Any] = kept[2]
    return own["timesteps"], {path.stem: own["train_steps"]}


def _magnitude(ground: Ground, candidate: Candidate) -> Found:
    """Cut once from the trained dense network; the second order also makes up for what went."""
    plan, criterion = ground.plan, ground.plan.study.tickets.criterion
    space = plan.study.space
    statistics = None
    if criterion != "magnitude":
        calibration = ground.data.x_train[: plan.study.tickets.samples]
        statistics = observe(plan.spec, ground.dense, calibration, plan.dense_timesteps)
    scores = None if statistics is None else score(criterion, ground.dense, statistics)
    masks = magnitude_masks(ground.dense, candidate, scope=space.scope, gentle=space.gentle, scores=scores)
    if criterion == "second_order" and statistics is not None:
        return Found(compensate(ground.dense, masks, statistics), masks)
    return Found(ground.dense, masks)


def _iterative(ground: Ground, timesteps: int, target: Target) -> Found:
    """Take the masks from the ladder of the granularity, climbed if need be."""
    plan = ground.plan
    fit = fit_of(plan, ground.data, timesteps, ground.seed)
    knife, how = knife_of(plan, fit), climb_of(plan, target.granularity)
    load, save = ladder_store(ground.cache, timesteps, how, [ground.seed])
    init = initial_params(plan.spec, ground.seed)
    (ladder,) = climb(fit, [init], how, knife, load=load, save=save)
    spent = {
        rung_path(ground.cache, timesteps, how, ground.seed, level).stem: rung.train_steps
        for level, rung in enumerate(ladder.rungs)
    }
    return Found(ladder.start, masks_at(ladder, target.sparsity, knife), spent)


def _early_bird(ground: Ground, timesteps: int, target: Target) -> Found:
    """Draw the mask as soon as it has settled; the ticket starts from the initial weights."""
    plan = ground.plan
    init = initial_params(plan.spec, ground.seed)
    path = ground.cache.path("bird", timesteps, target.granularity, target.sparsity, ground.seed)
    kept = load_found(path)
    if kept is None:
        fit = fit_of(plan, ground.data, timesteps, ground.seed)
        tolerance = plan.study.tickets.tolerance
        ((bird,),) = find_early_birds(fit, [init], [target], knife_of(plan, fit), tolerance=tolerance)
        save_found(path, {}, bird.masks, {"train_steps": bird.train_steps})
        kept = ({}, bird.masks, {"train_steps": bird.train_steps})
    return Found(init, kept[1], {path.stem: int(str(kept[2]["train_steps"]))})


def _multi_prize(ground: Ground, timesteps: int, target: Target) -> Found:
    """Train which of the initial weights survive as binary ones; they are what a candidate starts from."""
    plan = ground.plan
    path = ground.cache.path("prize", timesteps, target.granularity, target.sparsity, ground.seed)
    kept = load_found(path)
    if kept is None:
        fit = score_fit(plan, fit_of(plan, ground.data, timesteps, ground.seed))
        init = initial_params(plan.spec, ground.seed)
        (prize,) = find_multi_prizes(fit, [init], [target], knife_of(plan, fit))
        save_found(path, {"start": prize.params}, prize.masks, {"train_steps": prize.train_steps})
        kept = ({"start": prize.params}, prize.masks, {"train_steps": prize.train_steps})
    return Found(kept[0]["start"], kept[1], {path.stem: int(str(kept[2]["train_steps"]))})
