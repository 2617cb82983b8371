"""The mark of the database grows after events came in, so that a database without them is noticed."""

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadops.db import connect
from leadops.delivery.database_mark import DatabaseMark
from leadops.gateway.event_mark import PAUSE
from leadops.mark_file import MarkFile
from leadops_stack.postgres import PostgresServer
from tests.cluster import database_of
from tests.gateway.conftest import KEY, Serve


@pytest.fixture
def mark(tmp_path: Path) -> DatabaseMark:
    return DatabaseMark(MarkFile(tmp_path / "marks"))


def remembered(mark: DatabaseMark) -> int:
    """Return the number that the file remembers; 0: none."""
    files = list(mark.file.folder.glob("*.json"))
    return json.loads(files[0].read_text())["mark"] if files else 0


def wait_for(number: int, mark: DatabaseMark) -> None:
    for _ in range(600):
        if remembered(mark) >= number:
            return
        time.sleep(0.1)
    raise AssertionError(f"the file remembers {remembered(mark)}")


def sender(serve: Serve, **options: Any) -> Callable[[object], Any]:
    client = serve(**options)

    def send(body: object) -> Any:
        answer = client.post("/collect", json=body, headers={"X-Write-Key": KEY})
        assert answer.status_code == 202, answer.text
        return answer.json()

    return send


def test_a_database_that_lost_only_an_event_is_held(
    serve: Serve, mark: DatabaseMark, item: dict[str, Any], database_url: str, postgres: PostgresServer
) -> None:
    source = database_url.rsplit("/", 1)[1]
    with database_of(postgres, f"backup_{secrets.token_hex(4)}", template=source) as backup:
        sender(serve, mark=mark)(item)
        wait_for(1, mark)
        with connect(database_url) as current, connect(backup) as older:
            assert mark.check(current, now=datetime.now(UTC)) is None
            hold = mark.check(older, now=datetime.now(UTC))
    assert hold is not None
    assert hold.facts == {"remembered": 1, "found": 0}


def test_many_events_raise_it_once_a_second_and_an_answer_does_not_wait_for_it(
    serve: Serve, mark: DatabaseMark, item: dict[str, Any], database_url: str
) -> None:
    send = sender(serve, mark=mark)
    send(item)
    wait_for(1, mark)
    began = time.monotonic()
    with connect(database_url) as holding:
        holding.execute("select from delivery.marks for update")  # a rise waits until this ends
        for number in range(30):
            assert send(item | {"event_id": f"e-{number}"})["quarantined"] == []
    wait_for(2, mark)
    time.sleep(0.3)
    assert remembered(mark) <= 2 + (time.monotonic() - began) / PAUSE


def test_what_was_there_before_raises_nothing(serve: Serve, mark: DatabaseMark, item: dict[str, Any]) -> None:
    send = sender(serve, mark=mark)
    send(item)
    wait_for(1, mark)
    assert send(item)["duplicates"] == 1
    time.sleep(1.5 * PAUSE)
    assert remembered(mark) == 1


def test_a_mark_that_cannot_be_written_stops_no_event(
    serve: Serve, item: dict[str, Any], tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    send = sender(serve, mark=DatabaseMark(MarkFile(blocked / "marks")))
    assert [send(item | {"event_id": name})["accepted"] for name in ("e-1", "e-2")] == [1, 1]
