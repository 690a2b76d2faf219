"""A search that is kept in PostgreSQL: the same as in a file, no password anywhere, and no stop loses anything."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from builders.postgres import PASSWORD, QUOTED, PostgresServer

from hwsearch.errors import InputError, StorageAway
from hwsearch.search.optuna_study import Proposer, Told, Verdict
from hwsearch.search.store.place import Place, check_place
from hwsearch.search.store.storage import open_study, read_study
from hwsearch.space.space import SearchSpace

SPACE = SearchSpace(tuple(i / 20 for i in range(20)), ("weight", "nm:4"), (1, 2, 4, 8), (2, 4), 0)
TABLES = ("trials.csv", "front.csv", "recalls.csv")


def command(*args, **settings):
    settings = {"capture_output": True, "text": True, "check": False, "timeout": 300} | settings
    return subprocess.run([sys.executable, "-m", "hwsearch", *map(str, args)], **settings)


def differences(folder, other):
    """Return the cells that differ between the tables of two runs, but for what a clock told.

    What is predicted of a candidate depends in its last digit on how many were predicted together, and so on where a
    run was stopped.
    """
    found = []
    for name in TABLES:
        one, two = (pd.read_csv(path / name) for path in (folder, other))
        assert list(one.columns) == list(two.columns)
        for column in [column for column in one if not column.startswith("wall_s")]:
            pairs = zip(one[column], two[column], strict=True)
            found += [(name, column, *pair) for pair in pairs if not alike(*pair)]
    return found


def alike(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return np.isclose(one, other, rtol=1e-9, atol=0, equal_nan=True)
    return one == other or (pd.isna(one) and pd.isna(other))


def play(proposer, end, start=0, batch=4, between=lambda number: None):
    """Ask and tell; return what was asked."""
    seen = []
    for first in range(start, end, batch):
        for proposal in proposer.proposals(first, min(first + batch, end)):
            between(proposal.number)
            seen.append(proposal.candidate)
            cost = proposal.candidate.weight_bits[0] * (1 - proposal.candidate.sparsity[0])
            verdict = Verdict(
                "complete", (0.5 - 0.05 * cost, cost * 100), {"memory_bytes": cost / 4 - 1}, (1, 800)
            )
            proposer.tell([Told(proposal.number, verdict, f"record {proposal.number}")])
    return seen


def proposer(url):
    return Proposer(url, "s", "d", SPACE, "tpe", 0, 2, ["error", "memory_bytes"])


def test_it_is_asked_what_a_file_is_asked(database, tmp_path):
    there, here = proposer(database), proposer(f"sqlite:///{tmp_path / 'x.db'}")
    assert play(there, 24) == play(here, 24)
    assert there.records() == here.records()
    kept = [read_study(url, "s").study.trials for url in (database, f"sqlite:///{tmp_path / 'x.db'}")]
    for one, other in zip(*kept, strict=True):
        assert (one.values, one.params, one.constraints) == (other.values, other.params, other.constraints)


def test_a_server_that_is_stopped_and_started_is_waited_for(postgres, database, monkeypatch):
    monkeypatch.setenv("HWSEARCH_STORAGE_WAIT", "30")
    stops = {5: "fast", 11: "immediate"}  # an immediate stop is a crash

    def stop(number):
        if number in stops:
            postgres.stop(stops.pop(number))
            threading.Timer(0.5, postgres.start).start()

    asked = play(proposer(database), 16, between=stop)
    assert not stops
    again = proposer(database)
    assert again.records() == {number: f"record {number}" for number in range(16)}
    assert [own.candidate for own in again.proposals(0, 16)] == asked


def test_a_server_that_stays_away_is_told_and_the_search_goes_on_later(postgres, database, monkeypatch):
    monkeypatch.setenv("HWSEARCH_STORAGE_WAIT", "0.3")
    search = proposer(database)
    asked = play(search, 8)
    postgres.stop()
    try:
        with pytest.raises(StorageAway, match=r"and so for 0\.\d s") as caught:
            search.proposals(8, 12)
        assert PASSWORD not in str(caught.value)
        with pytest.raises(StorageAway):
            check_place(Place(database, "s", inside=False), "d")
    finally:
        postgres.start()
    assert [own.candidate for own in search.proposals(0, 8)] == asked
    assert len(play(search, 12, 8)) == 4


def test_an_answer_to_a_commit_that_was_lost_is_no_second_trial(database, monkeypatch):
    """The server has the trial, and nobody heard of it."""
    search = proposer(database)
    engine = search._study._storage._backend.engine
    original, lost = engine.dialect.do_commit, []

    def commit(connection):
        original(connection)
        if not lost:
            lost.append(connection)
            connection.driver_connection.close()
            raise engine.dialect.loaded_dbapi.OperationalError("the connection is lost")

    chosen = search.suggestions(0, 4)
    monkeypatch.setattr(engine.dialect, "do_commit", commit)
    got = search.proposals(0, 4, lambda: chosen)
    assert lost
    assert [own.candidate for own in got] == [SPACE.candidate(setting) for setting in chosen]
    lost.clear()
    search.tell([Told(0, Verdict("pruned", None, {"memory_bytes": 1.0}, outcome="over_budget"), "record")])
    assert search.records() == {0: "record"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "wr0ng"}, "password authentication failed"),
        ({"password": None}, "PGPASSWORD"),
        ({"database": "none"}, 'database "none" does not exist'),
    ],
)
def test_what_is_wrong_is_told_at_once_and_without_the_password(postgres, database, change, told):
    settings = {"database": database.rpartition("/")[2]} | change
    url = postgres.url(**settings)
    start = time.monotonic()
    with pytest.raises(InputError, match=re.escape(told)) as caught:
        open_study(url, "s", "d", 2)
    assert time.monotonic() - start < 5
    assert "\n" not in str(caught.value)
    assert not any(secret in str(caught.value) for secret in (PASSWORD, QUOTED, "wr0ng"))


def test_a_database_of_something_else_stays_as_it_is(postgres, database):
    name = database.rpartition("/")[2]
    postgres.sql("CREATE TABLE invoices (id integer)", name)
    with pytest.raises(InputError, match="a table invoices"):
        check_place(Place(database, "s", inside=False), "d")
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name).strip() == "1"


def test_the_tables_of_another_optuna_are_refused(postgres, database):
    open_study(database, "s", "d", 2)
    postgres.sql("UPDATE alembic_version SET version_num = 'v9.9.9'", database.rpartition("/")[2])
    with pytest.raises(InputError, match="no longer compatible"):
        check_place(Place(database, "s", inside=False), "d")


def test_a_user_without_rights_is_told_what_to_grant(postgres, database):
    name = database.rpartition("/")[2]
    postgres.sql("CREATE ROLE guest LOGIN PASSWORD 'g'; REVOKE CREATE ON SCHEMA public FROM PUBLIC", name)
    try:
        with pytest.raises(InputError, match=r"permission denied.*grant CREATE"):
            open_study(database.replace(f"ann:{QUOTED}", "guest:g"), "s", "d", 2)
    finally:
        postgres.sql("DROP ROLE guest", name)


@pytest.mark.slow
def test_a_whole_run_is_that_of_a_file_and_its_password_is_nowhere(database, finished, tmp_path, tiny):
    """Run, front on another device, pick, export, verify and report, each by its command."""
    out, model = tmp_path / "run", tmp_path / "model"
    said = [command("run", tiny, "--out", out, "--workers", "2", "--storage", database)]
    assert differences(out, finished) == []
    assert not (out / "study.db").exists()
    said += [
        command("front", out, "--profile", "generic_45nm", "--storage", database),
        command("pick", out),
        command("export", out, "--to", model, "--storage", database, "--format", "config,weights,nir,c"),
        command("verify", model),
        command("report", out),
        # the folder remembers it without its password, which libpq finds elsewhere
        command("front", out, "--profile", "generic_45nm", env=os.environ | {"PGPASSWORD": PASSWORD}),
        command("run", tiny, "--out", out, "--workers", "1", "--storage", database),
    ]
    assert [done.returncode for done in said] == [0] * len(said), [done.stderr for done in said]
    refusals = [
        command("front", out, "--profile", "generic_45nm"),
        command("front", out, "--profile", "generic_45nm", "--storage", database.replace(QUOTED, "wr0ng")),
        command("run", tiny, "--out", tmp_path / "other", "--storage", database.replace("ann:", "ann:x@")),
    ]
    assert [done.returncode for done in refusals] == [2, 2, 2], [done.stderr for done in refusals]
    texts = {str(index): done.stdout + done.stderr for index, done in enumerate([*said, *refusals])}
    files = [path for folder in (out, model) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    texts |= {str(path): path.read_bytes().decode("latin-1") for path in files}
    for secret in (PASSWORD, QUOTED, quote(PASSWORD, safe=""), "wr0ng"):
        assert [place for place, text in texts.items() if secret in text] == []


@pytest.mark.slow
def test_a_server_that_stops_in_the_middle_of_a_run(postgres, database, finished, tmp_path, tiny):
    """Once it comes back in time; then it stays away: exit code 3, and the same line goes on."""
    out, wait = tmp_path / "run", os.environ | {"HWSEARCH_STORAGE_WAIT": "4"}
    args = [sys.executable, "-m", "hwsearch", "run", str(tiny), "--out", str(out), "--workers", "1"]
    process = subprocess.Popen(
        [*args, "--storage", database], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=wait
    )
    try:
        for line in process.stdout:
            if "candidates 8/24" in line:
                postgres.stop("immediate")
                threading.Timer(1.0, postgres.start).start()
            if "candidates 16/24" in line:
                postgres.stop("fast")
        said = process.stderr.read()
        assert process.wait(60) == 3, said
    finally:
        process.kill()
        process.communicate()
        postgres.start_if_stopped()
    assert len(re.findall("waiting for up to 4 s", said)) >= 1
    (error,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert "the same line goes on" in error
    assert "Traceback" not in said
    assert PASSWORD not in said
    assert command("run", tiny, "--out", out, "--workers", "1", "--storage", database).returncode == 0
    assert differences(out, finished) == []


@pytest.mark.slow
def test_killed_with_a_database_away_it_goes_on(postgres, database, finished, tmp_path, tiny):
    out = tmp_path / "run"
    args = [sys.executable, "-m", "hwsearch", "run", str(tiny), "--out", str(out), "--workers", "1"]
    process = subprocess.Popen([*args, "--storage", database], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "candidates 8/24" in line:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=30)
    assert command("run", tiny, "--out", out, "--workers", "2", "--storage", database).returncode == 0
    assert differences(out, finished) == []


def test_what_is_shown_of_a_storage_is_readable(database):
    play(proposer(database), 4)
    study = read_study(database, "s").study
    assert study.metric_names == ["error", "memory_bytes"]
    frame = study.trials_dataframe()
    assert {"values_error", "values_memory_bytes", "params_sparsity"} <= set(frame.columns)
    assert set(frame["params_sparsity"]) <= set(SPACE.sparsity)
    assert frame["values_memory_bytes"].max() > 1  # bytes, not shares


def test_a_server_is_found_by_its_socket(postgres: PostgresServer, database):
    url = database.replace(f"127.0.0.1:{postgres.port}", "") + f"?host={postgres.folder}&port={postgres.port}"
    assert open_study(url, "s", "d", 2).study.study_name == "s"
    assert Path(postgres.folder).is_dir()
