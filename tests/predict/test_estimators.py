"""The table of estimators: what a study may ask for is what can be made."""

from typing import get_args

from hwsearch.predict.estimators import ESTIMATORS
from hwsearch.study.search_sections import Search


def test_every_name_of_the_study_has_an_estimator():
    assert set(ESTIMATORS) == set(get_args(Search.model_fields["similarity"].annotation))
