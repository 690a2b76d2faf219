"""Where profiles are searched for."""

from hwsearch.hardware.profiles.folders import FOLDERS_VARIABLE, profile_folders


def test_named_folders_come_before_the_shipped_one(tmp_path, monkeypatch):
    (tmp_path / "hardware_profiles").mkdir()
    (tmp_path / "more").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDERS_VARIABLE, f"{tmp_path / 'more'}:{tmp_path / 'missing'}")
    folders = profile_folders()
    assert [folder.name for folder in folders[:2]] == ["hardware_profiles", "more"]
    assert (folders[2] / "nrf52840.yaml").exists()
