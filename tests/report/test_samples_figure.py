"""Pictures of samples of every kind are written; what they look like is for eyes."""

from pathlib import Path

import numpy as np
import pytest

from hwsearch.data.samples import Samples
from hwsearch.report.samples_figure import draw_samples


@pytest.mark.parametrize(
    "shape",
    [(3, 1, 1), (8, 6, 1), (1, 5, 7), (3, 5, 7), (2, 5, 7), (6, 3, 1, 1), (6, 30, 1, 1), (9, 2, 5, 7)],
)
def test_every_kind_of_sample(tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).integers(0, 9, (5, *shape)).astype(np.uint8)
    samples = Samples(x, np.array([0, 0, 0, 1, 1]), 8, 2, class_names=("a", "b"))
    draw_samples(samples, tmp_path / "data.png")
    assert (tmp_path / "data.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_labels_a_frame_and_many_classes(tmp_path: Path) -> None:
    y = np.repeat(np.arange(12), 2)[:, None].repeat(3, 1)
    draw_samples(Samples(np.zeros((24, 3, 2, 1, 1), np.float32), y, None, 12), tmp_path / "data.png")
    assert (tmp_path / "data.png").stat().st_size > 1000
