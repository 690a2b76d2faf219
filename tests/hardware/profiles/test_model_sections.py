"""The section that a family adds: its fields are the model's, in SI units."""

from builders.devices import SHIPPED

from hwsearch.hardware.profiles.load import check_profile


def test_a_number_of_lanes_that_is_not_counted_is_a_fault(tmp_path):
    path = tmp_path / "artix7_35t.yaml"
    text = (SHIPPED / "artix7_35t.yaml").read_text()
    assert "pe: {value: 8," in text
    path.write_text(text.replace("pe: {value: 8,", "pe: {value: 6,"))
    (fault,) = check_profile(path)
    assert (fault.law, fault.got) == ("pe must be one of 1, 2, 4, 8, 16, 32, 64", "6 count")
