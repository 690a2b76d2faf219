"""A monitor in C adds up what its rule does here, to the last unit; it needs nothing that C firmware lacks."""

import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from builders.c_networks import SANITIZERS, STRICT, named_by_cppcheck
from builders.exports import INPUTS, network
from builders.random_networks import random_network

from hwsearch.errors import InputError
from hwsearch.export.c import check as checking
from hwsearch.export.c.check import check_monitor
from hwsearch.export.c.model import c_model
from hwsearch.export.c.monitor import FILES, monitor_files, monitor_trace, refuse_large_sums
from hwsearch.export.c.project import FILES as LIBRARY
from hwsearch.export.c.project import MONITOR_FILES, project_files
from hwsearch.monitor.fit import fit
from hwsearch.monitor.quantities import Quantity, Seen, quantities_of, seen
from hwsearch.monitor.rule import Rule, Watch, alarms
from hwsearch.network.integer import run_integer

IDENTITY = {"study_digest": "5" * 16, "trial": 3, "network_digest": "d" * 16}
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def rule_of(net, x, limit):
    """Return a rule that is fitted on samples, with limits from one on that all differ."""
    watches = fit(quantities_of(net), seen(net, x), net.populations[-1].shape.channels)
    return Rule(watches, tuple((limit + 2 * q, limit + 2 * q + 1) for q in range(len(watches))))


def written(folder, net, rule, x):
    """Write a library with a monitor; return its network as C."""
    model = c_model(net, ["dense"] * len(net.connections), 16)
    files = project_files(model, IDENTITY, x, run_integer(net, x, trace=True), rule)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return model


def test_what_is_shown_is_the_alarm_and_then_both_sums():
    watch = Watch(Quantity("margin", "margin"), 0, 16, 0, (160,))
    what = Seen(np.array([[12], [12], [9]]), np.zeros(3, np.int64))
    # 24; 48 is over 40: an alarm, and all begins anew; -16: 8 below
    assert monitor_trace(Rule((watch,), ((40, 40),)), what).tolist() == [[0, 24, 0], [1, 0, 0], [0, 0, 8]]
    low = Seen(np.array([[8], [8]]), np.zeros(2, np.int64))
    assert monitor_trace(Rule((watch,), ((40, 40),)), low).tolist() == [[0, 0, 24], [1 << 16, 0, 0]]


def random_case(seed):
    """Return a random network, and samples of it that are repeated and darkened on the way: alarms are certain."""
    net, x = random_network(np.random.default_rng(seed))
    return net, np.concatenate([x, x, x // 2, x * 0, x])


@needs_compiler
@pytest.mark.parametrize("seed", [0, 1, 5])
def test_c_adds_up_what_the_rule_does(tmp_path, seed):
    _compare(tmp_path, seed)


@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize("seed", range(6, 24))
def test_c_adds_up_what_the_rule_does_in_many_networks_under_sanitizers(tmp_path, seed, monkeypatch):
    monkeypatch.setattr(checking, "WARNINGS", (*STRICT, *SANITIZERS))
    _compare(tmp_path, seed)


def _compare(folder, seed):
    net, x = random_case(seed)
    rule = rule_of(net, x[: len(x) // 5], limit=60)
    model = written(folder, net, rule, x)
    assert alarms(rule, seen(net, x)) != []
    passed, detail = check_monitor(folder, model, rule, x)
    assert passed, detail
    assert detail == f"{len(x)} recorded inputs, every sum of {len(rule.watches)} quantities"


@needs_compiler
def test_another_rule_is_found_out_by_its_place(tmp_path):
    net = network()
    x = np.concatenate([INPUTS] * 10)
    rule = rule_of(net, x, limit=500)
    model = written(tmp_path, net, rule, x)
    first = rule.watches[0]
    other = replace(rule, watches=(replace(first, offsets=(first.offsets[0] + 10**6, 0)), *rule.watches[1:]))
    passed, detail = check_monitor(tmp_path, model, other, x)
    assert passed is False
    assert detail.startswith("input 0, input ")
    assert "the rule has" in detail
    source = tmp_path / "c" / FILES[1]
    source.write_text(source.read_text()[:-30])
    passed, detail = check_monitor(tmp_path, model, rule, x)
    assert passed is False
    assert detail.startswith("it does not build: ")


def test_without_a_compiler_nothing_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(checking, "compiler", lambda: None)
    assert check_monitor(tmp_path, None, None, INPUTS) == (None, "not built: there is no C compiler here")


@pytest.fixture(scope="module")
def files():
    net = network()
    model = c_model(net, ["dense", "bitmap"], 16)
    return monitor_files(model, rule_of(net, np.concatenate([INPUTS] * 10), 100), {"study": "5" * 16})


def test_it_has_no_heap_no_float_and_no_division(files):
    for text in files.values():
        code = re.sub(r'/\*.*?\*/|#include "[^"]*"', "", text, flags=re.DOTALL)
        assert not re.search(r"malloc|float|double|[/%]", code)
        assert " * study: 5555555555555555\n" in text


def test_the_header_says_what_each_bit_means(files):
    header = files[FILES[0]]
    assert "#define SNN_WATCHED 4u" in header
    assert "#define SNN_ALARM_2 0x0004u /* the margin */" in header


def test_a_library_without_a_monitor_is_what_it_was():
    net = network()
    model = c_model(net, ["dense", "bitmap"], 16)
    run = run_integer(net, INPUTS, trace=True)
    plain = project_files(model, IDENTITY, INPUTS, run)
    monitored = project_files(model, IDENTITY, INPUTS, run, rule_of(net, INPUTS, 100))
    assert set(plain) == set(LIBRARY)
    assert set(monitored) == {*LIBRARY, *MONITOR_FILES}
    changed = {name for name in plain if plain[name] != monitored[name]}
    assert changed == {"c/Makefile", "c/CMakeLists.txt", "c/README.md"}
    assert not any(b"monitor" in data for data in plain.values())


@needs_compiler
@pytest.mark.skipif(shutil.which("make") is None, reason="make is missing")
def test_make_builds_it_into_the_library(tmp_path):
    net = network()
    written(tmp_path, net, rule_of(net, INPUTS, 100), INPUTS)
    done = subprocess.run(["make"], cwd=tmp_path / "c", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    assert "snn_monitor.o" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cppcheck") is None, reason="cppcheck is not installed")
@pytest.mark.parametrize("seed", range(4))
def test_cppcheck_finds_nothing(tmp_path, seed):
    net, x = random_case(seed)
    model = c_model(net, ["dense"] * len(net.connections), 16)
    for name, text in monitor_files(model, rule_of(net, x, 100), {}).items():
        (tmp_path / name.removeprefix("src/")).write_text(text)
    assert named_by_cppcheck(tmp_path) == []


def test_sums_that_need_more_than_32_bits_are_refused():
    net = network()
    refuse_large_sums(net)
    wide = replace(net, input=replace(net.input, max=2**31))
    with pytest.raises(InputError, match=r"add up to less than 2\*\*32; got 4,294,967,296"):
        refuse_large_sums(wide)
