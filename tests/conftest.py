"""A study small enough to run in a second or two, and one finished run of it that many tests look at."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from builders.postgres import PostgresServer, binaries
from builders.tiny import TINY

import hwsearch

# two threads in a test beside other processes wait for each other, and sum in an order of their own
torch.set_num_threads(1)
# what other runs left must not reach a test
os.environ.pop("HWSEARCH_CACHE", None)


@pytest.fixture(scope="session")
def tiny_text() -> str:
    return TINY


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run; tests must not change it."""
    folder = tmp_path_factory.mktemp("finished")
    study = folder / "tiny.yaml"
    study.write_text(TINY)
    hwsearch.run(study, out=folder / "run")
    return folder / "run"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Yield a PostgreSQL server that runs; a test that stops it must start it again."""
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    pytest.importorskip("psycopg")
    with PostgresServer(found) as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """Return the URL of an empty PostgreSQL database, its password in it."""
    return postgres.database()
