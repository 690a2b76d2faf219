"""Files of cores: read, and refused where they cannot price every network."""

import pytest
from builders.devices import SHIPPED

from hwsearch.errors import InputError
from hwsearch.hardware.firmware.complete import missing
from hwsearch.hardware.profiles.cores import FOLDER, core_of

CORES = sorted(path.stem for path in (SHIPPED / FOLDER).glob("*.yaml"))


@pytest.mark.parametrize("name", CORES)
def test_each_shipped_core_tells_of_every_kernel_and_of_its_source(name):
    core = core_of(name, (SHIPPED,))
    assert core.name == name
    assert missing(core) == ([], [])
    assert all(word in core.source for word in ("gcc", "QEMU", "-O2"))
    assert "held out" in core.errors
    assert {"flash", "flash population", "ram", "stack"} <= core.test_bytes.keys()


def test_an_unknown_core_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(InputError, match="a core must be known") as error:
        core_of("cortex-m5", (tmp_path, SHIPPED), "device.yaml: firmware.core")
    assert error.value.faults[0].where == "device.yaml: firmware.core"


def test_a_core_that_lacks_a_kernel_is_refused(tmp_path):
    (tmp_path / FOLDER).mkdir()
    text = (SHIPPED / FOLDER / "cortex-m0.yaml").read_text()
    kept = [line for line in text.splitlines() if not line.startswith('  "snnk_fc_csr"')]
    (tmp_path / FOLDER / "cortex-m0.yaml").write_text("\n".join(kept))
    with pytest.raises(InputError, match="nothing of snnk_fc_csr"):
        core_of("cortex-m0", (tmp_path,))


def test_a_nearer_folder_has_its_own_core(tmp_path):
    (tmp_path / FOLDER).mkdir()
    text = (SHIPPED / FOLDER / "cortex-m0.yaml").read_text()
    (tmp_path / FOLDER / "cortex-m0.yaml").write_text(text.replace("errors: ", "errors: mine # "))
    assert core_of("cortex-m0", (tmp_path, SHIPPED)).errors == "mine"


def test_only_what_is_inlined_may_be_below_zero(tmp_path):
    (tmp_path / FOLDER).mkdir()
    text = (SHIPPED / FOLDER / "cortex-m0.yaml").read_text()
    assert min(core_of("cortex-m0", (SHIPPED,)).code_bytes.values()) < 0
    (tmp_path / FOLDER / "cortex-m0.yaml").write_text(text.replace('"snnk_fc_csr": ', '"snnk_fc_csr": -', 1))
    with pytest.raises(InputError, match=r"must be 0 or more.*snnk_fc_csr"):
        core_of("cortex-m0", (tmp_path,))
