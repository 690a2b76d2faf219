"""What an inference of per-layer mixes takes in energy: before training the product's own price, after it a model's.

On a device that is priced by the cycle the energy of a network is that of its neurons and of each connection on its
own: so (granularity, sparsity of each layer) are cut once (`mixes`), and every layer is priced at every number of bits.
What is foretold takes every neuron to fire as in the dense network of seed 0. Training changes that, and which weights
are zeros, and so the format of a layer: the logarithm of energy after training over energy foretold is told by a model
like that of accuracies (`response`), fitted on the same trainings, which sees each layer's share of the energy besides.
Its held-out error: `energy_error`. Single trainings of a good mix lie 5 to 6 % apart in energy; a world tells their
mean, as it does of bytes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.replay.mixes import effective
from benchmarks.replay.response import Response, Trainings
from hwsearch.hardware.cost_model import price
from hwsearch.hardware.workload import ConnectionWork, OpCounts
from hwsearch.predict.cost import Counted, predict_workload
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace


@dataclass(frozen=True, eq=False)
class Energies:
    """Energies of networks that were cut and not trained; R rows, L layers, B numbers of bits.

    Attributes:
        layers: [R, L, B] joules of each layer at each number of bits.
        fixed: [R] joules of all else.
    """

    layers: np.ndarray
    fixed: np.ndarray

    def parts(self, rows: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """Return the joules [N, 1 + L] of rows [N] at levels of bits [N, L]: of all else, and of each layer."""
        layers = np.arange(self.layers.shape[1])
        return np.column_stack([self.fixed[rows], self.layers[rows[:, None], layers, bits]])


def mix_energies(context: Context, space: SearchSpace, path: Path) -> Energies:
    """Return those of every (granularity, sparsity of each layer), in the order of their levels; kept in a file.

    Args:
        context: The dense network of seed 0.
        space: Levels; it has a sparsity a layer.
        path: Of the file (.npz); deletable, it is made anew.
    """
    if not path.exists():
        settings = itertools.product(
            space.granularity, itertools.product(space.sparsity, repeat=space.per_layer)
        )
        energies = price_settings(context, [effective(*own) for own in settings], space.weight_bits)
        np.savez_compressed(path, **vars(energies))
    with np.load(path) as arrays:
        return Energies(**arrays)


def price_settings(
    context: Context, settings: list[tuple[str, tuple[float, ...]]], weight_bits: tuple[int, ...]
) -> Energies:
    """Return the energies of networks by granularity and sparsity, each priced once however often it is asked for."""
    counted = Counted()
    rows = {own: _priced(context, *own, weight_bits, counted) for own in dict.fromkeys(settings)}
    layers, fixed = zip(*(rows[own] for own in settings), strict=True)
    return Energies(np.array(layers), np.array(fixed))


def features(known: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Return what the model sees of candidates: what that of accuracies does [N, D], and parts of energy [N, 1 + L]."""
    whole = parts.sum(1, keepdims=True)
    return np.hstack([known, np.log(whole), parts[:, 1:] / whole])


@dataclass(frozen=True, eq=False)
class Spent:
    """Rows of the table at the longest T, in the order of `response.Trainings`.

    Attributes:
        inputs: [R, D] what the model sees.
        outputs: [R, 2] y after the last rung, and the logarithm of energy after training over energy foretold.
    """

    inputs: np.ndarray
    outputs: np.ndarray


def spent(context: Context, known: Trainings, table: pd.DataFrame) -> Spent:
    """Return the energies of the table's trainings at the longest T.

    Args:
        context: The dense network of seed 0.
        known: These trainings.
        table: The whole table.
    """
    levels, rows = context.plan.space.weight_bits, table[table["timesteps"] == context.plan.dense_timesteps]
    n_layers = len(context.plan.spec.prunable)
    sparsities = [tuple(map(float, spelt.split("/"))) for spelt in rows["sparsity"]]
    settings = [
        (name, own) if len(own) == 1 else effective(name, own)  # one sparsity ranks all layers together
        for name, own in zip(rows["granularity"], sparsities, strict=True)
    ]
    bits = [[levels.index(int(b)) for b in spelt.split("/") * n_layers] for spelt in rows["weight_bits"]]
    priced = price_settings(context, settings, levels)
    parts = priced.parts(np.arange(len(rows)), np.array([own[:n_layers] for own in bits]))
    ratio = np.log(rows["energy_j_measured"] / rows["energy_j"])
    return Spent(features(known.inputs, parts), np.column_stack([known.outputs[:, -2], ratio]))


def log_ratio(model: Response, inputs: np.ndarray) -> np.ndarray:
    """Return the logarithm [N] of energy after training over energy foretold; other than of bytes, it may be above 0.

    Args:
        model: Fitted to inputs and outputs of `Spent`.
        inputs: [N, D].
    """
    scaled = (inputs - model.inputs[0]) / model.inputs[1]
    smooth = np.mean([net.predict(scaled)[:, -1] for net in model.nets], 0)
    return (
        np.asarray(smooth * model.outputs[1, -1] + model.outputs[0, -1] + model.trees[-1].predict(inputs)) / 2
    )


def _priced(
    context: Context,
    granularity: str,
    sparsity: tuple[float, ...],
    weight_bits: tuple[int, ...],
    counted: Counted,
) -> tuple[list[list[float]], float]:
    """Return the joules of each layer at each number of bits, and of all else."""
    plan, timesteps = context.plan, context.plan.dense_timesteps
    bits = (weight_bits[-1],) * len(plan.spec.prunable)
    own = ticket_of(context, Candidate(sparsity, granularity, bits, timesteps))
    dense = context.yardstick.dense.runs[timesteps]
    workload = predict_workload(plan.spec, own.masks, own.bits, timesteps, dense, counted)
    idle = tuple(map(_idle, workload.connections))

    def joules(connections: tuple[ConnectionWork, ...]) -> float:
        energy_j = price(replace(workload, connections=connections), plan.profile).energy_j
        assert energy_j is not None  # of the table's device it is known
        return energy_j

    fixed = joules(idle)
    layers = [
        [
            joules((*idle[:place], replace(layer, weight_bits=b), *idle[place + 1 :])) - fixed
            for b in weight_bits
        ]
        for place, layer in enumerate(workload.connections)
    ]
    return layers, fixed


def _idle(layer: ConnectionWork) -> ConnectionWork:
    """Return a layer that nothing reaches."""
    return replace(layer, ops=OpCounts(0.0, 0.0, (0.0,) * len(layer.ops.blocks), 0.0))
