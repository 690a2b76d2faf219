"""Every finder on one study, side by side: accuracy against sparsity, and what finding cost.

The seeds of a study (``final.seeds``) have their own initial weights and are trained together, in one order of the
samples and one split; the test split is looked at once for each network, and nothing is chosen on it. Controls: the
iterative tickets' masks with their weights shuffled over the places of each layer (``random``) and with fresh initial
weights (``reinit``), trained exactly like the tickets. ``one_shot`` rows are not trained after they are cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hwsearch.measure.accuracy import accuracy
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.stack import Params, Ticket, initial_params
from hwsearch.search.cache import Cache
from hwsearch.search.evaluate import candidate_schedule
from hwsearch.search.finders import Ground, climb_of, early_timesteps_of, fit_of, knife_of, score_fit
from hwsearch.search.kept_tickets import ladder_store, load_found, save_found
from hwsearch.search.plan import Plan
from hwsearch.search.trainer import Job, Trainer
from hwsearch.space.candidate import snap
from hwsearch.tickets.compensate import prune_in_steps, quantise_in_turn
from hwsearch.tickets.criteria import score
from hwsearch.tickets.early_bird import Target, find_early_birds
from hwsearch.tickets.early_time import early_time
from hwsearch.tickets.fit import Fit, Knife, all_kept
from hwsearch.tickets.ladder import Ladder, climb, masks_at
from hwsearch.tickets.multi_prize import find_multi_prizes
from hwsearch.tickets.observe import observe
from hwsearch.train.machine import OneThread

FINDERS = ("iterative", "early_time", "early_bird", "magnitude", "multi_prize", "random", "reinit")
ONE_SHOT_SPARSITY, ONE_SHOT_BITS = 0.8, 3
_FRESH_WEIGHTS = 50_000
_FLOAT_LIKE = 16

Masks = tuple[np.ndarray, ...]
Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Contest:
    """What the comparison shares.

    Attributes:
        plan, cache, trainer: As in a search.
        seeds: Of the initial weights.
        fit: The dense training at full T.
        knife: How the study cuts masks.
        tell: Told what is being done.
    """

    plan: Plan
    cache: Cache
    trainer: Trainer
    seeds: tuple[int, ...]
    fit: Fit
    knife: Knife
    tell: Tell

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


def compare(plan: Plan, cache: Cache, trainer: Trainer, tell: Tell) -> tuple[pd.DataFrame, dict[str, object]]:
    """Return one row a finder, granularity, sparsity and seed, and facts of the run.

    Args:
        plan: The question; its sparsities, granularities, seeds and largest T and bits are compared.
        cache: Where ladders and trained networks are kept.
        trainer: Where tickets are trained.
        tell: Told what is being done.
    """
    fit = fit_of(plan, plan.data, plan.dense_timesteps, plan.study.seed)
    seeds = tuple(plan.study.seed + i for i in range(plan.study.final.seeds))
    contest = Contest(plan, cache, trainer, seeds, fit, knife_of(plan, fit), tell)
    with OneThread():
        early, _ = early_timesteps_of(Ground(plan, cache, contest.inits[0], plan.data, plan.study.seed))
        rows = []
        for granularity in plan.space.granularity:
            for entry in _entries(contest, granularity, early):
                rows += _rows(contest, entry)
        dense = _dense(contest)
        rows += _rows(
            contest,
            Entry("dense", Target("weight", 0.0), dense, [all_kept(p) for p in dense], [0] * len(seeds)),
        )
        rows += _one_shot(contest, dense)
        facts = _facts(contest, dense, early)
    return pd.DataFrame(rows), facts


def _entries(contest: Contest, granularity: str, early: int) -> Iterator[Entry]:
    """Find the tickets of one granularity by every finder."""
    plan, none = contest.plan, [0] * len(contest.seeds)
    levels = dict.fromkeys(snap(granularity, s) for s in plan.study.space.sparsity_levels if s > 0)
    targets = [Target(granularity, s) for s in levels]
    full = _climb(contest, granularity, plan.dense_timesteps)
    short = _climb(contest, granularity, early)
    contest.tell(f"{granularity}: early-bird masks")
    birds = find_early_birds(
        contest.fit, contest.inits, targets, contest.knife, tolerance=plan.study.tickets.tolerance
    )
    warm = plan.study.tickets.warmup_epochs * contest.fit.epoch_steps
    dense_steps = contest.fit.schedule.epochs * contest.fit.epoch_steps
    rng = np.random.default_rng(plan.study.seed)
    for index, target in enumerate(targets):
        for name, ladders, extra in (("iterative", full, 0), ("early_time", short, warm)):
            masks = [masks_at(own, target.sparsity, contest.knife) for own in ladders]
            steps = [own.train_steps(target.sparsity) + extra for own in ladders]
            yield Entry(name, target, [own.start for own in ladders], masks, steps)
            if name == "iterative":
                shuffled = [tuple(_shuffled(own, granularity, rng) for own in mask) for mask in masks]
                fresh = [initial_params(plan.spec, seed + _FRESH_WEIGHTS) for seed in contest.seeds]
                if granularity == "weight":
                    yield Entry("random", target, [own.start for own in ladders], shuffled, none)
                yield Entry("reinit", target, fresh, masks, steps)
        own_birds = [row[index] for row in birds]
        yield Entry(
            "early_bird",
            target,
            contest.inits,
            [b.masks for b in own_birds],
            [b.train_steps for b in own_birds],
        )
        trained = [own.rungs[0].params for own in full]
        cut = [contest.knife.cut(own, granularity, target.sparsity) for own in trained]
        yield Entry("magnitude", target, trained, cut, [dense_steps] * len(trained))
        yield Entry("multi_prize", target, (), (), none)


def _climb(contest: Contest, granularity: str, timesteps: int) -> list[Ladder]:
    contest.tell(f"{granularity}: ladders at T {timesteps}")
    how = climb_of(contest.plan, granularity)
    fit = replace(contest.fit, timesteps=timesteps)
    load, save = ladder_store(contest.cache, timesteps, how, contest.seeds)
    return climb(fit, contest.inits, how, contest.knife, load=load, save=save)


def _dense(contest: Contest) -> list[Params]:
    """Return the trained dense networks: the ladders' first rungs."""
    how = replace(climb_of(contest.plan, "weight"), highest=0.0)
    load, save = ladder_store(contest.cache, contest.plan.dense_timesteps, how, contest.seeds)
    ladders = climb(contest.fit, contest.inits, how, contest.knife, load=load, save=save)
    return [own.rungs[0].params for own in ladders]


def _shuffled(mask: np.ndarray, granularity: str, rng: np.random.Generator) -> np.ndarray:
    """Return as many survivors at random places of the layer."""
    return rng.permutation(mask.ravel()).reshape(mask.shape)


def _rows(contest: Contest, entry: Entry) -> list[dict[str, object]]:
    """Train and measure a finder's tickets; return a row a seed."""
    plan, target = contest.plan, entry.target
    paths = [
        contest.cache.path("compared", entry.finder, target.granularity, target.sparsity, seed)
        for seed in contest.seeds
    ]
    kept = [contest.cache.load(path) for path in paths]
    accuracies: list[float | None]
    steps: list[int] = list(entry.find_steps)
    if entry.finder == "multi_prize":
        accuracies, steps = _prizes(contest, target)
    elif entry.finder == "dense":
        accuracies = [_accuracy(plan, p, m, 8) for p, m in zip(entry.starts, entry.masks, strict=True)]
    else:
        if any(own is None for own in kept):
            contest.tell(f"{entry.finder} {target.granularity} {target.sparsity:g}")
            bits = (max(plan.space.weight_bits),) * len(plan.spec.layers)
            tickets = tuple(Ticket(p, m, bits) for p, m in zip(entry.starts, entry.masks, strict=True))
            job = Job(tickets, plan.dense_timesteps, candidate_schedule(plan), plan.study.seed, test=True)
            kept = list(contest.trainer.run([job])[0])
            for path, own in zip(paths, kept, strict=True):
                if own is not None:
                    contest.cache.save(path, own)
        accuracies = [None if own is None else own.accuracy_test for own in kept]
    return [
        _row(entry.finder, target, seed, own, cost)
        for seed, own, cost in zip(contest.seeds, accuracies, steps, strict=True)
    ]


def _row(finder: str, target: Target, seed: int, share: float | None, find_steps: int) -> dict[str, object]:
    return {
        "finder": finder,
        "granularity": target.granularity,
        "sparsity": round(target.sparsity, 6),
        "seed": seed,
        "accuracy_test": share,
        "find_steps": find_steps,
    }


def _prizes(contest: Contest, target: Target) -> tuple[list[float | None], list[int]]:
    """Return accuracy and cost of binary tickets, whose weights are never trained."""
    plan, fit = contest.plan, score_fit(contest.plan, contest.fit)
    paths = [
        contest.cache.path("compared prize", target.granularity, target.sparsity, seed)
        for seed in contest.seeds
    ]
    kept = [load_found(path) for path in paths]
    if any(own is None for own in kept):
        contest.tell(f"multi_prize {target.granularity} {target.sparsity:g}")
        found = find_multi_prizes(fit, contest.inits, [target] * len(contest.seeds), contest.knife)
        for path, own in zip(paths, found, strict=True):
            save_found(path, {"start": own.params}, own.masks, {})
        kept = [load_found(path) for path in paths]
    whole = [own for own in kept if own is not None]
    steps = fit.schedule.epochs * fit.epoch_steps
    return [_accuracy(plan, nets["start"], masks, 1) for nets, masks, _ in whole], [steps] * len(whole)


def _accuracy(plan: Plan, params: Params, masks: Masks, bits: int) -> float:
    """Return the integer model's test accuracy without any training."""
    network = fold(plan.spec, params, masks, (bits,) * len(params), plan.dense_timesteps, plan.widths)
    return accuracy(run_integer(network, plan.data.x_test).predictions, plan.data.y_test)


def _one_shot(contest: Contest, dense: Sequence[Params]) -> list[dict[str, object]]:
    """Cut and quantise the trained dense networks by each criterion, without a single step of training."""
    plan, rows = contest.plan, []
    contest.tell("one-shot criteria, no training")
    whole = (ONE_SHOT_BITS,) * len(plan.spec.layers)
    for seed, params in zip(contest.seeds, dense, strict=True):
        seen = observe(
            plan.spec, params, plan.data.x_train[: plan.study.tickets.samples], plan.dense_timesteps
        )
        for granularity in plan.space.granularity:
            target = Target(granularity, snap(granularity, ONE_SHOT_SPARSITY))
            for criterion in ("magnitude", "spike_probability", "second_order"):
                own = params
                if criterion == "second_order":
                    own, masks = prune_in_steps(
                        params, seen, granularity, target.sparsity, gentle=plan.study.space.gentle
                    )
                else:
                    masks = contest.knife.of_scores(
                        granularity, target.sparsity, score(criterion, params, seen)
                    )
                rows.append(_row(f"one_shot {criterion}", target, seed, _accuracy(plan, own, masks, 8), 0))
        ones = all_kept(params)
        turned = quantise_in_turn(params, ones, whole, seen)
        bits = Target(f"{ONE_SHOT_BITS} bits", 0.0)
        rows.append(_row("one_shot magnitude", bits, seed, _accuracy(plan, params, ones, ONE_SHOT_BITS), 0))
        # weights that lie on their grid already: a fine grid keeps them where they are
        rows.append(_row("one_shot second_order", bits, seed, _accuracy(plan, turned, ones, _FLOAT_LIKE), 0))
    return rows


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
        "dense_steps": contest.fit.schedule.epochs * contest.fit.epoch_steps,
        "epoch_s": epoch_s,
        "score_s": score_s,
    }
