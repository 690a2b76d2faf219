"""Small inputs on which hwsearch was once wrong, built anew: a made-up device, a study of seconds, the command line.

A test here runs the commands that a user typed; what else belongs to the kind is tested beside its module.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEVICE = """
schema_version: 1
id: dev
name: Made-up device
vendor: ""
family: mcu
description: made up for a test
memory:
  banks:
    - {name: flash, holds: [weights, params], bytes: {value: null, unit: B, grade: estimated, source: MADE}}
    - {name: ram, holds: [state, buffers], bytes: {value: null, unit: B, grade: estimated, source: MADE}}
weights:
  bits: {value: [1, 2, 3, 4, 6, 8, 16], unit: bit, grade: estimated, source: MADE}
  formats: [dense, bitmap, csr, delta, "nm:4", "nm:8", "nm:16", "block:4", "block:8", kernel]
  pointer_bits: {value: 16, unit: bit, grade: estimated, source: MADE}
  bias_bits: {value: BIAS, unit: bit, grade: estimated, source: MADE}
  threshold_bits: {value: THRESHOLD, unit: bit, grade: estimated, source: MADE}
state:
  bits: {value: STATE, unit: bit, grade: estimated, source: MADE}
  accumulator_bits: {value: ACCUMULATOR, unit: bit, grade: estimated, source: MADE}
  overflow: OVERFLOW
neurons: {models: [lif, if], reset: [zero, subtract]}
granularities: [weight, "nm:4", "nm:8", "nm:16", "block:4", "block:8", kernel, channel]
sparsity:
  storage: [weight, nm, block, kernel, channel]
  cycles: [weight, nm, block, kernel, channel]
  energy: [weight, nm, block, kernel, channel]
inputs: analog
timing: null
energy: null
power:
  static: {value: null, unit: W, grade: estimated, source: MADE}
sources: {MADE: made up}
"""

STUDY = {
    "name": "case",
    "seed": "0",
    "data": "{name: digits, train_size: 600}",
    "network": "{layers: fc32, batch_norm: true}",
    "space": "{sparsity: [0.0, 0.8], granularity: [weight], weight_bits: [2, 8], timesteps: [4]}",
    "device": "{profile: dev.yaml, budgets: {}}",
    "objectives": "[error, memory_bytes]",
    "train": "{dense_epochs: 10, epochs: 3, dense_learning_rate: 0.01, learning_rate: 0.01}",
    "search": "{candidates: 4, batch: 4, rungs: false, foresee: false}",
    "final": "{seeds: 1}",
    "pick": "{within: 0.2}",
}


def pytest_collection_modifyitems(items):
    """Mark the tests of this folder slow: each is a run or more."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


class Case:
    """A folder in which a user works."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def device(
        self, name="dev.yaml", *, bias=16, threshold=16, state=16, accumulator=32, overflow="saturate"
    ):
        """Write the made-up device with these widths."""
        values = {
            "BIAS": bias,
            "THRESHOLD": threshold,
            "STATE": state,
            "ACCUMULATOR": accumulator,
            "OVERFLOW": overflow,
        }
        text = DEVICE
        for key, value in values.items():
            text = text.replace(f" {key}", f" {value}")
        (self.folder / name).write_text(text)

    def study(self, name="s.yaml", **changes):
        """Write the study of seconds with other sections."""
        sections = STUDY | changes
        (self.folder / name).write_text("".join(f"{key}: {value}\n" for key, value in sections.items()))

    def hwsearch(self, *args, **settings):
        """Type a command; return what it printed and its exit code."""
        command = [sys.executable, "-m", "hwsearch", *map(str, args)]
        environment = {key: value for key, value in os.environ.items() if key != "HWSEARCH_CACHE"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, **settings
        )


@pytest.fixture
def case(tmp_path):
    """Return an empty folder with the made-up device and the study of seconds."""
    made = Case(tmp_path)
    made.device()
    made.study()
    return made
