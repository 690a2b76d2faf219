"""One made-up run with a study that this version can read; its names are hostile where a user may choose them."""

from pathlib import Path

import pandas as pd
import pytest
from builders.runs import HOSTILE, playable_run

from hwsearch.report.tables import RunTables, read_run


@pytest.fixture(scope="session")
def played_dir(tmp_path_factory) -> Path:
    """Return the folder of a made-up run that all tests of the figure look at; tests must not change it."""
    folder = playable_run(tmp_path_factory.mktemp("runs") / "it's <b>; rm -r ~")
    trials = pd.read_csv(folder / "trials.csv")
    trials["network"] = "fc128"
    trials.loc[trials["outcome"] == "stopped", "reason"] = HOSTILE
    cut = trials["outcome"].isin(["foreseen", "lookalike"])
    trials.loc[cut, "accuracy_foreseen"] = 0.9
    trials.to_csv(folder / "trials.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def played(played_dir) -> RunTables:
    """Return what that folder holds."""
    return read_run(played_dir)
