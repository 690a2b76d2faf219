"""Who of a front keeps what a study demands."""

import pandas as pd
import pytest

from hwsearch.stress.demand import is_kept, robust_members
from hwsearch.study.search_sections import Robustness

WANTED = Robustness(noise=0.1, lose_at_most=0.02)


def test_members_that_lose_more_are_left_out():
    front = pd.DataFrame(
        {"trial": [1, 2, 3], "noise_loss": [0.01, 0.01, -0.02], "noise_loss_high": [0.03, 0.02, -0.01]}
    )
    assert robust_members(front, WANTED)["trial"].tolist() == [2, 3]
    assert robust_members(front, None) is front
    assert robust_members(front[["trial"]], WANTED).empty
    assert robust_members(front.iloc[:0], WANTED).empty


@pytest.mark.parametrize(("loss", "kept"), [(0.02, True), (0.02 + 1e-12, True), (0.021, False), (-0.1, True)])
def test_rounding_does_not_decide(loss, kept):
    assert is_kept(loss, WANTED) == kept
