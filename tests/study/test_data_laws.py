"""Patterns of names by hand; single values are in test_data_section.py."""

from hypothesis import given
from hypothesis import strategies as st

from hwsearch.study.data_laws import fields_of, pattern_regex

WORD = st.text("abcxyz0123456789 .", min_size=1, max_size=8)


def test_fields_of_a_pattern() -> None:
    assert fields_of("{label}_{group}_{take}.wav") == ["label", "group", "take"]
    match = pattern_regex("{label}_{group}_{take}.wav").fullmatch("7_george_49.wav")
    assert match is not None
    assert match.groupdict() == {"label": "7", "group": "george", "take": "49"}


def test_a_pattern_is_no_regular_expression_and_a_field_no_path() -> None:
    assert pattern_regex("{label}.wav").fullmatch("7xwav") is None
    assert pattern_regex("{label}.wav").fullmatch("a/7.wav") is None
    assert pattern_regex("{group}/{label}.wav").fullmatch("a/7.wav") is not None


@given(WORD, WORD)
def test_what_is_filled_in_is_read_out(label: str, take: str) -> None:
    match = pattern_regex("{label}_{take}.wav").fullmatch(f"{label}_{take}.wav")
    assert match is not None
    assert match.groupdict() == {"label": label, "take": take}
