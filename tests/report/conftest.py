"""One made-up run that the tests of a report look at."""

from pathlib import Path

import pytest
from builders.runs import synthetic_run


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory) -> Path:
    """Return the folder of a made-up run; tests must not change it."""
    return synthetic_run(tmp_path_factory.mktemp("made-up"))
