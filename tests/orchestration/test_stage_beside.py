from datetime import UTC, datetime, timedelta
from typing import Any

from leadops.db import Connection, connect
from leadops.orchestration.heartbeat import note_result
from leadops.orchestration.run import TaskRun
from leadops.orchestration.stage_beside import PATIENCE, StageBeside, at_work
from tests.runs import make_run

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def run_of(task_id: str, clock: Clock, **fields: Any) -> TaskRun:
    return make_run(task_id, end=NOW, dag_id="score_leads", clock=clock, **fields)


def watch(connection: Connection, clock: Clock) -> StageBeside:
    return StageBeside(connection, run_of("push[0]", clock), "score")


def note(connection: Connection, run: TaskRun) -> None:
    with connection.transaction():
        note_result(connection, run, {"rows": 1})


def test_a_task_is_over_with_its_result(connection: Connection, database_url: str) -> None:
    clock = Clock()
    stage = watch(connection, clock)
    with connect(database_url) as other:
        with at_work(other, run_of("score", clock)):
            for _ in range(4):
                clock.pass_by(PATIENCE.total_seconds())
                assert stage.may_make_more(), "a long chunk is work too"
        note(other, run_of("score", clock))
    clock.pass_by(1)
    assert not stage.may_make_more()


def test_results_of_others_say_nothing(connection: Connection, database_url: str) -> None:
    clock = Clock()
    stage = watch(connection, clock)
    cleared = run_of("score", clock, started_at=NOW - timedelta(hours=1))
    for other in (cleared, run_of("resolve", clock), run_of("score", clock, run_id="scheduled__0")):
        with connect(database_url) as writer:
            note(writer, other)
    clock.pass_by(1)
    assert stage.may_make_more()


def test_a_task_that_never_begins_is_given_up(connection: Connection) -> None:
    clock = Clock()
    stage = watch(connection, clock)
    clock.pass_by(PATIENCE.total_seconds() - 1)
    assert stage.may_make_more()
    clock.pass_by(1)
    assert not stage.may_make_more()


def test_a_task_that_was_killed_has_time_for_its_second_try(
    connection: Connection, database_url: str
) -> None:
    clock = Clock()
    stage = watch(connection, clock)
    killed = connect(database_url)
    with at_work(killed, run_of("score", clock)):
        clock.pass_by(20)
        assert stage.may_make_more()
        killed.close()
    clock.pass_by(PATIENCE.total_seconds() - 1)
    assert stage.may_make_more()
    with connect(database_url) as other, at_work(other, run_of("score", clock)):
        clock.pass_by(20)
        assert stage.may_make_more()
    clock.pass_by(PATIENCE.total_seconds())
    assert not stage.may_make_more()
