"""What the pick saves against the dense reference: a table, and whether that one would have fitted."""

from __future__ import annotations

from hwsearch.report.first_page.numbers import COSTS, Run, limits, points, quotient, saving
from hwsearch.report.first_page.parts import (
    Block,
    Listed,
    Number,
    Paragraph,
    Part,
    Section,
    Sentence,
    Table,
    Text,
    said,
)

_SAME = 0.0005  # a share or a ratio nearer than this is called the same
_TIMES = 2.0  # below this nobody says how many times less
_HEADS = ("quantity", "before", "after", "change", "known")


def saved(run: Run, trial: Number) -> Section:
    """Return the section; trial: the pick's number."""
    table = Table(
        tuple(said(f"saved.head.{name}") for name in _HEADS),
        (_accuracy_row(run), *(_cost_row(run, name) for name in _costs(run))),
    )
    blocks: list[Block] = [table, Paragraph(said("saved.what", trial=trial))]
    if code := _code(run):
        blocks.append(Paragraph(code))
    if fits := _dense_fits(run):
        blocks.append(Paragraph(fits))
    return Section("saved", said("saved.title"), tuple(blocks))


def amount(found: Number | None) -> Part:
    """Return a number, or that it is not known."""
    return said("unknown") if found is None else found


def name_of(column: str) -> Sentence:
    """Return what people call a quantity."""
    named = ("memory_bytes", "weight_bytes", "energy_j", "latency_s", "synaptic_ops", "macs")
    if column in named:
        return said(f"quantity.{column}")
    return said("quantity.bank", name=Text(column.removesuffix("_bytes")))


def _costs(run: Run) -> list[str]:
    """Return the costs that are shown: operations where energy is not known, latency where it is."""
    shown = ["memory_bytes", "energy_j"]
    if run.pick("energy_j") is None:
        shown.append("synaptic_ops")
    if run.pick("latency_s") is not None:
        shown.append("latency_s")
    return [name for name in COSTS if name in shown]


def _accuracy_row(run: Run) -> tuple[Part, ...]:
    split = "test" if run.pick(f"{run.scored}_test") is not None else "val"
    column = f"{run.scored}_{split}"
    before, after = run.dense(column), run.pick(column)
    head = said(f"saved.{run.tables.summary.score}_{split}")
    low, high = run.pick(f"{column}_low"), run.pick(f"{column}_high")
    n = run.summary(f"samples.{split}", getattr(run.tables.summary.samples, split), "count")
    known: Part = said("saved.counted_on", n=amount(n))
    if low is not None and high is not None:
        known = said("saved.interval", n=amount(n), low=low, high=high)
    return head, amount(before), amount(after), _gained(before, after), known


def _gained(before: Number | None, after: Number | None) -> Part:
    """Say by how many points a share changed."""
    if before is None or after is None:
        return said("unknown")
    if abs(after.value - before.value) < _SAME:
        return said("change.same")
    if after.value > before.value:
        return said("change.points_more", points=points(after, before))
    return said("change.points_less", points=points(before, after))


def _cost_row(run: Run, column: str) -> tuple[Part, ...]:
    before, after = run.dense(column), run.pick(column)
    known: Part = (
        said(f"saved.known.{column}") if column in ("memory_bytes", "synaptic_ops") else run.grade(column)
    )
    if after is None:
        known = said("unknown")
    return name_of(column), amount(before), amount(after), change(before, after), known


def change(before: Number | None, after: Number | None) -> Part:
    """Say how a cost changed, as a share and as a factor."""
    if before is None or after is None or before.value <= 0 or after.value <= 0:
        return said("unknown")
    if abs(before.value / after.value - 1) < 10 * _SAME:
        return said("change.same")
    if after.value > before.value:
        return said("change.more", times=quotient(after, before))
    share, times = saving(before, after), quotient(before, after)
    if times.value < _TIMES:
        return said("change.a_little", share=share)
    return said("change.less", share=share, times=times)


def _code(run: Run) -> Sentence | None:
    """Say whether program code is in the sizes; nothing of devices that run none."""
    if run.device is None or (run.device.family != "mcu" and run.device.priced_core is None):
        return None
    if run.device.priced_core is not None:
        return said("saved.code")
    program = run.tables.summary.program
    size = run.summary("program.code_bytes", None if program is None else program.code_bytes)
    return said("saved.no_code") if size is None else said("saved.further_code", size=size)


def _dense_fits(run: Run) -> Sentence | None:
    """Say whether the dense network would have fitted; nothing where none of its costs has a limit."""
    needs = [(name, most, run.dense(name)) for name, most in limits(run)]
    known = [(name, most, need) for name, most, need in needs if need is not None]
    if not known:
        return None
    broken = [(name, most, need) for name, most, need in known if need.value > most.value]
    if not broken:
        return said("saved.dense_fits")
    over = tuple(said("saved.over", name=name_of(name), need=need, most=most) for name, most, need in broken)
    return said("saved.dense_over", over=Listed(over))
