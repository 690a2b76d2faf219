"""Recordings of sound to samples: frames from the middle of each, as logarithms of energies in mel bands (`mel`)."""

from __future__ import annotations

import io
import wave
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.arrays import MOST_BYTES, Places, samples_of
from hwsearch.data.readers.files import File, kind_of_bytes
from hwsearch.data.readers.mel import MelBank, level, log_mel, mel_bank
from hwsearch.data.readers.recordings import each, open_recordings
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import WavData

_RATES = range(1000, 192_001)


@dataclass(frozen=True, eq=False)
class Sound:
    """One recording.

    Attributes:
        samples: [n] of 16 bits.
        rate: Samples a second.
        channels: How many there were, of which the mean was taken.
    """

    samples: npt.NDArray[np.int64]
    rate: int
    channels: int


def read_wavs(data: WavData) -> Samples:
    """Read a folder or zip of recordings.

    Raises:
        InputError: A recording is damaged, empty, of another sampling rate than the first, or its name gives no label;
            all of them at once.
    """
    sources = {"wav": data.wav, "test_from": data.test_from}
    with open_recordings(data.root, sources, (".wav",), data.label, data.test_where) as recordings:
        first = read_wav(recordings.files[0])
        rate = first.rate
        bank, hop = _bank(data, rate)
        span = (data.frames - 1) * hop + bank.size
        size = len(recordings.files) * data.frames * data.mel
        if size > MOST_BYTES:
            law = f"samples may take {MOST_BYTES >> 30} GiB of memory at most"
            raise InputError([Fault("data.frames", law, f"{size / 2**30:.1f} GiB", "lower frames or mel")])
        x = np.empty((len(recordings.files), data.frames, data.mel), np.uint8)
        seen: Counter[str] = Counter()

        def spectrum(file: File) -> npt.NDArray[np.uint8]:
            sound = read_wav(file)
            if sound.rate != rate:
                law = f"all recordings must have one sampling rate, that of {recordings.files[0].name}: {rate} Hz"
                raise InputError([Fault("", law, f"{sound.rate} Hz", "resample it", file.path)])
            seen["longer"] += len(sound.samples) > span
            seen["channels"] += sound.channels > 1
            return _levels(data, _middle(sound.samples, span), bank, hop)

        for number, values in each(recordings, spectrum):
            x[number] = values
        samples = samples_of(
            x.transpose(0, 2, 1)[:, None] if data.layout == "image" else x,
            recordings.labels,
            axes="NCHW" if data.layout == "image" else "NTC",
            groups=recordings.groups,
            official_test=recordings.test,
            input_max=255,
            binning="mean",
            places=Places({"y": "", "groups": "", "official_test": "", "x": ""}, recordings.path),
        )
    skipped = list(recordings.skipped)
    if seen["longer"]:
        skipped.append(
            f"{seen['longer']} recordings are longer than {span / rate:.3g} s: their ends are cut off"
        )
    if seen["channels"]:
        skipped.append(f"{seen['channels']} recordings have several channels: their mean is taken")
    return replace(samples, skipped=tuple(skipped))


def read_wav(file: File) -> Sound:
    """Return the sound of one file: whole numbers of 8, 16, 24 or 32 bits; others need soundfile.

    Raises:
        InputError: It is no wav, is cut off, has no samples, or has another kind of numbers.
    """
    content = file.read()
    try:
        with wave.open(io.BytesIO(content)) as sound:
            channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
            promised = sound.getnframes()
            body = sound.readframes(promised)
    except (wave.Error, EOFError) as error:
        if "unknown format" in str(error):
            return _other_numbers(file, content)
        got = kind_of_bytes(content[:512])
        got = str(error) or "a file that is cut off" if not got or got.startswith("RIFF") else got
        raise _broken(file, "the file must be a wav", got) from None
    if rate not in _RATES:
        raise _broken(file, f"the sampling rate must lie in {_RATES[0]} .. {_RATES[-1]} Hz", f"{rate} Hz")
    if width not in (1, 2, 3, 4):
        raise _broken(file, "samples must have 8, 16, 24 or 32 bits", f"{8 * width}")
    if len(body) != promised * channels * width:
        law = f"the file must hold the {promised} samples that its header counts"
        raise _broken(file, law, f"{len(body) // (channels * width)}")
    if not promised:
        raise _broken(file, "a recording must have samples", "none")
    return Sound(_mean(_16_bits(body, width), channels), rate, channels)


def _16_bits(body: bytes, width: int) -> npt.NDArray[np.int64]:
    """Return samples brought to 16 bits: floor(x / 2**(bits - 16))."""
    if width == 1:
        return (np.frombuffer(body, np.uint8).astype(np.int64) - 128) << 8
    if width == 3:
        triples = np.frombuffer(body, np.uint8).reshape(-1, 3).astype(np.int64)
        high = triples[:, 2]
        whole: npt.NDArray[np.int64] = triples[:, 1] + (high << 8) - ((high >> 7) << 16)
        return whole
    samples: npt.NDArray[np.int64] = np.frombuffer(body, f"<i{width}").astype(np.int64)
    return samples >> (8 * width - 16)


def _mean(samples: npt.NDArray[np.int64], channels: int) -> npt.NDArray[np.int64]:
    return samples if channels == 1 else samples.reshape(-1, channels).sum(1) // channels


def _other_numbers(file: File, content: bytes) -> Sound:
    """Return the sound of a file whose numbers the standard library does not read (fractions, A-law, ...)."""
    try:
        import soundfile
    except (ModuleNotFoundError, OSError):
        law = "a wav must have whole numbers (PCM); others need soundfile"
        todo = "pip install 'hwsearch[audio]', or save it as 16-bit PCM"
        raise _broken(file, law, "another kind", todo) from None
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float64", always_2d=True)
    except (RuntimeError, TypeError) as error:
        raise _broken(file, "the file must be a wav", str(error)) from None
    if not len(samples):
        raise _broken(file, "a recording must have samples", "none")
    if not np.isfinite(samples).all():
        raise _broken(file, "samples must be finite numbers", "some that are not")
    whole = np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1).astype(np.int64)
    return Sound(_mean(whole.ravel(), samples.shape[1]), int(rate), samples.shape[1])


def _bank(data: WavData, rate: int) -> tuple[MelBank, int]:
    """Return the tables of the arithmetic, and the samples from one frame to the next."""
    hop = round(data.hop * rate)
    size = 1 << max(2 * hop - 1, 1).bit_length()
    if not 8 <= hop <= 8192:
        law = f"hop must be 8 .. 8192 samples at {rate} Hz"
        raise InputError([Fault("data.hop", law, f"{hop} samples", "change it")])
    try:
        return mel_bank(rate, size, data.mel), hop
    except ValueError as error:
        law = f"each mel band must hold a frequency of frames of {size} samples"
        raise InputError([Fault("data.mel", law, str(error), "lower mel, or raise hop")]) from None


def _middle(samples: npt.NDArray[np.int64], span: int) -> npt.NDArray[np.int64]:
    """Return ``span`` samples around the middle; silence on both sides of what is shorter."""
    missing = span - len(samples)
    if missing >= 0:
        return np.pad(samples, (missing // 2, missing - missing // 2))
    start = -missing // 2
    return samples[start : start + span]


def _levels(data: WavData, samples: npt.NDArray[np.int64], bank: MelBank, hop: int) -> npt.NDArray[np.uint8]:
    """Return the levels of all bands at all frames; [T0, B]."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, bank.size)[::hop]
    steps = log_mel(frames, bank)
    return level(steps, int(steps.max()) if data.loudness == "peak" else bank.top, data.range_db)


def _broken(file: File, law: str, got: str, todo: str = "record or save it anew") -> InputError:
    return InputError([Fault("", law, got, todo, file.path)])
