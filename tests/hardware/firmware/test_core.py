"""A core's constants as a value that profiles hold."""

from hwsearch.hardware.firmware.core import Core, Firmware


def test_cores_can_be_compared_and_hashed():
    one, other = Core("m", instructions={"timestep": 1.0}), Core("m", instructions={"timestep": 2.0})
    assert one != other
    assert hash(Firmware(one, True)) == hash(Firmware(other, True))  # a profile is a key of caches
