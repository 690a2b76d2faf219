"""Every format has its reader."""

from pathlib import Path

import numpy as np

from hwsearch.data.readers.read import READERS, read_samples
from hwsearch.study.data_section import FORMATS, NamedData, NpzData


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(FORMATS.values()) - {NamedData}


def test_it_reads_files_below_their_root_and_names_below_the_folder_of_data_sets(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", x=np.ones((6, 2)), y=np.repeat([0, 1], 3))
    assert len(read_samples(NpzData(npz="w.npz", root=str(tmp_path))).x) == 6
    assert len(read_samples(NamedData(name="digits"), tmp_path).x) == 1797
