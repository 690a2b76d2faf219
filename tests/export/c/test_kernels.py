"""Which kernels a program is given."""

from hwsearch.export.c.kernels import Scan, Update, Use, together

FIRE = Update("int16_t", "int16_t", "int32_t", sum=True, constant=False, clip=False, saturate=True)


def test_names_say_what_a_variant_does():
    assert Scan(True, "bits", "max").name == "conv_bits_max"
    assert Scan(False, "u8", "none").name == "fc_u8"
    assert FIRE.name == "i16_sum_sat"
    assert (
        Update("int8_t", "int32_t", "int64_t", False, True, True, False).name == "i8_p32_wide_constant_clip"
    )


def test_what_networks_use_is_there_once():
    one = Use(connections={("fc", "csr")}, fire={FIRE})
    two = Use(connections={("fc", "csr"), ("conv", "kernel")}, scan={Scan(True, "bits", "none")}, fire={FIRE})
    total = together([one, two])
    assert total.values()["kernels"] == [("conv", "kernel"), ("fc", "csr")]
    assert total.values()["planes"] == ["dense", "kernel"]  # a stored plane is dense
    assert one.connections == {("fc", "csr")}


def test_kernels_of_some_cores_are_declared_apart():
    use = Use(connections={("fc", "bytes")}, pairs={("u8", 8)})
    assert "fc_pairs_u8_8" not in use.declarations()
    ((name, (_, text)),) = use.pair_declarations().items()
    assert text == f"void snnk_{name}(const snnk_weights *w, const uint8_t *read, int32_t *sums)"


def test_each_kernel_is_declared_once_with_a_comment():
    found = Use(connections={("fc", "nm")}, fire={FIRE}, other={"copy"}).declarations()
    assert set(found) == {"fc_nm", "fire_i16_sum_sat", "clear", "copy", "largest"}
    assert all(comment.endswith((".", "end.")) and name in text for name, (comment, text) in found.items())
    assert found["fire_i16_sum_sat"][1] == (
        "void snnk_fire_i16_sum_sat(const snnk_neurons *p, const snnk_scale *s, const int32_t *sums, "
        "int16_t *membranes, uint8_t *spikes)"
    )
