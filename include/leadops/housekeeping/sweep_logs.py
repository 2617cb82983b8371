"""Deletes old log files below Airflow's log folder."""

import os
import shutil
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

#: How Airflow names the folders of a DAG, and of a run in it.
DAG_FOLDER, RUN_FOLDER = "dag_id=", "run_id="


@dataclass
class SweptLogs:
    """What a sweep deleted: files, and their bytes."""

    files: int = 0
    bytes: int = 0


def sweep_logs(
    folder: Path,
    *,
    dags: Set[str],
    kept_runs: Set[tuple[str, str]],
    before: datetime,
    services_before: datetime,
) -> SweptLogs:
    """Delete the logs of old runs of `dags`, and those of Airflow's own services.

    A run's logs go when nothing in their folder changed since `before`, unless it is one of `kept_runs` (DAG,
    run); a service's when they did not change since `services_before`. Logs of other DAGs stay. Links are not
    followed.
    """
    swept = SweptLogs()
    for entry in _list_folders(folder):
        dag = entry.name.removeprefix(DAG_FOLDER)
        if dag == entry.name:
            _sweep_service(entry, services_before.timestamp(), swept)
        elif dag in dags:
            for run in _list_folders(entry):
                if (dag, run.name.removeprefix(RUN_FOLDER)) not in kept_runs:
                    _sweep_run(run, before.timestamp(), swept)
    return swept


def _sweep_run(folder: Path, limit: float, swept: SweptLogs) -> None:
    """Delete `folder` whole if nothing in it changed since `limit` (seconds since 1970)."""
    if folder.stat().st_mtime >= limit:
        return
    files = [path.lstat() for path in _walk_files(folder)]
    if all(file.st_mtime < limit for file in files):
        shutil.rmtree(folder)
        swept.files += len(files)
        swept.bytes += sum(file.st_size for file in files)


def _sweep_service(folder: Path, limit: float, swept: SweptLogs) -> None:
    """Delete the files below `folder` that did not change since `limit`, and folders that are empty then."""
    for path in _walk_files(folder):
        file = path.lstat()
        if file.st_mtime < limit:
            path.unlink()
            swept.files += 1
            swept.bytes += file.st_size
            if path.parent != folder and not any(path.parent.iterdir()):
                path.parent.rmdir()


def _walk_files(folder: Path) -> Iterator[Path]:
    for path, _, names in os.walk(folder, topdown=False):
        yield from (Path(path, name) for name in names)


def _list_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
