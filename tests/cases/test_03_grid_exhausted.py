"""A grid that was asked to its end, under every setting of search.rank."""

import pandas as pd
import pytest

SPACE = "{sparsity: [0.0, 0.5, 0.8], granularity: [weight, channel], weight_bits: [2, 8], timesteps: [4]}"


@pytest.mark.parametrize("rank", ["false", "true"])
def test_it_ends_when_all_were_asked_each_once(case, rank):
    search = f"{{sampler: grid, candidates: 50, batch: 4, rungs: false, foresee: false, rank: {rank}}}"
    case.study(space=SPACE, search=search)
    first = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert first.returncode == 0, first.stdout + first.stderr
    assert ("none are ranked" in first.stdout + first.stderr) == (rank == "true")
    trials = pd.read_csv(case.folder / "run/trials.csv")
    # unpruned it is one network, whatever the granularity
    assert len(trials) == trials["digest"].nunique() == (1 + 2 + 2) * 2
    again = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(pd.read_csv(case.folder / "run/trials.csv")) == len(trials)
