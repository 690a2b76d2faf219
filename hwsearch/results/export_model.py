"""A recovered trial as the model that an export writes: its integers, and a config that says what they are."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from pathlib import Path
from typing import Any

from hwsearch.export.agree import structure_of
from hwsearch.export.bundle import Model
from hwsearch.hardware.arithmetic import claim_of
from hwsearch.hardware.cost_model import Cost, cost_fields, price
from hwsearch.plan.plan import Plan
from hwsearch.records.columns import LATER
from hwsearch.results.monitored import learned
from hwsearch.results.recover import Recovered
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import Study

_RECORDED_INPUTS = 32


def model_of(recovered: Recovered, *, monitored: bool = False) -> Model:
    """Return what an export needs of a recovered trial; its monitor, which takes seconds, where it is asked for.

    Raises:
        InputError: There are too few validation samples to learn a monitor on.
    """
    plan = recovered.plan
    cost = price(recovered.workload, plan.profile)
    return Model(
        network=recovered.network,
        formats=cost.formats,
        pointer_bits=plan.profile.pointer_bits,
        config=_config(recovered, cost),
        inputs=plan.data.x_val[:_RECORDED_INPUTS],
        monitor=learned(recovered) if monitored else None,
    )


def _config(recovered: Recovered, cost: Cost) -> dict[str, Any]:
    """Return config.yaml: candidate, study, profile, seed, versions and numbers, as plain values."""
    plan, record = recovered.plan, recovered.record
    candidate = record.candidate
    return {
        "hwsearch": importlib.metadata.version("hwsearch"),
        "study": without_paths(plan.study, plan.profile.id),
        "study_digest": plan.study.digest,
        "profile": plan.profile.id,
        "profile_digest": plan.profile.digest,
        "candidate": {**_knobs(plan, candidate), "digest": candidate.digest},
        "trial": record.trial,
        "seed": recovered.seed,
        "measured": {
            "accuracy_val": recovered.accuracy_val,
            "accuracy_test": recovered.accuracy_test,
            "accumulator_bits": recovered.accumulator_bits,
            "membrane_bits": recovered.membrane_bits,
            "packed_bytes": cost.packed_bytes,
            **cost_fields(cost),
        },
        "predicted": record.predicted,
        "labels": plan.profile.labels,
        "arithmetic": claim_of(plan.profile, plan.at(candidate.network).spec.laws).fields,
        **structure_of(recovered.network, cost.formats),
        # what is to be done to values before the network reads them, on whatever does it
        "encoding": [] if plan.data.encoding is None else plan.data.encoding.settings,
        # what a later training needs: whose data suit the model, and what a search cost
        "class_names": list(plan.data.class_names),
        "search_train_steps": recovered.search_train_steps,
        # those that trained it
        "versions": dict(recovered.versions),
    }


def _knobs(plan: Plan, candidate: Candidate) -> dict[str, Any]:
    """Return a candidate's knobs as plain values: those that came later only where the study turns them."""
    later = plan.later_columns
    knobs = dataclasses.asdict(candidate)
    return {name: knobs[name] for name in knobs if name not in LATER} | later.columns(candidate)


def without_paths(study: Study, profile: str) -> dict[str, Any]:
    """Return a study as plain values that say nothing of the machine: its profile by id, other runs by name."""
    values = study.to_yaml_dict()
    values["data"]["root"] = None
    values["device"]["profile"] = profile
    values["search"]["learn_from"] = [Path(folder).name for folder in study.search.learn_from]
    return values
