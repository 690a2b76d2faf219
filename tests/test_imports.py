"""The layout holds: imports run downwards, each outside library has one owner, and prices need no torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hwsearch

PACKAGE = Path(hwsearch.__file__).parent
# lowest first; a folder may import itself and what stands before it
ORDER = [
    "shown", "errors", "seeds", "whole_files", "own_code", "interrupts", "loading", "graph", "study", "hardware",
    "space", "data", "native", "compress", "network", "train", "tickets", "measure", "predict", "records", "stress",
    "monitor", "retrain", "plan", "rival", "search", "comparison", "report", "export", "results", "start", "api",
    "api_sections", "api_arrays", "api_data", "api_stress", "api_monitor", "api_retrain", "terminal", "cli_rules",
    "cli_check", "cli_cluster", "cli_data", "cli_profiles", "cli_init", "cli_doctor", "cli_stress", "cli_monitor",
    "cli_retrain", "cli_watch", "cli_compare", "cli_options", "cli_answers", "cli_front", "cli_report", "cli_exits",
    "cli", "__main__",
]  # fmt: skip
OWNERS = {
    "optuna": {"search"},
    "sqlalchemy": {"search"},
    "dask": {"search"},
    "distributed": {"search"},
    "spikingjelly": {"network"},
    "plotly": {"report"},
    "matplotlib": {"report"},
    "moocore": {"search"},
    "sklearn": {"data"},
    "ruamel": {"study", "export"},
    "typer": {
        "cli",
        "cli_check",
        "cli_cluster",
        "cli_compare",
        "cli_data",
        "cli_doctor",
        "cli_exits",
        "cli_front",
        "cli_init",
        "cli_monitor",
        "cli_options",
        "cli_profiles",
        "cli_retrain",
        "cli_report",
        "cli_rules",
        "cli_stress",
        "cli_watch",
    },
    "rich": {"terminal"},
    "nir": {"export", "network"},
    "h5py": {"data", "network"},
    "triton": {"network"},
}
NEVER = {"torchvision", "torchaudio", "pickle"}
TORCH_FREE = [
    "hwsearch", "hwsearch.cli", "hwsearch.hardware.cost_model", "hwsearch.hardware.profiles.load",
    "hwsearch.space.space", "hwsearch.study.model", "hwsearch.graph.spelling", "hwsearch.graph.explicit",
    "hwsearch.compress.masks",
    "hwsearch.report.page", "hwsearch.records.finished", "hwsearch.records.trial_table", "hwsearch.records.finals",
    "hwsearch.records.log", "hwsearch.results.result", "hwsearch.results.paper",
]  # fmt: skip


def imports():
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).parts
        folder = place[0].removesuffix(".py")
        if folder == "__init__":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                yield "/".join(place), folder, name


def test_imports_run_downwards():
    upward = []
    for place, folder, name in imports():
        parts = name.split(".")
        if parts[0] == "hwsearch" and len(parts) > 1 and ORDER.index(parts[1]) > ORDER.index(folder):
            upward.append(f"{place} imports {name}")
    assert upward == []


def test_each_library_has_one_owner():
    strays = [
        f"{place} imports {name}"
        for place, folder, name in imports()
        if folder not in OWNERS.get(name.split(".")[0], {folder}) or name.split(".")[0] in NEVER
    ]
    assert strays == []


def test_scipy_s_statistics_take_a_second_to_load_and_its_special_functions_do():
    assert [f"{place} imports {name}" for place, _, name in imports() if name.startswith("scipy.stats")] == []


@pytest.mark.parametrize("module", TORCH_FREE)
def test_imports_without_torch(module):
    code = f"import {module}, sys; assert 'torch' not in sys.modules and 'optuna' not in sys.modules, 'heavy'"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_never_loads_torchvision_or_torchaudio():
    code = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torchvision', 'torchaudio'):\n"
        "            raise ImportError('must not be imported')\n"
        "sys.meta_path.insert(0, Block())\n"
        "import hwsearch.api, hwsearch.cli, hwsearch.network.neuron\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_public_names_are_the_documented_ones():
    errors = [
        "HwsearchError",
        "InputError",
        "NothingFits",
        "Unfinished",
        "Interrupted",
        "RecordError",
        "Fault",
    ]
    assert hwsearch.__all__ == ["search", "run", "load_run", "confirm", "Result", *errors]
    assert dir(hwsearch) == sorted([*hwsearch.__all__, "__version__"])
