"""The folder of a library: its files, what they say, and what builds them."""

import hashlib
import json
import shutil
import subprocess

import pytest
from builders.exports import INPUTS, model, network

from hwsearch.export.bundle import verify, write_export
from hwsearch.export.c.model import c_model
from hwsearch.export.c.project import FILES, project_files, trace_of
from hwsearch.network.integer import run_integer

IDENTITY = {"study_digest": "5" * 16, "trial": 3, "network_digest": "d" * 16}


@pytest.fixture(scope="module")
def files():
    net = network()
    run = run_integer(net, INPUTS, trace=True)
    return project_files(c_model(net, ["dense", "bitmap"], 16), IDENTITY, INPUTS, run)


def test_all_files_are_there_and_name_the_study(files):
    assert set(files) == set(FILES)
    for name, data in files.items():
        if name.endswith((".c", ".h", ".ino", ".md")) and "kernels" not in name:
            assert b"study: " + b"5" * 16 in data, name


def test_library_json_is_json(files):
    library = json.loads(files["c/library.json"])
    assert library["headers"] == "snn.h"
    assert all(f"c/{example}" in files for example in library["examples"])


def test_library_properties_has_what_the_arduino_ide_asks_for(files):
    keys = {line.partition("=")[0] for line in files["c/library.properties"].decode().splitlines()}
    asked = {
        "name",
        "version",
        "author",
        "maintainer",
        "sentence",
        "paragraph",
        "category",
        "url",
        "architectures",
    }
    assert asked <= keys


def test_no_address_is_made_up(files):
    # the library is on no site: the key has to be there, and may be empty
    assert "\nurl=\n" in files["c/library.properties"].decode()
    assert not any(b"example.invalid" in data for data in files.values())


def test_the_readme_states_the_arithmetic_and_an_example(files):
    text = files["c/README.md"].decode()
    assert "v - (v >> k)" in text
    # the first neuron: 2 * 3 + 1 * 0
    assert "(2) * 3 = 6" in text
    assert "| fc1 | fc | 2 x 2 | dense | 8 | 0 | none | 0 |" in text


def test_a_trace_is_membranes_then_the_prediction(files):
    run = run_integer(network(), INPUTS, trace=True)
    shown = trace_of(run)
    assert shown.shape == (2, 2 * (2 + 2 + 1))
    # 6 fires, 0 does not; the readout has 1 and 1, of which the first is the prediction
    assert shown[0, :5].tolist() == [0, 0, 1, 1, 0]
    assert hashlib.sha256(shown.tobytes()).hexdigest() in files["c/test/trace.sha256"].decode()


def written(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.mark.skipif(None in map(shutil.which, ("make", "gcc", "sha256sum")), reason="make or gcc is missing")
def test_make_test_passes(tmp_path, files):
    written(tmp_path, files)
    done = subprocess.run(["make", "test"], cwd=tmp_path / "c", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "trace.bin: OK" in done.stdout
    assert "warning" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    None in map(shutil.which, ("cmake", "make", "gcc")), reason="cmake, make or gcc is missing"
)
def test_cmake_builds_for_the_host_and_its_test_passes(tmp_path, files):
    written(tmp_path, files)
    for command in (["cmake", "-S", "c", "-B", "b"], ["cmake", "--build", "b"], ["ctest", "--test-dir", "b"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "100% tests passed" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("arm-none-eabi-gcc", "-mcpu=cortex-m0 -mthumb"),
        ("arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb"),
        ("riscv64-unknown-elf-gcc", "-march=rv32imac -mabi=ilp32 -ffreestanding"),
    ],
)
def test_cmake_builds_for_a_core(tmp_path, files, compiler, flags):
    if None in map(shutil.which, ("cmake", "make", compiler)):
        pytest.skip(f"cmake, make or {compiler} is missing")
    written(tmp_path, files)
    given = ["-DCMAKE_SYSTEM_NAME=Generic", f"-DCMAKE_C_COMPILER={compiler}", f"-DCMAKE_C_FLAGS={flags}"]
    given.append("-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY")
    for command in (["cmake", "-S", "c", "-B", "b", *given], ["cmake", "--build", "b"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "b/libsnn.a").exists()


def test_no_file_holds_a_path_of_this_machine(tmp_path):
    folder = write_export(model(), tmp_path / "somewhere", ["c"])
    for path in folder.rglob("*"):
        if path.is_file():
            assert str(tmp_path).encode() not in path.read_bytes(), path
            assert path.stat().st_mode & 0o044 == 0o044 & ~_umask(), path


def _umask():
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_export_over_another_removes_its_folders(tmp_path):
    folder = write_export(model(), tmp_path / "model", ["config", "weights", "c"])
    write_export(model(4), folder, ["config", "weights"])
    assert not (folder / "c").exists()
    assert all(check.passed for check in verify(folder))


ARDUINO = """
#include <stdint.h>
#include <stdio.h>
struct Port {
    void begin(long) {}
    void print(const char *text) { fputs(text, stdout); }
    void print(unsigned value) { printf("%u", value); }
    void println(unsigned long value) { printf("%lu\\n", value); }
};
static Port Serial;
static unsigned long micros() { static unsigned long now; return now += 250; }
static void delay(unsigned long) {}
"""


def test_the_sketch_is_built_as_the_arduino_ide_does_and_classifies_the_sample(files, tmp_path):
    """A sketch is C++ after `Arduino.h`, and the library C; a stub stands for a board's core."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    written(tmp_path, files)
    sketch = tmp_path / "c/examples/classify/classify.ino"
    (tmp_path / "Arduino.h").write_text(ARDUINO)
    (tmp_path / "sketch.cpp").write_text(
        f'#include "Arduino.h"\n#include "{sketch}"\nint main() {{ setup(); loop(); }}\n'
    )
    warnings = ["-Wall", "-Wextra", "-Werror", f"-I{tmp_path / 'c/src'}"]
    sources = sorted((tmp_path / "c/src").glob("*.c"))
    subprocess.run(["gcc", "-std=c99", *warnings, "-c", *sources], cwd=tmp_path, check=True, timeout=60)
    objects = [f"{source.stem}.o" for source in sources]
    subprocess.run(
        ["g++", *warnings, "sketch.cpp", *objects, "-o", "sketch"], cwd=tmp_path, check=True, timeout=60
    )
    said = subprocess.run(
        [tmp_path / "sketch"], capture_output=True, text=True, check=True, timeout=10
    ).stdout
    guess = int(run_integer(network(), INPUTS).predictions[0])
    assert said == f"class {guess} (expected {guess}), microseconds 250\n"
