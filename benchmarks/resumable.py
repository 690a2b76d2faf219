"""A benchmark of many runs on the command line: what has its rows in the work folder is not run again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Key = tuple[Hashable, ...]


def resume(
    description: str | None,
    keys: Callable[[int], Sequence[Key]],
    key_of: Callable[[Row], Key],
    run: Callable[..., Sequence[Row]],
    table: Callable[[list[Row]], None],
) -> None:
    """Parse the command line, then run what is missing, or print the table of what there is.

    Args:
        description: Of the benchmark.
        keys: Gives every run's key for a number of seeds.
        key_of: Gives the key that a row belongs to.
        run: Gives the rows of a run; its arguments are the key.
        table: Prints rows.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of the runs so far")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--parts", type=int, default=1, help="processes that run at once")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for path in args.work.glob("*.jsonl") for line in path.read_text().splitlines()]
    if args.table:
        table(rows)
        return
    done = {key_of(row) for row in rows}
    todo = [key for key in keys(args.seeds) if key not in done]
    for key in todo[args.part :: args.parts]:
        new = run(*key)
        with (args.work / f"{args.part}.jsonl").open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in new)
        print(*key, flush=True)
