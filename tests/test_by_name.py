"""Whoever looks for a module's tests finds them: by its name, or in the table."""

import by_name


def test_the_name_of_a_modules_test_mirrors_it():
    assert by_name.own_test("hwsearch/search/decide/front.py") == "tests/search/decide/test_front.py"
    assert by_name.own_test("hwsearch/cli.py") == "tests/test_cli.py"


def test_files_with_a_docstring_only_need_no_test():
    modules = by_name.modules()
    assert "hwsearch/search/decide/front.py" in modules
    assert "hwsearch/search/decide/__init__.py" not in modules


def test_every_module_is_tested_by_name_or_where_the_table_says():
    table = by_name.elsewhere()
    unknown = {m: table.get(m) for m in by_name.without_own_test() if not is_file(table.get(m))}
    assert unknown == {}, (
        "write a test file of the module's name, or name the one that tests it in elsewhere.txt"
    )


def test_the_table_has_no_entry_that_is_needed_no_more():
    assert sorted(by_name.elsewhere()) == by_name.without_own_test()


def is_file(path):
    return path is not None and (by_name.ROOT / path).is_file()
