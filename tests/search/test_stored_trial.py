"""A trial is stored as a person reads it, and a sampler sees what it always saw, to the last bit."""

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from hwsearch.search.samplers import distributions
from hwsearch.search.stored_trial import Spelling
from hwsearch.space.space import NetworkChoice, SearchSpace

SPACE = SearchSpace(
    (0.0, 0.35, 0.9), ("weight", "nm:4"), (2, 8), (3, 4), 2, state_bits=(None, 8, 16),
    networks=(NetworkChoice(0, "fc64"), NetworkChoice(1, "fc32")),
)  # fmt: skip


def test_knobs_are_stored_by_their_values():
    spelling = Spelling(SPACE)
    setting = SPACE.nth(SPACE.size - 1)
    params = spelling.params(setting)
    assert params["sparsity_2"] in SPACE.sparsity
    assert params["weight_bits_1"] in (2, 8)
    assert params["timesteps"] in (3, 4)
    assert params["network"] in ("fc64", "fc32")
    assert spelling.distributions["sparsity_1"] == FloatDistribution(0.0, 0.9)
    assert spelling.distributions["weight_bits_2"] == IntDistribution(2, 8)
    assert spelling.distributions["state_bits"] == CategoricalDistribution((None, 8, 16))


@given(index=st.integers(0, SPACE.size - 1), by_value=st.booleans())
def test_a_setting_comes_back(index, by_value):
    spelling, setting = Spelling(SPACE, by_value), SPACE.nth(index)
    params = spelling.params(setting)
    create_trial(
        state=TrialState.RUNNING, params=params, distributions=spelling.distributions
    )  # they are valid
    assert spelling.setting(params) == setting


def test_earlier_versions_stored_what_samplers_see():
    spelling = Spelling(SPACE, by_value=False)
    assert spelling.distributions == distributions(SPACE)
    setting = SPACE.nth(5)
    trial = create_trial(values=(0.5, 2.0), params=dict(setting), distributions=distributions(SPACE))
    assert spelling.for_sampler(trial, ()) is trial


@given(
    values=st.tuples(*[st.floats(1e-12, 1e12)] * 2),
    units=st.tuples(*[st.floats(1e-12, 1e12)] * 2),
    index=st.integers(0, SPACE.size - 1),
)
def test_a_sampler_sees_places_and_shares(values, units, index):
    setting, spelling = SPACE.nth(index), Spelling(SPACE)
    stored = create_trial(
        values=values, params=spelling.params(setting), distributions=spelling.distributions,
        system_attrs={"constraints:memory_bytes": 0.5, "constraints": [0.5]},
    )  # fmt: skip
    shown = spelling.for_sampler(stored, units)
    assert shown.params == setting
    assert shown.distributions == distributions(SPACE)
    assert shown.values == [value / unit for value, unit in zip(values, units, strict=True)]
    assert shown.constraints == {"memory_bytes": 0.5}
    assert stored.system_attrs["constraints"] == [0.5]
    assert stored.params == spelling.params(setting)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optuna_keeps_what_is_stored_to_the_last_bit(tmp_path):
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'x.db'}", directions=["minimize"] * 2)
    spelling, values = Spelling(SPACE), (0.1 + 0.2, 1e-300)
    for index in range(SPACE.size):
        study.add_trial(
            create_trial(
                values=values, params=spelling.params(SPACE.nth(index)), distributions=spelling.distributions
            )
        )
    again = optuna.load_study(study_name=study.study_name, storage=f"sqlite:///{tmp_path / 'x.db'}")
    assert all(tuple(trial.values) == values for trial in again.trials)
    assert [spelling.setting(trial.params) for trial in again.trials] == [
        SPACE.nth(i) for i in range(SPACE.size)
    ]
