"""Where samples come from, as the section ``data`` of a study says it: a class a format, each with its laws.

Not for which class a section is of (`data_section`), nor for what is made of the samples (`parts_section`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_serializer, model_validator

from hwsearch.errors import did_you_mean
from hwsearch.study.data_laws import Choice, Column, Duration, FileName, LabelPattern, fields_of
from hwsearch.study.laws import Count, Name, Sides, law, some, unique
from hwsearch.study.parts_section import Parts
from hwsearch.study.section import Section
from hwsearch.study.yaml_border import broken

Layout = Literal["sequence", "image"]
"""Whether a sample is a frame a timestep, or one still image of all frames."""
_frames = law("frames must lie in 1 .. 1024", lambda v: v <= 1024)
_bands = law("mel must lie in 1 .. 128", lambda v: v <= 128)
_bytes = law("a 5-byte event has 8 bits for a row and for a column", lambda v: max(v) <= 256)
_pixels = law("sides must be 1024 at most", lambda v: max(v) <= 1024)


class Laid(Parts):
    """Data whose samples are sequences, or still images.

    Attributes:
        layout: Whether a sample is a ``sequence`` (a frame a timestep) or one still ``image`` of all frames; its key is
            ``as``.
    """

    layout: Layout = Field(default="sequence", alias="as")

    @model_serializer(mode="wrap")
    def _as_written(self, write: Any) -> dict[str, Any]:
        keys: dict[str, Any] = write(self)
        return {"as" if key == "layout" else key: value for key, value in keys.items()}


class NamedData(Laid):
    """A shipped data set.

    Attributes:
        name: Its name.
        target: What is to be told, where the set has several labels.
        frames: Frames of a sample, where they are made of sound or events; None: as the set is described.
    """

    parts_published: ClassVar[bool] = True
    name: Name
    target: Name | None = None
    frames: Annotated[Count, _frames] | None = None

    @property
    def title(self) -> str:
        """Its name."""
        return self.name


class NpzData(Parts):
    """Arrays of NumPy.

    Attributes:
        npz: The file.
        x: Name of its array of samples.
        y: Of its array of labels.
        group: Of its array of groups; None: samples are on their own.
        part: Of its array of ``train`` and ``test``; None: the test part is drawn.
        axes: What the axes of ``x`` are; None: NC, NCHW or NTCHW by their number.
    """

    npz: FileName
    x: Column = "x"
    y: Column = "y"
    group: Column | None = None
    part: Column | None = None
    axes: Literal["NC", "NTC", "NCL", "NCHW", "NTCHW"] | None = None


class TableData(Laid):
    """Rows of a table, or windows over them.

    Attributes:
        label: The column of classes.
        columns: Those of the inputs; None: all others.
        group: The column that says what belongs together: windows stay within a group; None: all of the table.
        time: The column that rows are sorted by; None: they stand in order.
        part: The column of ``train`` and ``test``; None: the test part is drawn.
        window: Rows of a sample; None: each row is one.
        hop: Rows from the start of one window to that of the next; None: ``window``.
        labels: Whether a window's label is that of its last row, the most frequent, or one a frame.
    """

    label: Column
    columns: Annotated[tuple[Column, ...], some, unique] | None = None
    group: Column | None = None
    time: Column | None = None
    part: Column | None = None
    window: Annotated[Count, law("window must lie in 1 .. 65536", lambda v: v <= 65536)] | None = None
    hop: Count | None = None
    labels: Literal["last", "majority", "frame"] = "last"

    @model_validator(mode="after")
    def _columns_have_one_use(self) -> Self:
        uses = {key: getattr(self, key) for key in ("label", "group", "time", "part")}
        named = [name for name in uses.values() if name is not None]
        for key, name in uses.items():
            if name is not None and (named.count(name) > 1 or name in (self.columns or ())):
                raise broken("a column may have one use only", repr(name), "name another", at=(key,))
        if self.window is None:
            for key in ("hop", "labels"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    law = f"{key} is of windows"
                    raise broken(law, str(getattr(self, key)), "say window, or remove it", at=(key,))
        elif self.labels == "frame" and self.layout == "image":
            law = "a still image has one label"
            raise broken(law, "labels: frame", "set labels: last, or as: sequence", at=("labels",))
        return self


class CsvData(TableData):
    """A table of values separated by commas.

    Attributes:
        csv: The file.
    """

    csv: FileName


class TsvData(TableData):
    """A table of values separated by tabs.

    Attributes:
        tsv: The file.
    """

    tsv: FileName


class ParquetData(TableData):
    """A table in Parquet's format.

    Attributes:
        parquet: The file.
    """

    parquet: FileName


class WavData(Laid):
    """Sound, as logarithms of energies in mel bands.

    Attributes:
        wav: The folder or zip of recordings.
        label: ``folder``, or the pattern of file names, with ``{label}`` in it; ``{group}`` is what belongs together.
        frames: Frames of a sample, from the middle of the recording.
        mel: Bands.
        hop: Seconds from the start of one frame to that of the next; a frame is twice as long.
        loudness: Whether a value is relative to full scale, or to the largest of its recording.
        range_db: Decibels from the largest value to 0.
        test_where: Fields of the pattern, and which of their values are the official test part.
        test_from: A second folder or zip, which is the official test part.
    """

    wav: FileName
    label: LabelPattern
    frames: Annotated[Count, _frames] = 32
    mel: Annotated[Count, _bands] = 28
    hop: Duration = 0.016
    loudness: Literal["recorded", "peak"] = "recorded"
    range_db: Annotated[float, law("range_db must lie in 6 .. 96", lambda v: 6 <= v <= 96)] = 60.0
    test_where: dict[str, Choice] | None = None
    test_from: FileName | None = None

    @model_validator(mode="after")
    def _one_test_part_of_known_fields(self) -> Self:
        if self.test_where is not None and self.test_from is not None:
            law = "the official test part may be named once"
            raise broken(law, "test_where and test_from", "remove one", at=("test_from",))
        known = ["label"] if self.label == "folder" else fields_of(self.label)
        for name in self.test_where or {}:
            if name not in known:
                todo = did_you_mean(name, known, "fields")
                raise broken(
                    "test_where must name fields of label", repr(name), todo, at=("test_where", name)
                )
        return self


class ImagesData(Parts):
    """A folder or zip with a folder of images for each class.

    Attributes:
        images: The folder or zip.
        label: Where the class is said: by the folder.
        size: Rows and columns that images are brought to; None: they are all of one size.
        grey: Whether they are made grey; None: where all are grey already.
        test_from: A second folder or zip, which is the official test part.
    """

    images: FileName
    label: Literal["folder"] = "folder"
    size: Annotated[Sides, _pixels] | None = None
    grey: bool | None = None
    test_from: FileName | None = None


class IdxFiles(Section):
    """The files of a data set in idx, plain or gzip.

    Attributes:
        images: Training images [N, H, W] or [N, C, H, W], or rows [N, C].
        labels: Their labels [N].
        test_images: Those of the official test part; None: it is drawn.
        test_labels: Their labels.
    """

    images: FileName
    labels: FileName
    test_images: FileName | None = None
    test_labels: FileName | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.test_images is None) != (self.test_labels is None):
            missing = "test_images" if self.test_images is None else "test_labels"
            raise broken("test_images and test_labels go together", f"no {missing}", f"add {missing}")
        return self


class IdxData(Parts):
    """Images in idx, the format of MNIST.

    Attributes:
        idx: The files.
    """

    idx: IdxFiles


class EventsData(Laid):
    """Recordings of events, counted in frames.

    Attributes:
        events: The folder or zip of recordings, or the file that holds them all.
        format: Of what they are: 5-byte events of N-MNIST, HDF5 as SHD and SSC have it, AEDAT of a camera.
        label: Where the class is said: by the folder; SHD's files say it themselves.
        frames: Frames of a sample.
        window: Seconds of a frame; None: the longest recording divided by ``frames``.
        pool: Rows and columns of the sensor whose events are counted together.
        size: Rows and columns of the sensor, of 5-byte events; None: 34 by 34.
        clip: Largest count of a frame; None: the largest there is, 255 at most.
        test_from: A second folder, zip or file, which is the official test part.
    """

    events: FileName
    format: Literal["nmnist", "shd", "dvs128", "dvs_gesture", "davis346", "aedat4"]
    label: Literal["folder"] = "folder"
    frames: Annotated[Count, _frames] = 20
    window: Duration | None = None
    pool: Sides = (1, 1)
    size: (
        Annotated[Sides, law("a 5-byte event has 8 bits for a row and for a column", lambda v: max(v) <= 256)]
        | None
    ) = None
    clip: Annotated[int, law("clip must lie in 1 .. 255", lambda v: 1 <= v <= 255)] | None = None
    test_from: FileName | None = None

    @model_validator(mode="after")
    def _size_where_it_is_not_known(self) -> Self:
        if self.format != "nmnist" and self.size is not None:
            law = f"the size of the sensor is known for {self.format}"
            raise broken(law, str(list(self.size)), "remove it", at=("size",))
        return self


class PluginData(Parts):
    """Samples of a loader of the user's own: an installed entry point, or of ``--plugin FILE``.

    Attributes:
        plugin: Its name.
        options: What it is called with.
    """

    plugin: Name
    options: dict[str, Any] = Field(default_factory=dict)
