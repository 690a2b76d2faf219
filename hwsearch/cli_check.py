"""``hwsearch data check``: read all of a study's data, say what they are and what is wrong, draw a few samples.

Nothing heavy is imported until it is called.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hwsearch.shown import say

StudyName = Annotated[
    str, typer.Argument(help="The study file, or the name of a shipped study.", metavar="STUDY")
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="A file of Python whose functions are loaders; may be repeated."),
]


def check(
    name: StudyName,
    to: Annotated[Path, typer.Option(help="Where a few samples are drawn.")] = Path("data.png"),
    data_root: Annotated[Path | None, typer.Option(help="Folder of data sets (or HWSEARCH_DATA).")] = None,
    plugin: Plugins = None,
) -> None:
    """Read all data of a study: shapes, counts, classes, ranges, groups, what is left out, leaks; draw a few."""
    from hwsearch.errors import InputError
    from hwsearch.study.model import load_study, override
    from hwsearch.study.places import placed
    from hwsearch.study.shipped import find_study

    path = find_study(name)
    root = None if data_root is None else str(data_root.resolve())
    study = override(load_study(path), data_root=root)
    from hwsearch.data.check import dataset_words, samples_words
    from hwsearch.data.datasets import dataset_of, find_root
    from hwsearch.data.plugins import install
    from hwsearch.data.readers.read import read_samples
    from hwsearch.report.samples_figure import draw_samples

    install(plugin or ())
    try:
        samples = read_samples(study.data, find_root(study.data.root, None, os.environ))
        for words in samples_words(samples):
            say(words)
        draw_samples(samples, to)
        say(f"a few samples: {to}")
        for words in dataset_words(dataset_of(study.data, samples), samples):
            say(words)
    except InputError as error:
        raise InputError(placed(error.faults, path, () if root is None else ("--data-root",))) from None
