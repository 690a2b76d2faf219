"""Every similarity estimator by its name: what a study's ``search.similarity`` may ask for.

A new estimator is one entry here and its name in `hwsearch.study.search_sections` (docs/how_to_add_estimator.md).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Params
from hwsearch.predict.flip_rate import flip_rate
from hwsearch.predict.layer_sensitivity import EstimatorScope
from hwsearch.predict.margin_gradient import margin_gradient
from hwsearch.predict.probe_and_add import ProbeAndAdd, probe_and_add
from hwsearch.predict.probes import probe
from hwsearch.predict.similarity import Estimator

Maker = Callable[[NetworkSpec, Params, np.ndarray, EstimatorScope], Estimator]
"""The architecture, the trained dense network, inputs [B, C, H, W] and the scope -> an estimator."""


def _probed(spec: NetworkSpec, dense: Params, x: np.ndarray, scope: EstimatorScope) -> ProbeAndAdd:
    return probe_and_add(probe(spec, dense, x, scope))


ESTIMATORS: dict[str, Maker] = {
    "probe_and_add": _probed,
    "margin_gradient": margin_gradient,
    "flip_rate": flip_rate,
}
