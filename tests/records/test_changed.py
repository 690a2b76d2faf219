"""A folder is one study's: another is refused by the keys that differ; what comes after the search may change."""

import pytest

from hwsearch.errors import InputError
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.records.changed import refuse_changed
from hwsearch.records.run_folder import RunFolder
from hwsearch.study.model import load_study, override, write_study


@pytest.fixture
def used(tiny, tmp_path):
    """Return the study, its device and a folder that was used for both."""
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    study, profile = load_study(tiny), load_profile("nrf51822_microbit")
    write_study(study, folder.study)
    folder.profile.write_text(profile.path.read_text())
    return study, profile, folder


def changed(tiny, *changes):
    text = tiny.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    tiny.write_text(text)
    return load_study(tiny)


def test_every_key_that_differs_is_named_with_both_values(used, tiny):
    _, profile, folder = used
    other = changed(
        tiny, (", epochs: 3", ", epochs: 4"), ("[2, 4, 8]", "[2, 4]"), ("name: tiny", "name: big")
    )
    with pytest.raises(InputError) as caught:
        refuse_changed(other, profile, folder)
    faults = {fault.where: fault for fault in caught.value.faults}
    assert set(faults) == {"train.epochs", "space.weight_bits"}
    assert faults["train.epochs"].got == "4, used was 3"
    assert faults["space.weight_bits"].got == "[2, 4], used was [2, 4, 8]"
    line = faults["train.epochs"].line
    assert folder.study.read_text().splitlines()[line - 1].strip() == "epochs: 3"


def test_a_batch_that_says_the_same_in_other_words_is_not_named(used, tiny):
    study, profile, folder = used
    same = study.model_copy(update={"search": study.search.model_copy(update={"batch": "auto"})})
    assert study.search.batch == 8
    refuse_changed(same, profile, folder)
    with pytest.raises(InputError) as caught:
        refuse_changed(override(same, seed=3), profile, folder)
    assert [fault.where for fault in caught.value.faults] == ["seed"]


def test_a_budget_more_or_less_is_named(used, tiny):
    _, profile, folder = used
    other = changed(tiny, ("memory_bytes: 3000}", "weight_bytes: 3000}"))
    with pytest.raises(InputError) as caught:
        refuse_changed(other, profile, folder)
    assert {fault.where: fault.got for fault in caught.value.faults} == {
        "device.budgets.memory_bytes": "nothing, used was 3000.0",
        "device.budgets.weight_bytes": "3000.0, used was nothing",
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: tiny", "name: other"),
        ("final: {seeds: 2}", "final: {seeds: 5, adds: 0.1}"),
        ("pick: {within: 0.2}", "pick: {rule: frugal, min_accuracy: 0.3}"),
        ("pick: {within: 0.2}", "pick: {within: 0.9}"),
        ("stack: 4", "stack: auto"),
        ("candidates: 24", "candidates: 30, finish: 0.5"),
        ("name: digits,", "name: digits, root: /elsewhere,"),
    ],
)
def test_what_does_not_change_the_search_may_change(used, tiny, old, new):
    study, profile, folder = used
    other = changed(tiny, (old, new))
    assert other.digest == study.digest
    refuse_changed(other, profile, folder)


def test_a_changed_profile_is_named_by_its_keys(used, tmp_path):
    study, profile, folder = used
    text = profile.path.read_text()
    assert "bytes: {value: 256, unit: KiB" in text
    other = tmp_path / "other.yaml"
    other.write_text(text.replace("bytes: {value: 256, unit: KiB", "bytes: {value: 128, unit: KiB"))
    with pytest.raises(InputError, match="the run of one device") as caught:
        refuse_changed(study, load_profile(other), folder)
    (fault,) = caught.value.faults
    assert fault.where == "memory.banks.0.bytes.value"
    assert fault.got == "128, used was 256"
    assert fault.path == folder.profile
    other.write_text(text.replace("\nname:", "\nname: Another #"))  # wording changes no price
    refuse_changed(study, load_profile(other), folder)


@pytest.mark.parametrize("text", ["", "name: tiny\nsearch: {", "name: tiny\nseed: x\n", "\x00\x01"])
def test_a_damaged_copy_is_told_and_not_overwritten(used, text):
    study, profile, folder = used
    folder.study.write_text(text)
    with pytest.raises(
        InputError, match=r"study\.yaml: .*what a run folder keeps of its run must be readable"
    ):
        refuse_changed(study, profile, folder)
    assert folder.study.read_text() == text
