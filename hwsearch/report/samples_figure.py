"""A few samples of each class as a picture: what the reader made of the files, before it is encoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hwsearch.data.samples import Samples
from hwsearch.data.split import sample_classes

_CLASSES, _EACH = 10, 4
_LINES = 12
_TILES = 6


def draw_samples(samples: Samples, path: Path) -> None:
    """Draw the first and some later samples of the first ten classes.

    Sequences of single values a channel are lines or, of many channels, a picture of channels over frames; images are
    pictures; of sequences of images, some frames stand side by side.

    Args:
        samples: As a reader gives them.
        path: The PNG to write.
    """
    classes = sample_classes(samples.y)
    names = samples.class_names or tuple(str(i) for i in range(samples.classes))
    shown = range(min(samples.classes, _CLASSES))
    figure = Figure(figsize=(2.4 * _EACH, 1.6 * len(shown)), layout="constrained")
    grid = figure.subplots(len(shown), _EACH, squeeze=False)
    for label, row in zip(shown, grid, strict=True):
        of_class = np.flatnonzero(classes == label)
        taken = of_class[np.linspace(0, len(of_class) - 1, min(_EACH, len(of_class))).astype(int)]
        for axes, number in zip(row, taken, strict=False):
            _draw(axes, samples.x[number])
            axes.set_title(f"{names[label]}: sample {number}", fontsize=7)
        for axes in row:
            axes.tick_params(labelsize=5, length=2)
        for axes in row[len(taken) :]:
            axes.set_axis_off()
    figure.savefig(path, dpi=120)


def _draw(axes: Axes, sample: npt.NDArray[np.generic]) -> None:
    """Draw one sample [C, H, W] or [T0, C, H, W]."""
    if sample.shape[-2:] == (1, 1):
        _draw_values(axes, sample[..., 0, 0])
    elif sample.ndim == 3 and sample.shape[-1] == 1:
        _draw_values(axes, sample[..., 0].T)
    elif sample.ndim == 3:
        axes.imshow(_picture(sample), cmap="gray", aspect="auto" if sample.shape[1] == 1 else "equal")
    else:
        frames = sample[np.linspace(0, len(sample) - 1, min(_TILES, len(sample))).astype(int)]
        axes.imshow(np.concatenate([_picture(frame) for frame in frames], 1), cmap="gray", aspect="auto")


def _draw_values(axes: Axes, values: npt.NDArray[np.generic]) -> None:
    """Draw values [T0, C] over frames, or of one frame [C]."""
    if values.ndim == 1:
        axes.bar(np.arange(len(values)), values.astype(np.float64))
    elif values.shape[1] <= _LINES:
        axes.plot(values.astype(np.float64), linewidth=0.8)
    else:
        axes.imshow(values.T.astype(np.float64), origin="lower", aspect="auto", cmap="viridis")


def _picture(image: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return [C, H, W] as what is shown: three channels as colours, others as their sum."""
    values = image.astype(np.float64)
    shown: npt.NDArray[np.float64] = values.sum(0)
    if len(values) == 3:
        shown = values.transpose(1, 2, 0) / max(float(values.max()), 1.0)
    return shown
