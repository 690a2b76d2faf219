"""Whether a run has answered a question already: told from its files alone, without torch, data or storage.

The summary of a run that ended names what it answers: a digest of the whole study, the profile and the storage, how
many candidates were asked for, and digests of the tables that were written with it. Where all of that is as it was,
the same question has the same answer, and nothing is to be done. A file that is gone or changed makes the run go the
ordinary way, which takes over every record that it has and writes the tables anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from hwsearch.data.content import content_digest, names_plugins
from hwsearch.errors import InputError, RecordError
from hwsearch.hardware.profiles.load import load_profile, profile_beside
from hwsearch.records.run_folder import RunFolder, refuse_irregular
from hwsearch.records.storage_url import shown_url
from hwsearch.records.summary import Summary, read_summary
from hwsearch.records.summary_parts import Answered
from hwsearch.study.digest import digest
from hwsearch.study.model import Study, load_study, override


def asked(
    study_path: Path, *, out: Path | None, data_root: str | Path | None, seed: int | None
) -> tuple[Study, RunFolder]:
    """Return the study that a command asks, options put over it, and the folder that it is answered in.

    Raises:
        InputError: The study file or an option breaks a law.
        RecordError: Something else lies in the folder where a file must.
    """
    root = None if data_root is None else str(Path(data_root).resolve())
    study = override(load_study(study_path), seed=seed, data_root=root)
    folder = RunFolder(out if out is not None else Path("runs") / study.name)
    refuse_irregular(folder)
    return study, folder


def answers(study: Study, profile_digest: str, storage: str | None, folder: RunFolder) -> Answered:
    """Return what the summary of a run that has ended says of what it answers; its tables must be written."""
    tables = [
        path for path in (folder.trials, folder.front, folder.recalls, folder.confusion) if path.exists()
    ]
    return Answered(
        question=_question(study, profile_digest, storage, folder.network),
        candidates=study.search.candidates,
        inside=folder.database.exists(),
        files={path.name: _digest_of(path) for path in tables},
    )


def answered(study: Study, study_path: Path, folder: RunFolder, storage: str | None = None) -> Summary | None:
    """Return the summary of a run that has answered this study; None where something is to be done.

    Args:
        study: The study as asked.
        study_path: Its file: its profile may lie beside it.
        folder: Where it would be answered.
        storage: URL of an Optuna storage; None: a file in the folder.
    """
    if names_plugins(study.data):  # what it gives is known when it has run
        return None
    try:
        summary = read_summary(folder.summary)
        profile = load_profile(profile_beside(study.device.profile, study_path))
        question = _question(study, profile.digest, storage, _network_file(study, study_path))
    except (RecordError, InputError, OSError):
        return None  # what is wrong is said on the ordinary way
    known = summary.answers
    if known is None or known.question != question:
        return None
    needed = [folder.study, folder.profile, *([folder.database] if known.inside else [])]
    whole = all(path.exists() for path in needed) and _unchanged(folder, known.files)
    return summary if whole and study.search.candidates <= known.candidates else None


def lacks_rival(study: Study, summary: Summary, folder: RunFolder) -> bool:
    """Return whether a run that has ended asks for a plain network to be held against, and has not tried one."""
    if not study.rival or not summary.front_size:
        return False
    return summary.rival is None or (summary.rival.front_size > 0 and not folder.rival.exists())


def pages_stand(folder: RunFolder, summary: Summary) -> bool:
    """Return whether the pages that are made of a summary are there, and not older than it."""
    pages = [folder.report, *([folder.front_png] if summary.front_size else [])]
    since = folder.summary.stat().st_mtime
    return all(page.exists() and page.stat().st_mtime >= since for page in pages)


def _network_file(study: Study, study_path: Path) -> Path:
    """Return the NIR file that a study names, if it does."""
    return study_path.parent / (study.network.nir.file if study.network.nir is not None else "")


def _question(study: Study, profile_digest: str, storage: str | None, network: Path) -> str:
    """Return a digest of all that the files of a run depend on, but for how many candidates are asked."""
    settings = study.to_yaml_dict()
    del settings["rival"]  # it comes after the answer, and is added to one that is there
    content = [found for found in (content_digest(study.data),) if found is not None]
    content += [] if study.network.nir is None else [_digest_of(network)]
    settings["search"] = {name: value for name, value in settings["search"].items() if name != "candidates"}
    kept = None if storage is None else shown_url(storage)
    return digest([settings, profile_digest, kept, *content])


def _unchanged(folder: RunFolder, files: Mapping[str, str]) -> bool:
    """Return whether the tables are those that were written with the summary."""
    if folder.trials.name not in files:
        return False
    paths = [folder.path / name for name in files]
    return all(path.exists() and _digest_of(path) == files[path.name] for path in paths)


def _digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
