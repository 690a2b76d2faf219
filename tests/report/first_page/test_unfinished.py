"""A run that has not ended: it is too early to say, with how far it is, in both languages."""

import pytest

from hwsearch.report.first_page.render import html, markdown
from hwsearch.report.first_page.unfinished import unfinished_page
from hwsearch.report.first_page.words import words_of


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "3 of 128 candidates have an outcome"), ("ja", "候補128件のうち結果が出たのは3件")],
)
def test_it_says_how_far_it_is_and_plans_nothing(language, words):
    document = unfinished_page("digits", "<board>", 3, 128)
    text = markdown(document, words_of(language))
    assert words in text
    assert r"\<board\>" in text
    assert text.count("#") == 3
    assert 'title="trials.csv rows">3</data>' in html(document, words_of(language))
