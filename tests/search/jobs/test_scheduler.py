"""Addresses and certificates that are refused before anything is spent."""

import subprocess

import pytest

from hwsearch.errors import InputError
from hwsearch.search.jobs import scheduler as module
from hwsearch.search.jobs.scheduler import Scheduler

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """Return a folder with cert.pem and key.pem, which are each other's."""
    folder = tmp_path_factory.mktemp("pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=test", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


def faults(scheduler):
    with pytest.raises(InputError) as caught:
        scheduler.check()
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://node-1.cluster:1", "tcp://[::1]:65535"])
def test_addresses_that_are_some(address):
    Scheduler(address).check()


@pytest.mark.parametrize(
    "address",
    ["", "node1:8786", "http://node1:8786", "tcp://node1", "tcp://node1:0", "tcp://node1:65536", "tcp://:8786",
     "tcp://node1:8786/x", "tcp://a b:1", "tcp://node1:8786\n", "inproc://1:2"],
)  # fmt: skip
def test_addresses_that_are_none(address):
    (words,) = faults(Scheduler(address))
    assert words.startswith("--scheduler: a scheduler must be tcp://HOST:PORT or tls://HOST:PORT; got ")
    assert repr(address) in words


def test_certificates_need_tls_and_tls_needs_certificates(pem):
    words = faults(Scheduler("tcp://node1:8786", ca=pem / "cert.pem"))
    assert words == [
        "--tls-ca: certificates are for tls://; got tcp://node1:8786 (give the scheduler as tls://HOST:PORT)"
    ]
    words = faults(Scheduler("tls://node1:8786", ca=pem / "cert.pem"))
    assert [word.split(":")[0] for word in words] == ["--tls-cert", "--tls-key"]
    Scheduler("tls://node1:8786", pem / "cert.pem", pem / "cert.pem", pem / "key.pem").check()


def test_files_that_are_no_certificates(pem, tmp_path):
    (junk := tmp_path / "junk.pem").write_text("junk")
    missing = tmp_path / "missing.pem"
    words = faults(Scheduler("tls://node1:8786", missing, pem / "cert.pem", pem / "key.pem"))
    assert words == [f"{missing}: --tls-ca: it must be a file that can be read; got no file"]
    words = faults(Scheduler("tls://node1:8786", junk, pem / "key.pem", junk))
    assert [word.split(": ")[1] for word in words] == ["--tls-ca", "--tls-cert"]


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    (words,) = faults(Scheduler("tcp://node1:8786"))
    assert "hwsearch[cluster]" in words
