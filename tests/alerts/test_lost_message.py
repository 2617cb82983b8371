"""A database that went back: a problem that lasts is shown by the message that Slack has, and no second."""

from typing import Any

import pytest

from leadops.db import Connection
from tests.alerts.test_notify import fail, recover, run

__all__ = ["run"]


@pytest.fixture
def forget(connection: Connection, clock: Any) -> Any:
    """Let the database forget all incidents and messages from now on, as if a backup of now were restored."""
    began = clock()

    def forget(*, hold_ended: Any = None) -> None:
        connection.execute("truncate alerts.messages, incidents.incidents restart identity cascade")
        connection.execute(
            "insert into delivery.holds (reason, held_at, lost_since, opened_at, epoch)"
            " values ('mark', %s, %s, %s, 'e')",
            [clock(), began, hold_ended],
        )
        connection.commit()

    return forget


def test_a_problem_that_lasts_is_edited_in_the_message_of_the_lost_time(
    connection, slack, run, clock, forget
):
    fail(connection, "watch_sla", clock)
    run()
    clock.forward(minutes=1)
    fail(connection, "score_leads", clock)
    run()
    clock.forward(minutes=10)
    forget()
    fail(connection, "score_leads", clock, try_number=7)
    result = run()
    assert (result.posted, result.updated) == (0, 1)
    other, message = slack.messages()
    assert "edited" not in other
    assert message["edited"]
    assert "try 7" in str(message["blocks"])
    recover(connection, "score_leads", clock)
    clock.forward(minutes=5)
    assert run().resolved == 1
    assert len(slack.messages()) == 2
    nonces = connection.execute("select nonce from alerts.messages").fetchall()
    assert [message["metadata"]["event_payload"]["key"].split("-")[-1]] == [nonce for (nonce,) in nonces]


def test_a_message_that_shows_the_end_is_about_an_earlier_problem(connection, slack, run, clock, forget):
    fail(connection, "score_leads", clock)
    run()
    clock.forward(minutes=10)
    recover(connection, "score_leads", clock)
    run()
    clock.forward(minutes=10)
    forget()
    fail(connection, "score_leads", clock)
    assert run().posted == 1
    assert ["RESOLVED" in message["text"] for message in slack.messages()] == [True, False]


@pytest.mark.parametrize(("minutes", "posted"), [(59, 0), (60, 1)])
def test_for_an_hour_after_the_hold_problems_come_back_on_record(
    connection, slack, run, clock, forget, minutes, posted
):
    fail(connection, "score_leads", clock)
    run()
    clock.forward(minutes=5)
    forget(hold_ended=clock())
    clock.forward(minutes=minutes)
    fail(connection, "score_leads", clock)
    assert run().posted == posted
    assert len(slack.messages()) == 1 + posted


def test_nobody_is_called_a_second_time(connection, slack, run, clock, forget):
    for is_again in (False, True):
        fail(connection, "score_leads", clock)
        run()
        connection.execute("update incidents.incidents set escalated_at = %s", [clock.forward(minutes=15)])
        connection.commit()
        assert run().escalated == (0 if is_again else 1)
        if not is_again:
            forget()
    (message,) = slack.messages()
    assert len(slack.replies(message["ts"])) == 1


def test_a_digest_is_one_problem_too(connection, slack, run, clock, forget):
    for is_again in (False, True):
        for number in range(6):
            fail(connection, f"dag_{number}", clock)
        assert run().digests == (0 if is_again else 1)
        clock.forward(minutes=15)
        if not is_again:
            forget()
    assert len(slack.messages()) == 1


def test_a_chat_that_cannot_be_asked_gets_the_message_again(connection, slack, run, clock, forget):
    chat = slack.chat()
    chat.can_edit = False  # as an incoming webhook, which has one channel for all tests
    for is_again in (False, True):
        fail(connection, "score_leads", clock)
        assert run(chat).posted == 1
        if not is_again:
            forget()
    assert len(slack.messages()) == 2
