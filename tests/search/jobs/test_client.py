"""The connection to a scheduler."""

import logging
import threading

import pytest
from builders.clusters import cluster_here, free_port

pytest.importorskip("distributed")

from hwsearch.search.jobs.client import connect
from hwsearch.search.jobs.scheduler import Scheduler


def loops():
    return sum(thread.name == "IO loop" for thread in threading.enumerate())


def test_a_connection_is_one_to_work_with():
    with cluster_here(workers=1) as address, connect(Scheduler(address), 10.0) as client:
        assert client.submit(sum, [1, 2]).result() == 3


def test_where_there_is_no_scheduler_it_says_so_and_leaves_no_thread():
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    before = loops()
    with pytest.raises(OSError, match=r"tcp://127\.0\.0\.1"):
        connect(Scheduler(f"tcp://127.0.0.1:{free_port()}"), 0.5)
    assert loops() == before
