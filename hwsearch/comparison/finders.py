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

from hwsearch.comparison.untrained_baselines import accuracy_of, one_shot_rows, row
from hwsearch.network.stack import Params, Ticket, initial_params
from hwsearch.plan.plan import REFERENCE_BITS, Plan
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.search.jobs.job import Job, Measured
from hwsearch.search.jobs.pool import Trainer
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
from hwsearch.tickets.fit import Fit, Knife, Target, all_kept
from hwsearch.tickets.ladder import Ladder, climb, masks_at
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
_CLIMBERS = {"iterative", "random", "reinit"}

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Contest:
    """What the comparison shares.

    Attributes:
        plan, trainer: As in a search.
        shelf: Where what finders train is kept.
        seeds: Of the initial weights.
        fit: The dense training at full T.
        knife: How the study cuts masks.
        finders: Those that are compared.
        tell: Told what is being done.
    """

    plan: Plan
    shelf: TicketStore
    trainer: Trainer
    seeds: tuple[int, ...]
    fit: Fit
    knife: Knife
    finders: Collection[str]
    tell: Tell

    @property
    def cache(self) -> Cache:
        """Where trained networks are kept."""
        return self.shelf.cache

    @property
    def inits(self) -> list[Params]:
        """Initial weights, one a seed."""
        return [initial_params(self.plan.spec, seed) for seed in self.seeds]


@dataclass(frozen=True, eq=False)
class Entry:
    """One finder at one granularity and sparsity: start weights and masks of each seed, and the cost of a seed."""

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
        cache: Where ladders and trained networks are kept.
        trainer: Where tickets are trained.
        tell: Told what is being done.
        finders: Of FINDERS; the dense network is always there.
    """
    fit = dense_fit(plan, plan.data, plan.study.seed)
    seeds = tuple(seed_of("tickets", plan.study.seed, i) for i in range(plan.study.final.seeds))
    contest = Contest(plan, TicketStore(cache), trainer, seeds, fit, knife_of(plan, fit), finders, tell)
    with OneThread():
        early = early_timesteps_of(plan, contest.shelf, fit)
        dense = [own.rungs[0].params for own in _climb(contest, "weight", fit, highest=0.0)]
        whole, none = [all_kept(own) for own in dense], [0] * len(seeds)
        rows = _rows(contest, Entry("dense", Target("weight", (0.0,)), dense, whole, none))
        for granularity in plan.space.granularity:
            for entry in _entries(contest, granularity, dense, early):
                rows += _rows(contest, entry)
        if "one_shot" in finders:
            tell("one-shot criteria, no training")
            rows += one_shot_rows(plan, contest.knife, seeds, dense)
        facts = _facts(contest, dense, early)
    return pd.DataFrame(rows), facts


def _entries(contest: Contest, granularity: str, dense: Sequence[Params], early: int) -> Iterator[Entry]:
    """Find the tickets of one granularity by every finder."""
    plan, fit = contest.plan, contest.fit
    levels = dict.fromkeys(snap(granularity, s) for s in plan.study.space.sparsity_levels if s > 0)
    targets = [Target(granularity, (s,)) for s in levels]
    if _CLIMBERS & set(contest.finders):
        yield from _ladder_entries(contest, targets)
    if "early_time" in contest.finders:
        ladders = _climb(contest, granularity, replace(fit, timesteps=early))
        yield from _rung_entries(contest, "early_time", ladders, targets, _warm_up(contest))
    if "early_bird" in contest.finders:
        contest.tell(f"{granularity}: early-bird masks")
        birds = find_birds(plan, contest.shelf, fit, contest.seeds, targets)
        for target, own in zip(targets, zip(*birds, strict=True), strict=True):
            steps = [bird.train_steps for bird in own]
            yield Entry("early_bird", target, contest.inits, [bird.masks for bird in own], steps)
    for target in targets:
        if "magnitude" in contest.finders:
            cut = [contest.knife.cut(own, target) for own in dense]
            yield Entry("magnitude", target, dense, cut, [_dense_steps(contest)] * len(dense))
        if "multi_prize" in contest.finders:
            contest.tell(f"multi_prize {granularity} {target.sparsity[0]:g}")
            prizes = find_prizes(plan, contest.shelf, fit, contest.seeds, target)
            scores = score_fit(plan, fit)
            steps = [scores.schedule.epochs * scores.epoch_steps] * len(prizes)
            yield Entry("multi_prize", target, [p for p, _ in prizes], [m for _, m in prizes], steps)


def _ladder_entries(contest: Contest, targets: Sequence[Target]) -> Iterator[Entry]:
    """Climb at full T; return the tickets and their controls."""
    granularity, none = targets[0].granularity, [0] * len(contest.seeds)
    ladders = _climb(contest, granularity, contest.fit)
    rng = np.random.default_rng(contest.plan.study.seed)
    fresh = [initial_params(contest.plan.spec, seed_of("fresh weights", seed)) for seed in contest.seeds]
    for entry in _rung_entries(contest, "iterative", ladders, targets, 0):
        shuffled = [tuple(_shuffled(own, rng) for own in mask) for mask in entry.masks]
        if "iterative" in contest.finders:
            yield entry
        if "random" in contest.finders and granularity == "weight":
            yield Entry("random", entry.target, entry.starts, shuffled, none)
        if "reinit" in contest.finders:
            yield replace(entry, finder="reinit", starts=fresh)


def _rung_entries(
    contest: Contest, finder: str, ladders: Sequence[Ladder], targets: Sequence[Target], extra: int
) -> Iterator[Entry]:
    """Return the tickets of ladders, whose search took some steps beside the climb."""
    for target in targets:
        masks = [masks_at(own, target.sparsity, contest.knife) for own in ladders]
        steps = [own.train_steps(target.sparsity[0]) + extra for own in ladders]
        yield Entry(finder, target, [own.start for own in ladders], masks, steps)


def _climb(contest: Contest, granularity: str, fit: Fit, highest: float | None = None) -> list[Ladder]:
    """Climb to the study's sparsest level, or no higher than ``highest``."""
    contest.tell(f"{granularity}: ladders at T {fit.timesteps}")
    how = climb_of(contest.plan, granularity)
    how = how if highest is None else replace(how, highest=highest)
    load, save = ladder_store(contest.shelf, fit, how, cut_of(contest.plan), contest.seeds)
    return climb(fit, contest.inits, how, contest.knife, load=load, save=save)


def _dense_steps(contest: Contest) -> int:
    return contest.fit.schedule.epochs * contest.fit.epoch_steps


def _warm_up(contest: Contest) -> int:
    """Return the steps of the network that T_early is measured on."""
    return contest.plan.study.tickets.warmup_epochs * contest.fit.epoch_steps


def _shuffled(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return as many survivors at random places of the layer."""
    return rng.permutation(mask.ravel()).reshape(mask.shape)


def _rows(contest: Contest, entry: Entry) -> list[dict[str, object]]:
    """Measure a finder's tickets, trained where they are to be trained; return a row a seed."""
    untrained = {"multi_prize": 1, "dense": REFERENCE_BITS}
    accuracies: list[float | None]
    if entry.finder in untrained:
        bits = untrained[entry.finder]
        pairs = zip(entry.starts, entry.masks, strict=True)
        accuracies = [accuracy_of(contest.plan, params, masks, bits) for params, masks in pairs]
    else:
        accuracies = [own.accuracy_test for own in _trained(contest, entry)]
    return [
        row(entry.finder, entry.target, seed, own, cost)
        for seed, own, cost in zip(contest.seeds, accuracies, entry.find_steps, strict=True)
    ]


def _trained(contest: Contest, entry: Entry) -> list[Measured]:
    """Train the tickets of all seeds together, unless they are kept."""
    plan, cache = contest.plan, contest.cache
    key = (entry.finder, entry.target.granularity, entry.target.sparsity[0])
    paths = [cache.path("compared", *key, seed) for seed in contest.seeds]
    kept = [own for path in paths if (own := cache.load(path)) is not None]
    if len(kept) < len(paths):
        contest.tell(f"{entry.finder} {entry.target.granularity} {entry.target.sparsity[0]:g}")
        bits = (max(plan.space.weight_bits),) * len(plan.spec.layers)
        tickets = tuple(Ticket(p, m, bits) for p, m in zip(entry.starts, entry.masks, strict=True))
        job = Job(tickets, plan.dense_timesteps, candidate_schedule(plan), plan.study.seed, test=True)
        kept = contest.trainer.run([job])[0]
        for path, own in zip(paths, kept, strict=True):
            cache.save(path, own)
    return kept


def _facts(contest: Contest, dense: Sequence[Params], early: int) -> dict[str, object]:
    """Return what the table says besides accuracies."""
    plan, tickets = contest.plan, contest.plan.study.tickets
    epoch = replace(contest.fit, schedule=replace(contest.fit.schedule, epochs=1))
    start = time.perf_counter()
    epoch.train(contest.inits[:1], [all_kept(dense[0])])
    epoch_s = time.perf_counter() - start
    start = time.perf_counter()
    seen = observe(plan.spec, dense[0], plan.data.x_train[: tickets.samples], plan.dense_timesteps)
    for criterion in ("spike_probability", "second_order"):
        score(criterion, dense[0], seen)
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
        "dense_steps": _dense_steps(contest),
        "epoch_s": epoch_s,
        "score_s": score_s,
    }
