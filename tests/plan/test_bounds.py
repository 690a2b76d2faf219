"""What no candidate can cost less than: below every mask's price on every kind of device, and exact where known."""

from types import SimpleNamespace

import numpy as np
import pytest
from builders.workloads import map_shape

import hwsearch
from hwsearch.compress.masks import prune, prune_layers
from hwsearch.errors import NothingFits
from hwsearch.graph.graph import Input
from hwsearch.graph.spelling import has_conv
from hwsearch.hardware.cost_model import cost_fields, price
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.plan.architecture import network_specs
from hwsearch.plan.bounds import cheapest, least_prices
from hwsearch.plan.plan import Plan
from hwsearch.predict.cost import predict_workload
from hwsearch.space.supported import search_space
from hwsearch.study.model import Study

SAMPLES = np.zeros(100, np.int64)
DATA = SimpleNamespace(
    input=Input((1, 8, 8), 16, 5), classes=10, frames=None, labels_each_frame=False, y_train=SAMPLES
)
FAMILIES = [
    "nrf51822_microbit",
    "generic_45nm",
    "loihi1",
    "speck2f",
    "xylo_audio2",
    "truenorth",
    "akida_akd1500",
]


def plan_of(layers, device, data=DATA, **space):
    levels = {"sparsity": [0.5, 0.9], "weight_bits": [1, 2, 4, 8], "timesteps": [1, 3]}
    levels["granularity"] = [
        "weight",
        "nm:4",
        "block:4",
        "channel",
        *(["kernel"] if has_conv(layers) else []),
    ]
    study = Study.model_validate(
        {
            "name": "x",
            "data": {"name": "digits"},
            "network": {"layers": layers},
            "space": levels | space,
            "device": {"profile": device},
            "search": {"candidates": 1},
        }
    )
    (spec,), profile = network_specs(study, data), load_profile(device)
    layers_of = [spec.connections[place] for place in spec.prunable]
    found = search_space(study.space, profile, has_conv=spec.has_conv, layers=layers_of)
    return Plan(study, profile, data, (spec,), found, None, "")


def priced(plan, candidate, weights):
    """Return what a candidate costs by masks cut from weights, if nothing fires."""
    spec = plan.spec
    scope = "layer" if plan.space.per_layer else plan.study.space.scope
    if len(candidate.sparsity) > 1:
        masks = prune_layers(spec.connections, weights, candidate.granularity, candidate.sparsity)
    else:
        masks = prune(spec.connections, weights, candidate.granularity, candidate.sparsity[0], scope=scope)
    maps = [np.zeros(map_shape(spec, connection)) for connection in spec.connections]
    silent = SimpleNamespace(input_maps=maps, spikes=[np.zeros(p.channels) for p in spec.populations[:-1]])
    bits = spec.spread(candidate.bits(len(spec.prunable)))
    work = predict_workload(spec, masks, bits, candidate.timesteps, silent)
    return cost_fields(price(work, plan.profile))


def uneven(plan, rng):
    """Return weights whose channels differ so much that sparse masks take all that some are read by or fed by."""
    shapes = [connection.weight_shape for connection in plan.spec.connections]
    scales = [
        np.exp(2 * rng.standard_normal((*s[:2], *[1] * (len(s) - 2))).mean(0, keepdims=True)) for s in shapes
    ]
    rows = [np.exp(rng.standard_normal((s[0], *[1] * (len(s) - 1)))) for s in shapes]
    return [rng.standard_normal(s) * scale * row for s, scale, row in zip(shapes, scales, rows, strict=True)]


def within(least, cost):
    return all(own is None or own <= cost[name] * (1 + 1e-12) for name, own in least.items())


@pytest.mark.parametrize("space", [{}, {"scope": "layer"}, {"per_layer": True}], ids=str)
@pytest.mark.parametrize("layers", ["fc24-fc16", "6c3-p2-fc20"])
@pytest.mark.parametrize("device", FAMILIES)
def test_no_mask_costs_less(device, layers, space):
    plan, rng = plan_of(layers, device, **space), np.random.default_rng(0)
    for granularity in plan.space.granularity:
        least = [corner.priced.fields for corner in least_prices(plan, granularity)]
        for _ in range(4):
            candidate = plan.space.candidate(plan.space.draw(rng) | {"granularity": granularity})
            cost = priced(plan, candidate, uneven(plan, rng))
            assert any(within(own, cost) for own in least), (candidate, least, cost)


GRAPHS = ["6c3-res(6c3-6c3)-fc8", "4c3s2-dw3-gap", "r12-fc8", "6c3-dw3-res(6c1)-p2-fc10", "fc8-res(r8)-fc6"]
EVENTS = SimpleNamespace(
    input=Input((1, 8, 8), 1, 1, frames=6), classes=10, frames=6, labels_each_frame=False, y_train=SAMPLES
)


@pytest.mark.parametrize("device", ["nrf51822_microbit", "generic_45nm", "loihi1", "speck2f"])
@pytest.mark.parametrize("layers", GRAPHS)
def test_no_mask_of_a_graph_costs_less(device, layers):
    rng = np.random.default_rng(2)
    for data, space in ((DATA, {}), (EVENTS, {"scope": "layer"})):
        plan = plan_of(layers, device, data, **space)
        for granularity in plan.space.granularity:
            least = [corner.priced.fields for corner in least_prices(plan, granularity)]
            for _ in range(3):
                candidate = plan.space.candidate(plan.space.draw(rng) | {"granularity": granularity})
                cost = priced(plan, candidate, uneven(plan, rng))
                assert any(within(own, cost) for own in least), (candidate, least, cost)


@pytest.mark.parametrize(
    "space", [{"sparsity": [0.0]}, {"granularity": ["channel"], "sparsity": [0.5, 0.75]}], ids=str
)
def test_it_is_the_price_where_the_mask_does_not_matter(space):
    plan, rng = plan_of("fc24", "nrf51822_microbit", **space), np.random.default_rng(1)
    for corner in cheapest(plan):
        cost = priced(plan, corner.candidate, uneven(plan, rng))
        assert corner.priced.fields["memory_bytes"] == cost["memory_bytes"]


def test_by_hand():
    # 64 -> 4 -> 10, one bit a weight: 32 + 5 bytes; micro:bit: biases and thresholds of 16 bits, membranes of 16,
    # accumulators of 32; an input byte each, its kept current, a bit a neuron
    (corner,) = cheapest(plan_of("fc8", "nrf51822_microbit", granularity=["channel"], sparsity=[0.5]))
    fields = corner.priced.fields
    assert corner.candidate.weight_bits == (1,)
    assert fields["weight_bytes"] == 64 * 4 // 8 + 4 * 10 // 8
    assert fields["synaptic_ops"] == 0


def test_what_cannot_fit_is_refused_before_training_and_the_folder_says_so(tmp_path, tiny_text):
    study, events = tmp_path / "study.yaml", []
    study.write_text(tiny_text.replace("memory_bytes: 3000", "memory_bytes: 100"))
    for _ in range(2):
        with pytest.raises(
            NothingFits, match=r"Nearest miss.*memory_bytes.*The budget that binds is memory_bytes"
        ):
            hwsearch.run(study, out=tmp_path / "run", listen=events.append)
    assert {event.kind for event in events} <= {"start", "note"}
    result = hwsearch.load_run(tmp_path / "run")
    assert result.front.empty
    assert result.trials.empty
    with pytest.raises(NothingFits, match="Nearest miss"):
        result.pick()
    assert "needs memory_bytes" in result.report().read_text()


def test_what_may_fit_is_not_refused(tmp_path):
    corners = cheapest(plan_of("fc24", "nrf51822_microbit"))
    assert not any(corner.priced.faults for corner in corners)


def test_no_mask_costs_less_where_layers_choose_their_granularity():
    plan = plan_of("6c3-p2-fc20", "nrf51822_microbit", per_layer=["sparsity", "weight_bits", "granularity"])
    (corner,) = cheapest(plan)
    rng = np.random.default_rng(3)
    for _ in range(20):
        candidate = plan.space.candidate(plan.space.draw(rng))
        assert within(corner.priced.fields, priced(plan, candidate, uneven(plan, rng)))
