import math

import numpy as np
import pytest
from builders.graphs import chain, spec
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.compress import masks as module
from hwsearch.compress.masks import GRANULARITIES, runs
from hwsearch.space.candidate import snap


def network(rng: np.random.Generator) -> list[np.ndarray]:
    """Two convolutions, a hidden and a readout layer; 6 channels of 2 x 2 pixels reach the hidden layer."""
    shapes = ((4, 2, 3, 3), (6, 4, 3, 3), (10, 24), (5, 10))
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def prune(weights, *args, **named):
    return module.prune(chain(weights), weights, *args, **named)


def prune_layers(weights, *args, **named):
    return module.prune_layers(chain(weights), weights, *args, **named)


def join_layers(masks, granularity):
    return module.join_layers(chain(masks), masks, granularity)


def sparsity_of(masks):
    return module.sparsity_of(chain(masks), masks)


def removed(masks: list[np.ndarray]) -> list[int]:
    return [int((~mask).sum()) for mask in masks]


def test_weight_takes_the_smallest_by_hand() -> None:
    weights = [np.array([[5.0, -1.0], [2.0, 8.0]]), np.array([[3.0, -4.0]])]
    masks = prune(weights, "weight", 0.5, gentle=1.0)
    assert masks[0].tolist() == [[True, False], [False, True]]
    assert masks[1].tolist() == [[False, True]]
    assert sparsity_of(masks) == 0.5
    given = prune(weights, "weight", 1 / 6, scores=[np.ones((2, 2)), np.array([[1.0, 0.5]])])
    assert removed(given) == [0, 1]


@pytest.mark.parametrize(("sparsity", "k"), [(0.0, 0), (0.1, 1), (0.25, 3), (0.45, 5), (0.8, 8)])
def test_ties_go_in_stable_order(sparsity: float, k: int) -> None:
    # 10 equal weights in two layers; floor(2.5 + 0.5) = 3; the last of each layer is protected
    weights = [np.ones((2, 3)), np.ones((2, 2))]
    masks = prune(weights, "weight", sparsity)
    gone = ~np.concatenate([mask.ravel() for mask in masks])
    order = [0, 1, 2, 3, 4, 6, 7, 8]
    assert np.flatnonzero(gone).tolist() == order[:k]


def test_protected_groups_cap_k() -> None:
    masks = prune([np.ones((10, 20)), np.ones((1, 10))], "weight", 1.0)
    # ceil(200 / 100) = 2 and ceil(10 / 100) = 1 stay
    assert removed(masks) == [198, 9]


@pytest.mark.parametrize("granularity", ["weight", "block:4", "block:8", "kernel", "channel"])
def test_exactly_k_groups(granularity: str) -> None:
    weights = network(np.random.default_rng(0))
    n_groups = {
        "weight": 72 + 216 + 240 + 50,
        "block:4": 4 * 5 + 6 * 9 + 10 * 6 + 5 * 3,
        "block:8": 4 * 3 + 6 * 5 + 10 * 3 + 5 * 2,
        "kernel": 8 + 24,
        "channel": 4 + 6 + 10,
    }[granularity]
    for sparsity in (0.1, 0.33, 0.5, 0.8):
        masks = prune(weights, granularity, sparsity)
        assert [mask.shape for mask in masks] == [weight.shape for weight in weights]
        assert gone_groups(masks, granularity) == math.floor(sparsity * n_groups + 0.5)


@given(
    seed=st.integers(0, 2**32 - 1),
    granularity=st.sampled_from([g for g in GRANULARITIES if not g.startswith("nm:")]),
    sparsity=st.floats(0, 1),
    levels=st.integers(1, 5),
)
@settings(max_examples=80, deadline=None)
def test_exactly_k_groups_of_each_layer_whatever_the_ties(
    seed: int, granularity: str, sparsity: float, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    weights = [rng.integers(1, levels + 1, weight.shape) * 1.0 for weight in network(rng)]
    counts = {
        "weight": [72, 216, 240, 50],
        "block:4": [4 * 5, 6 * 9, 10 * 6, 5 * 3],
        "block:8": [4 * 3, 6 * 5, 10 * 3, 5 * 2],
        "kernel": [8, 24],
        "channel": [4, 6, 10],
    }[granularity]
    least = 1 if granularity == "channel" else 0  # a layer keeps a channel
    k = sum(min(math.floor(sparsity * n + 0.5), n - least) for n in counts)
    assert gone_groups(prune(weights, granularity, sparsity, scope="layer"), granularity) == k
    # ranked together, all but the best hundredth of each layer may go
    free = sum(n - -(-n // 100) for n in counts)
    k = min(math.floor(sparsity * sum(counts) + 0.5), free)
    assert gone_groups(prune(weights, granularity, sparsity), granularity) == k


@given(
    seed=st.integers(0, 2**32 - 1),
    m=st.sampled_from([4, 8, 16]),
    sparsity=st.floats(0, 1),
    levels=st.integers(1, 5),
)
@settings(max_examples=40, deadline=None)
def test_n_of_every_m_whatever_the_ties(seed: int, m: int, sparsity: float, levels: int) -> None:
    rng = np.random.default_rng(seed)
    weights = [rng.integers(1, levels + 1, weight.shape) * 1.0 for weight in network(rng)]
    n = round((1 - snap(f"nm:{m}", sparsity)) * m)
    for mask in prune(weights, f"nm:{m}", sparsity):
        rows = mask.reshape(len(mask), -1)
        full, tail = divmod(rows.shape[1], m)
        assert (runs(rows[:, : full * m], m, 0).sum(axis=2) == n).all()
        assert (rows[:, full * m :].sum(axis=1) == min(tail, math.ceil(n * tail / m))).all()


def gone_groups(masks: list[np.ndarray], granularity: str) -> int:
    rows = [mask.reshape(len(mask), -1) for mask in masks]
    if granularity == "weight":
        return sum(removed(masks))
    if granularity == "kernel":
        assert all(mask.all() for mask in masks[2:])
        planes = [mask.reshape(*mask.shape[:2], -1) for mask in masks[:2]]
        assert all(np.array_equal(plane.any(2), plane.all(2)) for plane in planes)
        return sum(int((~plane.any(2)).sum()) for plane in planes)
    if granularity == "channel":
        return sum(int((~row.any(1)).sum()) for row in rows[:-1])
    length = int(granularity[6:])
    assert all(np.array_equal(runs(r, length, 0).any(2), runs(r, length, 1).all(2)) for r in rows)
    return sum(int((~runs(row, length, 0).any(2)).sum()) for row in rows)


def test_block_tail_is_scored_by_its_mean() -> None:
    # runs of 4: means 2, 1 and, of a tail of two, 1.5: the run of ones goes first, then the tail
    weights = [np.array([[2.0, 2, 2, 2, 1, 1, 1, 1, 1, 2]])]
    assert prune(weights, "block:4", 1 / 3)[0].tolist() == [[True] * 4 + [False] * 4 + [True] * 2]
    assert prune(weights, "block:4", 2 / 3)[0].tolist() == [[True] * 4 + [False] * 6]


def test_kernel_takes_whole_planes_of_convolutions() -> None:
    weights = [np.ones((2, 2, 3, 3)), np.full((3, 8), 1e-6)]
    weights[0][1, 0] = 0.1
    masks = prune(weights, "kernel", 0.25)
    assert not masks[0][1, 0].any()
    assert removed(masks) == [9, 0]
    with pytest.raises(ValueError, match="applies to no layer"):
        prune([np.ones((2, 2))], "kernel", 0.5)


@pytest.mark.parametrize("m", [4, 8, 16])
def test_nm_counts_in_every_group(m: int) -> None:
    weights = network(np.random.default_rng(1))
    for n in range(1, m + 1):
        for weight, mask in zip(weights, prune(weights, f"nm:{m}", 1 - n / m), strict=True):
            rows = mask.reshape(len(mask), -1)
            full, tail = divmod(rows.shape[1], m)
            assert (runs(rows[:, : full * m], m, 0).sum(axis=2) == n).all()
            assert (rows[:, full * m :].sum(axis=1) == min(tail, math.ceil(n * tail / m))).all()
            scores = np.abs(weight.reshape(rows.shape))[:, :m]
            if full:
                lowest_kept = np.where(rows[:, :m], scores, np.inf).min(axis=1)
                assert (np.where(rows[:, :m], 0, scores).max(axis=1) <= lowest_kept).all()


def test_nm_ties_and_tail_by_hand() -> None:
    # 2:4 keeps the first two of equals; of the tail of three ceil(2 * 3 / 4) = 2
    masks = prune([np.array([[1.0, 1, 1, 1, 1, 3, 2]])], "nm:4", 0.5)
    assert masks[0].tolist() == [[True, True, False, False, False, True, True]]


def test_snap() -> None:
    assert [snap("nm:4", s) for s in (0.0, 0.3, 0.375, 0.6, 0.8, 1.0)] == [0, 0.25, 0.5, 0.5, 0.75, 0.75]
    assert snap("nm:16", 0.9) == 0.875
    assert snap("weight", 0.37) == 0.37


def test_channel_by_hand_in_fully_connected_layers() -> None:
    # neuron scores: sqrt(1 * 4) = 2, sqrt(9 * 0.25) = 1.5, sqrt(2 * 2) = 2
    weights = [np.array([[1.0, -1], [9, 9], [2, 2]]), np.array([[4.0, 0.25, 2], [4, 0.25, -2]])]
    masks = prune(weights, "channel", 1 / 3)
    assert masks[0].tolist() == [[True, True], [False, False], [True, True]]
    assert masks[1].tolist() == [[True, False, True]] * 2
    # of the equal neurons 0 and 2 the first goes
    assert prune(weights, "channel", 2 / 3)[0].any(axis=1).tolist() == [False, False, True]


def test_channel_removes_what_reads_it() -> None:
    weights = [np.ones(shape) for shape in ((4, 2, 3, 3), (6, 4, 3, 3), (10, 24), (5, 10))]
    weights[0][3] = 0.01
    weights[1][2] = 0.01
    weights[2][7] = 0.01
    masks = prune(weights, "channel", 3 / 20, gentle=1.0)
    assert not masks[0][3].any()
    assert not masks[1][:, 3].any()
    assert not masks[1][2].any()
    assert not masks[2][:, 8:12].any()  # channel 2 of 2 x 2 pixels
    assert not masks[2][7].any()
    assert not masks[3][:, 7].any()
    # 18; 4 * 9 + 6 * 9 less the shared plane; 24 + 10 * 4 less the shared 4; 5
    assert removed(masks) == [18, 54 + 36 - 9, 24 + 40 - 4, 5]


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_every_layer_keeps_a_channel(scope: str) -> None:
    masks = prune(network(np.random.default_rng(2)), "channel", 1.0, scope=scope)  # type: ignore[arg-type]
    assert [int(m.reshape(len(m), -1).any(axis=1).sum()) for m in masks] == [1, 1, 1, 5]


@pytest.mark.parametrize("granularity", ["weight", "block:4", "channel"])
def test_gentle_spares_the_ends(granularity: str) -> None:
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=shape) for shape in ((40, 40), (40, 40), (40, 40), (40, 40))]
    alike = removed(prune(weights, granularity, 0.5, gentle=1.0))
    lighter = removed(prune(weights, granularity, 0.5, gentle=2.0))
    assert lighter[0] < alike[0]
    assert lighter[-1] < alike[-1]
    if granularity != "channel":  # there the last prunable layer is the one before the readout
        assert sum(lighter) == sum(alike)
        assert lighter[1] > alike[1]


def test_layer_scope_takes_the_same_of_each() -> None:
    weights = network(np.random.default_rng(4))
    masks = prune(weights, "weight", 0.3, scope="layer")
    assert removed(masks) == [math.floor(0.3 * weight.size + 0.5) for weight in weights]
    assert removed(prune(weights, "weight", 1.0, scope="layer")) == [weight.size for weight in weights]


def test_sparsity_of_each_layer() -> None:
    weights = network(np.random.default_rng(5))
    assert removed(prune_layers(weights, "weight", [0.0, 0.5, 0.25, 1.0])) == [0, 108, 60, 50]
    # 1:4 takes 3 of each of 6 runs; 2:4 over 10 columns takes 2 + 2 and, of the tail, 2 - ceil(2 * 2 / 4) = 1
    assert removed(prune_layers(weights, "nm:4", [0.0, 0.0, 0.75, 0.5])) == [0, 0, 10 * 18, 5 * 5]
    assert removed(prune_layers(weights, "kernel", [0.5, 0.25, 1.0, 1.0])) == [4 * 9, 6 * 9, 0, 0]


def test_layers_that_were_cut_apart_by_hand() -> None:
    first, second = np.array([[1, 1], [0, 0], [0, 1]], bool), np.array([[1, 1, 0], [0, 0, 0]], bool)
    readout = np.ones((2, 2), bool)
    assert join_layers([first, second, readout], "weight") == [first, second, readout]
    joined = join_layers([first, second, readout], "channel")
    assert joined[0].tolist() == [[True, True], [False, False], [True, True]]
    assert joined[1].tolist() == [[True, False, True], [False, False, False]]
    assert joined[2].tolist() == [[True, False], [True, False]]


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_nothing_goes_at_zero_and_masks_nest(granularity: str) -> None:
    weights = network(np.random.default_rng(6))
    before = prune(weights, granularity, 0.0)
    assert sparsity_of(before) == 0
    for sparsity in (0.25, 0.5, 0.75, 0.9):
        after = prune(weights, granularity, sparsity)
        assert all((b | ~a).all() for b, a in zip(before, after, strict=True))
        before = after


def test_nonsense_is_refused() -> None:
    weights = [np.ones((2, 3)), np.ones((2, 2))]
    with pytest.raises(ValueError, match="granularity must be"):
        prune(weights, "nm:5", 0.5)
    with pytest.raises(ValueError, match=r"in 0\.\.1"):
        prune(weights, "weight", 1.5)
    with pytest.raises(ValueError, match="gentle must be positive"):
        prune(weights, "weight", 0.5, gentle=0)
    with pytest.raises(ValueError, match="one sparsity a layer"):
        prune_layers(weights, "weight", [0.5])
    with pytest.raises(ValueError, match="shapes of the weights"):
        prune(weights, "weight", 0.5, scores=weights[:1])
    with pytest.raises(ValueError, match="not negative"):
        prune(weights, "weight", 0.5, scores=[-weights[0], weights[1]])
    with pytest.raises(ValueError, match="shapes of the connections"):
        module.prune(chain(weights), [np.ones((3, 2)), np.ones((2, 4))], "channel", 0.5)
    with pytest.raises(ValueError, match="one granularity a layer"):
        prune_layers(weights, ["weight"], [0.5, 0.5])
    with pytest.raises(ValueError, match="applies to no layer"):
        prune(weights[:1], "channel", 0.5)


# conv1, dw2, conv3, conv4, its identity, fc5 and the readout
RESIDUAL = spec("4c3s2-dw3-res(6c3-4c3)-fc8", (2, 6, 6))
IDENTITY = 4


def drawn(network, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=c.weight_shape) for c in network.connections]


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize(
    "spelling", ["4c3s2-dw3-res(6c3-4c3)-fc8", "res(2c3)-4c3x1-gap", "4c1-res(fc6-fc4)-r5"]
)
def test_what_is_not_prunable_loses_only_removed_channels(granularity, spelling):
    network = spec(spelling, (2, 6, 6))
    masks = module.prune(network.connections, drawn(network, 0), granularity, 0.5)
    assert [mask.shape for mask in masks] == [c.weight_shape for c in network.connections]
    for mask, connection in zip(masks, network.connections, strict=True):
        if not connection.prunable:
            assert mask.all() or granularity == "channel"
            assert set(mask.reshape(len(mask), -1).mean(1)) <= {0.0, 1.0}


@given(
    seed=st.integers(0, 2**32 - 1),
    granularity=st.sampled_from(["weight", "block:4", "kernel"]),
    sparsity=st.floats(0, 1),
    levels=st.integers(1, 4),
)
@settings(max_examples=30, deadline=None)
def test_exactly_k_of_what_is_prunable_whatever_the_ties(seed, granularity, sparsity, levels):
    rng = np.random.default_rng(seed)
    weights = [rng.integers(1, levels + 1, c.weight_shape) * 1.0 for c in RESIDUAL.connections]
    masks = module.prune(RESIDUAL.connections, weights, granularity, sparsity)
    rows = [m.reshape(len(m), -1) for i, m in enumerate(masks) if i != IDENTITY]
    planes = [m.reshape(-1, 9) for m in masks[:4]]
    groups = {
        "weight": [r.reshape(-1, 1) for r in rows],
        "block:4": [runs(r, 4, 0).reshape(-1, 4) for r in rows],
        "kernel": planes,
    }[granularity]
    sizes = [len(g) for g in groups]
    gone = sum(int((~g.any(1)).sum()) for g in groups)
    assert gone == min(math.floor(sparsity * sum(sizes) + 0.5), sum(n - -(-n // 100) for n in sizes))
    assert masks[IDENTITY].all()


def test_sparsity_counts_what_is_prunable():
    masks = [np.ones(c.weight_shape, bool) for c in RESIDUAL.connections]
    masks[IDENTITY][...] = False
    assert module.sparsity_of(RESIDUAL.connections, masks) == 0.0
    masks[0][...] = False
    assert module.sparsity_of(RESIDUAL.connections, masks) == pytest.approx(72 / RESIDUAL.n_weights)


def test_depthwise_rows_are_short_runs_by_hand():
    # 9 taps: of two runs of 4 two stay, of the tail of one ceil(2 / 4) = 1
    masks = module.prune(RESIDUAL.connections, drawn(RESIDUAL, 1), "nm:4", 0.5)
    assert masks[1].reshape(4, 9)[:, :8].reshape(4, 2, 4).sum(2).tolist() == [[2, 2]] * 4
    assert masks[1].reshape(4, 9)[:, 8].all()


def test_layers_with_granularities_of_their_own_are_cut_as_if_alone_and_then_lose_removed_channels():
    weights = drawn(RESIDUAL, 2)
    names = ["channel", "kernel", "nm:4", "weight", "block:4", "weight"]
    sparsities = [0.25, 0.25, 0.5, 0.5, 0.5, 0.0]
    masks = module.prune_layers(RESIDUAL.connections, weights, names, sparsities)
    gone = ~masks[0].any((1, 2, 3))
    assert gone.sum() == 1  # of the four channels that conv1, dw2 and conv4 share
    places = [i for i in range(7) if i != IDENTITY]
    for layer, (place, name) in enumerate(zip(places, names, strict=True)):
        own = [s if i == layer else 0.0 for i, s in enumerate(sparsities)]
        alone = module.prune_layers(RESIDUAL.connections, weights, name, own)[place].copy()
        if place in (1, 3):
            alone[gone] = False
        if place == 2:
            alone[:, gone] = False
        if place == 5:
            alone.reshape(8, 4, 9)[:, gone] = False
        assert np.array_equal(masks[place], alone), place
    assert np.array_equal(masks[IDENTITY][:, 0, 0, 0], ~gone)
    apart = [
        module.prune_layers(RESIDUAL.connections, weights, name, [s] * 6)[place]
        for place, name, s in zip(places, names, sparsities, strict=True)
    ]
    apart.insert(IDENTITY, np.ones((4, 1, 1, 1), bool))
    joined = module.join_layers(RESIDUAL.connections, apart, names)
    assert all(np.array_equal(a, b) for a, b in zip(joined, masks, strict=True))


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_masks_of_a_graph_nest(granularity):
    weights = drawn(RESIDUAL, 3)
    before = module.prune(RESIDUAL.connections, weights, granularity, 0.25)
    after = module.prune(RESIDUAL.connections, weights, granularity, 0.75)
    assert all((b | ~a).all() for a, b in zip(after, before, strict=True))
