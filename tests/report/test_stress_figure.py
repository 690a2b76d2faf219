"""stress.png is a picture, of what was measured alone."""

from builders.stress_rows import row, rows
from matplotlib.image import imread

from hwsearch.report.stress_figure import write_stress_png


def test_it_is_a_picture_of_a_panel_a_kind(tmp_path):
    write_stress_png(rows(), tmp_path / "one.png")
    kinds = [("noise", 0.1), ("drift", 0.1), ("gain", 0.1), ("dead", 0.1), ("stuck", 0.1)]
    write_stress_png([row("trial 1"), *(row("trial 1", *kind) for kind in kinds)], tmp_path / "two.png")
    one, two = imread(tmp_path / "one.png"), imread(tmp_path / "two.png")
    assert one.shape[1] == two.shape[1]
    assert two.shape[0] > 1.5 * one.shape[0]  # a second line of panels
    assert one.std() > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "two.png"]
