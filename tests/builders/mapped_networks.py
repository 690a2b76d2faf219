"""Two networks that are counted by hand, for rules: three fully connected layers, and a convolution with a readout."""

import numpy as np

from builders.devices import chain, conv, fc

ONES = np.ones((4, 2, 3, 3), int)
MASK = np.ones((6, 5), int)
MASK[0, :4] = 0  # one neuron has 1 of 5 inputs; inputs have 5 or 6 of 6 targets
NET = chain(
    4,
    8,
    (
        fc("in", "input", np.ones((5, 7), int)),
        fc("mid", "hidden", MASK),
        fc("out", "readout", np.ones((3, 6), int)),
    ),
)
CNN = chain(
    4,
    8,
    (
        conv("c1", "input", ONES, (10, 8), pool=2),
        fc("out", "readout", np.ones((3, 80), int), fan_columns=20),
    ),
)
