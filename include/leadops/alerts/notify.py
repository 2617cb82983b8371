"""Brings Slack in line with the incidents on record: one incident, one message."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from leadops.alerts.alert_message import doubt_open_messages
from leadops.alerts.notifier import IncidentNotifier
from leadops.alerts.plan import plan_messages
from leadops.clients.chat import Chat
from leadops.clients.slack_errors import ChatBusyError, ChatRefusedError, ChatUnreachableError
from leadops.company import Company
from leadops.db import Connection
from leadops.delivery.database_mark import find_hold
from leadops.errors import LeadopsError, TransientError
from leadops.incidents.alert_settings import AlertSettings
from leadops.notifications.messages import Messages

#: After this many calls without an answer Slack counts as down for this run: each costs a time-out.
MAX_FAILURES = 2


@dataclass(frozen=True)
class IncidentNotifyResult:
    """What one run did: new messages, edits, escalations, resolutions, new digests; and how many wait.

    `problems` are lines for the log: what to change, or why messages have to wait.
    """

    posted: int
    updated: int
    escalated: int
    resolved: int
    digests: int
    waiting: int
    problems: tuple[str, ...] = ()


def notify_incidents(
    connection: Connection,
    chat: Chat,
    *,
    settings: AlertSettings,
    company: Company,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> IncidentNotifyResult:
    """Post, edit, escalate and close messages until Slack shows what is on record; commits as it goes.

    May run in several processes at once and may be killed at any point. What Slack refuses is skipped and
    named in `problems`; when Slack is down or asks to wait for long, the rest is left to the next run.
    `clock` gives the time in UTC.
    """
    connection.commit()
    with connection.transaction():
        if hold := find_hold(connection):
            doubt_open_messages(connection, before=hold.held_at)
    plan_messages(connection, settings=settings, now=clock())
    notifier = IncidentNotifier(
        connection, chat, settings=settings, messages=Messages(company), clock=clock, sleep=sleep
    )
    waiting = 0
    problems: dict[str, None] = {}
    failures = Counter[str]()
    patience_left = settings.longest_wait_seconds
    halted = False
    for message_id in notifier.list_due():
        connection.commit()
        while True:
            if halted or notifier.budget.is_spent:
                waiting += notifier.is_due(message_id)
                break
            try:
                waiting += not notifier.bring_up_to_date(message_id)
            except ChatBusyError as busy:
                if busy.retry_after <= patience_left:
                    patience_left -= busy.retry_after
                    sleep(busy.retry_after)
                    continue
                problems[str(busy)] = None
                halted, waiting = True, waiting + 1
            except LeadopsError as error:
                problems[str(error)] = None
                waiting += 1
                failures[type(error).__name__] += isinstance(error, TransientError)
                halted = (
                    isinstance(error, ChatUnreachableError)
                    or (isinstance(error, ChatRefusedError) and error.concerns_all)
                    or failures.total() >= MAX_FAILURES
                )
            break
    connection.commit()
    done = notifier.done
    return IncidentNotifyResult(
        posted=done["incident"],
        updated=done["updated"],
        escalated=done["escalation"],
        resolved=done["resolved"],
        digests=done["digest"],
        waiting=waiting,
        problems=tuple(dict.fromkeys([*problems, *notifier.problems])),
    )
