"""Probes stand around each call of a kernel, those of other cores included."""

from benchmarks.firmware_batch import write_batch
from benchmarks.firmware_runs import case_of
from hwsearch.export.c.render import model_files


def test_a_matrix_that_some_cores_multiply_in_pairs_has_both_ways_probed(tmp_path):
    (probes,) = write_batch([case_of("paired 0", "n0")], tmp_path)
    first = probes[0].name
    assert [p.what for p in probes if p.name == first] == ["fc_pairs", "scan", "fc"]
    source = (tmp_path / "n0.c").read_text()
    assert source.count("snn_start();") == source.count("snn_stop(") - 1 == len(probes)


def test_a_batch_without_probes_is_the_library_as_it_is_exported(tmp_path):
    case = case_of("spiking 0", "n0")
    assert write_batch([case], tmp_path, probing=False) == [[]]
    assert (tmp_path / "n0.c").read_text() == model_files(case.model, {"network": case.name})["n0.c"]
