"""The tables for engineers, read as a person reads them: each number is one of the files, or worked out of two."""

import csv
import json
import re
import shutil
from html.parser import HTMLParser

import pytest
from builders.first_pages import read_back

from hwsearch.report.page import write_report
from hwsearch.report.tables import read_run

QUANTITIES = {
    "Test accuracy": "accuracy_test", "Validation accuracy": "accuracy_val", "Memory": "memory_bytes",
    "Memory for weights": "weight_bytes", "Memory for neuron state": "state_bytes",
    "Synaptic operations per inference": "synaptic_ops", "Energy per inference": "energy_j",
    "Latency per inference": "latency_s",
}  # fmt: skip
MEMBERS = {
    "Trial": "trial", "Sparsity": "sparsity", "Weight bits": "weight_bits", "T": "timesteps",
    "Validation": "accuracy_val", "Test (95 % interval)": "accuracy_test", "Memory": "memory_bytes",
    "Synaptic ops": "synaptic_ops",
    "Energy": "energy_j", "Latency": "latency_s", "Test samples that no input decides": None,
}  # fmt: skip
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:\s(?:%|B|KiB|MiB|[fpnµm]?[Js])(?![\w]))?")


class Tables(HTMLParser):
    """The rows of each table of a page: texts of cells, tags left out."""

    def __init__(self) -> None:
        super().__init__()
        self.tables, self._cell = [], None

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            self._cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            text = re.sub(r"\s+", " ", "".join(self._cell)).strip()
            self.tables[-1][-1].append(text.replace("\N{MINUS SIGN}", "-"))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell.append(data)


class Page:
    """A page's tables for engineers by the head of their first rows, and the run's files, read without hwsearch."""

    def __init__(self, folder) -> None:
        text = write_report(read_run(folder)).read_text(encoding="utf-8").split("Details, for engineers")[-1]
        reader = Tables()
        reader.feed(re.sub(r"<(script|style).*?</\1>", "", text, flags=re.S))
        self.tables = reader.tables
        self.summary = json.loads((folder / "summary.json").read_text())
        self.front, self.recalls, self.confusion = (
            list(csv.DictReader((folder / f"{name}.csv").read_text().splitlines()))
            for name in ("front", "recalls", "confusion")
        )

    def table(self, *head):
        (found,) = (table for table in self.tables if table[0][: len(head)] == list(head))
        return found[0], found[1:]


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def disagree(text, *values):
    """Return the numbers of a text that are none of some values, a share being also so many per cent."""
    known = [float(value) for value in values if value not in ("", None)]
    known += [100 * value for value in known if abs(value) <= 1]
    wrong = []
    for token in NUMBER.findall(text):
        seen, half = read_back(token)
        if not any(abs(seen - value) <= half * 1.001 + 1e-12 for value in known):
            wrong.append(token)
    return wrong


def wrong_members(page):
    head, rows = page.table("Trial", "Sparsity")
    assert set(head) - {"Granularity"} <= set(MEMBERS)
    assert len(rows) == len(page.front)
    wrong = []
    for cells in rows:
        row = next(one for one in page.front if one["trial"] == cells[0].split()[0])
        for name, text in zip(head, cells, strict=True):
            column = MEMBERS.get(name)
            if column is not None:
                ends = [row.get(f"{column}_{end}") for end in ("low", "high")] if "(" in text else []
                wrong += [(name, token) for token in disagree(text, row[column], *ends)]
    return wrong


def wrong_comparison(page):
    _, rows = page.table("", "Pick (trial " + str(page.summary["pick"]["trial"]) + ")", "Dense reference")
    pick, dense = page.summary["pick"], page.summary["dense"]
    assert len(rows) >= 8
    wrong = []
    for name, ours, theirs, change, _ in rows:
        column = QUANTITIES.get(name)
        if column is None:
            assert name == "Network"
            said = [1 - pick["sparsity"], pick["sparsity"], pick["weight_bits"], pick["timesteps"]]
            wrong += [(name, token) for token in disagree(ours.replace(pick["granularity"], ""), *said)]
            continue
        for text, row in ((ours, pick), (theirs, dense)):
            ends = [row.get(f"{column}_{end}") for end in ("low", "high")] if "(" in text else []
            wrong += [(name, token) for token in disagree(text, row[column], *ends)]
        before, after = dense[column], pick[column]
        worked_out = [100 * (after - before), before / after, after / before]
        wrong += [(name, token) for token in disagree(change, *worked_out)]
    return wrong


def wrong_counts(page):
    _, rows = page.table("Outcome", "Count")
    said = {
        name.lower().replace(" a ", " ").replace(" ", "_"): int(count.replace(",", ""))
        for name, count, *_ in rows
    }
    counts = page.summary["counts"]
    wrong = [(name, said[name]) for name in counts if name in said and said[name] != counts[name]]
    assert {"asked", "trained", "over_budget", "failed"} <= set(said) & set(counts)
    return wrong + ([] if said["on_the_front"] == page.summary["front_size"] else [("on the front", "")])


def wrong_classes(page):
    """Of the dense reference the summary has recalls without their intervals."""
    _, rows = page.table("Class", "Test samples", "Pick")
    of_dense = [float(share) for share in page.summary["dense"]["recalls_test"].split("/")]
    picked = [row for row in page.recalls if row["trial"] == str(page.summary["pick"]["trial"])]
    assert len(rows) == len(picked) == len(of_dense) == 10
    wrong = []
    for (name, count, pick, dense), row, share in zip(rows, picked, of_dense, strict=True):
        assert name == row["name"]
        wrong += [(name, token) for token in disagree(count, row["samples"])]
        wrong += [
            (name, token)
            for token in disagree(pick, row["recall"], row["recall_low"], row["recall_high"])
            + disagree(dense.split("(")[0], share)
        ]
    return wrong


def wrong_confusion(page):
    head, rows = page.table("True class", "Samples")
    picked = [row for row in page.confusion if row["trial"] == str(page.summary["pick"]["trial"])]
    counts = {(row["true_class"], row["predicted_class"]): int(row["count"]) for row in picked}
    assert len(rows) == 10
    return [
        (name, answer)
        for name, _, *cells in rows
        for answer, count in zip(head[2:], cells, strict=True)
        if counts[name, answer] != int(count)
    ]


READERS = (wrong_members, wrong_comparison, wrong_counts, wrong_classes, wrong_confusion)


@pytest.mark.parametrize("reader", READERS)
def test_each_number_of_a_table_is_that_of_the_files(folder, reader):
    assert reader(Page(folder)) == []


@pytest.mark.parametrize("reader", READERS)
def test_a_number_that_is_another_is_seen(folder, reader):
    page = Page(folder)
    for row in page.front:
        row["energy_j"] = str(1.1 * float(row["energy_j"]))
    page.summary["pick"]["memory_bytes"] *= 1.2
    page.summary["counts"]["trained"] += 1
    page.recalls = [{**row, "recall": str(float(row["recall"]) - 0.01)} for row in page.recalls]
    page.confusion = [{**row, "count": str(int(row["count"]) + 1)} for row in page.confusion]
    assert reader(page) != []
