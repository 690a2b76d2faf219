"""The two laws that most rules state: a limit and a menu."""

import pytest

from hwsearch.hardware.rules.violation import Violation, offered, over


@pytest.mark.parametrize(("need", "limit"), [(1000, None), (1000, 1000), (0, 0)])
def test_a_need_within_its_limit_breaks_nothing(need, limit):
    assert list(over("rule", need, limit, "fc1", "neurons")) == []


def test_a_need_over_its_limit_names_layer_need_and_limit():
    assert list(over("rule", 1001, 1000, "fc1", "neurons")) == [
        Violation("rule", 1001, 1000, "fc1", "fc1: 1,001 neurons: the limit is 1,000")
    ]
    (whole,) = over("rule", 2, 1, "", "layers")
    assert whole.message == "2 layers: the limit is 1"


def test_a_menu_offers_what_is_on_it_and_an_empty_one_anything():
    assert list(offered("rule", 3, (1, 3), "c1", "kernel side")) == []
    assert list(offered("rule", 3, (), "c1", "kernel side")) == []
    assert list(offered("rule", 5, (1, 3), "c1", "kernel side")) == [
        Violation("rule", 5, 0, "c1", "c1: kernel side 5: the device has 1, 3")
    ]
