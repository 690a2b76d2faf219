"""Calibration: before the search the dense network is probed, and random candidates are run once, untrained.

They settle the similarity estimator on most of them and measure its quality on the rest, on other inputs. Both use
inputs that the dense network was not trained on (their labels stay unread): on those that it was, compressed networks
agree with it more often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np

from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Ticket
from hwsearch.plan.fidelity import REFERENCE_BITS
from hwsearch.plan.plan import Plan
from hwsearch.predict.estimators import ESTIMATORS
from hwsearch.predict.joint import joint_of
from hwsearch.predict.layer_sensitivity import EstimatorScope
from hwsearch.predict.probe_and_add import probe_and_add
from hwsearch.predict.probes import LogitsOf, Probed, Probes, probe, untrained_logits
from hwsearch.predict.quality import Calibration, quality_of
from hwsearch.predict.similarity import Estimator, calibrated
from hwsearch.search.stages.dense import Dense, dense_ticket
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import OneThread

_DRAW = 0x5EE
JUDGING = 32
"""Candidates that the quality of similarity is measured on."""


_PROBED, _JUDGED = 128, 256  # inputs, at most


_SETTLING, _SETTLING_IF_TRAINED = 192, 48


TicketOf = Callable[[Candidate], Ticket]


class Stored(Protocol):
    """Where what is measured is kept for a run that goes on (`store.probe_store`)."""

    def load(self) -> Probed | None:
        """Return what was saved; None: it is not there whole."""

    def save(self, probed: Probed) -> None:
        """Keep it."""


def calibrate(
    plan: Plan,
    dense: Dense,
    ticket_of: TicketOf,
    judging: int = JUDGING,
    stored: Stored | None = None,
    logits_of: LogitsOf | None = None,
) -> Calibration:
    """Probe the dense network, settle the estimator and measure its quality.

    Args:
        plan: The question.
        dense: The trained dense network.
        ticket_of: What gives a candidate's ticket.
        judging: Candidates that the quality is measured on.
        stored: Where what is measured is stored, for a run that goes on; None: nothing is stored.
        logits_of: What runs untrained tickets at the shortest T; None: this process.
    """
    rng = np.random.default_rng([plan.study.seed, _DRAW])
    x, held_out = _inputs_of(plan, rng)
    # other finders train for the tickets that are settled on
    n = _SETTLING if plan.study.tickets.finder == "magnitude" else _SETTLING_IF_TRAINED
    candidates = [plan.space.candidate(plan.space.draw(rng)) for _ in range(n + judging)]
    tickets = [ticket_of(candidate) for candidate in candidates]
    sparsities = [layer_sparsity(plan.spec, ticket, c) for ticket, c in zip(tickets, candidates, strict=True)]
    joint = joint_of(candidates, sparsities, plan.spec.connections)
    with OneThread():
        probed = None if stored is None else stored.load()
        if probed is None:
            settled = one_shot_agreement(plan, dense, tickets[:n], x, logits_of).mean(1)
            agree = one_shot_agreement(plan, dense, tickets[n:], held_out, logits_of)
            probed = Probed(_probes(plan, dense, x, logits_of), settled, agree)
            if stored is not None:
                stored.save(probed)
        estimator = _estimator(plan, dense, x, probed.probes)
    timesteps = min(plan.space.timesteps)
    similarity = calibrated(estimator, joint[slice(0, n)], probed.settled, (n + 1) * len(x) * timesteps)
    quality = quality_of(similarity.agreement(joint[slice(n, None)]), probed.agree)
    judged = (judging + 1) * len(held_out) * timesteps
    return Calibration(similarity, quality, similarity.eval_steps + judged)


def _probes(plan: Plan, dense: Dense, x: np.ndarray, logits_of: LogitsOf | None) -> Probes | None:
    """Return the probes of the study's estimator, if it takes any."""
    if plan.study.search.similarity != "probe_and_add":
        return None
    return probe(plan.spec, dense.params, x, _scope(plan), logits_of)


def _scope(plan: Plan) -> EstimatorScope:
    return EstimatorScope(
        plan.space.granularity, plan.space.weight_bits, REFERENCE_BITS, min(plan.space.timesteps)
    )


def _estimator(plan: Plan, dense: Dense, x: np.ndarray, probes: Probes | None) -> Estimator:
    """Return what the study predicts agreement by, made of the dense network's behaviour on x."""
    if probes is not None:  # measured once and stored
        return probe_and_add(probes)
    return ESTIMATORS[plan.study.search.similarity](plan.spec, dense.params, x, _scope(plan))


def one_shot_agreement(
    plan: Plan,
    dense: Dense,
    tickets: Sequence[Ticket],
    x: np.ndarray,
    logits_of: LogitsOf | None = None,
) -> np.ndarray:
    """Return [K, B] booleans: whether a ticket, as it stands, predicts what the dense network predicts.

    What similarity predicts, measured: one forward pass a ticket at the shortest T.
    """
    whole = replace(dense_ticket(plan, plan.study.seed), params=dense.params)
    if logits_of is None:
        logits_of = partial(untrained_logits, plan.spec, timesteps=min(plan.space.timesteps))
    logits = logits_of([whole, *tickets], x)
    agree: np.ndarray = logits[1:].argmax(-1) == logits[0].argmax(-1)
    return agree


def _inputs_of(plan: Plan, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs to probe and settle on, and others to judge on: halves of the validation split, or less.

    A small half is filled up with training inputs.
    """
    unseen = plan.data.x_val[rng.permutation(len(plan.data.x_val))]
    n = min(_PROBED, len(unseen) // 2)
    seen = plan.data.x_train[rng.permutation(len(plan.data.x_train))[: _PROBED - n]]
    return np.concatenate([unseen[:n], seen]), unseen[n : n + _JUDGED]


def layer_sparsity(spec: NetworkSpec, ticket: Ticket, candidate: Candidate) -> tuple[float, ...]:
    """Return the share that each prunable connection's mask removes: of channels for ``channel``, else of weights."""
    masks = [ticket.masks[i] for i in spec.prunable]
    return tuple(
        _removed(np.asarray(mask.reshape(len(mask), -1).any(1)) if name == "channel" else mask)
        for mask, name in zip(masks, candidate.granularities(len(masks)), strict=True)
    )


def _removed(staying: np.ndarray) -> float:
    """Return the share that does not stay."""
    return 1 - int(np.count_nonzero(staying)) / staying.size
