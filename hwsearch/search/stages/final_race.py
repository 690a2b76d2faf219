"""After the search: recipes run again from fresh seeds, round by round, and the test split is looked at, once.

A fresh seed is fresh from the start: new training and validation samples, a new dense network, a new ticket, a new
order. A search that tried many candidates on one validation split believes its luck; a member's accuracy on
validation is therefore the mean over the fresh splits, and the network that is handed over is one of these.
What may change the pick is trained again (`race`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from hwsearch.measure.measured import Measured
from hwsearch.records.trials import TrialRecord
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import whole_steps
from hwsearch.search.stages.final_trainings import (
    Tally,
    dense_cells,
    final_seeds,
    sound_references,
    train_members,
)
from hwsearch.search.stages.finalist import Finalist, choose, race_of, runners_of, with_intervals
from hwsearch.search.stages.finals import Finals
from hwsearch.search.stages.pick_chance import believed
from hwsearch.search.stages.race import next_trainings

Believe = Callable[[Sequence[Finalist], Finalist], Sequence[tuple[float, float] | None]]
"""(recipes that were trained in full, dense reference) -> what is known of each altogether: `Finalist.believed`."""


class FinalRace:
    """Recipes that were run with the first ones of the fresh seeds, and their dense references with every one.

    Attributes:
        records: The recipes by their trial, in the order in which they came.
    """

    def __init__(self, context: Context, tally: Tally | None = None, believe: Believe | None = None) -> None:
        """Run the dense reference of the search's yardstick.

        Args:
            context: Plan, dense networks, trainer, cache.
            tally: Counts trainings.
            believe: Says what is known of recipes, which the race goes by; of what it does not know, and without it,
                their final trainings do.

        Raises:
            HwsearchError: It did not train with a fresh seed, or knows nothing with it.
        """
        self.records: dict[int, TrialRecord] = {}
        self._context, self._tally, self._seeds = context, tally or Tally(), final_seeds(context.plan)
        self._believe = believe
        self._runs: dict[int, list[Measured]] = {}
        self._dense: dict[int, list[Measured]] = {}
        self._references: dict[int, Finalist] = {}
        self._chosen: dict[tuple[int, int], Finalist | None] = {}
        self._refer([context.yardstick.plan.number])

    def train(self, again: Mapping[int, int], new: Sequence[TrialRecord] = ()) -> None:
        """Train recipes in one round.

        Args:
            again: With how many more seeds, by trial.
            new: Those that are trained for the first time, with one.

        Raises:
            HwsearchError: The dense network of a new one did not train with a fresh seed, or knows nothing with it.
        """
        self._tally.expect((record.trial, self._seeds[0]) for record in new)
        self._refer(sorted({record.candidate.network for record in new}))
        self.records |= {record.trial: record for record in new}
        begun = self._runs | {record.trial: [] for record in new}
        times = {**again, **{record.trial: 1 for record in new}}
        cells = [(trial, len(begun[trial]) + k) for trial, n in times.items() for k in range(n)]
        wanted: dict[int, list[TrialRecord]] = {}
        for trial, place in cells:
            wanted.setdefault(self._seeds[place], []).append(self.records[trial])
        self._tally.expect((trial, self._seeds[place]) for trial, place in cells)
        params = {
            number: {seed: own.params for seed, own in zip(self._seeds, runs, strict=True) if own.params is not None}
            for number, runs in self._dense.items()
        }  # fmt: skip
        results = train_members(self._context, wanted, params, self._tally)
        self._runs = begun
        for trial, place in cells:
            begun[trial].append(results[trial, self._seeds[place]])

    def again(self, *, settled: bool = True) -> dict[int, int]:
        """Return with how many more seeds to train which recipes now, since that may change the pick; by trial.

        Args:
            settled: Whether nobody else is to join: only then is the pick trained with every seed.
        """
        plan, trials = self._context.plan, [trial for trial in self.records if self._finalist(trial)]
        race = race_of(plan, self._yardstick)
        runners = runners_of(plan, self._finalists(), self._yardstick)
        if self._believe is None and race.sure is None:
            runners = [replace(runner, believed=None) for runner in runners]
        found = next_trainings(runners, race, settled=settled)
        return {trials[i]: n for i, n in found.items()}

    def missing(self) -> dict[int, int]:
        """Return with how many more seeds each recipe would be trained with every one."""
        left = {trial: len(self._seeds) - len(runs) for trial, runs in self._runs.items()}
        return {trial: n for trial, n in left.items() if n}

    def finals(self) -> Finals:
        """Return what all this says so far."""
        plan, whole = self._context.plan, [m for runs in self._dense.values() for m in runs]
        everything = [*whole, *(m for runs in self._runs.values() for m in runs)]
        told_of = with_intervals(plan, self._finalists(), self._yardstick)
        sound = [f for f in told_of if f.feasible]
        return Finals(
            dict(sorted(self._references.items())),
            tuple(f for f in sound if not f.lacking),
            tuple(f.lacking for f in sound if f.lacking),
            sum(m.train_steps for m in everything),
            sum(m.eval_steps for m in everything),
            sum(whole_steps(plan) - m.train_steps for m in whole),
            sum(m.wall_s for m in everything if m.train_steps),
            tuple(f"trial {f.record.trial}: {f.over}" for f in told_of if f.record and not f.feasible),
        )

    @property
    def _yardstick(self) -> Finalist:
        """The dense reference that losses are counted from: that with the best score."""
        references = self._references
        return references[max(sorted(references), key=lambda number: references[number].score)]

    def _refer(self, numbers: Sequence[int]) -> None:
        """Run the dense references of networks."""
        numbers = [number for number in numbers if number not in self._dense]
        self._tally.expect(cell for number in numbers for cell in dense_cells(number, self._seeds))
        for number in numbers:
            runs = sound_references(self._context, number, self._seeds, self._tally)
            self._dense[number] = runs
            reference = choose(self._context.plan, None, runs, runs, self._seeds)
            if reference is not None:
                self._references[number] = reference

    def _finalists(self) -> list[Finalist]:
        """Return the recipes that trained, and what is known of each: by what the search says as well, if it does."""
        plan, dense = self._context.plan, self._yardstick
        found = [finalist for trial in self.records if (finalist := self._finalist(trial))]
        if not found:
            return []
        by_finals = believed(runners_of(plan, found, dense), race_of(plan, dense))
        told = self._believe(found, dense) if self._believe else [None] * len(found)
        return [
            replace(finalist, believed=own or bare)
            for finalist, own, bare in zip(found, told, by_finals, strict=True)
        ]

    def _finalist(self, trial: int) -> Finalist | None:
        """Return what the trainings of a recipe say."""
        record, runs = self.records[trial], self._runs[trial]
        key = (trial, len(runs))
        if key not in self._chosen:
            dense = self._dense[record.candidate.network]
            self._chosen[key] = choose(self._context.plan, record, runs, dense, self._seeds)
        return self._chosen[key]


def finalise(context: Context, front: Sequence[TrialRecord], tally: Tally | None = None) -> Finals:
    """Run recipes and their dense references with fresh seeds, and measure them on test.

    The dense references are run with every seed, a recipe with as many as may still change the pick.

    Args:
        context: Plan, dense networks, trainer, cache.
        front: Records of the recipes.
        tally: Counts trainings.

    Raises:
        HwsearchError: A dense network did not train with a fresh seed, or knows nothing with it.
    """
    race = FinalRace(context, tally)
    race.train({}, front)
    return raced(race)


def raced(race: FinalRace) -> Finals:
    """Train recipes for as long as that may change the pick; return what comes of them."""
    while again := race.again():
        race.train(again)
    return race.finals()


def finalise_until(
    context: Context,
    chosen: Sequence[TrialRecord],
    more: Callable[[Mapping[int, bool]], TrialRecord | None],
    tally: Tally | None = None,
) -> Finals:
    """Run recipes with fresh seeds, and others for as long as none of them can be picked and one may be.

    Args:
        context: Plan, dense networks, trainer, cache.
        chosen: What is trained in any case.
        more: (whether each trial that was trained is accurate enough for the pick) -> the one to train next.
        tally: Counts trainings.

    Raises:
        HwsearchError: As `finalise`.
    """
    race, plan = FinalRace(context, tally), context.plan
    race.train({}, chosen)
    finals = raced(race)
    if finals.accurate_enough(plan):
        return finals
    while True:
        enough = finals.accurate_enough(plan)
        another = more({trial: trial in enough for trial in race.records})
        if another is None:
            return finals
        race.train({}, [another])
        finals = raced(race)
