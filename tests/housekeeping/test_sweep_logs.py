"""Which log files a sweep deletes."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadops.housekeeping.sweep_logs import SweptLogs, sweep_logs

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)


def write(path: Path, days: float, text: str = "12345") -> Path:
    """Write a file that was last changed, with its folders, so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    then = (NOW - timedelta(days=days)).timestamp()
    for one in (path, *path.parents[:3]):
        os.utime(one, (then, then))
    return path


def sweep(folder: Path, *kept: tuple[str, str]) -> SweptLogs:
    return sweep_logs(
        folder,
        dags={"score_leads"},
        kept_runs=set(kept),
        before=NOW - timedelta(days=14),
        services_before=NOW - timedelta(days=60),
    )


@pytest.mark.parametrize(("days", "stays"), [(13.99, True), (14.01, False), (400, False)])
def test_logs_of_a_run_go_after_their_days(tmp_path: Path, days: float, stays: bool) -> None:
    log = write(tmp_path / "dag_id=score_leads" / "run_id=r1" / "task_id=score" / "attempt=1.log", days)
    swept = sweep(tmp_path)
    assert log.exists() is stays
    assert log.parents[1].exists() is stays
    assert swept == (SweptLogs() if stays else SweptLogs(files=1, bytes=5))


def test_a_run_on_record_keeps_its_logs(tmp_path: Path) -> None:
    log = write(tmp_path / "dag_id=score_leads" / "run_id=r1" / "task_id=score" / "attempt=1.log", 99)
    assert sweep(tmp_path, ("score_leads", "r1")) == SweptLogs()
    assert sweep(tmp_path, ("score_leads", "r2"), ("decay_scores", "r1")) == SweptLogs(1, 5)
    assert not log.exists()


def test_a_log_that_was_written_to_lately_keeps_its_run(tmp_path: Path) -> None:
    run = tmp_path / "dag_id=score_leads" / "run_id=r1"
    write(run / "task_id=a" / "attempt=1.log", 2)
    old = write(run / "task_id=b" / "attempt=1.log", 99)
    assert sweep(tmp_path) == SweptLogs()
    assert old.exists()


def test_logs_of_other_dags_stay(tmp_path: Path) -> None:
    log = write(tmp_path / "dag_id=of_others" / "run_id=r1" / "task_id=a" / "attempt=1.log", 999)
    assert sweep(tmp_path) == SweptLogs()
    assert log.exists()


def test_logs_of_services_go_by_file_and_links_are_not_followed(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    elsewhere = write(tmp_path / "elsewhere" / "x" / "y" / "precious.txt", 999)
    old = write(logs / "dag_processor" / "2026-04-01" / "score.py.log", 61)
    young = write(logs / "dag_processor" / "2026-06-30" / "score.py.log", 59)
    (logs / "dag_processor" / "latest").symlink_to(elsewhere.parent)
    (logs / "dag_id=score_leads").mkdir()
    (logs / "dag_id=score_leads" / "run_id=r1").symlink_to(elsewhere.parent)
    assert sweep(logs) == SweptLogs(files=1, bytes=5)
    assert (old.parent.exists(), young.exists(), elsewhere.exists()) == (False, True, True)
    assert (logs / "dag_processor").is_dir()


def test_without_a_folder_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    assert sweep(tmp_path / "nowhere") == SweptLogs()
