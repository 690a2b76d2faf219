"""A study small enough to run in a second or two, and one finished run of it that many tests look at."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from builders.postgres import PostgresServer, binaries

import hwsearch

# two threads in a test beside other processes wait for each other, and sum in an order of their own
torch.set_num_threads(1)
# what other runs left must not reach a test
os.environ.pop("HWSEARCH_CACHE", None)

TINY = """
name: tiny
seed: 0
data: {name: digits, train_size: 400}
network: {layers: fc24-fc16, batch_norm: true}
space:
  sparsity: [0.0, 0.5, 0.8, 0.9]
  granularity: [weight, "nm:4", channel]
  weight_bits: [2, 4, 8]
  timesteps: [2, 3]
device: {profile: nrf51822_microbit, budgets: {memory_bytes: 3000}}
objectives: [error, energy_j, memory_bytes]
train: {dense_epochs: 8, epochs: 3, dense_learning_rate: 0.01, learning_rate: 0.01}
search: {candidates: 24, batch: 8, stack: 4}
final: {seeds: 2}
pick: {within: 0.2}
"""


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
