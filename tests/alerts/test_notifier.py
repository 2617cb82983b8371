"""Two notifiers meet in the worst moments."""

import contextlib
import threading
from typing import Any

import pytest

from leadops.alerts.notifier import IncidentNotifier
from leadops.alerts.plan import plan_messages
from leadops.db import Connection, connect
from leadops.incidents.incident import open_incident
from leadops.notifications.messages import Messages
from tests.shipped import SHIPPED
from tests.waiting import PATIENCE


class KilledError(BaseException):
    """Ends a notifier on the spot."""


@pytest.fixture
def message_id(connection: Connection, settings: Any, clock: Any) -> int:
    """A message about one incident, not posted yet."""
    open_incident(connection, kind="dag_failed", subject="a", facts={"dag_id": "a"}, now=clock())
    connection.commit()
    plan_messages(connection, settings=settings, now=clock())
    row = connection.execute("select message_id from alerts.messages").fetchone()
    connection.commit()
    assert row
    return int(row[0])


def make_notifier(
    connection: Connection, chat: Any, settings: Any, clock: Any, kind: type = IncidentNotifier
) -> Any:
    return kind(
        connection,
        chat,
        settings=settings.model_copy(update={"look_up_after_seconds": 0}),
        messages=Messages(SHIPPED.company),
        clock=clock,
        sleep=lambda seconds: None,
    )


def test_nobody_posts_while_another_is_posting(connection, database_url, slack, settings, clock, message_id):
    posting, go_on = threading.Event(), threading.Event()
    slow = slack.chat()
    post = slow.post

    def post_slowly(**values: Any) -> Any:
        posting.set()
        assert go_on.wait(timeout=PATIENCE)
        return post(**values)

    slow.post = post_slowly
    first = make_notifier(connection, slow, settings, clock)
    thread = threading.Thread(target=first.bring_up_to_date, args=[message_id])
    thread.start()
    assert posting.wait(timeout=PATIENCE)
    with connect(database_url) as other:
        second = make_notifier(other, slack.chat(), settings, clock)
        assert second.bring_up_to_date(message_id)
    go_on.set()
    thread.join(timeout=PATIENCE)
    assert second.budget.calls == 0
    assert len(slack.messages()) == 1


def test_nobody_posts_after_another_took_over(connection, database_url, slack, settings, clock, message_id):
    class Overtaken(IncidentNotifier):
        """Is so slow between its note and its post that another takes over, posts, and dies."""

        def _post(self, *values: Any) -> Any:
            chat = slack.chat()
            post = chat.post

            def post_and_die(**values: Any) -> Any:
                post(**values)
                raise KilledError

            chat.post = post_and_die
            with contextlib.suppress(KilledError), connect(database_url) as other:
                make_notifier(other, chat, settings, clock).bring_up_to_date(message_id)
            return super()._post(*values)

    make_notifier(connection, slack.chat(), settings, clock, Overtaken).bring_up_to_date(message_id)
    assert len(slack.messages()) == 1
    make_notifier(connection, slack.chat(), settings, clock).bring_up_to_date(message_id)
    assert len(slack.messages()) == 1
    shown = connection.execute("select message_ts from alerts.messages").fetchone()
    assert shown == (slack.messages()[0]["ts"],)


def test_without_the_right_to_read_it_is_rather_told_twice_than_not(
    connection, slack, settings, clock, message_id
):
    from leadops.clients.slack_errors import ChatRefusedError

    connection.execute("update alerts.messages set unknown_since = %s, tried_at = %s", [clock(), clock()])
    connection.commit()
    chat = slack.chat()

    def refuse(*args: Any, **values: Any) -> None:
        raise ChatRefusedError("missing_scope")

    chat.find = refuse
    notifier = make_notifier(connection, chat, settings, clock)
    assert notifier.bring_up_to_date(message_id)
    assert len(slack.messages()) == 1
    assert notifier.problems == [
        "Slack refused with missing_scope: give the app the scopes chat:write and channels:history"
        " (groups:history if private)"
    ]
