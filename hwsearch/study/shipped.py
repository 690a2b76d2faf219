"""Studies by name: those of the folder where one stands, and those that come with the package.

``digits_mcu`` is ``digits_mcu.yaml`` here or in ``./studies``, else the shipped one: what is nearest goes first, as of
hardware profiles. Not for reading a study (`model`).
"""

from __future__ import annotations

from pathlib import Path

from hwsearch.errors import Fault, InputError, did_you_mean

_ENDINGS = (".yaml", ".yml")


def find_study(path_or_name: str | Path, where: str = "STUDY") -> Path:
    """Return the file of a study.

    Args:
        path_or_name: A path, or the name of a study: its file's, without ``.yaml``.
        where: The option or argument that names it, for faults.

    Returns:
        The path as it is, where such a file is there or it can be nothing but a path (a reader says what is wrong with
        it); else the nearest file of that name.

    Raises:
        InputError: No study has this name.
    """
    path = Path(path_or_name)
    if path.is_file() or path.suffix in _ENDINGS or len(path.parts) != 1:
        return path
    name = str(path_or_name)
    for folder in study_folders():
        for ending in _ENDINGS:
            if (found := folder / f"{name}{ending}").is_file():
                return found
    law = "a study must be a file, or the name of one"
    known = {file.stem for folder in study_folders()[1:] for file in folder.glob("*.yaml")}
    todo = f"{did_you_mean(name, known, 'studies')}; or a path that ends in .yaml"
    raise InputError([Fault(where, law, repr(name), todo)])


def study_folders() -> list[Path]:
    """Return the folders of studies, nearest first: ., ./studies, the package's own."""
    package = Path(__file__).parents[1]
    packaged = package / "studies"  # in a wheel; in a checkout they stand beside the package
    shipped = packaged if packaged.is_dir() else package.parent / "studies"
    return [folder for folder in (Path(), Path("studies"), shipped) if folder.is_dir()]
