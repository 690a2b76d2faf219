"""Run folders that the first page is asked of, and a reader of its numbers that shares nothing with what wrote them."""

import csv
import html
import json
import re
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from builders.rivals import rival_row
from builders.runs import synthetic_run, with_summary
from builders.stress_rows import row, rows
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.records.rival import write_rivals
from hwsearch.records.stress import write_stress
from hwsearch.report.first_page.compose import first_page
from hwsearch.report.first_page.numbers import Run
from hwsearch.report.tables import read_run

# what stands in the words themselves, whatever the run
CONSTANTS = (
    "95 %", "95%", "90 %", "89 %", "90%", "89%", "1,024", "Stage 1", "Stage 2", "Stage 3", "Stage 4", "F1",
    "第1段階", "第2段階", "第3段階", "第4段階", "1か所", "1台", "1拠点", "1回", "1つ", "1ポイント", "分の1",
)  # fmt: skip
_SIZES = {
    "%": 0.01, "B": 1, "KiB": 1024, "MiB": 1024**2, "min": 60, "h": 3600, "million": 1e6, "billion": 1e9, "": 1,
    "秒": 1, "分": 60, "時間": 3600, "万": 1e4, "億": 1e8,
    **{f"{prefix}{unit}": 10.0**power for unit in "Js"
       for prefix, power in {"f": -15, "p": -12, "n": -9, "µ": -6, "m": -3, "": 0}.items()},
}  # fmt: skip
PICK = 1  # the row of a made-up front that is picked


def run_of(folder: Path) -> Run:
    return Run(read_run(folder))


def page_of(folder: Path):
    return first_page(read_run(folder))


def changed_pick(folder: Path, **columns) -> Path:
    """Change the pick's columns, in front.csv and in summary.json; None empties one."""
    front = pd.read_csv(folder / "front.csv")
    summary = json.loads((folder / "summary.json").read_text())
    for name, value in columns.items():
        front[name] = front[name].astype(object) if name in front else None
        front.loc[PICK, name] = value
        summary["pick"][name] = value
    front.to_csv(folder / "front.csv", index=False)
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder


def with_sections(folder: Path, **sections) -> Path:
    """Replace sections of a run's summary; None stays there (`with_summary` leaves it out, and a pick with it)."""
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | sections))
    return folder


def with_rival(folder: Path, floor=0.9, **columns) -> Path:
    """Give a made-up run a plain network."""
    write_rivals([rival_row(**columns)], [], folder / "rival.csv", folder / "rival.json")
    rival = {"pick": None, "front_size": 1, "floor": floor, "train_steps": 10, "most_steps": 20}
    return with_sections(folder, rival=rival)


def with_stress(folder: Path) -> Path:
    """Give a made-up run, whose pick is trial 3, a table of stress."""
    own = [*rows(), row("trial 3", "coarser", 2, 0.7, 0.2, (0.2, 0.1, 0.3))]
    write_stress(own, folder / "stress.csv")
    return folder


def shapes(folder: Path) -> dict[str, Path]:
    """Return runs of every kind that the page has words for."""
    return {
        "plain": synthetic_run(folder / "plain"),
        "nothing fits": synthetic_run(folder / "nothing", front=False),
        "no pick": synthetic_run(folder / "no_pick", pick=False),
        "rival": with_rival(synthetic_run(folder / "rival")),
        "rival wins": with_rival(synthetic_run(folder / "wins"), memory_bytes=500, energy_j=1e-9),
        "rival fails": with_rival(synthetic_run(folder / "fails"), floor=0.985),
        "spikes only": with_summary(
            synthetic_run(folder / "spikes"), rival={"why_none": "x runs spikes only: ...", "most_steps": 5}
        ),
        "no energy": changed_pick(synthetic_run(folder / "no_energy"), energy_j=None, latency_s=None),
        "stress": with_stress(synthetic_run(folder / "stress")),
        "untested": changed_pick(
            synthetic_run(folder / "untested"),
            accuracy_test=None,
            accuracy_test_low=None,
            accuracy_test_high=None,
        ),
        "worse": changed_pick(synthetic_run(folder / "worse"), energy_j=0.5, memory_bytes=15000),
        "large": with_summary(
            synthetic_run(folder / "large"), samples={"train": 2_350_000, "val": 120_000_000, "test": 360}
        ),
    }


def in_file(folder: Path, place: str) -> float:
    """Return what stands at a place (``front.csv trial=3 energy_j``), read without hwsearch's records."""
    file, _, rest = place.partition(" ")
    path = folder / file
    if file.endswith(".csv"):
        table = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        if rest == "rows":
            return len(table)
        keys, column = rest.rsplit(" ", 1)
        wanted = dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", keys))
        found = [line for line in table if all(_same(line[name], value) for name, value in wanted.items())]
        assert len(found) == 1, place
        return float(found[0][column])
    if file == "profile.yaml":
        free = {f"{bank.name}_bytes": bank.free_bytes for bank in load_profile(path).banks}
        return float(free[rest])
    tree = json.loads(path.read_text()) if file.endswith(".json") else YAML(typ="safe").load(path)
    for key in rest.split("."):
        tree = tree[key]
    return float(tree)


def _same(cell: str, wanted: str) -> bool:
    try:
        return float(cell) == float(wanted)
    except ValueError:
        return cell == wanted


def read_back(text: str) -> tuple[float, float]:
    """Return the number that a person reads in a text, and half of its last digit."""
    match = re.fullmatch(r"(-?[\d,]+)(\.\d+)?\s*(\D*)", text)
    assert match, text
    size = _SIZES[match[3]]
    decimals = len(match[2] or ".") - 1
    return float((match[1] + (match[2] or "")).replace(",", "")) * size, 0.5 * 10.0**-decimals * size


def numbers_on(page: str) -> list[tuple[str, str, str]]:
    """Return value, places and text of every number that a page marks."""
    found = re.findall(r'<data value="([^"]*)" title="([^"]*)">([^<]*)</data>', page)
    return [(value, html.unescape(places), html.unescape(text)) for value, places, text in found]


def unmarked(page: str) -> str:
    """Return what a page says besides marked numbers, names and commands."""
    rest = re.sub(r"<(data|bdi|code)\b[^>]*>.*?</\1>", "#", page, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", rest))


def stray_digits(text: str) -> list[str]:
    """Return the digits of a text that are in no constant."""
    for constant in CONSTANTS:
        text = text.replace(constant.replace(" ", "\N{NO-BREAK SPACE}"), " ").replace(constant, " ")
    return re.findall(r".{0,12}\d.{0,12}", text)
