"""The digest of code: of what results depend on, and of nothing else."""

from hwsearch.own_code import code_digest


def digest(folder):
    code_digest.cache_clear()
    return code_digest(folder)


def test_code_that_makes_results_counts_and_code_that_tells_them_does_not(tmp_path):
    names = ("search/a.py", "report/b.py", "native/c.c", "search/notes.txt", "cli.py", "seeds.py")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    before, changed = digest(tmp_path), []
    for name in names:
        (tmp_path / name).write_text("2")
        changed += [name] if digest(tmp_path) != before else []
        (tmp_path / name).write_text("1")
    assert changed == ["search/a.py", "native/c.c", "seeds.py"]
    (tmp_path / "search/a.py").rename(tmp_path / "search/z.py")
    assert digest(tmp_path) != before


def test_where_code_ends_and_the_next_file_begins_is_in_the_digest(tmp_path):
    for name, texts in (("one", ("ab", "c")), ("other", ("a", "bc"))):
        (tmp_path / name / "search").mkdir(parents=True)
        for file, text in zip(("a.py", "b.py"), texts, strict=True):
            (tmp_path / name / "search" / file).write_text(text)
    assert digest(tmp_path / "one") != digest(tmp_path / "other")
