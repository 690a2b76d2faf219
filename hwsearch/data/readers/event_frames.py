"""Events to frames of counts, and recordings of events to samples.

Of an event at t, x, y and polarity p, frame floor(t / window) counts one at [p, y // pool rows, x // pool columns].
Counts above the largest that an input can take are clipped, and said; so are events behind the last frame. Not for what
a file of events is (`event_files`, `event_sets`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.arrays import MOST_BYTES, Places, samples_of
from hwsearch.data.readers.event_files import Events, Sensor
from hwsearch.data.readers.event_sets import EventSet, open_camera, open_shd
from hwsearch.data.readers.files import every
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import EventsData

_MICROSECONDS = 1_000_000


@dataclass
class Counter:
    """Makes frames of events, and counts what does not fit.

    Attributes:
        sensor: Where events lie.
        frames: T0.
        window_us: Microseconds of a frame.
        pool: Rows and columns that are counted together.
        clip: Largest count.
        largest: Largest count so far, clipped.
        clipped: Counts that were larger.
        late: Events behind the last frame.
        late_in: Recordings that had such.
    """

    sensor: Sensor
    frames: int
    window_us: int
    pool: tuple[int, int]
    clip: int
    largest: int = 0
    clipped: int = 0
    late: int = 0
    late_in: int = 0

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """[T0, C, H, W]."""
        rows, columns = -(-self.sensor.rows // self.pool[0]), -(-self.sensor.columns // self.pool[1])
        return self.frames, self.sensor.channels, rows, columns

    def count(self, events: Events) -> npt.NDArray[np.uint8]:
        """Return the frames of one recording; [T0, C, H, W]."""
        frame = events.t // self.window_us
        inside = frame < self.frames
        n_late = int(len(inside) - inside.sum())
        self.late, self.late_in = self.late + n_late, self.late_in + (n_late > 0)
        at = np.ravel_multi_index(
            (
                frame[inside],
                events.polarity[inside],
                events.y[inside] // self.pool[0],
                events.x[inside] // self.pool[1],
            ),
            self.shape,
        )
        counts = np.bincount(at, minlength=int(np.prod(self.shape)))
        self.clipped += int((counts > self.clip).sum())
        counts = np.minimum(counts, self.clip)
        self.largest = max(self.largest, int(counts.max()))
        return counts.astype(np.uint8).reshape(self.shape)

    def said(self) -> list[str]:
        """Return what did not fit, a sentence each."""
        words = []
        if self.late:
            end = self.frames * self.window_us / 1000
            words.append(
                f"{self.late} events of {self.late_in} recordings come after {end:g} ms: they are left out"
            )
        if self.clipped:
            words.append(f"{self.clipped} counts above {self.clip} are clipped")
        return words


def read_events(data: EventsData) -> Samples:
    """Read recordings of events, counted in frames.

    Raises:
        InputError: A file is damaged, or its events break a law; all of them at once.
    """
    with (open_shd if data.format == "shd" else open_camera)(data) as recordings:
        window_us = _window_us(data, recordings)
        still = data.layout == "image"
        counter = Counter(
            recordings.sensor,
            1 if still else data.frames,
            window_us * data.frames if still else window_us,
            data.pool,
            data.clip or 255,
        )
        n = len(recordings.labels)
        size = n * int(np.prod(counter.shape))
        if size > MOST_BYTES:
            law = f"samples may take {MOST_BYTES >> 30} GiB of memory at most"
            raise InputError(
                [Fault("data.frames", law, f"{size / 2**30:.1f} GiB", "lower frames, or raise pool")]
            )
        x = np.zeros((n, *counter.shape), np.uint8)
        for number, events in _every(recordings):
            x[number] = counter.count(events)
        samples = samples_of(
            x[:, 0] if still else x,
            recordings.labels,
            groups=recordings.groups,
            official_test=recordings.test,
            input_max=data.clip or max(1, counter.largest),
            places=Places({"x": "", "y": "", "groups": "", "official_test": ""}, recordings.path),
        )
    return replace(samples, skipped=(*recordings.skipped, *counter.said()))


def _window_us(data: EventsData, recordings: EventSet) -> int:
    """Return the microseconds of a frame: as the study says, or so that the longest recording fills all frames."""
    if data.window is not None:
        return max(1, round(data.window * _MICROSECONDS))
    longest = max(int(events.t[-1]) for _, events in _every(recordings))
    return longest // data.frames + 1


def _every(recordings: EventSet) -> Iterator[tuple[int, Events]]:
    """Give the events of each recording; all faults are raised together at the end."""
    faults: list[Fault] = []
    for number in range(len(recordings.labels)):
        try:
            yield number, recordings.read(number)
        except InputError as error:
            faults += error.faults
    if faults:
        raise every(faults)
