"""Seeds of the final trainings."""

from dataclasses import replace

from hwsearch.plan.plan import make_plan
from hwsearch.search.stages.final_trainings import final_seeds
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
