"""A model of a real run as a C library, by one line."""

import re
import subprocess
import sys

import pytest
from ruamel.yaml import YAML


def hwsearch(*args):
    command = [sys.executable, "-m", "hwsearch", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(finished, tmp_path_factory):
    to = tmp_path_factory.mktemp("exports") / "model"
    done = hwsearch("export", finished, "--smallest", "--within", "20%", "--format", "config,c", "--to", to)
    assert done.returncode == 0, done.stderr
    return to


def test_the_rule_picks_what_pick_picks(finished, folder):
    config = YAML(typ="safe").load((folder / "config.yaml").read_text())
    shown = hwsearch("pick", finished, "--smallest", "--within", "20%").stdout
    assert f"trial {config['trial']}" in shown


def test_it_verifies_and_has_the_bytes_of_its_price(folder):
    done = hwsearch("verify", folder)
    assert done.returncode == 0, done.stdout
    measured = YAML(typ="safe").load((folder / "config.yaml").read_text())["measured"]
    header = (folder / "c/src/snn.h").read_text()
    sizes = {name: int(n) for name, n in re.findall(r"define SNN_(\w+)_BYTES (\d+)u", header)}
    assert sizes == {
        "WEIGHT": measured["packed_bytes"],
        "PARAM": measured["bias_bytes"],
        "STATE": measured["state_bytes"],
        "BUFFER": measured["buffer_bytes"],
    }


def test_a_trial_and_a_rule_are_refused(finished, tmp_path):
    done = hwsearch("export", finished, "--trial", 1, "--smallest", "--to", tmp_path / "model")
    assert done.returncode == 2
    assert "--trial: a trial or a rule may be given" in done.stderr
