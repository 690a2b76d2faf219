"""What is shown holds nothing that a terminal would do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.errors import Fault
from hwsearch.shown import MOST_LETTERS, line, say, say_block


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ümlaut, 日本, 🤖", "plain, ümlaut, 日本, 🤖"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nerror: forged", "a\\nerror: forged"),
        ("a\rb\tc\x00\x7f\x9b", "a\\rb\\tc\\x00\\x7f\\x9b"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("a\u2028b\ufeff\udcff", "a\\u2028b\\ufeff\\udcff"),
    ],
)
def test_a_line_shows_what_it_holds(text, shown):
    assert line(text) == shown


@given(st.text())
def test_a_line_is_one_line_of_letters(text):
    shown = line(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)
    assert line(shown) == shown


def test_a_long_line_is_cut():
    shown = line("x" * (MOST_LETTERS + 7))
    assert shown.endswith("... (7 more letters)")


def test_a_block_keeps_its_own_lines(capsys):
    say_block("a\tb\nc\x1b[2J\n")
    say("one\ntwo")
    assert capsys.readouterr().out == "a    b\nc\\x1b[2J\none\\ntwo\n"


def test_a_fault_is_one_line():
    fault = Fault("a.\x1b[1mb", "law", "x\nerror: all is well", "do")
    assert str(fault) == "a.\\x1b[1mb: law; got x\\nerror: all is well (do)"
