"""Each way in which a post can end, on a row of a real table."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.clients.chat import Posted
from leadops.clients.slack_errors import ChatRefusedError, ChatUnknownError, ChatUnreachableError
from leadops.db import Connection, connect
from leadops.errors import LeadopsError
from leadops.notifications.post_once import (
    PostAttempt,
    PostOutcome,
    PostState,
    begin_post,
    finish_post,
    look_up_if_allowed,
)
from tests.held_rows import hold_until_awaited

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=1)
LOOK = "select from posts for update skip locked"


class Row:
    """The record of one message: a row of the table posts."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _lock(self, how: str) -> PostAttempt | None:
        row = self.connection.execute(
            f"select attempts, unknown_since from posts where posted_at is null for update {how}".encode()
        ).fetchone()
        return PostAttempt(*row) if row else None

    def lock(self) -> PostAttempt | None:
        return self._lock("skip locked")

    def relock(self) -> PostAttempt | None:
        return self._lock("")

    def note_attempt(self, now: datetime) -> None:
        self.connection.execute(
            "update posts set attempts = attempts + 1, unknown_since = coalesce(unknown_since, %s)", [now]
        )

    def note_refused(self, error: LeadopsError) -> None:
        self.connection.execute("update posts set unknown_since = null, error = %s", [str(error)])

    def note_posted(self, place: Posted, outcome: PostOutcome) -> None:
        self.connection.execute(
            "update posts set posted_at = %s, ts = %s, outcome = %s", [NOW, place.ts, outcome.name]
        )

    def state(self) -> PostState:
        unknown_since, posted_at = self.read("unknown_since, posted_at")
        return PostState.of(unknown_since=unknown_since, posted_at=posted_at)

    def read(self, columns: str) -> tuple[Any, ...]:
        row = self.connection.execute(f"select {columns} from posts".encode()).fetchone()
        assert row
        return row


@pytest.fixture
def row(connection: Connection) -> Row:
    connection.execute(
        "create table posts (attempts integer not null default 0, unknown_since timestamptz,"
        " posted_at timestamptz, ts text, outcome text, error text)"
    )
    connection.execute("insert into posts default values")
    connection.commit()
    return Row(connection)


def begin(row: Row, now: datetime = NOW) -> PostAttempt:
    with row.connection.transaction():
        attempt = begin_post(row, now)
    assert attempt
    return attempt


def send(ts: str = "1.2") -> Any:
    return lambda: Posted("C1", ts)


def fail(error: Exception) -> Any:
    def call(*_: object) -> Posted:
        raise error

    return call


def never(*_: object) -> Posted:
    raise AssertionError("not called")


def test_a_post_goes_from_pending_over_unknown_to_posted(row: Row) -> None:
    assert row.state() is PostState.PENDING
    assert begin(row) == PostAttempt(1, None)
    assert row.state() is PostState.UNKNOWN
    attempt = PostAttempt(1, None)
    outcome = finish_post(row.connection, row, attempt, look_up=never, send=send())
    assert (outcome, row.state(), row.read("ts, outcome")) == (
        PostOutcome.POSTED,
        PostState.POSTED,
        ("1.2", "POSTED"),
    )


def test_an_unknown_outcome_is_looked_up_since_its_first_attempt(row: Row) -> None:
    with pytest.raises(ChatUnknownError):
        finish_post(
            row.connection, row, begin(row, BEFORE), look_up=never, send=fail(ChatUnknownError("lost"))
        )
    assert row.state() is PostState.UNKNOWN
    seen: list[datetime] = []

    def look_up(since: datetime) -> Posted:
        seen.append(since)
        return Posted("C1", "0.9")

    outcome = finish_post(row.connection, row, begin(row), look_up=look_up, send=never)
    assert (outcome, seen, row.read("ts, attempts")) == (PostOutcome.FOUND, [BEFORE], ("0.9", 2))


def test_what_a_look_up_does_not_find_is_posted(row: Row) -> None:
    begin(row, BEFORE)
    outcome = finish_post(row.connection, row, begin(row), look_up=lambda _: None, send=send())
    assert (outcome, row.state()) == (PostOutcome.POSTED, PostState.POSTED)


def test_a_chat_that_cannot_look_up_posts_again(row: Row) -> None:
    begin(row, BEFORE)
    assert finish_post(row.connection, row, begin(row), look_up=None, send=send()) is PostOutcome.POSTED


@pytest.mark.parametrize("error", [ChatUnreachableError("no"), ChatRefusedError("not_in_channel")])
def test_a_refusal_says_that_it_is_not_in_slack(row: Row, error: LeadopsError) -> None:
    with pytest.raises(type(error)):
        finish_post(row.connection, row, begin(row), look_up=never, send=fail(error))
    assert (row.state(), row.read("error")) == (PostState.PENDING, (str(error),))


def test_a_refusal_says_nothing_of_an_earlier_attempt_that_was_not_looked_up(row: Row) -> None:
    begin(row, BEFORE)
    refused = ChatRefusedError("not_in_channel")
    with pytest.raises(ChatRefusedError):
        finish_post(row.connection, row, begin(row), look_up=None, send=fail(refused))
    assert (row.state(), row.read("unknown_since")) == (PostState.UNKNOWN, (BEFORE,))
    with pytest.raises(ChatRefusedError):
        finish_post(row.connection, row, begin(row), look_up=lambda _: None, send=fail(refused))
    assert row.state() is PostState.PENDING, "the look-up found nothing, and the refusal posted nothing"


def test_a_look_up_that_fails_posts_nothing(row: Row) -> None:
    begin(row, BEFORE)
    with pytest.raises(ChatUnreachableError):
        finish_post(row.connection, row, begin(row), look_up=fail(ChatUnreachableError("no")), send=never)
    assert row.state() is PostState.UNKNOWN


def test_an_attempt_that_another_has_taken_over_or_finished_does_nothing(row: Row) -> None:
    first, second = begin(row, BEFORE), begin(row)
    assert finish_post(row.connection, row, first, look_up=never, send=never) is PostOutcome.SUPERSEDED
    finish_post(row.connection, row, second, look_up=None, send=send())
    assert finish_post(row.connection, row, second, look_up=never, send=never) is PostOutcome.SUPERSEDED
    with row.connection.transaction():
        assert begin_post(row, NOW) is None


def test_a_row_that_another_process_has_is_not_begun_but_finished_once_it_is_free(
    row: Row, database_url: str
) -> None:
    attempt = begin(row)
    with hold_until_awaited(database_url, LOOK) as look:
        look()
        with row.connection.transaction():
            assert begin_post(row, NOW) is None
        assert finish_post(row.connection, row, attempt, look_up=None, send=send()) is PostOutcome.POSTED


def test_a_process_that_dies_in_the_call_leaves_it_unknown(row: Row, database_url: str) -> None:
    attempt = begin(row)
    with pytest.raises(KeyboardInterrupt):
        finish_post(row.connection, row, attempt, look_up=None, send=fail(KeyboardInterrupt()))  # type: ignore[arg-type]
    with connect(database_url) as other:
        assert Row(other).state() is PostState.UNKNOWN


def test_only_a_missing_scope_lets_a_message_be_posted_without_a_look_up() -> None:
    problems: list[str] = []
    assert look_up_if_allowed(lambda: Posted("C1", "1"), problems) == Posted("C1", "1")
    assert (look_up_if_allowed(fail(ChatRefusedError("missing_scope")), problems), len(problems)) == (None, 1)
    with pytest.raises(ChatRefusedError):
        look_up_if_allowed(fail(ChatRefusedError("not_in_channel")), problems)
