"""How many are asked together: by hand, and a law or two."""

import pytest

from hwsearch.search.decide.batch_size import batch_size
from hwsearch.search.decide.memory import WHOLE
from hwsearch.study.search_sections import Search


@pytest.mark.parametrize(
    ("finished", "size"),
    [
        (0, 8),
        (100, 8),
        (511, 8),
        (512, 8),
        (767, 8),
        (768, 16),
        (1000, 16),
        (3839, 56),
        (3840, 64),
        (10_000, 64),
    ],
)
def test_by_hand(finished, size):
    assert batch_size(Search(candidates=1), finished) == size


def test_a_number_that_the_study_says_stays():
    assert {batch_size(Search(candidates=1, batch=10), finished) for finished in range(0, 10_000, 100)} == {
        10
    }


def test_it_only_grows_and_stays_a_small_share_of_what_is_finished():
    sizes = [batch_size(Search(candidates=1), finished) for finished in range(20_000)]
    assert sizes == sorted(sizes)
    assert all(size <= 8 or size < finished / 40 for finished, size in enumerate(sizes))
    assert set(sizes[:WHOLE]) == {8}


def test_studies_with_larger_batches_have_more_contenders_at_once():
    assert [Search(candidates=1, batch=n).contenders for n in (1, 8, 16, 24, 256)] == [2, 2, 2, 3, 32]
    assert Search(candidates=1).contenders == 2
