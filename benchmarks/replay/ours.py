"""hwsearch itself as a contestant, whole, less each of its parts, and with shuffled similarity (placebo).

The decisions are the product's own code (`acquisition.ranked`, `cutting.cut`, `promotion.promote`, `Proposer`); only
training and pricing are the world's. Similarity is that of real dense networks: those of the table's three seeds, one
by the contestant's seed. Its probes are charged with the first training: forward only, a third of a training step each.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from benchmarks.replay.baselines import CONTESTANTS
from benchmarks.replay.trainings import Offer, Step, Trainings
from benchmarks.replay.world import EARLY_TIME, FULL_TIME, WORST_ERROR, World
from benchmarks.tabular.build import SEEDS, lab_of
from hwsearch.plan.plan import Plan
from hwsearch.predict.joint import joint_of
from hwsearch.predict.quality import Calibration
from hwsearch.records.trials import DEFERRED, TrialRecord, remember
from hwsearch.search.decide.acquisition import can_rank, ranked
from hwsearch.search.decide.completion import keep_likely, to_complete
from hwsearch.search.decide.cutting import cut
from hwsearch.search.decide.finalists import finalists
from hwsearch.search.decide.promotion import promote
from hwsearch.search.decide.state import SearchState
from hwsearch.search.optuna_study import Proposer, Told
from hwsearch.search.stages.calibration import calibrate, layer_sparsity
from hwsearch.search.stages.rungs import Judge
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.verdict import verdict
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import Setting

DENSE = (
    Path(tempfile.gettempdir()) / "hwsearch-replay-dense"
)  # the table's dense networks, deletable at any time
BATCH = 8
"""Candidates that are asked together, where the switches say no other ``batch``."""


@cache
def sight_of(name: str, table_seed: int) -> tuple[Calibration, Callable[[Candidate], tuple[float, ...]]]:
    """Return a task's estimator on the dense network of a seed, and what gives a candidate's layer sparsities."""
    task, kind = name.split("/")
    context = lab_of(task, table_seed, DENSE)
    space = context.plan.study.space.model_copy(update={"per_layer": kind == "layers"})
    study = context.plan.study.model_copy(update={"space": space})
    layers = len(context.plan.spec.prunable) if kind == "layers" else 0
    plan = replace(context.plan, study=study, space=replace(context.plan.space, per_layer=layers))
    context = replace(context, plan=plan, references=(replace(context.yardstick, plan=plan),))
    sight = calibrate(context.plan, context.yardstick.dense, partial(ticket_of, context))

    @cache
    def sparsities(granularity: str, sparsity: tuple[float, ...]) -> tuple[float, ...]:
        one = Candidate(sparsity, granularity, (8,), context.plan.dense_timesteps)
        return layer_sparsity(context.plan.spec, ticket_of(context, one), one)

    return sight, lambda candidate: sparsities(candidate.granularity, candidate.sparsity)


class Bout:
    """A run of hwsearch in a world.

    Attributes:
        known: Records so far, by candidate digest.
        batch: Candidates that are asked together.
        rungs: Of the world, in which it trains.
        probes: Steps that the estimator's probes took; they are charged with the first training.
    """

    def __init__(self, world: World, seed: int, switches: Mapping[str, object], shuffled: bool) -> None:
        dense = Candidate((0.0,), "weight", (8,), world.plan.dense_timesteps)
        error = 1.0 - world.observe(dense, len(world.cycles) - 1, seed)
        worth = WORST_ERROR - error  # of use is what the world's hypervolume counts
        search = world.plan.study.search.model_copy(update={"batch": BATCH, "worth": worth, **switches})
        self.batch = BATCH if search.batch == "auto" else search.batch
        study = world.plan.study.model_copy(
            update={"search": search, "seed": seed, "objectives": ("error", world.cost_name)}
        )
        self.plan: Plan = replace(world.plan, study=study)
        self.known: dict[str, TrialRecord] = {}
        self._next = 0
        longest = self.plan.dense_timesteps
        early = self.plan.rung_timesteps(0, longest) < longest
        self.rungs = EARLY_TIME if early else FULL_TIME
        self._world, self._trainings = world, Trainings(world, seed, self.rungs)
        self._sight, self._sparsities = sight_of(world.name, SEEDS[seed % len(SEEDS)])
        if shuffled:  # and believed, however poor
            quality = replace(self._sight.quality, spearman=1.0)
            self._sight = replace(self._sight, quality=quality)
        self._shuffle = np.random.default_rng([seed, 1]) if shuffled else None
        (cost,) = world.costs([dense], trained=False)
        self.probes = self._uncharged = self._sight.eval_steps // 3 if study.search.foresee else 0
        self.dense = SimpleNamespace(cost=cost, error=error)

    @property
    def state(self) -> SearchState:
        """What the search knows."""
        estimators = (self._sight,) if self.plan.study.search.foresee else ()
        return SearchState(self.plan, self.dense.cost, (self.dense.error,), estimators, dict(self.known))

    def steps(self, trials: float = np.inf) -> Iterator[Step | Offer]:
        """Search until so many were proposed."""
        proposer = Proposer(
            None, "replay", "", self.plan.space, self.plan.study.search.sampler, self.plan.study.seed, 2
        )
        first = self._next = 0
        while first < trials:
            state = self.state
            choice = partial(self._choose, state, proposer, first) if can_rank(state) else None
            proposals = proposer.proposals(first, first + self.batch, choice)
            drafts, twins = self._drafts([(p.number, p.candidate) for p in proposals])
            drafts = cut(state, drafts)
            done: list[TrialRecord] = []
            yield from self._climb(state, drafts, done)
            for record in done:
                remember(self.known, record)
            for number, digest in twins:
                done.append(replace(self.known[digest], trial=number))
            proposer.tell([Told(record.trial, verdict(state, record), "") for record in done])
            first += self.batch
            known = list(self.known.values())
            if sum(self.plan.cycles) < self.plan.study.train.epochs:
                after = self.state
                chosen = finalists(after, known, after.front(known))
                yield Offer([record.candidate for record in chosen], after)

    def finish(self) -> Iterator[Step]:
        """Train on what was stopped, as a run does in the end."""
        while likely := to_complete(state := self.state, self.batch):
            asked = [(self._next + i, record.candidate) for i, record in enumerate(likely)]
            drafts, _ = self._drafts(asked, DEFERRED)
            self._next += len(drafts)
            done: list[TrialRecord] = []
            yield from self._climb(state, drafts, done, keep_likely)
            for record in done:
                remember(self.known, record)

    def _choose(self, state: SearchState, proposer: Proposer, first: int) -> list[Setting]:
        suggested = proposer.suggestions(first, self.batch)
        return ranked(state, suggested, first, self._price_all)

    def _price_all(self, candidates: Sequence[Candidate]) -> list[TrialRecord]:
        return self._price([(-1, candidate) for candidate in candidates])

    def _drafts(
        self, asked: list[tuple[int, Candidate]], goes_on: Sequence[str] = ("stopped",)
    ) -> tuple[list[TrialRecord], list[tuple[int, str]]]:
        """Price what is asked; return what is new or goes on, and what repeats another: its number and digest."""
        drafts, twins, seen = [], [], set()
        for record in self._price(asked):
            digest = record.candidate.digest
            earlier = self.known.get(digest)
            if digest in seen or (earlier is not None and earlier.outcome not in goes_on):
                twins.append((record.trial, digest))
                continue
            seen.add(digest)
            if earlier is not None and earlier.curve:
                record = replace(record, began=earlier.training, curve=earlier.curve)
            drafts.append(record)
        return drafts, twins

    def _price(self, asked: list[tuple[int, Candidate]]) -> list[TrialRecord]:
        candidates = [candidate for _, candidate in asked]
        sparsities = [self._sparsities(candidate) for candidate in candidates]
        agreement = self._sight.similarity.agreement(
            joint_of(candidates, sparsities, self.plan.spec.connections)
        )
        if self._shuffle is not None:
            agreement = self._shuffle.permutation(agreement)
        prices = self._world.costs(candidates, trained=False)
        return [
            TrialRecord(
                trial=number, candidate=candidate, outcome=None, reason="",
                predicted=price,
                similarity=float(agreed) if self.plan.study.search.foresee else None, layer_sparsity=sparsity,
            )
            for (number, candidate), price, agreed, sparsity in zip(asked, prices, agreement, sparsities, strict=True)
        ]  # fmt: skip

    def _climb(
        self,
        state: SearchState,
        drafts: Sequence[TrialRecord],
        done: list[TrialRecord],
        judge: Judge = promote,
    ) -> Iterator[Step]:
        """Train drafts rung by rung; all of them end in ``done``."""
        standing = list(drafts)
        rungs = len(self.plan.cycles)
        for rung in range(rungs):
            here = [i for i, r in enumerate(standing) if r.outcome is None and len(r.curve) == rung]
            for i in here:
                cycles = [self._trainings.further(standing[i].candidate)]
                if rungs == 1:
                    cycles += list(self._trainings.in_full(standing[i].candidate))
                cycles[0] = replace(cycles[0], train_steps=cycles[0].train_steps + self._uncharged)
                self._uncharged = 0
                yield from cycles
                (costs,) = self._world.costs([standing[i].candidate], trained=True)
                accuracy = cycles[-1].accuracy
                standing[i] = replace(
                    standing[i], measured=costs, accuracy_val=accuracy, curve=(*standing[i].curve, accuracy)
                )
            if rung + 1 < rungs:
                judged = judge(state, [standing[i] for i in here])
            else:
                judged = [replace(standing[i], outcome="trained") for i in here]
            for i, record in zip(here, judged, strict=True):
                standing[i] = record
        done.extend(standing)


def _contestant(
    switches: Mapping[str, object], shuffled: bool = False
) -> Callable[[World, int], Iterator[Step | Offer]]:
    return lambda world, seed: Bout(world, seed, switches, shuffled).steps()


# what a part is worth is told where candidates are trained in full
_WHOLE = {"early": False, "early_time": False}

CONTESTANTS |= {
    "hwsearch": _contestant({}),
    "hwsearch_foretold": _contestant({}),  # another end, by the replay of picks
    "less_early": _contestant({"early": False}),
    "less_early_time": _contestant(_WHOLE),
    "less_similarity": _contestant({**_WHOLE, "foresee": False}),
    "less_rungs": _contestant({**_WHOLE, "rungs": False}),
    "less_ranking": _contestant({**_WHOLE, "rank": False}),
    "placebo": _contestant(_WHOLE, shuffled=True),
}
