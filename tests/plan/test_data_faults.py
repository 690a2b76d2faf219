"""What is asked of inputs that are not made for it; noise is in tests/search/stages/test_robustness.py."""

import numpy as np
import pytest

from hwsearch.errors import InputError
from hwsearch.plan.plan import make_plan
from hwsearch.study.model import load_study

TEXT = """\
name: a
data: {npz: x.npz}
network: {layers: fc8}
space: {sparsity: [0.5], granularity: [weight], weight_bits: [4], timesteps: [2]}
device: {profile: nrf51822_microbit}
objectives: [error, memory_bytes]
train: {augment: AUGMENT}
search: {candidates: 4}
"""


def asked(tmp_path, shape, augment, axes=""):
    """Return the faults of a study that moves samples of a shape."""
    x = np.random.default_rng(0).integers(0, 256, (60, *shape)).astype(np.uint8)
    np.savez(tmp_path / "x.npz", x=x, y=np.tile([0, 1], 30))
    path = tmp_path / "study.yaml"
    path.write_text(TEXT.replace("AUGMENT", augment).replace("x.npz", f"x.npz{axes}"))
    try:
        make_plan(load_study(path), path)
    except InputError as error:
        return [str(fault).removeprefix(f"{path}:") for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("shape", "axes", "got"),
    [
        ((16,), "", "x.npz has 1 by 1 values a sample"),
        ((5, 16), ", axes: NTC", "x.npz has 1 by 1 values a frame"),
        ((5, 16), ", axes: NCL", "x.npz has 16 by 1 values a sample"),
        ((5, 1, 1, 16), "", "x.npz has 1 by 16 values a frame"),
    ],
)
@pytest.mark.parametrize("augment", ["{shift: 1}", "{flip: horizontal}"])
def test_samples_without_rows_and_columns_are_not_moved(tmp_path, shape, axes, got, augment):
    (fault,) = asked(tmp_path, shape, augment, axes)
    assert fault == (
        "7: train.augment: only images can be moved or mirrored, and images have rows and columns; "
        f"got {got} (leave augment out, or use input_noise)"
    )


@pytest.mark.parametrize(
    ("shape", "augment", "said"),
    [
        ((1, 8, 8), "{shift: 4}", "got 4, of 8 by 8 pixels (lower it to 3 at most)"),
        ((1, 9, 5), "{shift: 3, flip: horizontal}", "got 3, of 9 by 5 pixels (lower it to 2 at most)"),
        ((4, 2, 2, 8), "{shift: 1}", "got 1, of 2 by 8 pixels (leave shift out)"),
    ],
)
def test_a_shift_is_less_than_half_of_the_image(tmp_path, shape, augment, said):
    (fault,) = asked(tmp_path, shape, augment)
    assert fault.startswith(
        "7: train.augment.shift: shift must be less than half of an image's shorter side; "
    )
    assert fault.endswith(said)


@pytest.mark.parametrize(
    ("shape", "augment"),
    [
        ((1, 8, 8), "{shift: 3}"),
        ((3, 9, 5), "{shift: 2, flip: horizontal}"),
        ((4, 2, 2, 8), "{flip: horizontal}"),
    ],
)
def test_images_and_frames_of_events_are(tmp_path, shape, augment):
    assert asked(tmp_path, shape, augment) == []
