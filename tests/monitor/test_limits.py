"""Limits are found on groups that are held out, and each sum has its own."""

import numpy as np

from hwsearch.monitor.limits import LEAST_LIMIT, Pool, rule_of
from hwsearch.monitor.quantities import Quantity, Seen
from hwsearch.monitor.rule import MOST_LIMIT, alarms

QUANTITIES = (Quantity("input", "input"), Quantity("no_answer", "no_answer"))


def pool_of(values, groups, n_validation):
    both = np.stack([values, np.zeros(len(values))], 1).astype(np.int64)
    return Pool(Seen(both, np.zeros(len(values), np.int64)), groups, n_validation)


def test_what_never_varied_has_the_least_limit():
    rng = np.random.default_rng(0)
    rule = rule_of(QUANTITIES, pool_of(rng.normal(200, 20, 300), np.arange(300), 300), 1, rng, 5)
    assert rule.limits[1] == (LEAST_LIMIT, LEAST_LIMIT)
    # three answers in a row are missing, as none was before: no alarm yet; a fourth is one
    missing = np.array([[200, 0], [200, 1], [200, 1], [200, 1], [200, 1]])
    assert [alarm.inference for alarm in alarms(rule, Seen(missing, np.zeros(5, np.int64)))] == [4]


def test_runs_that_lie_high_raise_the_limit_above_alone():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(60), 10)
    values = rng.normal(200, 20, 600)
    # every tenth run of training lies four spreads higher
    values[(groups >= 20) & (groups % 10 == 0)] += 80
    rule = rule_of(QUANTITIES, pool_of(values, groups, 20), 1, rng, 20)
    above, below = rule.limits[0]
    assert LEAST_LIMIT <= below < above / 2
    assert above < MOST_LIMIT


def test_a_pool_without_some_groups_numbers_the_others_anew():
    pool = pool_of(np.arange(10), np.repeat(np.arange(5), 2), 3)
    rest = pool.without(np.array([1, 4]))
    assert rest.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert rest.n_validation == 2
    assert rest.what.values[:, 0].tolist() == [0, 1, 4, 5, 6, 7]
    assert rest.validation.values[:, 0].tolist() == [0, 1, 4, 5]
