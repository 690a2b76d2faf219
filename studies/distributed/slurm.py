"""Searches a study on a SLURM cluster: dask-jobqueue submits a job a worker, and the search runs where this is typed.

    python studies/distributed/slurm.py STUDY --jobs 64 --tls ~/tls [--gpus] [--queue NAME] [-- OPTIONS OF hwsearch run]
    python studies/distributed/slurm.py STUDY --tls ~/tls --show         # prints the job script, submits nothing

Needs ``pip install dask-jobqueue`` beside hwsearch[cluster], and a folder of certificates (``certificates.sh``) that
all nodes see. A job that SLURM ends costs the time of what it was at; if this line ends, the same line goes on.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from dask_jobqueue import SLURMCluster
from distributed import Security


def security(tls: Path) -> Security:
    """Return one certificate for scheduler, workers and driver."""
    roles = {
        f"tls_{role}_{what}": str(tls / f"{what}.pem")
        for role in ("scheduler", "worker", "client")
        for what in ("cert", "key")
    }
    return Security(tls_ca_file=str(tls / "ca.pem"), require_encryption=True, **roles)


def cluster(
    tls: Path, *, gpus: bool = False, queue: str | None = None, walltime: str = "04:00:00"
) -> SLURMCluster:
    """Return a cluster without workers yet: a job is one worker of one core, with a GPU of its own where asked for."""
    return SLURMCluster(
        cores=1,
        processes=1,
        memory="4GB",
        walltime=walltime,
        queue=queue,
        job_extra_directives=["--gpus=1"] if gpus else [],
        job_script_prologue=[
            "export OMP_NUM_THREADS=1",
            # Dask looks at what a worker does every 10 ms, and at itself every 20: a tenth of the time
            "export DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL=1s",
            "export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False",
        ],
        # a worker ends in time before SLURM ends its job, and hands on what it has
        worker_extra_args=["--lifetime", "3h50m", "--lifetime-stagger", "4m"],
        protocol="tls://",
        security=security(tls),
        scheduler_options={"dashboard_address": None},
    )


def main() -> int:
    """Search as the command line says; return the exit code of the search."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study")
    parser.add_argument("--tls", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--gpus", action="store_true")
    parser.add_argument("--queue")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("options", nargs="*")
    args = parser.parse_args()
    tls = args.tls.expanduser().resolve()
    with cluster(tls, gpus=args.gpus, queue=args.queue) as workers:
        if args.show:
            print(workers.job_script())
            return 0
        workers.scale(jobs=args.jobs)
        line = [sys.executable, "-m", "hwsearch", "run", args.study, "--scheduler", workers.scheduler_address]
        files = ["--tls-ca", tls / "ca.pem", "--tls-cert", tls / "cert.pem", "--tls-key", tls / "key.pem"]
        return subprocess.run([*line, *files, *args.options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
