"""Knees by hand, and what the table and figure of finders hold."""

from builders.tickets import FACTS, TABLE

from hwsearch.report.tickets import comparison_markdown, knee, write_comparison


def test_the_knee_is_before_the_first_fall():
    assert knee(TABLE, "iterative", "weight", 0.96, 0.01) == 0.5
    assert knee(TABLE, "iterative", "weight", 0.96, 0.03) == 0.9
    assert knee(TABLE, "random", "weight", 0.96, 0.01) is None


def test_what_is_written(tmp_path):
    text = comparison_markdown(TABLE, FACTS, "tiny", 0.01)
    assert "Dense, 8 bits: 96.00" in text
    assert "| iterative | 96.00 ± 12.71 | 94.00 ± 12.71 | 96.00 ± 12.71 | 50 % | 5.00 |" in text
    assert "| 50 % | control: random mask | +4.00 ± 12.71 | touches zero |" in text
    assert "| weight, 80 % removed | 55.00 ± 63.53 |  | 90.00 ± 0.00 |" in text
    assert (
        "| second order beats magnitude at 80% (weight), without training | no | +35.00 ± 63.53 points |"
        in text
    )
    folder = write_comparison(TABLE, FACTS, "tiny", 0.01, tmp_path / "out")
    assert sorted(p.name for p in folder.iterdir()) == ["tickets.csv", "tickets.md", "tickets.png"]
    alone = TABLE[TABLE["finder"].isin(["dense", "one_shot magnitude"])]
    folder = write_comparison(alone, FACTS, "tiny", 0.01, tmp_path / "no finder")
    assert sorted(p.name for p in folder.iterdir()) == ["tickets.csv", "tickets.md"]
