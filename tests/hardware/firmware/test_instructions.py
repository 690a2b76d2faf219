"""Instructions of an inference: terms times constants."""

from builders.devices import mlp

from hwsearch.hardware.firmware.expected import expected_library
from hwsearch.hardware.firmware.instructions import instructions, terms
from hwsearch.hardware.firmware.program import Library, LibraryPopulation, PlainLoop

NEURONS = LibraryPopulation(3, 12, 5.0, 4, False, "i16", constant=True)


def test_neurons_are_counted_with_what_is_added_to_them():
    library = Library(4, (), (NEURONS,), (PlainLoop("clear", 12, 4),), 2, 1, 3, frames=8)
    assert terms(library) == {
        "timestep": 4, "fire call": 4, "fire neuron": 48, "fire sum": 48, "constant": 48, "fire channel": 12,
        "fire byte": 6, "fire spike": 5, "clear call": 4, "clear element": 48, "frame": 8,
    }  # fmt: skip


def test_instructions_are_the_sum_and_unknown_where_a_constant_is():
    library = Library(4, (), (), (PlainLoop("clear", 10, 2),), 1, 0, 1)
    assert (
        instructions(library, {"timestep": 5, "clear call": 3, "clear element": 2}) == 4 * 5 + 2 * 3 + 20 * 2
    )
    assert instructions(library, {"timestep": 5, "clear call": 3}) is None


def test_a_network_twice_as_long_takes_twice_as_much():
    def took(timesteps):
        library = expected_library(mlp((16, 8, 4), timesteps=timesteps), ["csr", "dense"], 16, 16)
        return instructions(library, dict.fromkeys(terms(library), 1.0))

    assert took(8) == 2 * took(4)
