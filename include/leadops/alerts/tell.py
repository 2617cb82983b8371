"""Brings Slack in line with the incidents on record: one incident, one message."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.catalogue import Words
from leadops.alerts.deliver import Teller
from leadops.alerts.message import list_open_messages
from leadops.alerts.plan import plan_messages
from leadops.clients.chat import Chat
from leadops.clients.slack_errors import ChatBusy, ChatRefused, ChatUnreachable
from leadops.company import Company
from leadops.db import Connection
from leadops.errors import LeadopsError, TransientError

#: After so many calls without an answer Slack counts as down for this run: each costs a time-out.
PATIENCE = 2


@dataclass(frozen=True)
class Told:
    """What one run told: new messages, edits, calls for help, ends, new digests; and what is left to tell.

    `problems` are lines for the log, each says what to change or what was in the way.
    """

    posted: int
    updated: int
    escalated: int
    resolved: int
    digests: int
    waiting: int
    problems: tuple[str, ...] = ()


def tell(
    connection: Connection,
    chat: Chat,
    *,
    settings: AlertSettings,
    clock: Callable[[], datetime],
    company: Company,
    sleep: Callable[[float], None] = time.sleep,
) -> Told:
    """Post, edit, escalate and close messages until Slack shows what is on record; commits as it goes.

    May run in several processes at once and may be killed at any point. What Slack refuses is left out and
    named in `problems`; when Slack is down or asks to wait for long, the rest is left for the next run.
    `company` says in which language and zone. `clock` gives the time in UTC.
    """
    connection.commit()
    plan_messages(connection, settings=settings, now=clock())
    words = Words(company)
    teller = Teller(connection, chat, settings=settings, words=words, clock=clock, sleep=sleep)
    waiting = 0
    problems: dict[str, None] = {}
    failures = Counter[str]()
    patience_left = settings.longest_wait_seconds
    halted = False
    for message_id in list_open_messages(connection):
        connection.commit()
        while True:
            if halted or teller.calls >= settings.tell_at_most:
                waiting += teller.is_due(message_id)
                break
            try:
                waiting += not teller.bring_up_to_date(message_id)
            except ChatBusy as busy:
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
                    isinstance(error, ChatUnreachable)
                    or (isinstance(error, ChatRefused) and error.concerns_all)
                    or failures.total() >= PATIENCE
                )
            break
    connection.commit()
    done = teller.done
    return Told(
        posted=done["incident"],
        updated=done["updated"],
        escalated=done["escalation"],
        resolved=done["resolved"],
        digests=done["digest"],
        waiting=waiting,
        problems=tuple(dict.fromkeys([*problems, *teller.problems])),
    )
