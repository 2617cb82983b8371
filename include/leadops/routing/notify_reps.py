"""Notifies salespeople of their leads: one Slack message for what one recipient gets at once, posted once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from leadops.clients.chat import Chat, Posted
from leadops.clients.slack_errors import MessageGoneError
from leadops.db import Connection
from leadops.delivery.database_mark import ON_HOLD, find_hold
from leadops.errors import LeadopsError
from leadops.notifications.call_budget import CallBudget
from leadops.notifications.post_once import (
    PostOutcome,
    begin_post,
    finish_post,
    look_up_if_allowed,
)
from leadops.queries import Queries
from leadops.routing.assignment_message import (
    AssignmentNotice,
)
from leadops.routing.notice_message import NoticeContext, NoticeMessage, NoticeRecord, form_message
from leadops.routing.notices import LOOK_UP_AFTER, list_due, lock_notices, read_notices

queries = Queries(__file__, topic="notices")


@dataclass(frozen=True)
class RepNotifyResult:
    """How many messages were sent, or dropped as too old; `problem` says why the rest has to wait."""

    sent: int
    dropped: int
    problem: str = ""


def notify_reps(
    connection: Connection,
    chat: Chat,
    *,
    context: NoticeContext,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> RepNotifyResult:
    """Send the open notices, the oldest first; commits as it goes, may run twice at once and be killed.

    Notices of one recipient that can be sent at once are one message. The first call that fails ends the run.
    A notice not sent within `drop_after_minutes` is dropped. So is a notice to those who cover the hours
    outside working hours, if it would go to the channel of alerts: at night that is a post for each lead to
    whoever is on call.
    """
    connection.commit()
    with connection.transaction():
        if find_hold(connection):
            return RepNotifyResult(0, 0, ON_HOLD)
    settings = context.settings
    budget = CallBudget(most=settings.at_most, seconds_between=settings.seconds_between, sleep=sleep)
    sent = dropped = 0
    problem = _replace_outdated(connection, chat, budget, context=context, clock=clock)
    if problem:
        return RepNotifyResult(sent, dropped, problem)
    for group in list_due(connection, settings, clock()):
        if budget.is_spent:
            break
        with connection.transaction():
            notices, given_up = lock_notices(connection, chat, group, settings=settings, clock=clock)
            dropped += given_up
            if not notices:
                continue
            record = NoticeRecord(connection, notices[0].first_id, clock=clock)
            attempt = begin_post(record, clock())
        if attempt is None:
            continue
        budget.pace()
        message = NoticeMessage(connection, chat, record, context=context)
        try:
            outcome = finish_post(
                connection,
                record,
                attempt,
                look_up=message.look_up if chat.can_edit else None,
                send=message.send,
            )
        except LeadopsError as error:
            return RepNotifyResult(sent, dropped, str(error))
        sent += outcome is not PostOutcome.SUPERSEDED
    return RepNotifyResult(sent, dropped)


def _replace_outdated(
    connection: Connection,
    chat: Chat,
    budget: CallBudget,
    *,
    context: NoticeContext,
    clock: Callable[[], datetime],
) -> str:
    """Replace messages about somebody erased, and about MQLs that were taken back; commits.

    One of which it is unknown whether it is in Slack is looked up before.

    Returns why the rest has to wait. Killed after an edit, it makes the same edit again. A webhook cannot
    edit: such a message stays as it is (docs/erasure.md, docs/routing.md).
    """
    with connection.transaction():
        outdated = queries.values(
            connection,
            "list_outdated",
            look_up_before=clock() - LOOK_UP_AFTER,
            max_rows=context.settings.at_most,
        )
        notices = read_notices(connection, outdated)
    for notice in notices:
        if budget.is_spent:
            break
        try:
            place = _find_place(connection, chat, budget, notice, clock=clock)
            if place is not None:
                with connection.transaction():
                    message = form_message(connection, notice.first_id, context=context, now=clock())
                budget.pace()
                chat.update(place, text=message.text, blocks=message.blocks)
        except MessageGoneError:
            pass
        except LeadopsError as error:
            return str(error)
        with connection.transaction():
            queries.run(connection, "note_replaced", assignment_id=notice.assignment_id)
    return ""


def _find_place(
    connection: Connection,
    chat: Chat,
    budget: CallBudget,
    notice: AssignmentNotice,
    *,
    clock: Callable[[], datetime],
) -> Posted | None:
    """Return where the message of a notice is; None: it is not in Slack, or a webhook posted it."""
    if not chat.can_edit:
        return None
    if notice.message_ts:
        return Posted(notice.channel, notice.message_ts)
    since = notice.unknown_since
    if not notice.is_sought or since is None:
        return None
    record = NoticeRecord(connection, notice.first_id, clock=clock)
    key = record.find_key()
    budget.pace()
    place = look_up_if_allowed(lambda: chat.find(key, since=since), [])
    if place is not None:
        with connection.transaction():
            record.note_posted(place, PostOutcome.FOUND)
    return place
