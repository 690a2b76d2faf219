"""Every finder on one study, side by side: accuracy against sparsity, and what finding cost.

The seeds of a study (``final.seeds``) have their own initial weights and are trained together, in one order of the
samples and one split; the test split is looked at once for each network, and nothing is chosen on it. Controls: the
iterative tickets' masks with their weights shuffled over the places of each layer (``random``) and with fresh initial
weights (``reinit``), trained exactly like the tickets. ``one_shot`` rows are not trained after they are cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hwsearch.comparison.untrained_baselines import accuracy_of, row, untrained_rows
from hwsearch.measure.measured import Measured
from hwsearch.network.params import Params, Ticket, initial_params
from hwsearch.plan.fidelity import REFERENCE_BITS
from hwsearch.plan.plan import Plan
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.search.jobs.pool import Job, Trainer
from hwsearch.search.stages.dense import dense_fit
from hwsearch.search.stages.tickets import (
    climb_of,
    cut_of,
    early_timesteps_of,
    find_birds,
    find_prizes,
    knife_of,
    score_fit,
)
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.ticket_store import Masks, TicketStore, ladder_store
from hwsearch.seeds import seed_of
from hwsearch.space.candidate import snap
from hwsearch.tickets.criteria import score
from hwsearch.tickets.early_time import early_time
from hwsearch.tickets.fit import Fit, Pruner, Target, dense_masks
from hwsearch.tickets.ladder import Ladder, find_ladders, masks_at
from hwsearch.tickets.observe import observe
from hwsearch.train.machine import OneThread

FINDERS = (
    "iterative",
    "early_time",
    "early_bird",
    "magnitude",
    "multi_prize",
    "random",
    "reinit",
    "one_shot",
)
_FROM_LADDERS = {"iterative", "random", "reinit"}

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the comparison shares.

    Attributes:
        plan, trainer: As in a search.
        store: Where what finders train is stored.
        seeds: Of the initial weights.
        fit: The dense training at full T.
        pruner: How the study prunes to masks.
        finders: Those that are compared.
        tell: Told what is being done.
    """

    plan: Plan
    store: TicketStore
    trainer: Trainer
    seeds: tuple[int, ...]
    fit: Fit
    pruner: Pruner
    finders: Collection[str]
    tell: Tell

    @property
    def cache(self) -> Cache:
        """Where trained networks are stored."""
        return self.store.cache

    @property
    def inits(self) -> list[Params]:
        """Initial weights, one network a seed."""
        return [self.plan.start(seed) for seed in self.seeds]


@dataclass(frozen=True, eq=False)
class TicketsFound:
    """A finder's tickets of one granularity and sparsity: start weights, masks and cost of finding them, by seed."""

    finder: str
    target: Target
    starts: Sequence[Params]
    masks: Sequence[Masks]
    find_steps: Sequence[int]


def compare(
    plan: Plan, cache: Cache, trainer: Trainer, tell: Tell, finders: Collection[str] = FINDERS
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Return one row a finder, granularity, sparsity and seed, and facts of the run.

    Args:
        plan: The question; its sparsities, granularities, seeds and largest T and bits are compared.
        cache: Where ladders and trained networks are stored.
        trainer: Where tickets are trained.
        tell: Told what is being done.
        finders: Of FINDERS; the dense network is always there.
    """
    fit = dense_fit(plan, plan.data, plan.study.seed)
    seeds = tuple(seed_of("tickets", plan.study.seed, i) for i in range(plan.study.final.seeds))
    comparison = Comparison(plan, TicketStore(cache), trainer, seeds, fit, knife_of(plan, fit), finders, tell)
    with OneThread():
        early = early_timesteps_of(plan, comparison.store, fit)
        dense = [ladder.rungs[0].params for ladder in _ladders(comparison, "weight", fit, highest=0.0)]
        whole, none = [dense_masks(params) for params in dense], [0] * len(seeds)
        rows = _rows(comparison, TicketsFound("dense", Target("weight", (0.0,)), dense, whole, none))
        for granularity in plan.space.granularity:
            for entry in _entries(comparison, granularity, dense, early):
                rows += _rows(comparison, entry)
        if "one_shot" in finders:
            tell("one-shot criteria, no training")
            rows += untrained_rows(plan, comparison.pruner, seeds, dense)
        facts = _facts(comparison, dense, early)
    return pd.DataFrame(rows), facts


def _entries(
    comparison: Comparison, granularity: str, dense: Sequence[Params], early: int
) -> Iterator[TicketsFound]:
    """Find the tickets of one granularity by every finder."""
    plan, fit = comparison.plan, comparison.fit
    levels = dict.fromkeys(snap(granularity, s) for s in plan.study.space.sparsity_levels if s > 0)
    targets = [Target(granularity, (s,)) for s in levels]
    if _FROM_LADDERS & set(comparison.finders):
        yield from _ladder_entries(comparison, granularity, targets)
    if "early_time" in comparison.finders:
        ladders = _ladders(comparison, granularity, replace(fit, timesteps=early))
        yield from _rung_entries(comparison, "early_time", ladders, targets, _warm_up(comparison))
    if "early_bird" in comparison.finders:
        comparison.tell(f"{granularity}: early-bird masks")
        birds = find_birds(plan, comparison.store, fit, comparison.seeds, targets)
        for target, by_seed in zip(targets, zip(*birds, strict=True), strict=True):
            steps = [bird.train_steps for bird in by_seed]
            yield TicketsFound(
                "early_bird", target, comparison.inits, [bird.masks for bird in by_seed], steps
            )
    for target in targets:
        if "magnitude" in comparison.finders:
            cut = [comparison.pruner.masks_from_weights(params, target) for params in dense]
            yield TicketsFound("magnitude", target, dense, cut, [_dense_steps(comparison)] * len(dense))
        if "multi_prize" in comparison.finders:
            comparison.tell(f"multi_prize {granularity} {target.sparsity[0]:g}")
            prizes = find_prizes(plan, comparison.store, fit, comparison.seeds, target)
            scores = score_fit(plan, fit)
            steps = [scores.schedule.epochs * scores.epoch_steps] * len(prizes)
            yield TicketsFound("multi_prize", target, [p for p, _ in prizes], [m for _, m in prizes], steps)


def _ladder_entries(
    comparison: Comparison, granularity: str, targets: Sequence[Target]
) -> Iterator[TicketsFound]:
    """Make the ladders at full T; return the tickets and their controls."""
    none = [0] * len(comparison.seeds)
    ladders = _ladders(comparison, granularity, comparison.fit)
    rng = np.random.default_rng(comparison.plan.study.seed)
    fresh = [
        initial_params(comparison.plan.spec, seed_of("fresh weights", seed)) for seed in comparison.seeds
    ]
    for entry in _rung_entries(comparison, "iterative", ladders, targets, 0):
        shuffled = [
            tuple(
                _shuffled(mask, rng) if c.prunable else mask
                for c, mask in zip(comparison.plan.spec.connections, masks, strict=True)
            )
            for masks in entry.masks
        ]
        if "iterative" in comparison.finders:
            yield entry
        if "random" in comparison.finders and granularity == "weight":
            yield TicketsFound("random", entry.target, entry.starts, shuffled, none)
        if "reinit" in comparison.finders:
            yield replace(entry, finder="reinit", starts=fresh)


def _rung_entries(
    comparison: Comparison, finder: str, ladders: Sequence[Ladder], targets: Sequence[Target], extra: int
) -> Iterator[TicketsFound]:
    """Return the tickets of ladders, whose search took some steps beside the rounds."""
    for target in targets:
        masks = [masks_at([ladder], target.sparsity, comparison.pruner) for ladder in ladders]
        steps = [ladder.train_steps(target.sparsity[0]) + extra for ladder in ladders]
        yield TicketsFound(finder, target, [ladder.start for ladder in ladders], masks, steps)


def _ladders(
    comparison: Comparison, granularity: str, fit: Fit, highest: float | None = None
) -> list[Ladder]:
    """Make ladders up to the study's sparsest level, or no higher than ``highest``."""
    comparison.tell(f"{granularity}: ladders at T {fit.timesteps}")
    schedule = climb_of(comparison.plan, granularity)
    schedule = schedule if highest is None else replace(schedule, highest=highest)
    load, save = ladder_store(comparison.store, fit, schedule, cut_of(comparison.plan), comparison.seeds)
    return find_ladders(fit, comparison.inits, schedule, comparison.pruner, load=load, save=save)


def _dense_steps(comparison: Comparison) -> int:
    return comparison.fit.schedule.epochs * comparison.fit.epoch_steps


def _warm_up(comparison: Comparison) -> int:
    """Return the steps of the network that T_early is measured on."""
    return comparison.plan.study.tickets.warmup_epochs * comparison.fit.epoch_steps


def _shuffled(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return as many survivors at random places of the layer."""
    return rng.permutation(mask.ravel()).reshape(mask.shape)


def _rows(comparison: Comparison, entry: TicketsFound) -> list[dict[str, object]]:
    """Measure a finder's tickets, trained where they are to be trained; return a row a seed."""
    untrained = {"multi_prize": 1, "dense": REFERENCE_BITS}
    accuracies: list[float | None]
    if entry.finder in untrained:
        bits = untrained[entry.finder]
        pairs = zip(entry.starts, entry.masks, strict=True)
        accuracies = [accuracy_of(comparison.plan, params, masks, bits) for params, masks in pairs]
    else:
        accuracies = [measured.accuracy_test for measured in _trained(comparison, entry)]
    return [
        row(entry.finder, entry.target, seed, accuracy, cost)
        for seed, accuracy, cost in zip(comparison.seeds, accuracies, entry.find_steps, strict=True)
    ]


def _trained(comparison: Comparison, entry: TicketsFound) -> list[Measured]:
    """Train the tickets of all seeds together, unless they are stored."""
    plan, cache = comparison.plan, comparison.cache
    key = (entry.finder, entry.target.granularity, entry.target.sparsity[0])
    paths = [cache.path("compared", *key, seed) for seed in comparison.seeds]
    trained = [measured for path in paths if (measured := cache.load(path)) is not None]
    if len(trained) < len(paths):
        comparison.tell(f"{entry.finder} {entry.target.granularity} {entry.target.sparsity[0]:g}")
        bits = (max(plan.space.weight_bits),) * len(plan.spec.connections)
        tickets = tuple(Ticket(p, m, bits) for p, m in zip(entry.starts, entry.masks, strict=True))
        job = Job(tickets, plan.dense_timesteps, candidate_schedule(plan), plan.study.seed, test=True)
        trained = comparison.trainer.run([job])[0]
        for path, measured in zip(paths, trained, strict=True):
            cache.save(path, measured)
    return trained


def _facts(comparison: Comparison, dense: Sequence[Params], early: int) -> dict[str, object]:
    """Return what the table says besides accuracies."""
    plan, tickets = comparison.plan, comparison.plan.study.tickets
    epoch = replace(comparison.fit, schedule=replace(comparison.fit.schedule, epochs=1))
    start = time.perf_counter()
    epoch.train(comparison.inits[:1], [dense_masks(dense[0])])
    epoch_s = time.perf_counter() - start
    start = time.perf_counter()
    statistics = observe(plan.spec, dense[0], plan.data.x_train[: tickets.samples], plan.dense_timesteps)
    for criterion in ("spike_probability", "second_order"):
        score(criterion, dense[0], statistics)
    score_s = time.perf_counter() - start
    rule = early_time(
        plan.spec, dense[0], plan.data.x_train[:1000], plan.dense_timesteps, limit=tickets.kl_limit
    )
    return {
        "train": len(plan.data.y_train),
        "test": len(plan.data.y_test),
        "timesteps": plan.dense_timesteps,
        "early_timesteps": early,
        "kl_forward_trained": [round(v, 3) for v in rule.forward],
        "kl_backward_trained": [round(v, 3) for v in rule.backward],
        "dense_steps": _dense_steps(comparison),
        "epoch_s": epoch_s,
        "score_s": score_s,
    }
