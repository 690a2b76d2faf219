"""Records as the surrogate sees them: knobs, and what is known of a candidate without training it.

Where a study lists several networks, a candidate's layers are seen by their relative depth, so that networks of other
depths can be compared at all; which network it is lies in knobs of its own, and how accurate that network is when it is
dense is a line that the prior mean may follow. Scales are fixed, not fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.predict.joint import joint_of, knobs_of, stretched
from hwsearch.predict.process import NOT_BEGUN, Inputs
from hwsearch.predict.surrogate import transform
from hwsearch.records.trials import TrialRecord


@dataclass(frozen=True)
class KnownBefore:
    """What the surrogate knows before any training.

    Attributes:
        with_similarity: Whether similarity is one of its inputs.
        dense_errors: Of the dense reference of each network; needed where there are several.
    """

    with_similarity: bool
    dense_errors: tuple[float, ...] = ()


def inputs_of(
    plan: Plan,
    before: KnownBefore,
    records: Sequence[TrialRecord],
    *,
    rung: np.ndarray | None = None,
    training: np.ndarray | None = None,
) -> Inputs:
    """Return records as the surrogate sees them (see `process.Inputs`)."""
    knobs, groups = _layer_knobs(plan, records)
    more = [np.log2([[r.candidate.timesteps] for r in records])]
    if len(plan.space.state_bits) > 1:
        widths = [[r.candidate.state_bits or plan.profile.state_bits] for r in records]
        more.append(np.log2(widths) - 4.0)
    lines = [np.log10([[max(1.0, float(r.predicted["weight_bytes"] or 1.0))] for r in records]) - 4.0]
    if len(plan.networks) > 1:
        numbers = np.array([[r.candidate.network] for r in records])
        more.append((numbers == np.arange(len(plan.networks))).astype(float))
        lines.append(dense_lead(before.dense_errors, records)[:, None])
    for part in more:
        groups = np.append(groups, np.full(part.shape[1], groups.max() + 1))
    similar = before.with_similarity
    known = similarity_logits(records)[:, None] / 2.5 if similar else np.zeros((len(records), 0))
    return Inputs(
        np.concatenate([knobs, *more], axis=1),
        groups,
        np.concatenate(lines, axis=1),
        known,
        rung,
        training,
    )


def _layer_knobs(plan: Plan, records: Sequence[TrialRecord]) -> tuple[np.ndarray, np.ndarray]:
    """Return the knobs of every layer (`joint.knobs_of`), those of shallow networks stretched, and their groups."""
    depth = max(len(spec.prunable) for spec in plan.networks)
    numbers = np.array([r.candidate.network for r in records])
    names = plan.space.granularity
    knobs = np.zeros((len(records), 2 * depth + len(names)))
    for number, spec in enumerate(plan.networks):
        members = [r for r in records if r.candidate.network == number]
        candidates, sparsities = [r.candidate for r in members], [r.layer_sparsity or () for r in members]
        own, _ = knobs_of(joint_of(candidates, sparsities, spec.connections), names)
        knobs[numbers == number] = stretched(own, len(spec.prunable), depth)
    return knobs, np.repeat([0, 1, 2], [depth, depth, len(names)])


def dense_lead(dense_errors: Sequence[float], records: Sequence[TrialRecord]) -> np.ndarray:
    """Return [N]: by how much y of a record's dense network is above that of the most accurate one; at most 0.

    Args:
        dense_errors: Of each network.
        records: Whose networks are asked for.
    """
    y = transform(1.0 - np.array(dense_errors, float))
    return np.asarray((y - y.max())[[r.candidate.network for r in records]])


def similarity_logits(records: Sequence[TrialRecord]) -> np.ndarray:
    """Return logits [N] of similarities; 0 where there is none."""
    similarity = np.clip([0.5 if r.similarity is None else r.similarity for r in records], 0.01, 0.99)
    return np.asarray(np.log(similarity / (1 - similarity)))


def training_name(record: TrialRecord) -> int:
    """Return what the surrogate calls a record's training; NOT_BEGUN before it has begun."""
    return NOT_BEGUN if record.training is None else record.training
