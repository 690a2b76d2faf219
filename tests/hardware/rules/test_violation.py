"""The two ways in which most rules are broken, in words."""

from dataclasses import replace

from builders.devices import small_cnn, two_hidden_layers

from hwsearch.hardware.rules.violation import Violation, outside, over

CONV, FC = small_cnn().layers[0], two_hidden_layers().layers[0]


def test_over_names_the_need_and_the_limit():
    assert list(over("rule", 1024, 1024, "", "neurons")) == []
    message = "1,025 neurons: the limit is 1,024"
    assert list(over("rule", 1025, 1024, "", "neurons")) == [Violation("rule", 1025, 1024, "", message)]
    (violation,) = over("rule", 2, 1, "fc1", "bits")
    assert (violation.layer, violation.message) == ("fc1", "fc1: 2 bits: the limit is 1")


def test_an_unknown_limit_is_none_and_zero_is_one():
    assert list(over("rule", 10**9, None, "", "neurons")) == []
    assert len(list(over("rule", 1, 0, "", "neurons"))) == 1


def test_outside_holds_convolutions_to_a_menu():
    assert list(outside("rule", 3, (1, 3), CONV, "kernel side")) == []
    message = "c1: kernel side 5: the device has 1, 3"
    assert list(outside("rule", 5, (1, 3), CONV, "kernel side")) == [Violation("rule", 5, 0, "c1", message)]


def test_an_empty_menu_and_a_fully_connected_layer_break_nothing():
    assert list(outside("rule", 5, (), CONV, "kernel side")) == []
    assert list(outside("rule", 5, (1, 3), FC, "kernel side")) == []
    assert list(outside("rule", 5, (1, 3), replace(CONV, kind="fc"), "kernel side")) == []
