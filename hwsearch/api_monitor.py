"""The Python interface of ``hwsearch monitor``: an export's monitor, run over a stream on this computer."""

from __future__ import annotations

from pathlib import Path

from hwsearch.results.monitored import Stream, Watched, watch_export


def monitor(
    path: str | Path,
    *,
    data: str | Path | None = None,
    recorded: str | Path | None = None,
    data_root: str | Path | None = None,
) -> Watched:
    """Tell whether a stream has drifted from what a model was validated on, as its firmware would.

    Args:
        path: The folder of an export that was written with the format ``monitor``.
        data: An npz file with an array ``x``: samples in their order, as the study's own are before encoding.
        recorded: Instead, a CSV file of what firmware recorded: a column for each quantity (by the names in
            ``monitor.yaml``) and ``class``, a row an inference.
        data_root: Without either, the test samples of the study in a drawn order: the folder of data sets; None:
            ``HWSEARCH_DATA``.

    Returns:
        Every alarm with its place in the stream, and the sentences.

    Raises:
        InputError: The stream cannot be read, is not of the model's inputs, or two are given.
        RecordError: A file of the export is missing or damaged, or it has no monitor.
    """
    paths = [None if each is None else Path(each) for each in (data, recorded, data_root)]
    return watch_export(Path(path), Stream(*paths))
