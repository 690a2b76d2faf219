"""Sentences by hand."""

from builders.stress_rows import row, rows

from hwsearch.stress.words import samples_words, sentences


def test_more_less_limits_and_reasons():
    assert sentences(rows()) == [
        "Trial 3 loses more than the dense network under bit flips in weights (first at 0.01 of the stored bits; up "
        "to 10.0 points more).",
        "Trial 3 loses less than the dense network under input noise (first at 0.1 of the range; up to 10.0 "
        "points less).",
        "Trial 3 has 90.0% undisturbed, and loses more than 2 points from here on: input noise of 0.1 of the range "
        "(10.0) and bit flips in weights of 0.01 of the stored bits (10.0).",
        "Time jitter is not asked: inputs are still images, which have no frames.",
    ]


def test_nothing_that_differs_is_said_with_how_much_was_compared():
    found = sentences(
        [row("dense"), row("trial 1"), row("trial 1", "noise", 0.1, 0.9, 0.0, (0.0, -0.1, 0.1))]
    )
    assert "was not shown to lose more or less" in found[0]
    assert "(1 comparisons)" in found[0]
    assert (
        found[1]
        == "Trial 1 has 90.0% undisturbed; it loses 2 points at most under every level of input noise."
    )


def test_an_export_is_compared_with_nobody():
    found = sentences([row("the export"), row("the export", "noise", 0.1, 0.6, 0.3)])
    assert found == [
        "The export has 90.0% undisturbed, and loses more than 2 points from here on: input noise of 0.1 of the range "
        "(30.0)."
    ]


def test_what_does_not_apply_to_one_alone_names_it():
    found = sentences([row("dense"), row("trial 1"), row("trial 1", "coarser", reason="it has one timestep")])
    assert found[-1] == "Coarser timesteps is not asked to trial 1: it has one timestep."


def test_what_was_measured_is_said():
    assert samples_words(rows()).startswith("Integer models on 100 samples of the test split, 5 draws")


def test_who_loses_more_and_is_still_ahead_is_told_so():
    ahead = row("trial 1", "noise", 0.1, 0.8, 0.1, (0.1, 0.05, 0.15)).model_copy(
        update={"behind_dense": -0.02}
    )
    found = sentences([row("dense"), row("trial 1"), ahead])
    assert found[0].endswith("(first at 0.1 of the range; up to 10.0 points more, still more accurate).")
