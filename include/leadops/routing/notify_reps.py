"""Notifies salespeople of their leads: one Slack message for what one recipient gets at once, posted once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from leadops.clients.chat import Chat, Posted
from leadops.clients.slack_errors import MessageGoneError
from leadops.company import Company
from leadops.db import Connection
from leadops.delivery.database_mark import ON_HOLD, find_hold, find_installation_id
from leadops.errors import LeadopsError
from leadops.lifecycle.publish import CycleKey
from leadops.notifications.blocks import SlackMessage
from leadops.notifications.call_budget import CallBudget
from leadops.notifications.post_once import (
    PostAttempt,
    PostOutcome,
    begin_post,
    finish_post,
    look_up_if_allowed,
)
from leadops.queries import Queries
from leadops.routing.assignment_message import (
    AssignmentLinks,
    AssignmentNotice,
    form_assignment_message,
)
from leadops.routing.routing_rules import SlackSettings
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__)

#: Why a message about a lead after hours is not sent.
NO_OWN_CHANNEL = "after hours: no channel of its own (slack.channel of routing.yaml)"

#: A message whose post ended without an answer may still appear; it is looked up no sooner than this.
LOOK_UP_AFTER = timedelta(seconds=30)


#: Leads in one message; more make more messages.
LEADS_IN_MESSAGE = 10

#: Until when sales has to contact the leads of these cycles, as far as they have a clock.
FindDue = Callable[[Connection, Sequence[CycleKey]], Mapping[CycleKey, datetime]]


class _DueNotice(NamedTuple):
    """A notice that can be sent; those of one recipient and wording may be one message."""

    assignment_id: int
    recipient: str
    wording: str
    has_begun: bool


@dataclass(frozen=True)
class NoticeContext:
    """What messages to salespeople need beside the notices: settings, links, rules, and what is due when."""

    settings: SlackSettings
    company: Company
    #: They say how points are shown, and what rules are called.
    rules: RuleSet
    find_due: FindDue = lambda _connection, _keys: {}
    #: Where the pages of leadops are; empty: no link.
    pages_url: str = ""


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
    for group in _list_due(connection, settings, clock()):
        if budget.is_spent:
            break
        with connection.transaction():
            notices, given_up = _lock_notices(connection, chat, group, settings=settings, clock=clock)
            dropped += given_up
            if not notices:
                continue
            record = _MessageRecord(connection, notices[0].first_id, clock=clock)
            attempt = begin_post(record, clock())
        if attempt is None:
            continue
        budget.pace()
        message = _Message(connection, chat, record, context=context)
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


def doubt_open_notices(connection: Connection, *, before: datetime) -> int:
    """Let the open notices made before then be looked up in Slack before they are posted; return how many.

    In the caller's transaction: after the database went back, any of them may have been posted.
    """
    return queries.run(connection, "doubt_open", before=before)


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
        notices = _read_notices(connection, outdated)
    for notice in notices:
        if budget.is_spent:
            break
        try:
            place = _find_place(connection, chat, budget, notice, clock=clock)
            if place is not None:
                with connection.transaction():
                    message = _form_message(connection, notice.first_id, context=context, now=clock())
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
    record = _MessageRecord(connection, notice.first_id, clock=clock)
    key = record.find_key()
    budget.pace()
    place = look_up_if_allowed(lambda: chat.find(key, since=since), [])
    if place is not None:
        with connection.transaction():
            record.note_posted(place, PostOutcome.FOUND)
    return place


def _read_notices(connection: Connection, assignment_ids: Sequence[int]) -> list[AssignmentNotice]:
    if not assignment_ids:
        return []
    return queries.all(connection, "read_notices", AssignmentNotice, assignment_ids=list(assignment_ids))


def _form_message(
    connection: Connection, first_id: int, *, context: NoticeContext, now: datetime
) -> SlackMessage:
    """Return the message in which the notice `first_id` stands, with all others of it."""
    notices = _read_notices(connection, queries.values(connection, "list_message", first_id=first_id))
    known = [CycleKey(notice.lead_id, notice.cycle) for notice in notices if notice.is_current]
    return form_assignment_message(
        notices,
        company=context.company,
        rules=context.rules,
        due=context.find_due(connection, known) if known else {},
        links=AssignmentLinks(context.settings.crm_link, context.pages_url),
        now=now,
    )


def _has_own_channel(chat: Chat, settings: SlackSettings) -> bool:
    """Return whether salespeople have a channel of their own. A connection's own channel wins over theirs."""
    return settings.channel is not None and chat.channel == settings.channel


def _list_due(connection: Connection, settings: SlackSettings, now: datetime) -> list[list[int]]:
    """Return the notices that can be sent, those that may be one message together; the oldest first.

    A message that may be in Slack stays as it is: no other lead joins it.
    """
    with connection.transaction():
        due = queries.all(
            connection,
            "list_due_notices",
            _DueNotice,
            look_up_before=now - LOOK_UP_AFTER,
            wanted_before=now - timedelta(minutes=settings.wait_for_id_minutes),
        )
    groups: list[list[int]] = []
    open_groups: dict[tuple[str, str], list[int]] = {}
    for notice in due:
        key = (notice.recipient, notice.wording)
        group = open_groups.get(key)
        if notice.has_begun or group is None or len(group) == LEADS_IN_MESSAGE:
            group = []
            groups.append(group)
            if not notice.has_begun:
                open_groups[key] = group
        group.append(notice.assignment_id)
    return groups


def _lock_notices(
    connection: Connection,
    chat: Chat,
    assignment_ids: Sequence[int],
    *,
    settings: SlackSettings,
    clock: Callable[[], datetime],
) -> tuple[list[AssignmentNotice], int]:
    """Lock the notices that are still due and make them one message; return how many were dropped."""
    locked = queries.values(
        connection,
        "lock_due_notices",
        assignment_ids=list(assignment_ids),
        look_up_before=clock() - LOOK_UP_AFTER,
    )
    notices, dropped = [], 0
    for notice in _read_notices(connection, locked):
        reason = None
        if clock() - notice.created_at > timedelta(minutes=settings.drop_after_minutes):
            reason = "not delivered within drop_after_minutes"
        elif notice.rep_id is None and not _has_own_channel(chat, settings):
            reason = NO_OWN_CHANNEL
        if reason is None:
            notices.append(notice)
            continue
        queries.run(connection, "drop_notice", assignment_id=notice.assignment_id, reason=reason, now=clock())
        dropped += 1
    # A message that may be in Slack keeps its leads, unless that in which they stood was dropped.
    if notices and (notices[0].unknown_since is None or notices[0].first_id != notices[0].assignment_id):
        first_id, ids = notices[0].assignment_id, [notice.assignment_id for notice in notices]
        queries.run(connection, "leave_message", first_id=first_id, assignment_ids=ids)
        queries.run(connection, "join_message", first_id=first_id, assignment_ids=ids)
        notices = [replace(notice, first_id=first_id) for notice in notices]
    return notices, dropped


class _MessageRecord:
    """The first notice of a message, in routing.notices, as the record of its post; the others follow it."""

    def __init__(self, connection: Connection, first_id: int, *, clock: Callable[[], datetime]) -> None:
        self.first_id, self.clock = first_id, clock
        self._connection = connection

    def find_key(self) -> str:
        """Return the key by which the message is found in Slack."""
        with self._connection.transaction():
            nonce = queries.value(self._connection, "find_nonce", assignment_id=self.first_id)
            return f"{find_installation_id(self._connection)}-routing-{self.first_id}-{nonce}"

    def lock(self) -> PostAttempt | None:
        """Lock the row if it is due."""
        locked = queries.values(
            self._connection,
            "lock_due_notices",
            assignment_ids=[self.first_id],
            look_up_before=self.clock() - LOOK_UP_AFTER,
        )
        notice = next(iter(_read_notices(self._connection, locked)), None)
        return PostAttempt(notice.attempts, notice.unknown_since) if notice else None

    def relock(self) -> PostAttempt | None:
        """Lock the row once nobody else has it; None if it is settled."""
        return queries.first(self._connection, "lock_attempt", PostAttempt, assignment_id=self.first_id)

    def note_attempt(self, now: datetime) -> None:
        """Note that the message may be in Slack from now on."""
        queries.run(self._connection, "note_attempt", assignment_id=self.first_id, now=now)

    def note_refused(self, error: LeadopsError) -> None:  # noqa: ARG002
        """Note that the message is not in Slack."""
        queries.run(self._connection, "note_refused", assignment_id=self.first_id)

    def note_posted(self, place: Posted, outcome: PostOutcome) -> None:  # noqa: ARG002
        """Note where the message is."""
        queries.run(
            self._connection,
            "settle_message",
            assignment_id=self.first_id,
            now=self.clock(),
            channel=place.channel,
            message_ts=place.ts,
        )


class _Message:
    """The message of a record in Slack."""

    def __init__(
        self, connection: Connection, chat: Chat, record: _MessageRecord, *, context: NoticeContext
    ) -> None:
        self._connection, self._chat, self._context = connection, chat, context
        self._record, self._key = record, record.find_key()

    def look_up(self, since: datetime) -> Posted | None:
        """Find the message in the channel, if the app may read it."""
        return look_up_if_allowed(lambda: self._chat.find(self._key, since=since), [])

    def send(self) -> Posted:
        """Post the message."""
        record = self._record
        queries.run(self._connection, "leave_erased", first_id=record.first_id)
        message = _form_message(self._connection, record.first_id, context=self._context, now=record.clock())
        return self._chat.post(text=message.text, blocks=message.blocks, payload={"key": self._key})
