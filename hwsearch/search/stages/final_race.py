"""Final trainings of recipes, round by round: only what may still change the pick is trained again (`race`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwsearch.measure.measured import Measured
from hwsearch.records.trials import TrialRecord
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.final_trainings import Tally, final_seeds, train_members
from hwsearch.search.stages.finalist import Finalist, choose, race_of, runners_of
from hwsearch.search.stages.race import next_trainings


def race(
    context: Context,
    front: Sequence[TrialRecord],
    dense: Mapping[int, Sequence[Measured]],
    yardstick: Finalist,
    tally: Tally,
    *,
    once: bool = False,
) -> list[list[Measured]]:
    """Train recipes with fresh seeds for as long as that may change the pick.

    Args:
        context: Where they are trained and stored.
        front: The recipes.
        dense: The dense networks by network, one a seed.
        yardstick: The dense reference that losses are counted from.
        tally: Counts trainings.
        once: Whether each is trained with the first seed alone.

    Returns:
        Of each recipe its trainings, with the first ones of the seeds.
    """
    seeds = final_seeds(context.plan)
    params = {
        number: {seed: run.params for seed, run in zip(seeds, runs, strict=True) if run.params is not None}
        for number, runs in dense.items()
    }
    runs: list[list[Measured]] = [[] for _ in front]
    more = dict.fromkeys(range(len(front)), 1)
    while more:
        cells = [(i, len(runs[i]) + k) for i, n in more.items() for k in range(n)]
        wanted: dict[int, list[TrialRecord]] = {}
        for i, place in cells:
            wanted.setdefault(seeds[place], []).append(front[i])
        tally.expect((front[i].trial, seeds[place]) for i, place in cells)
        results = train_members(context, wanted, params, tally)
        for i, place in cells:
            runs[i].append(results[front[i].trial, seeds[place]])
        more = {} if once else _more(context, front, dense, runs, yardstick)
    return runs


def _more(
    context: Context,
    front: Sequence[TrialRecord],
    dense: Mapping[int, Sequence[Measured]],
    runs: Sequence[Sequence[Measured]],
    yardstick: Finalist,
) -> dict[int, int]:
    """Return which recipes are trained with how many more seeds."""
    plan, seeds = context.plan, final_seeds(context.plan)
    chosen = [
        choose(plan, record, own, dense[record.candidate.network], seeds)
        for record, own in zip(front, runs, strict=True)
    ]
    places = [i for i, finalist in enumerate(chosen) if finalist is not None]
    runners = runners_of(plan, [finalist for finalist in chosen if finalist is not None], yardstick)
    found = next_trainings(runners, race_of(plan, yardstick))
    return {places[i]: n for i, n in found.items()}
