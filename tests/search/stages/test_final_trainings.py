"""Seeds of the final trainings."""

from dataclasses import replace

from hwsearch.plan.plan import make_plan
from hwsearch.search.stages.final_trainings import Tally, final_seeds
from hwsearch.study.model import load_study


def test_no_study_has_another_ones_and_more_seeds_keep_the_first(tiny):
    plan = make_plan(load_study(tiny), tiny)

    def seeds(own, n):
        final = plan.study.final.model_copy(update={"seeds": n})
        return final_seeds(replace(plan, study=plan.study.model_copy(update={"seed": own, "final": final})))

    everything = [seed for own in (0, 1, 2, 9_999, 10_000, 10_001) for seed in seeds(own, 5)]
    assert len(set(everything)) == len(everything)
    assert min(everything) >= 2**32  # a study's own are below
    assert seeds(0, 2) == seeds(0, 5)[:2]


def test_a_training_is_counted_once_however_often_it_is_asked_for():
    told = []
    tally = Tally(lambda done, certain: told.append((done, certain)))
    for cells in (
        [(3, 0), (5, 0)],
        [(3, 0), (5, 0), (7, 0)],
    ):  # as `finalise` is called again with another recipe
        tally.expect(cells)
        for n in range(1, len(cells) + 1):
            tally.finish(cells[:n])
    assert told == [(1, 2), (2, 2), (3, 3)]
