"""Draws are repeatable, and those of one purpose are not those of another."""

from hwsearch.stress.draws import draws_of


def test_a_draw_begins_anew_each_time():
    draw = draws_of("test", "noise", 0, 1)[0]
    assert draw.rng.random() == draw.rng.random()


def test_more_draws_leave_the_first_as_they_are():
    assert draws_of("test", "noise", 0, 5)[:2] == draws_of("test", "noise", 0, 2)


def test_splits_kinds_and_seeds_have_draws_of_their_own():
    asked = [("test", "noise", 0), ("validation", "noise", 0), ("test", "drift", 0), ("test", "noise", 1)]
    assert len({draw.seed for each in asked for draw in draws_of(*each, 3)}) == 12


def test_directions_alternate():
    assert [draw.sign for draw in draws_of("test", "offset", 0, 4)] == [1, -1, 1, -1]
