"""What a search works with where a study has one network."""

from hwsearch.search.stages.context import Context, Reference


def context_of_one(plan, dense, trainer=None, cache=None, calibration=None):
    return Context(plan, (Reference(plan, dense, calibration),), trainer, cache)
