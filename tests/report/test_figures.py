"""What is drawn: a picture for slides, and how many candidates ended how."""

from builders.runs import ENDS, synthetic_run

from hwsearch.report.figures import funnel_counts, write_front_png
from hwsearch.report.tables import read_run


def test_every_outcome_is_counted_apart(run_dir):
    assert funnel_counts(read_run(run_dir)) == {"asked": 80, **ENDS, "front": 12}


def test_front_png_is_a_picture(run_dir, tmp_path):
    write_front_png(read_run(run_dir), tmp_path / "front.png")
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_without_a_front_has_a_picture_all_the_same(tmp_path):
    write_front_png(read_run(synthetic_run(tmp_path, front=False)), tmp_path / "front.png")
    assert (tmp_path / "front.png").stat().st_size > 0
