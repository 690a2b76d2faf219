"""monitor.yaml reads back as it was written, and nothing else passes for it."""

import pytest
from builders.exports import INPUTS, monitor_of, network
from builders.integer_networks import fc
from builders.integer_networks import network as chain
from ruamel.yaml import YAML

from hwsearch.errors import RecordError
from hwsearch.export.monitor import FILE, monitor_identity, read_monitor, write_monitor

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
    assert (values["spread"], values["slack"], values["clip"], values["limit"]) == (16, 8, 64, 200)
    assert [each["name"] for each in values["watched"]] == ["input", "spikes_fc1", "margin", "no_answer"]
    assert set(values["watched"][0]) == {
        "name", "kind", "place", "mean", "spread", "down", "gain", "shift", "offsets",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "got"),
    [
        ("format: 1", "format: 2", "format"),
        ("limit: 200", "limit: 70000", "less than or equal to"),
        ("slack: 8", "slack: 9", "slack"),
        ("kind: margin", "kind: heat", "kind"),
        ("shift:", "shift: 25 #", "shift"),
        ("gain:", "gain: 1.5 #", "gain"),
        ("limit: 200", "limit: 200\nlimit: 1", "only once"),
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
