"""Options that pick a member of a front."""

import pytest

from hwsearch.cli_rules import rule_of
from hwsearch.errors import InputError

NONE = {"smallest": False, "frugal": False, "accurate": False}


def test_a_rule_is_named_or_the_studys():
    assert rule_of(NONE, within=None, min_accuracy=None) == {}
    assert rule_of(NONE | {"frugal": True}, within="1%", min_score=None) == {"rule": "frugal", "within": "1%"}
    assert rule_of(NONE, within="1%", chance="20%") == {"within": "1%", "chance": "20%"}


@pytest.mark.parametrize(
    ("rules", "tolerances", "law"),
    [
        (NONE | {"smallest": True, "accurate": True}, {}, "at most one of --smallest"),
        (NONE, {"within": "1%", "min_accuracy": "95%"}, "at most one of --within, --min-accuracy"),
        (NONE, {"within": "much"}, "--within"),
        (NONE, {"min_score": "95"}, "--min-score"),
        (NONE, {"chance": "100%"}, "--chance: a chance must lie in"),
    ],
)
def test_what_contradicts_itself_is_refused(rules, tolerances, law):
    with pytest.raises(InputError, match=law):
        rule_of(rules, **tolerances)
