"""Logarithms of energies in mel bands, in whole numbers throughout: what a microcontroller computes bit by bit alike.

Of a frame of n samples x[0 .. n-1] (16 bits):

    w[i] = floor(x[i] * hann[i] / 2**15)                      hann: 16 bits, round(2**15 * sin(pi * (i + 1/2) / n)**2)
    re[k] = floor(sum_i w[i] * cos[k, i] / 2**s), im[k] alike   cos, sin: round(2**14 * ...), s = 14 + log2(n) - 7
    p[k] = re[k]**2 + im[k]**2                                k = 0 .. n/2
    e[b] = sum_k m[b, k] * p[k]                               m: triangles of b + 1 mel points, 8 bits at their tops
    l[b] = 16 * floor(log2(e)) + the next 4 bits of e         log2 to a 16th, by a line between powers of two

``level`` of l[b] is l against a top (full scale, or the largest of the recording): 255 at the top, 0 at ``range_db``
below it, floor in between. Not for reading wav files (`wav`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_TABLE_BITS = 14
_STEPS = 16
_DB_PER_OCTAVE = 10 * np.log10(2.0)


@dataclass(frozen=True, eq=False)
class MelBank:
    """Tables of the arithmetic, for one sampling rate.

    Attributes:
        hann: [n] weights of a frame's samples, 2**15 is 1.
        waves: [n, 2 * (n/2 + 1)] cosines and sines, 2**14 is 1: whole numbers, in doubles.
        shift: s, what sums over a frame are shifted by.
        bands: [n/2 + 1, B] weights of the triangles, 255 at most.
    """

    hann: npt.NDArray[np.int64]
    waves: npt.NDArray[np.float64]
    shift: int
    bands: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """Samples of a frame, n."""
        return len(self.hann)

    @property
    def top(self) -> int:
        """The logarithm that a sine of full scale reaches, at most, in any band."""
        amplitude = (int(self.hann.sum()) * (2**15 - 1) // 2**15 * 2**_TABLE_BITS) // 2 >> self.shift
        return int(log2_steps(np.array([255 * 2 * amplitude**2]))[0])


def mel_bank(rate: int, size: int, n_bands: int) -> MelBank:
    """Return the tables for frames of ``size`` samples (a power of two) at ``rate`` samples a second.

    Raises:
        ValueError: A band would have no frequency: there are too many for so few samples.
    """
    i, k = np.arange(size), np.arange(size // 2 + 1)
    hann = np.rint(2**15 * np.sin(np.pi * (i + 0.5) / size) ** 2).astype(np.int64)
    angle = 2 * np.pi * np.outer(i, k) / size
    waves = np.rint(2**_TABLE_BITS * np.concatenate([np.cos(angle), np.sin(angle)], 1))
    points = _hz(np.linspace(0.0, _mel(rate / 2), n_bands + 2))
    hz = k * rate / size
    rise = (hz[:, None] - points[:-2]) / (points[1:-1] - points[:-2])
    fall = (points[2:] - hz[:, None]) / (points[2:] - points[1:-1])
    bands = np.rint(255 * np.clip(np.minimum(rise, fall), 0, None)).astype(np.int64)
    if not (bands.sum(0) > 0).all():
        raise ValueError(
            f"{int((bands.sum(0) == 0).sum())} of {n_bands} bands hold none of {len(k)} frequencies"
        )
    return MelBank(hann, waves, _TABLE_BITS + size.bit_length() - 1 - 7, bands)


def log_mel(frames: npt.NDArray[np.int64], bank: MelBank) -> npt.NDArray[np.int64]:
    """Return l of frames [T, n]; [T, B]."""
    windowed = frames * bank.hann >> 15
    # sums of products of 16 and 15 bits are below 2**53, so doubles hold them exactly, and they are quick
    sums = (windowed.astype(np.float64) @ bank.waves).astype(np.int64) >> bank.shift
    half = bank.bands.shape[0]
    power = sums[:, :half] ** 2 + sums[:, half:] ** 2
    return log2_steps(power @ bank.bands)


def log2_steps(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return 16 * floor(log2(v)) + the next 4 bits of v; 0 of 0. Same shape."""
    exponent = np.zeros_like(values)
    rest = values.copy()
    for bits in (32, 16, 8, 4, 2, 1):
        large = rest >= 1 << bits
        exponent += bits * large
        rest = np.where(large, rest >> bits, rest)
    left = np.where(
        exponent >= 4, values >> np.maximum(exponent - 4, 0), values << np.maximum(4 - exponent, 0)
    )
    return np.where(values > 0, _STEPS * exponent + (left & (_STEPS - 1)), 0)


def level(steps: npt.NDArray[np.int64], top: int, range_db: float) -> npt.NDArray[np.uint8]:
    """Return logarithms as 0 .. 255: 255 at ``top`` and above, 0 at ``range_db`` below and less. Same shape."""
    full = round(range_db / _DB_PER_OCTAVE * _STEPS)
    below = np.clip(top - steps, 0, full)
    levels: npt.NDArray[np.uint8] = (255 - (255 * below + full - 1) // full).astype(np.uint8)
    return levels


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


def _hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 700 * (10 ** (mel / 2595) - 1)
