"""A task with few samples of some classes: blurred bars at a place for each class, in noise."""

import numpy as np

from hwsearch.data.samples import Samples

SIZES = (480, 80, 40)
NAMES = ("fine", "worn", "broken")


def uneven(*_) -> Samples:
    """Return 600 images of 6 by 6 pixels: 80 % of the first class, 7 % of the last."""
    rng = np.random.default_rng(5)
    y = np.repeat(np.arange(3), SIZES)
    x = rng.normal(3.5, 3.0, (len(y), 1, 6, 6))
    x[np.arange(len(y)), 0, :, 2 * y] += 5.0
    x[np.arange(len(y)), 0, 2 * y, :] += 3.0
    return Samples(np.clip(np.rint(x), 0, 15).astype(np.uint8), y, 15, 3, class_names=NAMES)


TEXT = """
name: uneven
data: {name: uneven}
network: {layers: fc16, batch_norm: true}
space: {sparsity: [0.0, 0.5, 0.8, 0.9, 0.95], granularity: [weight, channel], weight_bits: [2, 4], timesteps: [2, 3]}
device: {profile: nrf51822_microbit}
objectives: [error, memory_bytes]
train: {dense_epochs: 12, epochs: 4, dense_learning_rate: 0.01, learning_rate: 0.01}
search: {candidates: 16, batch: 8, stack: 4}
final: {seeds: 1}
pick: {within: 5%}
"""
