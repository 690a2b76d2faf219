"""The YAML border: numbers as YAML 1.2 has them, lines of keys, and every fault in the words of an engineer."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from hwsearch.errors import InputError
from hwsearch.study.yaml_border import YamlDocument, read_yaml, validate


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    bits: int
    gain: float = 1.0


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = ""
    flag: bool = False
    inner: Inner | None = None
    many: dict[str, Inner] = {}


def read(tmp_path: Path, text: str) -> YamlDocument:
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return read_yaml(path)


def faults(tmp_path: Path, text: str) -> list[str]:
    document = read(tmp_path, text)
    result = validate(document, Outer, document.data)
    assert isinstance(result, list)
    return [str(fault).removeprefix(f"{document.path}:") for fault in result]


def test_yaml_1_2_reads_numbers_and_text(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1e-12\nb: off\nc: yes\nd: 010\n")
    assert document.data == {"a": 1e-12, "b": "off", "c": "yes", "d": 10}


def test_lines_of_nested_keys_and_items(tmp_path: Path) -> None:
    document = read(tmp_path, "# first\na:\n  b:\n    - 1\n    - 2\n")
    assert document.line(("a", "b", 1)) == 5
    assert document.line(("a", "b", 7, "deeper")) == 3
    assert document.line(("absent",)) is None


def test_repeated_keys_are_faults_with_the_second_line(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb: {c: 1,\n  c: 2}\na: 3\n")
    assert [(fault.where, fault.line) for fault in document.repeats] == [("b.c", 3), ("a", 4)]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "must be a mapping of keys to values; got nothing"),
        ("- 1\n", 1, "must be a mapping"),
        ("a: 1\nb: [1, 2\n", 3, "must be YAML 1.2"),
        ("a: 1\n---\nb: 2\n", 2, "must be YAML 1.2"),
        ("a: !!python/object:os.system x\n", 1, "could not determine a constructor"),
        ("a: \x00\n", None, "must be YAML 1.2"),
        ("a: 2020-13-45\n", None, "month must be in 1..12"),
        ("%YAML 1.1\n---\na: off\n", 1, "remove the %YAML line"),
        ("a: &a [*a]\n", 1, "may not nest this deep"),
        ("a: " + "[" * 60 + "]" * 60, 1, "may not nest this deep"),
        ("a: " + "[" * 1000 + "]" * 1000, None, "may not nest this deep"),
    ],
)
def test_what_is_no_mapping_of_plain_yaml_is_refused(
    tmp_path: Path, text: str, line: int | None, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read(tmp_path, text)
    assert caught.value.faults[0].line == line


def test_aliases_that_explode_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(InputError, match="entries at most"):
        read(tmp_path, "\n".join(lines))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml: the file must be readable text; got No such file"):
        read_yaml(tmp_path / "none.yaml")


def test_every_fault_with_line_key_law_value_and_advice(tmp_path: Path) -> None:
    assert faults(tmp_path, "name: 12\nflag: 1\ninner:\n  bits: '3'\n  gian: 2\nother: x\n") == [
        "1: name: must be a valid string; got 12 (write it in quotes)",
        "2: flag: must be a valid boolean; got 1",
        '4: inner.bits: must be a valid integer; got "3"',
        "5: inner.gian: no such key here; got 2 (did you mean 'gain'? known keys: bits, gain)",
        '6: other: no such key here; got "x" (known keys: flag, inner, many, name)',
    ]


def test_faults_below_a_free_key(tmp_path: Path) -> None:
    assert faults(tmp_path, "many:\n  x: {gain: 2}\n  y: {bits: 1, bit: 2}\n") == [
        "2: many.x.bits: this key is required (add it)",
        "3: many.y.bit: no such key here; got 2 (did you mean 'bits'? known keys: bits, gain)",
    ]


def test_a_valid_file_becomes_a_value(tmp_path: Path) -> None:
    document = read(tmp_path, "name: 2020-01-02\ninner: {bits: 3, gain: 1e-12}\n")
    assert validate(document, Outer, document.data) == Outer(
        name="2020-01-02", inner=Inner(bits=3, gain=1e-12)
    )


def test_values_that_are_not_plain_are_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, "name: !!binary aGVsbG8=\n") == [
        " only plain YAML values are allowed; got a value of type bytes"
    ]
