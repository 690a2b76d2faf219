"""Seeds made of seeds, and that no two studies share one."""

from hwsearch.seeds import seed_of


def test_seeds_of_a_hundred_studies_never_meet_nor_are_a_studys_own():
    finals = [seed_of("final", study, i) for study in range(100) for i in range(10)]
    rungs = [seed_of("rung", study, i) for study in range(100) for i in range(3)]
    assert len({*finals, *rungs}) == 1300
    assert all(2**32 <= seed < 2**53 for seed in finals + rungs)
    assert all(int(float(seed)) == seed for seed in finals)  # a table may hold it as a float


def test_a_seed_is_what_it_always_was():
    assert seed_of("final", 0, 0) == 6277357425001795


def test_purposes_and_numbers_are_told_apart():
    assert (
        len(
            {
                seed_of("final", 1, 23),
                seed_of("final", 12, 3),
                seed_of("final", 123),
                seed_of("finals", 1, 23),
            }
        )
        == 4
    )
