# %% [markdown]
# # The smallest network for your arrays
#
# A notebook as a script (py:percent): Jupyter with jupytext, VS Code and PyCharm open it as cells. It takes less than a
# minute on two cores. A test runs it, cell by cell.

# %%
import subprocess
import sys

from sklearn.datasets import load_digits

import hwsearch

# %% [markdown]
# ## Search
#
# `x` is [N, channels, rows, columns] of whole numbers, `y` the class of each. Yours may be windows over sensors as well
# (docs/python.md). The run's folder is `runs/notebook`: the same cell again answers at once.

# %%
x, y = load_digits(return_X_y=True)
result = hwsearch.search(
    x.reshape(-1, 1, 8, 8),
    y,
    device="nrf51822_microbit",
    network="fc32",
    budgets={"memory_bytes": "8 KiB"},
    within="3%",
    candidates=16,
    space={"granularity": ["weight", "channel"], "weight_bits": [2, 4], "timesteps": [2, 4]},
    train={"dense_epochs": 12, "epochs": 8},
    final={"seeds": 2},
    name="notebook",
)

# %% [markdown]
# ## Look
#
# A result shows itself: whether the pick fits, what it saves, the front as a picture and a table, the next step.

# %%
result

# %% [markdown]
# The front is a pandas frame, the useful columns first; `result.trials` has every candidate and how it ended.

# %%
result.front.iloc[:, :11]

# %% [markdown]
# Is a network without spikes better?

# %%
print(result.against_plain())

# %% [markdown]
# ## Play
#
# Figures of plotly: point at a mark, zoom. The front in each pair of objectives, then how the candidates ended.

# %%
front, *others, funnel = result.figures()
front

# %%
funnel

# %% [markdown]
# ## Pick
#
# Without arguments by the question's own rule; else by yours.

# %%
pick = result.pick("frugal", within="5%")
pick[["trial", "accuracy_test", "memory_bytes", "energy_j"]]

# %% [markdown]
# On another device, without training anything:

# %%
result.front_on("nrf52840").front.iloc[:, :11]

# %% [markdown]
# ## Export, and prove it
#
# `c` is a C library without heap, floats or divisions. `verify` loads each file anew and holds its predictions against
# the network that was measured, bit for bit; on a terminal it is `hwsearch verify model`.

# %%
model = result.export(pick, to="model", formats=["config", "weights", "c"])
checked = subprocess.run(
    [sys.executable, "-m", "hwsearch", "verify", str(model)], capture_output=True, text=True, check=False
)
print(checked.stdout or checked.stderr)
