"""The staged plan: trial, criteria, roll-out, who retrains when, and sentences for a meeting; or why there is none."""

from __future__ import annotations

from collections.abc import Iterator

from hwsearch.report.first_page.criteria import Criterion, criteria_table
from hwsearch.report.first_page.numbers import Run, saving
from hwsearch.report.first_page.parts import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Section,
    Sentence,
    Table,
    Text,
    said,
)
from hwsearch.report.first_page.plain import compared, plain_is_enough, why_not_compared
from hwsearch.report.first_page.saved import amount

_WITHOUT = {"only.spiking": "meeting.spiking_only", "why.spikes_only": "meeting.plain_spikes_only"}
_ROLES = ("site", "data", "firmware", "decision")


def staged_plan(run: Run, found: list[Criterion]) -> Section:
    """Return the plan of a run with a pick; found: its criteria."""
    blocks: list[Block] = [
        Heading(said("plan.trial")),
        Bullets(tuple(_trial(run))),
        Heading(said("plan.criteria")),
        criteria_table(found),
        Paragraph(said("plan.go_on")),
        Heading(said("plan.roll_out")),
        Bullets(tuple(said(f"plan.roll_out_{step}") for step in ("few", "watch", "back"))),
        Heading(said("plan.operation")),
        _operation(run),
    ]
    return Section("plan", said("plan.title"), tuple(blocks))


def no_plan(run: Run) -> Section:
    """Return what is to be done where nothing was picked."""
    todo = ("budget", "tolerance", "space") if not run.tables.front else ("tolerance", "space")
    blocks = (
        Paragraph(said("plan.none")),
        Bullets(tuple(said(f"plan.none_{what}") for what in todo)),
    )
    return Section("plan", said("plan.title"), blocks)


def meeting(run: Run) -> Section:
    """Return sentences that can be said as they stand, of a run with a pick."""
    propose, against = said("meeting.trial", device=run.device_name), [_against(run)]
    if plain_is_enough(compared(run)):
        propose, against = said("meeting.plain_better"), []
    told = [propose, *_numbers(run), *against, said("meeting.later")]
    return Section("meeting", said("meeting.title"), (Bullets(tuple(told)),))


def meeting_without(run: Run) -> Section:
    """Return them of a run without a pick."""
    key = "meeting.nothing" if not run.tables.front else "meeting.inaccurate"
    told = (said(key, device=run.device_name), said("meeting.again"))
    return Section("meeting", said("meeting.title"), (Bullets(told),))


def _trial(run: Run) -> Iterator[Sentence]:
    """Yield the steps of the trial."""
    yield said(
        "plan.trial_export",
        export=_command(f"hwsearch export {run.typed} --to model"),
        verify=_command("hwsearch verify model"),
    )
    yield said("plan.trial_one")
    n = run.summary("samples.test", run.tables.summary.samples.test, "count")
    yield said("plan.trial_samples", n=n) if n is not None else said("plan.trial_samples_unknown")
    yield said("plan.trial_measure")
    if not run.tables.stress:
        yield said("plan.trial_stress", command=_command(f"hwsearch stress {run.typed}"))


def _operation(run: Run) -> Table:
    """Return who does what, and when."""
    low = run.pick(f"{run.scored}_test_low")
    wall = run.summary("cost.wall_s", run.tables.summary.cost.wall_s, "duration")
    retrain = _command("hwsearch retrain model --data NEW --to model_new")
    parts = {
        "low": amount(low),
        "wall": amount(wall),
        "retrain": retrain,
        "verify": _command("hwsearch verify model_new"),
    }
    unknown = {("data", "when"): low is None, ("decision", "what"): wall is None}
    rows = tuple(
        tuple(
            said(f"role.{role}.{what}{'_unknown' if unknown.get((role, what)) else ''}", **parts)
            for what in ("who", "when", "what")
        )
        for role in _ROLES
    )
    return Table(tuple(said(f"role.head.{what}") for what in ("who", "when", "what")), rows)


def _numbers(run: Run) -> Iterator[Sentence]:
    """Yield the sentences with what is saved, how accurate it is, and what energy it takes."""
    before, after = run.dense("memory_bytes"), run.pick("memory_bytes")
    if before is not None and after is not None and before.value > after.value > 0:
        yield said("meeting.memory", before=before, after=after, share=saving(before, after))
    test, low = run.pick(f"{run.scored}_test"), run.pick(f"{run.scored}_test_low")
    what = said(f"score.{run.tables.summary.score}")
    if test is None or low is None:
        yield said("meeting.untested")
    else:
        yield said("meeting.accuracy", score=what, test=test, low=low)
    energy = run.pick("energy_j")
    if energy is None:
        yield said("meeting.no_energy")
    else:
        yield said("meeting.energy", energy=energy, grade=run.grade("energy_j"))


def _against(run: Run) -> Sentence:
    """Return the sentence about networks without spikes."""
    found = compared(run)
    if not found:
        return said(_WITHOUT.get(why_not_compared(run), "meeting.plain_unknown"))
    both = all(one.better == "spiking" and not one.by_luck for one in found if one.better != "unknown")
    return said("meeting.spiking_better" if both else "meeting.plain_mixed")


def _command(text: str) -> Text:
    return Text(text, code=True)
