"""Workloads that were kept as plain values."""

from __future__ import annotations

from functools import cache

from pydantic import TypeAdapter

from hwsearch.hardware.workload import Workload


def workload_from(values: object) -> Workload:
    """Return the Workload that ``dataclasses.asdict`` and JSON turned into ``values``.

    Raises:
        ValueError: It is none.
    """
    return _schema().validate_python(values)


@cache
def _schema() -> TypeAdapter[Workload]:
    return TypeAdapter(Workload)
