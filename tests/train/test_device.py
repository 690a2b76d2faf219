"""Which device is taken, and what is refused."""

import pytest
import torch

from hwsearch.errors import InputError
from hwsearch.train.device import find_device


@pytest.mark.parametrize(("usable", "name", "found"), [
    (True, "auto", "cuda"), (True, "cpu", "cpu"), (True, "cuda", "cuda"), (False, "auto", "cpu"), (False, "cpu", "cpu"),
])  # fmt: skip
def test_found(monkeypatch, usable, name, found):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
    assert find_device(name) == found


def test_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="needs a GPU"):
        find_device("cuda")
    with pytest.raises(InputError, match="must be one of auto, cpu, cuda"):
        find_device("tpu")
