"""The arithmetic of mel bands: by hand, and against the same in fractions."""

import numpy as np
import pytest
from builders.recordings import tone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwsearch.data.readers.mel import level, log2_steps, log_mel, mel_bank


def test_logarithms_by_hand() -> None:
    # 24 = 16 * 1.5: 16 * 4 and half of the next 16; 5 = 0b101: 16 * 2 + 0b0100
    assert log2_steps(np.array([0, 1, 2, 3, 5, 24, 31, 32, 2**54])).tolist() == [
        0,
        0,
        16,
        24,
        36,
        72,
        79,
        80,
        864,
    ]


@given(st.integers(1, 2**62 - 1), st.integers(1, 2**62 - 1))
def test_logarithms_rise_and_are_near_the_real_ones(one: int, other: int) -> None:
    low, high = sorted((one, other))
    steps = log2_steps(np.array([low, high]))
    assert steps[0] <= steps[1]
    assert (
        abs(steps[1] / 16 - np.log2(float(high))) < 0.087 + 1 / 16
    )  # a line between powers of two, and 4 bits


def test_levels_by_hand() -> None:
    # 48.165 dB are 16 octaves, 256 steps: a step below the top is one less
    steps = np.array([1000, 999, 873, 745, 744, 0, 2000])
    assert level(steps, 1000, 48.165).tolist() == [255, 254, 128, 0, 0, 0, 255]


def fractions(frames: np.ndarray, rate: int, n_bands: int) -> np.ndarray:
    """Return energies of mel bands in doubles, from NumPy's FFT."""
    n = frames.shape[1]
    window = np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), n_bands + 2)
    points = 700 * (10 ** (mel / 2595) - 1)
    hz = np.arange(n // 2 + 1) * rate / n
    bands = [np.interp(hz, points[b : b + 3], [0, 1, 0]) for b in range(n_bands)]
    return power @ np.array(bands).T


@pytest.mark.parametrize(("rate", "size", "bands"), [(8000, 256, 20), (16000, 512, 20), (2000, 64, 8)])
def test_it_is_what_fractions_give_but_for_rounding(rate: int, size: int, bands: int) -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(-20000, 20000, (5, size))
    bank = mel_bank(rate, size, bands)
    expected = np.log2(fractions(frames, rate, bands) * 255 * 2.0 ** (2 * (14 - bank.shift)))
    assert np.abs(log_mel(frames, bank) / 16 - expected).max() < 0.16


def test_a_tone_is_loudest_in_its_band_and_full_scale_is_the_top() -> None:
    bank = mel_bank(8000, 256, 20)
    found = [
        int(log_mel(tone(hz, 256, amplitude=32767)[None], bank)[0].argmax())
        for hz in (200, 500, 1000, 2000, 3500)
    ]
    assert found == sorted(found)
    assert len(set(found)) == 5
    loud = log_mel(np.stack([tone(hz, 256, amplitude=32767) for hz in range(100, 3900, 50)]), bank)
    assert bank.top - 16 <= loud.max() <= bank.top


def test_silence_is_nothing() -> None:
    assert (log_mel(np.zeros((1, 256), np.int64), mel_bank(8000, 256, 20)) == 0).all()


def test_too_many_bands_are_refused() -> None:
    with pytest.raises(ValueError, match="of 100 bands hold none of 33 frequencies"):
        mel_bank(8000, 64, 100)


@given(arrays(np.int64, (1, 64), elements=st.integers(-(2**15), 2**15 - 1)))
def test_no_frame_overflows(frames: np.ndarray) -> None:
    found = log_mel(frames, mel_bank(8000, 64, 8))
    assert found.min() >= 0
    assert found.max() <= 16 * 62
