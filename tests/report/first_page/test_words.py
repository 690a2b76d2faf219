"""Both languages have the same words, Japanese in its own signs, and numbers are spelt as each reads them."""

import re

import pytest

from hwsearch.errors import InputError
from hwsearch.report.first_page.parts import Cell, Listed, Number, Text, said
from hwsearch.report.first_page.words import Words, checked_language, spelt, words_of

EN, JA = words_of("en"), words_of("ja")
_SPACE = "\N{NO-BREAK SPACE}"


def number(kind, *values, how="value"):
    return Number(kind, tuple(Cell("a.csv", "", "x", value) for value in values), how)


@pytest.mark.parametrize(
    ("made", "english", "japanese"),
    [
        (number("share", 0.972), "97.2 %", "97.2%"),
        (number("share", 0.98, 0.01, how="difference"), "97.0 %", "97.0%"),
        (number("share", 10.0, 1.0, how="saving"), "90.0 %", "90.0%"),
        (number("bytes", 1945), "1.9 KiB", "1.9 KiB"),
        (number("energy", 1.2e-7), "120 nJ", "120 nJ"),
        (number("time", 0.021), "21 ms", "21 ms"),
        (number("count", 1079), "1,079", "1,079"),
        (number("count", 2_350_000), "2.35 million", "235万"),
        (number("count", 120_000_000), "120 million", "1.2億"),
        (number("duration", 42), "42 s", "42秒"),
        (number("duration", 754.2), "13 min", "13分"),
        (number("duration", 12_000), "3.3 h", "3.3時間"),
        (number("times", 18842, 1945, how="quotient"), "9.7", "9.7"),
        (number("times", 1.04), "1.04", "1.04"),
        (number("times", 1234.0), "1,234", "1,234"),
        (number("set_points", 0.0025), "0.25", "0.25"),
        (number("points", 0.981, 0.972, how="difference"), "0.9", "0.9"),
    ],
)
def test_numbers_are_spelt(made, english, japanese):
    assert spelt(made, "en").replace(_SPACE, " ") == english
    assert spelt(made, "ja").replace(_SPACE, " ") == japanese


def test_both_languages_have_the_same_keys_and_places():
    assert EN.phrases.keys() == JA.phrases.keys()
    for key, phrase in EN.phrases.items():
        places = re.findall(r"\{(\w+)\}", phrase)
        assert set(places) == set(re.findall(r"\{(\w+)\}", JA.phrases[key])), key


def test_japanese_has_its_own_signs_and_half_width_digits():
    for key, phrase in JA.phrases.items():
        words = re.sub(r"\{\w+\}", "", phrase).replace("1,024", "")
        assert not re.search("[(),:;!?.~]", words), key
        assert not re.search("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff05]", words), key
        if key.startswith(("risk.", "plain.", "meeting.", "term.", "verdict.")) and len(words) > 30:
            assert re.search("。」?$|[\uff1a]$", words), key


def test_a_sentence_falls_into_its_pieces():
    words = Words("en", {"a": "from {x} to {y}.", "list.between": ", ", "list.last": " and "})
    listed = Listed((Text("b"), Text("c"), Text("d")))
    spans = words.spans(said("a", x=number("count", 3), y=listed))
    assert "".join(span.text for span in spans) == "from 3 to b, c and d."
    assert [span.of is None for span in spans] == [True, False, True, False, True, False, True, False, True]


def test_what_is_missing_is_a_fault():
    with pytest.raises(KeyError):
        EN.spans(said("no.such.words"))
    with pytest.raises(KeyError):
        EN.spans(said("risk.interval", low=number("share", 0.5)))


def test_another_language_is_refused():
    assert checked_language("ja") == "ja"
    with pytest.raises(InputError, match="a language must be en or ja"):
        checked_language("fr")
