"""Whether a pick fits, in words and bars."""

import shutil
from dataclasses import replace

import pytest
from builders.runs import synthetic_run, with_summary

from hwsearch.records.front import DenseRow
from hwsearch.records.summary_parts import Program
from hwsearch.report.fits import bars, device_of, fit_words, limits
from hwsearch.report.tables import read_run

PROFILE = "hardware_profiles/nrf51822_microbit.yaml"


@pytest.fixture
def tables(tmp_path):
    """Return the tables of a run on a micro:bit whose pick takes 1.9 KiB of flash and 497 B of RAM."""
    folder = with_summary(synthetic_run(tmp_path), budgets={"memory_bytes": 16384.0})
    shutil.copy(PROFILE, folder / "profile.yaml")
    shutil.copy("studies/digits_mcu.yaml", folder / "study.yaml")
    read = read_run(folder)
    pick = read.summary.pick.model_copy(
        update={"banks": {"flash_bytes": 1945, "ram_bytes": 497}, "memory_bytes": 2442}
    )
    return of(read, pick=pick, dense=dense(28572, 26900, 1672))


def dense(memory, flash, ram):
    return DenseRow(memory_bytes=memory, banks={"flash_bytes": flash, "ram_bytes": ram})


def of(tables, **rows):
    return replace(tables, summary=tables.summary.model_copy(update=rows))


def test_a_pick_fits_in_so_many_bytes_of_each_memory_and_a_budget_may_bind_the_dense_network(tables):
    fits, more = fit_words(tables)
    assert fits == (
        "Fits BBC micro:bit v1 (Nordic nRF51822, ARM Cortex-M0): flash 1.9 KiB of 256 KiB, RAM 497 B of 14.0 KiB."
    )
    assert more == (
        "Program code is not counted. The dense network would not have fitted: memory (budget) 27.9 KiB of 16.0 KiB."
    )
    assert fit_words(of(tables, dense=dense(9000, 8000, 1000)))[1].endswith("would have fitted too.")
    assert fit_words(of(tables, dense=DenseRow()))[1] == "Program code is not counted."


def test_what_the_program_takes_is_said_where_it_was_counted_on_the_core(tables):
    told = of(tables, program=Program(core="cortex-m0", code_bytes=2252, latency_s=0.00625))
    assert fit_words(told)[1].startswith(
        "Program code is not counted: by counts on an emulated cortex-m0 the exported C library takes 2.2 KiB more, "
        "and an inference 6.25 ms at one instruction a cycle. The dense"
    )
    no_clock = of(tables, program=Program(core="cortex-m0", code_bytes=2252))
    assert "takes 2.2 KiB more. The dense" in fit_words(no_clock)[1]


def test_a_bar_is_the_share_of_its_limit_with_a_mark_for_the_dense_network(tables):
    flash, ram, memory = bars(tables)
    assert (flash.name, ram.name, memory.name) == (
        "flash of the device",
        "RAM of the device",
        "memory (budget)",
    )
    assert flash.share == pytest.approx(100 * 1945 / (256 * 1024))
    assert ram.note == "2.0 KiB are reserved"
    assert (memory.taken, memory.dense, memory.dense_share) == ("2.4 KiB of 16.0 KiB", "27.9 KiB", 100.0)


def test_a_study_that_prices_code_is_said_to_count_it(tables):
    study = tables.run_dir / "study.yaml"
    study.write_text(study.read_text().replace("device:\n", "device:\n  firmware: priced\n"))
    assert fit_words(tables)[1].startswith("Program code is counted.")


def test_without_a_pick_there_is_nothing_to_say(tables):
    assert fit_words(of(tables, pick=None)) == ("", "")
    assert bars(of(tables, pick=None)) == []


def test_a_profile_that_cannot_be_read_draws_no_bars(tables):
    (tables.run_dir / "profile.yaml").write_text("id: old\n")
    assert device_of(tables) is None
    assert (fit_words(tables), bars(tables)) == (("", ""), [])


def test_what_is_not_known_of_a_pick_has_no_bar(tables):
    device = device_of(tables)
    assert [limit.column for limit in limits(tables, device)] == ["flash_bytes", "ram_bytes", "memory_bytes"]
    unknown = of(tables, pick=tables.summary.pick.model_copy(update={"banks": {}}))
    assert [bar.name for bar in bars(unknown)] == ["memory (budget)"]
    assert "the sizes of its memories are not known" in fit_words(unknown)[0]
