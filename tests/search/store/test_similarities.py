"""Similarities are told again as they were told at first, to the last bit."""

from hypothesis import given
from hypothesis import strategies as st

from hwsearch.search.store.cache import Cache
from hwsearch.search.store.similarities import Similarities

FOUND = st.dictionaries(st.text("0123456789abcdef", min_size=1, max_size=16), st.floats(0, 1), max_size=5)


@given(first=FOUND, second=FOUND)
def test_they_come_back_to_the_last_bit(tmp_path_factory, first, second):
    cache = Cache(tmp_path_factory.mktemp("cache"), "plan", environment="key")
    for found in (first, second):
        Similarities(cache).add(found)
    again = Similarities(cache)
    assert {name: again.get(name) for name in first | second} == first | second
    assert Similarities(None).get("a") is None


def test_a_damaged_file_is_told_and_nothing_is_known(tmp_path):
    told = []
    cache = Cache(tmp_path, "plan", environment="key", tell=told.append)
    Similarities(cache).add({"a": 0.5})
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes().replace(b"0.5", b"0.6"))
    assert Similarities(cache).get("a") is None
    assert path.name in told[0]
