import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from leadops_stack.processes import birth_mark
from leadops_stack.records import Record, forget, read_records, write_record
from leadops_stack.stop import stop_record


@pytest.fixture
def sleeper(tmp_path: Path):
    """A process in a session of its own."""
    process = subprocess.Popen(["sleep", "600"], start_new_session=True, cwd=tmp_path)
    yield process
    process.kill()
    process.wait()


def record_of(process: "subprocess.Popen[bytes]", folder: Path) -> Record:
    mark = birth_mark(process.pid)
    assert mark
    return Record("part", 1, process.pid, mark, str(folder), signal.SIGTERM, 5.0)


def test_records_come_back_last_started_first(tmp_path: Path) -> None:
    one = Record("one", 1, 11, "mark", "/x", 15, 1.0)
    two = replace(one, name="two", order=2)
    for record in (one, two):
        write_record(tmp_path, record)
    assert read_records(tmp_path) == [two, one]
    forget(tmp_path, "two")
    (tmp_path / "broken.pid").write_text("{")
    assert read_records(tmp_path) == [one]


def test_a_process_is_known_by_its_birth(sleeper: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    record = record_of(sleeper, tmp_path)
    assert record.alive()
    assert record.members() == [sleeper.pid]
    assert not stop_record(record, reap=sleeper.poll)
    assert sleeper.returncode == -signal.SIGTERM
    assert not record.alive()
    assert record.members() == []


def test_a_stranger_with_the_same_number_is_left_alone(
    sleeper: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    record = replace(record_of(sleeper, tmp_path), mark="an earlier boot, an earlier tick")
    assert not record.alive()
    assert record.members() == []
    assert not stop_record(record)
    assert sleeper.poll() is None


def test_what_a_dead_leader_left_is_ours_only_in_our_folder(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    ours.mkdir()
    other.mkdir()
    script = f"cd {ours}; sleep 600 & cd {other}; sleep 600 & echo ok; exec sleep 600"
    leader = subprocess.Popen(["sh", "-c", script], start_new_session=True, cwd=ours, stdout=subprocess.PIPE)
    assert leader.stdout
    assert leader.stdout.readline() == b"ok\n"
    record = record_of(leader, ours)
    everybody = record.members()
    assert len(everybody) == 3
    leader.kill()
    leader.wait()
    left = record.members()
    assert len(left) == 1
    assert not stop_record(record)
    assert record.members() == []
    rest = replace(record, folder=str(other))
    assert rest.members() == [pid for pid in everybody if pid not in (leader.pid, *left)]
    stop_record(rest)
    leader.stdout.close()
