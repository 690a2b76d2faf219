"""A library of an export whose weights are damaged is a check that failed, not a crash."""

import pytest
from builders.exports import manifest_of, model

from hwsearch.errors import RecordError
from hwsearch.export.bundle import write_export
from hwsearch.export.library import check_c
from hwsearch.export.weights import write_weights


def test_weights_that_c_cannot_say_are_damage(tmp_path):
    folder = write_export(model(), tmp_path / "model", ["c"])
    other = model()
    other.network.connections[0].weight[0, 0] = 100
    other.network.populations[0].bias[:] = 2**31 - 1
    write_weights(folder / "weights.safetensors", other.network, ("dense", "bitmap"), 16)
    checks = {check.name: check for check in check_c(folder, manifest_of(folder), own_code=True)}
    assert not checks["C library"].passed
    assert "the integer model has" in checks["C library"].detail
    (folder / "weights.safetensors").write_bytes(b"torn")
    with pytest.raises(RecordError, match=r"weights\.safetensors"):
        check_c(folder, manifest_of(folder))
