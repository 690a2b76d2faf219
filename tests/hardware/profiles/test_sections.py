"""The laws of a profile's sections, each broken once."""

import pytest
from builders.profile_files import written

from hwsearch.hardware.profiles.load import check_profile


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("holds: [state, buffers]", "holds: [state]", "memory.banks"),
        ("holds: [state, buffers]", "holds: [state, buffers, params]", "memory.banks"),
        ("name: ram", "name: flash", "memory.banks.1.name"),
        ("name: ram", "name: weight", "memory.banks.1.name"),
        ("  storage: [weight, nm,", "  storage: [nm,", "sparsity.storage"),
        ("  energy: [weight, nm,", "  energy: [nm,", "energy"),
        ("{value: 2, unit: KiB", "{value: 0.0001, unit: KiB", "memory.banks.1.reserved.value"),
        ("{value: 16, unit: KiB", "{value: -1, unit: KiB", "memory.banks.1.bytes.value"),
        ("{value: 16, unit: MHz", "{value: .inf, unit: MHz", "timing.clock.value"),
        ("unit: MHz, grade: vendor", "grade: vendor", "timing.clock.unit"),
        ("menu: {value: [8, 16, 32]", "menu: {value: [8, 32]", "state.menu"),
        ("menu: {value: [8, 16, 32]", "menu: {value: [16, 64]", "state.menu.value.1"),
        ("value: 30", "value: 30\n      value: 31", "timing.cycles.neuron_update.value"),
    ],
)
def test_laws(tmp_path, old, new, where):
    assert where in [fault.where for fault in check_profile(written(tmp_path, (old, new)))]


def test_formats_must_hold_any_layer(tmp_path):
    text = '[dense, bitmap, csr, delta, "nm:4", "nm:8", "nm:16", "block:4", "block:8", kernel]'
    (fault,) = check_profile(written(tmp_path, (text, '["nm:4", kernel]')))
    assert fault.where == "weights.formats"
