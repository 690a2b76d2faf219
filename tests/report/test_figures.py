"""What is drawn: a picture for slides, and how many candidates ended how."""

import re

import pytest
from builders.runs import ENDS, synthetic_run

from hwsearch.report.figures import funnel_counts, write_front_png
from hwsearch.report.layers import MARKS
from hwsearch.report.tables import read_run


def test_every_outcome_is_counted_apart(run_dir):
    assert funnel_counts(read_run(run_dir)) == {"asked": 80, **ENDS, "front": 12}


def test_front_png_is_a_picture(run_dir, tmp_path):
    write_front_png(read_run(run_dir), tmp_path / "front.png")
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_without_a_front_has_a_picture_all_the_same(tmp_path):
    write_front_png(read_run(synthetic_run(tmp_path, front=False)), tmp_path / "front.png")
    assert (tmp_path / "front.png").stat().st_size > 0


def _luminance(colour):
    """Return the relative luminance of a colour (WCAG 2, section 1.4.3): what is left of it in grey."""
    channels = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_luminance_by_hand():
    assert _luminance("#ffffff") == pytest.approx(1.0)
    assert _luminance("#808080") == pytest.approx(0.2159, abs=1e-4)


def test_marks_are_told_apart_by_shape_and_stand_out_in_grey():
    shapes = {(mark.marker, kind == "pick") for kind, mark in MARKS.items()}
    assert len(shapes) == len(MARKS)  # the pick is a ring around a filled circle
    for mark in MARKS.values():
        assert 1.05 / (_luminance(mark.colour) + 0.05) > 3  # WCAG's contrast for graphics, on white
