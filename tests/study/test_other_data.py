"""Other data in the place of a study's own."""

import pytest

from hwsearch.errors import InputError
from hwsearch.study.data_section import CsvData, IdxData, IdxFiles, NamedData, NpzData, WavData
from hwsearch.study.encode_section import Encode
from hwsearch.study.other_data import other_data


def file(folder, name, text=""):
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_takes_the_place_of_one_and_all_else_stays(tmp_path):
    own = CsvData(csv="then.csv", root="/elsewhere", label="state", validation=0.3)
    found = other_data(own, file(tmp_path, "now.csv"))
    assert found == own.model_copy(update={"csv": "now.csv", "root": str(tmp_path)})


def test_a_shipped_set_is_read_from_another_folder_or_from_an_npz(tmp_path):
    own = NamedData(name="hydraulic", target="pump", split_seed=3, **{"as": "image"})
    assert other_data(own, tmp_path) == own.model_copy(update={"root": str(tmp_path)})
    found = other_data(NamedData(name="digits", split_seed=3, test=0.3), file(tmp_path, "now.npz"))
    assert found == NpzData(npz="now.npz", root=str(tmp_path), split_seed=3, test=0.3)


def test_a_yaml_file_says_a_section_and_a_study_is_one(tmp_path):
    own = NamedData(name="digits")
    study = file(tmp_path, "now.yaml", "name: x\ndata: {npz: a.npz, test: 0.5}\nnetwork: {layers: fc8}\n")
    assert other_data(own, study) == NpzData(npz="a.npz", test=0.5, root=str(tmp_path))


def test_the_encoder_stays_that_of_the_study(tmp_path):
    own = NpzData(npz="a.npz", input_bits=4, encode={"standardise": {"by": "value"}})
    found = other_data(own, file(tmp_path, "now.yaml", "data: {npz: b.npz}\n"))
    assert (found.input_bits, found.encode) == (4, own.encode)
    again = "data: {npz: b.npz, input_bits: 5, encode: {standardise: {by: all}}}\n"
    with pytest.raises(InputError) as caught:
        other_data(own, file(tmp_path, "now.yaml", again))
    assert [fault.where for fault in caught.value.faults] == ["data.encode", "data.input_bits"]
    assert isinstance(own.encode, Encode)


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("name: x\n", "data: this key is required"),
        ("data: {npz: a.npz, tset: 0.5}\n", "no such key here"),
        ("data: {npz: a.npz, csv: b.csv}\n", "exactly one of"),
        ("data: {npz: a.npz}\ndata: {npz: b.npz}\n", "a key may stand only once"),
    ],
)
def test_a_file_that_says_none_is_refused(tmp_path, text, law):
    with pytest.raises(InputError, match=law):
        other_data(NpzData(npz="a.npz"), file(tmp_path, "now.yaml", text))


def test_what_one_path_cannot_say_needs_a_section(tmp_path):
    several = IdxData(idx=IdxFiles(images="a", labels="b"))
    with pytest.raises(InputError, match="need a section of their own"):
        other_data(several, tmp_path)
    with pytest.raises(InputError, match="need a section of their own"):
        other_data(WavData(wav="a.zip", label="folder", test_from="b.zip"), tmp_path)
    with pytest.raises(InputError, match="must be a folder of data sets, an npz, or a YAML file"):
        other_data(NamedData(name="digits"), file(tmp_path, "now.csv"))
    with pytest.raises(InputError, match="the file or folder must exist"):
        other_data(NpzData(npz="a.npz"), tmp_path / "none.npz")
