"""monitor.yaml reads back as it was written, and nothing else passes for it."""

from dataclasses import replace

import pytest
from builders.exports import INPUTS, monitor_of, network
from builders.integer_networks import fc
from builders.integer_networks import network as chain
from ruamel.yaml import YAML

from hwsearch.errors import RecordError
from hwsearch.export.monitor import FILE, monitor_identity, read_monitor, write_monitor
from hwsearch.monitor.learn import LeftOut

IDENTITY = {"trial": 3, "network_digest": "d" * 16}


@pytest.fixture
def path(tmp_path):
    write_monitor(tmp_path / FILE, monitor_of(network(), INPUTS), IDENTITY)
    return tmp_path / FILE


def test_what_is_read_is_what_was_written(path):
    assert read_monitor(path, network()) == monitor_of(network(), INPUTS)
    assert monitor_identity(path) == IDENTITY


def test_it_says_all_that_another_machine_needs(path):
    values = YAML(typ="safe").load(path.read_text())
    assert values["false_alarms"] == {"inferences": 1000, "chance": 0.1}
    assert values["new_groups"] is None
    assert (values["spread"], values["slack"], values["clip"]) == (16, 8, 64)
    assert (values["watched"][0]["limit_above"], values["watched"][0]["limit_below"]) == (200, 201)
    assert [each["name"] for each in values["watched"]] == ["input", "spikes_fc1", "margin", "no_answer"]
    assert set(values["watched"][0]) == {
        "name", "kind", "place", "mean", "spread", "down", "gain", "shift", "offsets",
        "limit_above", "limit_below",
    }  # fmt: skip


def test_what_groups_left_out_raised_is_kept_and_what_may_be_promised_is_told(tmp_path):
    monitor = replace(monitor_of(network(), INPUTS), left_out=LeftOut(150, 2))
    write_monitor(tmp_path / FILE, monitor, IDENTITY)
    assert read_monitor(tmp_path / FILE, network()) == monitor
    told = YAML(typ="safe").load((tmp_path / FILE).read_text())["new_groups"]
    assert told == {"groups": 150, "alarmed": 2, "chance_alone": 0.0414, "confidence": 0.95}


@pytest.mark.parametrize(
    ("old", "new", "got"),
    [
        ("format: 1", "format: 2", "format"),
        ("limit_above: 200", "limit_above: 70000", "less than or equal to"),
        ("slack: 8", "slack: 9", "slack"),
        ("kind: margin", "kind: heat", "kind"),
        ("shift:", "shift: 25 #", "shift"),
        ("gain:", "gain: 1.5 #", "gain"),
        ("slack: 8", "slack: 8\nslack: 8", "only once"),
        ("watched:", "watched: []\nothers:", "watched"),
        ("format: 1", "format: [", "flow"),
    ],
)
def test_another_file_is_refused_by_its_place(path, old, new, got):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(RecordError, match=r"must be as an export wrote it.*export the trial again") as caught:
        read_monitor(path, network())
    assert got in str(caught.value)


def test_a_missing_file_is_a_record_error(tmp_path):
    with pytest.raises(RecordError, match="must be as an export wrote it"):
        read_monitor(tmp_path / FILE, network())


def test_a_monitor_of_another_network_is_refused(path):
    three = chain(
        [fc([[1, 0]], [0], [5]), fc([[1], [0], [1]], [0] * 3, name="readout")], timesteps=2, shape=(1, 1, 2)
    )
    with pytest.raises(RecordError, match="with an offset for each of 3 classes; got another network's"):
        read_monitor(path, three)
