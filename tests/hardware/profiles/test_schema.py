"""The laws of a whole profile file: every fault at once, each with its line."""

import json

import pytest
from builders.profile_files import written
from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import InputError
from hwsearch.hardware.profiles.load import check_profile, load_profile


def line_of(path, text):
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_all_faults_at_once_with_their_lines(tmp_path):
    path = written(
        tmp_path,
        ("{value: 16, unit: MHz,", "{value: 16, unit: pJ,"),
        ("grade: toolchain, source: NRFX", "grade: toolchain, source: NOBODY"),
        ("{value: 256, unit: KiB, grade: vendor", "{value: 256, unit: KiB, grade: rumour"),
        ("  overflow: saturate", "  overflow: wrap"),
        ("  reset: [zero, subtract]", "  resets: [zero, subtract]"),
        ('comparison: {value: ">="', 'comparison: {value: "=>"'),
        ("    value: 825", "    value: lots"),
    )
    faults = {fault.where: fault for fault in check_profile(path)}
    expected = {
        "memory.banks.0.bytes.grade": "rumour",
        "memory.banks.1.reserved.source": "NOBODY",
        "state.overflow": "wrap",
        "neurons.reset": "neurons:",
        "neurons.resets": "resets: [zero, subtract]",
        "neurons.comparison.value": "=>",
        "timing.clock.unit": "unit: pJ, grade: vendor",
        "energy.cycle.value": "lots",
    }
    assert {where: fault.line for where, fault in faults.items()} == {
        where: line_of(path, text) for where, text in expected.items()
    }
    assert "Hz, kHz, MHz, GHz" in faults["timing.clock.unit"].law
    assert faults["timing.clock.unit"].got == "'pJ'"
    assert all(fault.path == path for fault in faults.values())
    with pytest.raises(InputError) as caught:
        load_profile(path)
    assert len(caught.value.faults) == len(faults)


def test_the_schema_is_json_and_knows_the_families():
    schema = json.loads(CliRunner().invoke(app, ["profiles", "schema"]).output)
    assert {"id", "memory", "weights", "model", "sources"} <= set(schema["properties"])
    assert "StepCyclesSection" in schema["$defs"]
