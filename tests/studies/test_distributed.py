"""The examples of clusters: each through its tool's own parser, and the one over ssh for real, on this machine."""

import importlib.util
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
import typer
from builders.clusters import free_port
from ruamel.yaml import YAML

from hwsearch.cli import app
from hwsearch.search.jobs.scheduler import Scheduler

pytest.importorskip("distributed")
import dask
from distributed.cli import dask_scheduler, dask_worker

EXAMPLES = Path(__file__).parents[2] / "studies" / "distributed"
UNPROFILED = "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"
SELDOM = "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL"
FAKE_SSH = """#!/bin/sh
# ssh -o OPTION HOST COMMAND, on this machine
test "$1" = -o && test "$3" = here || exit 64
exec sh -c "$4"
"""


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """Return the folder that certificates.sh makes."""
    folder = tmp_path_factory.mktemp("certificates") / "tls"
    subprocess.run(["sh", EXAMPLES / "certificates.sh", folder], check=True, capture_output=True)
    return folder


def parsed(line):
    """Return what the tool that a command line names reads from it; a fault in it is an error of click's."""
    program, what, *arguments = line
    commands = {
        ("dask", "scheduler"): dask_scheduler.main,
        ("dask", "worker"): dask_worker.main,
        ("hwsearch", "run"): typer.main.get_command(app).commands["run"],
    }
    return commands[program, what].make_context(what, list(arguments)).params


def pods(job):
    """Return the pods of a DaskJob: scheduler, worker, driver."""
    cluster = job["spec"]["cluster"]["spec"]
    return [cluster["scheduler"]["spec"], cluster["worker"]["spec"], job["spec"]["job"]["spec"]]


def kubernetes_job(folder="/tls"):
    text = (EXAMPLES / "kubernetes.yaml").read_text().replace("/tls/", f"{folder}/")
    return YAML(typ="safe").load(text)


def test_the_certificates_are_some_and_nobody_else_s(tls):
    Scheduler("tls://node1:8786", tls / "ca.pem", tls / "cert.pem", tls / "key.pem").check()
    assert {stat.S_IMODE(path.stat().st_mode) for path in tls.iterdir()} == {0o600}
    assert stat.S_IMODE(tls.stat().st_mode) == 0o700
    again = subprocess.run(["sh", EXAMPLES / "certificates.sh", tls], capture_output=True, check=False)
    assert again.returncode != 0  # what is there is not written over


@pytest.mark.parametrize(("shell", "name"), [("sh", "certificates.sh"), ("bash", "ssh.sh")])
def test_shells_can_read_their_scripts(shell, name):
    subprocess.run([shell, "-n", EXAMPLES / name], check=True)


def test_kubernetes_starts_what_dask_and_hwsearch_understand(tls):
    scheduler, worker, driver = [parsed(pod["containers"][0]["args"]) for pod in pods(kubernetes_job(tls))]
    assert scheduler["protocol"] == "tls"
    assert worker["nthreads"] == 1
    assert worker["scheduler"] == driver["scheduler"] == "tls://hwsearch-scheduler:8786"
    assert driver["tls_ca"] == tls / "ca.pem"
    for pod in pods(kubernetes_job()):
        (container,) = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {
            each["name"] for each in pod["volumes"]
        }


def test_workers_are_not_looked_at_by_dask_all_the_time():
    _, worker, _ = pods(kubernetes_job())
    for name, value in ((UNPROFILED, "False"), (SELDOM, "1s")):
        assert {"name": name, "value": value} in worker["containers"][0]["env"]
        for file in ("ssh.sh", "slurm.py"):
            assert f"{name}={value}" in (EXAMPLES / file).read_text(), file
    with mock.patch.dict(os.environ, {UNPROFILED: "False", SELDOM: "1s"}):
        found = dask.config.collect_env()["distributed"]
    assert not found["worker"]["profile"]["enabled"]
    assert found["admin"]["tick"]["interval"] == "1s"


def test_kubernetes_accepts_the_job():
    customresources = pytest.importorskip("dask_kubernetes.operator.customresources")
    jsonschema = pytest.importorskip("jsonschema")
    folder = Path(customresources.__path__[0])
    definition = YAML(typ="safe").load((folder / "daskjob.yaml").read_text())
    assert definition, folder
    jsonschema.validate(kubernetes_job(), definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"])


def test_slurm_gets_a_script_whose_worker_dask_understands(tls):
    pytest.importorskip("dask_jobqueue")
    spec = importlib.util.spec_from_file_location("slurm_example", EXAMPLES / "slurm.py")
    slurm = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(slurm)
    with slurm.cluster(tls, gpus=True, queue="short") as cluster:
        script = cluster.job_script()
        assert re.fullmatch(r"tls://[^:]+:\d+", cluster.scheduler_address)
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    directives = [line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH")]
    assert {"-p short", "-n 1", "--cpus-per-task=1", "--gpus=1", "-t 04:00:00"} <= set(directives)
    line = shlex.split(
        next(line for line in script.splitlines() if "dask_worker" in line or "dask worker" in line)
    )
    worker = parsed(["dask", "worker", *line[line.index("distributed.cli.dask_worker") + 1 :]])
    assert worker["nthreads"] == 1
    assert worker["scheduler"].startswith("tls://")
    assert worker["tls_cert"] == str(tls / "cert.pem")


@pytest.mark.slow  # a scheduler, two workers and a run
def test_ssh_searches_a_study(tls, tiny, tmp_path):
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    (tmp_path / "bin").mkdir()
    (ssh := tmp_path / "bin" / "ssh").write_text(FAKE_SSH)
    ssh.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{ssh.parent}:{os.environ['PATH']}", "HOSTS": "here:2", "HOST": "127.0.0.1", "TLS": str(tls),
        "PORT": str(free_port()), "PYTHON": sys.executable,
    }  # fmt: skip
    done = subprocess.run(
        ["bash", EXAMPLES / "ssh.sh", tiny, "--out", tmp_path / "run"],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "run" / "front.csv").exists()
