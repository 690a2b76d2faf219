"""Options that pick a member of a front."""

import pytest

from hwsearch.cli_rules import rule_of
from hwsearch.errors import InputError

NONE = {"smallest": False, "frugal": False, "accurate": False}


def test_a_rule_is_named_or_the_studys():
    assert rule_of(NONE, None, None) is None
    assert rule_of(NONE | {"frugal": True}, "1%", None) == "frugal"


@pytest.mark.parametrize(
    ("rules", "within", "min_accuracy", "law"),
    [
        (NONE | {"smallest": True, "accurate": True}, None, None, "at most one of --smallest"),
        (NONE, "1%", "95%", "at most one of --within and --min-accuracy"),
        (NONE, "much", None, "--within"),
    ],
)
def test_what_contradicts_itself_is_refused(rules, within, min_accuracy, law):
    with pytest.raises(InputError, match=law):
        rule_of(rules, within, min_accuracy)
