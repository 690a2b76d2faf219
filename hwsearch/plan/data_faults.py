"""What a study asks to be done to its inputs that its data are not made for."""

from __future__ import annotations

from hwsearch.data.samples import Dataset
from hwsearch.errors import Fault
from hwsearch.stress.inputs import why_no_values
from hwsearch.study.model import Study


def data_faults(study: Study, data: Dataset) -> list[Fault]:
    """Return why inputs cannot be disturbed, or training images moved, as a study asks."""
    return [*_robustness_faults(study, data), *_augment_faults(study, data)]


def _robustness_faults(study: Study, data: Dataset) -> list[Fault]:
    """Return why there can be no noise on a study's inputs, where it asks what picks keep under it."""
    reason = "" if study.robustness is None else why_no_values(data.input)
    law = "what a pick must keep under noise needs inputs that are values"
    return [Fault("robustness.noise", law, reason, "leave robustness out")] if reason else []


def _augment_faults(study: Study, data: Dataset) -> list[Fault]:
    """Return why training samples cannot be moved or mirrored: they are no images, or too small."""
    how, (_, height, width) = study.train.augment, data.input_shape
    if how is None:
        return []
    if height == 1 or width == 1:
        law = "only images can be moved or mirrored, and images have rows and columns"
        got = f"{data.name} has {height} by {width} values a {'sample' if data.frames is None else 'frame'}"
        return [Fault("train.augment", law, got, "leave augment out, or use input_noise")]
    shorter = min(height, width)
    if 2 * how.shift >= shorter:
        law = "shift must be less than half of an image's shorter side"
        got = f"{how.shift}, of {height} by {width} pixels"
        most = (shorter - 1) // 2
        todo = f"lower it to {most} at most" if most else "leave shift out"
        return [Fault("train.augment.shift", law, got, todo)]
    return []
