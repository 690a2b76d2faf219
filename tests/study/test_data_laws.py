"""Patterns of names by hand; single values are in test_data_section.py."""

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from hwsearch.study.data_laws import fields_of, match_pattern

WORD = st.text("abcxyz0123456789 .", min_size=1, max_size=8)


def test_fields_of_a_pattern() -> None:
    assert fields_of("{label}_{group}_{take}.wav") == ["label", "group", "take"]
    found = match_pattern("{label}_{group}_{take}.wav", "7_george_49.wav")
    assert found == {"label": "7", "group": "george", "take": "49"}


def test_a_pattern_is_no_regular_expression_and_a_field_no_path() -> None:
    assert match_pattern("{label}.wav", "7xwav") is None
    assert match_pattern("{label}.wav", "a/7.wav") is None
    assert match_pattern("{group}/{label}.wav", "a/7.wav") == {"group": "a", "label": "7"}


@given(WORD, WORD)
def test_what_is_filled_in_is_read_out(label: str, take: str) -> None:
    assert match_pattern("{label}_{take}.wav", f"{label}_{take}.wav") == {"label": label, "take": take}


@given(st.sampled_from(["{a}_{b}", "x{a}/{b}a{c}", "{a}a{b}a", "{a}"]), st.text("a_x/", max_size=9))
def test_a_field_is_as_short_as_a_lazy_regular_expression_takes_it(pattern: str, name: str) -> None:
    lazy = re.compile(re.sub(r"\{(\w)\}", r"(?P<\1>[^/]+?)", pattern)).fullmatch(name)
    assert match_pattern(pattern, name) == (None if lazy is None else lazy.groupdict())


def test_no_pattern_and_no_name_take_long_together() -> None:
    start = time.process_time()
    assert match_pattern("{a}x{b}x{c}x{d}x{e}x{f}x{g}x{h}.wav", "x" * 250) is None
    assert time.process_time() - start < 1
