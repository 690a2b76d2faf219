"""Options of a cluster that contradict each other, all of them at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from hwsearch.cli_cluster import scheduler_of
from hwsearch.errors import InputError

pytest.importorskip("distributed")
NOTHING = (None, None, None)


def test_no_scheduler_is_none():
    assert scheduler_of(None, NOTHING, 2) is None
    assert scheduler_of("tcp://node1:8786", NOTHING, None).address == "tcp://node1:8786"


@pytest.mark.parametrize(
    ("address", "certificates", "workers", "named"),
    [
        (None, (Path("ca.pem"), None, Path("key.pem")), None, ["--tls-ca", "--tls-key"]),
        ("tcp://node1:8786", NOTHING, 2, ["--workers"]),
        ("node1", NOTHING, 2, ["--workers", "--scheduler"]),
        ("tls://node1:8786", NOTHING, None, ["--tls-ca", "--tls-cert", "--tls-key"]),
    ],
)
def test_contradictions_are_named_together(address, certificates, workers, named):
    with pytest.raises(InputError) as caught:
        scheduler_of(address, certificates, workers)
    assert [fault.where for fault in caught.value.faults] == named


@pytest.mark.slow
def test_the_command_line_refuses_an_address_at_once(tiny):
    done = subprocess.run(
        [sys.executable, "-m", "hwsearch", "run", tiny, "--scheduler", "node1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: --scheduler: a scheduler must be tcp://HOST:PORT")
    assert "Traceback" not in done.stderr
