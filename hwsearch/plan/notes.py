"""What a reader of a run must know of its plan, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsearch.plan.fidelity import REFERENCE_BITS

if TYPE_CHECKING:
    from hwsearch.plan.plan import Plan


def notes_of(plan: Plan) -> tuple[str, ...]:
    """Return what is special about the data, the device or the search, a sentence each."""
    asked, whole = sum(plan.cycles), plan.study.train.epochs
    notes = [*plan.data.notes, *(() if plan.given is None else plan.given.notes), *plan.space.notes]
    if plan.names:
        notes.append(
            f"{len(plan.names)} networks are searched, each from its own dense reference: losses are counted from "
            "the most accurate of these"
        )
    if plan.reference_widths != plan.widths:
        notes.append(
            f"the dense reference ({REFERENCE_BITS}-bit weights) is a yardstick with 32-bit sums and membranes: "
            + (
                f"{plan.profile.id} refuses what could overflow"
                if plan.widths.overflow == "reject"
                else f"{REFERENCE_BITS} bits are not searched"
            )
        )
    if asked < whole:
        notes.append(
            f"in the search candidates are trained for {asked} of {whole} epochs, the front's members in full"
        )
    search = plan.study.search
    if search.rank and not search.ranked:
        notes.append(f"sampler {search.sampler}: candidates are asked as it suggests them, none are ranked")
    pick, worth = plan.study.pick, plan.study.search.worth
    taken = pick.within if pick.needed is None else 1.0 - pick.needed
    if taken is not None and taken > worth:
        notes.append(
            f"networks that lose more than {worth:.0%} (search.worth) are on no front, though the pick would take "
            "some: raise search.worth to search for them"
        )
    longest = plan.dense_timesteps
    fewer = [plan.rung_timesteps(rung, longest) for rung in range(len(plan.cycles))]
    if fewer[0] < longest:
        at = " and ".join(str(n) for n in dict.fromkeys(fewer) if n < longest)
        notes.append(
            f"the first rungs are trained at {at} of {longest} timesteps and measured at all of them"
        )
    return tuple(notes)
