"""The integer machine as its equations stand in docs, one neuron after the other: slow, and without a trick.

a_j[t] = acc( sum_c (acc(sum_i w_c,ji s_c,i[t - delay_c]) << f_c)  +  b_j )
v_j[t] = sat( v_j[t-1] - (v_j[t-1] >> k) + a_j[t] )
s_j[t] = v_j[t] >= th_j;  then v_j[t] = 0, or v_j[t] - th_j
"""

import itertools

import numpy as np


def naive_run(network, x):
    """Return the readout's potentials [T, N, classes], and membranes after reset and spikes, [T, N, C, H, W] each."""
    frames = _binned(x.astype(np.int64), network.input, network.timesteps)
    shapes = [(p.shape.channels, *p.shape.size) for p in network.populations]
    blank = [np.zeros((len(x), *shape), np.int64) for shape in shapes]
    membranes, sent, states = list(blank), [[] for _ in blank], [[] for _ in blank]
    for t in range(network.timesteps):
        for p, population in enumerate(network.populations):
            current = np.zeros_like(blank[p])
            for c in network.connections:
                if c.shape.target == p:
                    current += _arriving(network, c, _source(frames, sent, blank, c.shape, t))
            current = _clip(current + population.bias.reshape(1, -1, 1, 1), network.accumulator_bits)
            if population.threshold is None:
                if t >= network.readout.first(network.timesteps):
                    leaked = _leak(membranes[p], network.readout.leak_shift)
                    membranes[p] = _clip(leaked + current, network.accumulator_bits)
            else:
                threshold = population.threshold.reshape(1, -1, 1, 1).astype(np.int64)
                v = _clip(_leak(membranes[p], population.shape.law.leak_shift) + current, network.state_bits)
                spikes = (v >= threshold).astype(np.int64)
                after = 0 if population.shape.law.reset == "zero" else v - threshold
                membranes[p] = np.where(spikes == 1, after, v)
                sent[p].append(spikes)
            states[p].append(membranes[p])
    readout = np.stack(states[-1])[..., 0, 0]
    return readout, [np.stack(each) for each in states[:-1]], [np.stack(each) for each in sent[:-1]]


def _binned(x, data, timesteps):
    """Return [N, T, C, H, W]: frame t falls into bin t * T // T0; a still image is in each."""
    if data.frames is None:
        return np.stack([x] * timesteps, 1)
    bins = [[] for _ in range(timesteps)]
    for t in range(data.frames):
        bins[t * timesteps // data.frames].append(x[:, t])
    sums = np.stack([sum(frames) for frames in bins], 1)
    if data.binning == "sum":
        return sums
    counts = np.array([len(frames) for frames in bins]).reshape(1, -1, 1, 1, 1)
    return np.floor(sums / counts + 0.5).astype(np.int64)


def _source(frames, sent, blank, shape, t):
    """Return what a connection reads at t, pooled: [N, C, H, W]."""
    when = t - shape.delay
    if shape.source == -1:
        values = frames[:, when] if when >= 0 else np.zeros_like(frames[:, 0])
    else:
        values = sent[shape.source][when] if when >= 0 else blank[shape.source]
    down, across = shape.pooling.window
    height, width = values.shape[2] // down, values.shape[3] // across
    pooled = np.zeros((*values.shape[:2], height, width), np.int64)
    for row, column in itertools.product(range(height), range(width)):
        cell = values[:, :, row * down : (row + 1) * down, column * across : (column + 1) * across]
        flat = cell.reshape(*cell.shape[:2], -1)
        pooled[:, :, row, column] = flat.max(2) if shape.pooling.kind == "max" else flat.sum(2)
    return pooled


def _arriving(network, connection, values):
    """Return the shifted sums of one connection, [N, C, H, W]."""
    shape, weight, f = connection.shape, connection.weight.astype(np.int64), connection.fraction_bits
    if shape.kind == "fc":
        rows = [(values.reshape(len(values), -1) * row).sum(1) for row in weight]
        total = np.stack(rows, 1)[:, :, None, None]
    else:
        total = _filtered(shape, weight, values)
    if f < 0:
        return _clip(total + 2 ** (-f - 1), network.accumulator_bits) >> -f
    return _clip(total, network.accumulator_bits) << f


def _filtered(shape, weight, values):
    """Return the sums of a convolution, output by output."""
    n_out, n_in, down, across = weight.shape
    height = (values.shape[2] - 1) // shape.stride[0] + 1
    width = (values.shape[3] - 1) // shape.stride[1] + 1
    total = np.zeros((len(values), n_out, height, width), np.int64)
    for o, row, column in itertools.product(range(n_out), range(height), range(width)):
        for i, dy, dx in itertools.product(range(n_in), range(down), range(across)):
            y, x = row * shape.stride[0] + dy - down // 2, column * shape.stride[1] + dx - across // 2
            if 0 <= y < values.shape[2] and 0 <= x < values.shape[3]:
                source = o if shape.groups > 1 else i
                total[:, o, row, column] += weight[o, i, dy, dx] * values[:, source, y, x]
    return total


def _leak(membrane, leak_shift):
    return membrane if leak_shift is None else membrane - (membrane >> leak_shift)


def _clip(values, bits):
    return np.clip(values, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
