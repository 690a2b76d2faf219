"""What is asked of a front, and which member that is."""

import pandas as pd
import pytest

from hwsearch.errors import InputError, NothingFits
from hwsearch.results.picked import Tolerance, foretold_instead, picked_of, tolerance_of
from hwsearch.study.model import load_study

FRONT = pd.DataFrame(
    {
        "trial": [3, 7],
        "accuracy_val": [0.90, 0.95],
        "memory_bytes": [500, 900],
        "energy_j": [2e-7, 1e-7],
        "noise_loss_high": [0.01, 0.04],
    }
)


@pytest.fixture
def study(tiny):
    return load_study(tiny)


def robust(study, lose_at_most):
    demand = {"noise": 0.1, "lose_at_most": lose_at_most}
    return type(study).model_validate({**study.model_dump(), "robustness": demand}, strict=False)


def picked(study, **asked):
    tolerance = Tolerance(asked.get("within"), asked.get("needed"))
    return int(picked_of(FRONT, study, asked.get("rule"), tolerance, lambda: 0.96)["trial"])


def test_what_is_not_said_is_the_study_s(study):
    assert tolerance_of(study, None, None, None) == Tolerance(0.2, None)
    assert tolerance_of(study, "3%", None, None) == Tolerance(0.03, None)
    assert tolerance_of(study, None, "95%", None) == tolerance_of(study, None, None, 0.95)
    with pytest.raises(InputError, match="at most one of min_accuracy and min_score"):
        tolerance_of(study, None, 0.9, 0.9)


def test_the_rule_picks_of_what_is_accurate_enough(study):
    assert picked(study, within=0.2) == 3
    assert picked(study, within=0.02) == 7
    assert picked(study, within=0.2, rule="frugal") == 7
    assert picked(study, needed=0.95) == 7
    with pytest.raises(NothingFits, match=r"accurate enough: the best reaches 0\.95"):
        picked(study, needed=0.99)


def test_how_sure_a_pick_must_be_is_the_study_s_unless_it_is_said(study):
    asked = study.model_copy(update={"pick": study.pick.model_copy(update={"chance": 0.2})})
    assert tolerance_of(asked, None, None, None) == Tolerance(0.2, None, 0.2)
    assert tolerance_of(asked, "3%", None, None, "10%") == Tolerance(0.03, None, 0.1)
    assert tolerance_of(study, None, None, None, 0.3) == Tolerance(0.2, None, 0.3)
    with pytest.raises(InputError, match="must lie in"):
        tolerance_of(study, None, None, None, 1.5)
    known = FRONT.assign(believed=[0.88, 0.94], believed_sd=[0.02, 0.01])
    row = picked_of(known, study, None, Tolerance(None, 0.89, 0.2), lambda: 0.96)
    assert row["trial"] == 7
    with pytest.raises(
        NothingFits, match=r"the surest is worse than needed with a chance of 1\d\.\d%, and 5% may be"
    ):
        picked_of(known, study, None, Tolerance(None, 0.93, 0.05), lambda: 0.96)
    with pytest.raises(NothingFits, match="accurate enough"):
        picked_of(known, study, None, Tolerance(None, 0.99, 0.05), lambda: 0.96)


def test_what_loses_too_much_under_noise_is_not_picked(study):
    assert picked(robust(study, 0.02), within=0.2, rule="accurate") == 3
    with pytest.raises(NothingFits, match="keeps its accuracy under noise"):
        picked(robust(study, 0.001), within=0.2)


def test_what_is_foretold_is_not_picked_and_what_it_would_change_is_said(study):
    told = FRONT.assign(evidence=["foretold", "trained 5 times"])
    loose, tight = Tolerance(0.2, None), Tolerance(0.02, None)
    assert picked_of(told, study, "smallest", loose, lambda: 0.96)["trial"] == 7
    words = foretold_instead(told, study, "smallest", loose, 0.96)
    assert words.startswith(
        "trial 3 would be picked, with 500 B, if it reaches what is foretold of it (90.0%"
    )
    assert words.endswith("hwsearch front DIR --confirm trains it")
    assert foretold_instead(told, study, "smallest", tight, 0.96) == ""
    assert foretold_instead(FRONT, study, "smallest", loose, 0.96) == ""
    alone = told[:1]
    with pytest.raises(NothingFits, match="no member of the front was trained in full"):
        picked_of(alone, study, "smallest", loose, lambda: 0.96)
