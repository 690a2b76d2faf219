"""What is shown of a URL never has a password in it, however the URL is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.records.storage_url import shown_url, without_passwords


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://ann:s3cret@host:5432/db", "postgresql+psycopg://ann:***@host:5432/db"),
        ("postgresql://ann@host/db?sslmode=require", "postgresql://ann@host/db?sslmode=require"),
        ("postgresql://host/db?user=ann&password=s3cret", "postgresql://host/db?user=ann&password=***"),
        ("postgresql://ann:s3/c?r@et@host/db", "postgresql://ann:***@host/db"),
        ("postgresql://:s3cret@host/db", "postgresql://:***@host/db"),
        ("sqlite:////tmp/a@b:c@d.db?timeout=3", "sqlite:////tmp/a@b:c@d.db?timeout=3"),
        ("sqlite:///study.db", "sqlite:///study.db"),
        ("ann:s3cret@host/db", "ann:***@host/db"),
        ("word", "word"),
        ("sqlite:///a\n\x1b[31mb.db", "sqlite:///a\\n\\x1b[31mb.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert shown_url(url) == shown


@given(
    user=st.text("abc", max_size=3),
    password=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).map(
        lambda text: f"<<{text}>>"
    ),
    tail=st.sampled_from(["@host/db", "@[::1]:5432/db?application_name=x", "@/db?host=/tmp"]),
)
def test_no_password_is_shown_or_left_in_a_text(user, password, tail):
    url = f"postgresql+psycopg://{user}:{password}{tail}"
    assert "<<" not in shown_url(url)
    assert password not in without_passwords(f"could not connect to {url}: {password!s} is wrong", url)


def test_a_text_loses_the_password_of_any_url_and_both_spellings_of_its_own():
    url = "postgresql://ann:s%40c@host/db?sslpassword=k%20k"
    text = f"tried {url} with 's@c' and 'k k', then mysql://bob:other@h/d"
    told = without_passwords(text, url)
    assert not [secret for secret in ("s@c", "s%40c", "k k", "k%20k", "other") if secret in told]
    assert "mysql://bob:***@h/d" in told
