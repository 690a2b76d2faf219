"""Libraries are loaded without looking for garbage."""

import gc

import pytest

from hwsearch.loading import kept


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()
    gc.enable()


def test_what_is_loaded_is_not_looked_through_meanwhile_nor_later():
    before = gc.get_freeze_count()
    with kept():
        assert not gc.isenabled()
        loaded = [[] for _ in range(10)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(loaded)


def test_whoever_wants_no_collector_is_left_without_one_and_a_failure_is_passed_on():
    gc.disable()
    with pytest.raises(ImportError), kept():
        raise ImportError
    assert not gc.isenabled()
