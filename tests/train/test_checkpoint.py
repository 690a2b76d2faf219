"""Training in segments, with candidates leaving between them, gives what one whole run gives, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
from builders.stacks import CONV, MLP, X, Y, spec, tickets

from hwsearch.errors import RecordError
from hwsearch.search.store.cache import load_checkpoint, save_checkpoint
from hwsearch.train.loop import Schedule, train_stack

SCHEDULE = Schedule(6, 32, 0.005, input_noise=0.1)


def train(own, chosen, *, timesteps=3, schedule=SCHEDULE, **options):
    return train_stack(own, chosen, X, Y, timesteps=timesteps, schedule=schedule, seed=1, **options)


def assert_same(first, second):
    for a, b in zip(first.params, second.params, strict=True):
        assert np.array_equal(a.weight, b.weight)
        assert np.array_equal(a.bias, b.bias)
        assert (a.norm is None and b.norm is None) or np.array_equal(a.norm, b.norm)
    assert np.array_equal(first.checkpoint.first, second.checkpoint.first)
    assert np.array_equal(first.checkpoint.second, second.checkpoint.second)


@pytest.mark.parametrize(("topology", "kinds"), [("fc24-fc16", MLP), ("4c3-p2-6c3-fc12", CONV)])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_segments_equal_one_run(topology, kinds, batch_norm):
    own = spec(topology, batch_norm=batch_norm)
    every = tickets(own, kinds)
    whole = train(own, every)
    parts = train(own, every, until=1)
    assert [part.train_steps for part in parts] == [1 * 120 * 3] * len(every)
    assert parts[0].checkpoint.epochs == 1
    assert parts[0].checkpoint.steps == 4  # 120 samples in batches of 32
    for until in (4, 6):
        parts = train(own, every, resume=[part.checkpoint for part in parts], until=until)
    assert parts[0].train_steps == 2 * 120 * 3
    for a, b in zip(parts, whole, strict=True):
        assert_same(a, b)
        assert a.loss == b.loss


@pytest.mark.parametrize(("topology", "kinds"), [("fc24-fc16", MLP), ("4c3-p2-6c3-fc12", CONV)])
def test_those_that_are_left_train_on_as_before(topology, kinds):
    own = spec(topology)
    every = tickets(own, kinds)
    whole, rung = train(own, every), train(own, every, until=2)
    left = [3, 1]
    rung = train(own, [every[i] for i in left], resume=[rung[i].checkpoint for i in left], until=5)
    last = train(own, [every[1]], resume=[rung[1].checkpoint])
    assert_same(last[0], whole[1])


def test_a_rung_may_have_fewer_timesteps():
    own = spec("fc24")
    chosen = tickets(own, MLP[:2])
    early = train(own, chosen, timesteps=1, until=2)
    late = train(own, chosen, timesteps=4, resume=[one.checkpoint for one in early])
    assert (early[0].train_steps, late[0].train_steps) == (2 * 120 * 1, 4 * 120 * 4)
    other = train(own, chosen, timesteps=4)
    assert not np.array_equal(late[0].params[0].weight, other[0].params[0].weight)


def test_what_does_not_fit_is_refused():
    own = spec("fc8")
    chosen = tickets(own, MLP[:2])
    first = [one.checkpoint for one in train(own, chosen, until=2)]
    later = train(own, chosen, until=3)[1].checkpoint
    with pytest.raises(ValueError, match="one checkpoint a ticket"):
        train(own, chosen, resume=first[:1])
    with pytest.raises(ValueError, match="same epochs"):
        train(own, chosen, resume=[first[0], later])
    with pytest.raises(ValueError, match="share the order"):
        train(own, chosen, resume=[first[0], replace(first[1], order=first[1].order[::-1].copy())])
    for until in (2, 7):
        with pytest.raises(ValueError, match=f"after epoch 2 and by 6; got {until}"):
            train(own, chosen, resume=first, until=until)


def test_what_diverged_has_no_checkpoint():
    own = spec("fc8", batch_norm=False)
    good = tickets(own, MLP[:1])[0]
    broken = tuple(replace(layer, weight=np.full_like(layer.weight, np.nan)) for layer in good.params)
    both = train(own, [good, replace(good, params=broken)], until=1)
    assert both[0].checkpoint is not None
    assert both[1].checkpoint is None


def test_goes_on_from_a_file(tmp_path):
    own = spec("4c3-p2-fc12")
    chosen = tickets(own, CONV[:2])
    whole, rung = train(own, chosen), train(own, chosen, until=3)
    kept = []
    for index, one in enumerate(rung):
        save_checkpoint(tmp_path / f"{index}.safetensors", one.checkpoint)
        kept.append(load_checkpoint(tmp_path / f"{index}.safetensors"))
    for a, b in zip(train(own, chosen, resume=kept), whole, strict=True):
        assert_same(a, b)
    (tmp_path / "0.safetensors").write_bytes(b"cut")
    with pytest.raises(RecordError):
        load_checkpoint(tmp_path / "0.safetensors")
