"""Notifies salespeople of their leads: one Slack message per assignment, posted once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.clients.chat import Chat, Posted
from leadops.clients.slack_errors import MessageGoneError
from leadops.company import Company
from leadops.db import Connection
from leadops.delivery.database_mark import ON_HOLD, find_hold, find_installation_id
from leadops.errors import LeadopsError
from leadops.notifications.blocks import compose_text
from leadops.notifications.call_budget import CallBudget
from leadops.notifications.post_once import (
    PostAttempt,
    PostOutcome,
    begin_post,
    finish_post,
    look_up_if_allowed,
)
from leadops.queries import Queries
from leadops.routing.assignment_message import form_assignment_message
from leadops.routing.routing_rules import SlackSettings

queries = Queries(__file__)

#: Why a message about a lead after hours is not sent.
NO_OWN_CHANNEL = "after hours: no channel of its own (slack.channel of routing.yaml)"

#: A message whose post ended without an answer may still appear; it is looked up no sooner than this.
LOOK_UP_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class AssignmentNotice:
    """A message to a salesperson; times in UTC. `withdrawn_because`: why the MQL was taken back."""

    assignment_id: int
    created_at: datetime
    attempts: int
    unknown_since: datetime | None
    lead_id: int
    rep_id: str | None
    queue: str | None
    cause: str
    withdrawn_because: str | None
    account_state: str | None  # customer or open_deal: a customer's colleague, who is counted apart
    crm_id: str | None  # None: not known, or erased
    slack_id: str | None
    channel: str | None
    message_ts: str | None


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
    settings: SlackSettings,
    company: Company,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> RepNotifyResult:
    """Send the open notices, the oldest first; commits as it goes, may run twice at once and be killed.

    The first call that fails ends the run. A notice not sent within `drop_after_minutes` is dropped. So is a
    notice to those who cover the hours outside working hours, if it would go to the channel of alerts: at
    night that is a post for each lead to whoever is on call.
    """
    connection.commit()
    with connection.transaction():
        if find_hold(connection):
            return RepNotifyResult(0, 0, ON_HOLD)
    budget = CallBudget(most=settings.at_most, seconds_between=settings.seconds_between, sleep=sleep)
    sent = dropped = 0
    problem = _replace_outdated(connection, chat, budget, settings=settings, company=company)
    if problem:
        return RepNotifyResult(sent, dropped, problem)
    for assignment_id in _list_due(connection, settings, clock()):
        if budget.is_spent:
            break
        record = _NoticeRecord(connection, assignment_id, clock=clock)
        with connection.transaction():
            notice = record.read_due()
            if notice and clock() - notice.created_at > timedelta(minutes=settings.drop_after_minutes):
                record.drop("not delivered within drop_after_minutes")
                dropped += 1
                continue
            if notice and notice.rep_id is None and not _has_own_channel(chat, settings):
                record.drop(NO_OWN_CHANNEL)
                dropped += 1
                continue
            attempt = begin_post(record, clock())
        if notice is None or attempt is None:
            continue
        budget.pace()
        message = _Message(chat, record.find_key(), notice, settings=settings, company=company)
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
    connection: Connection, chat: Chat, budget: CallBudget, *, settings: SlackSettings, company: Company
) -> str:
    """Replace messages about somebody erased, and about MQLs that were taken back; commits.

    Returns why the rest has to wait. Killed after an edit, it makes the same edit again. A webhook cannot
    edit: such a message stays as it is (docs/erasure.md, docs/routing.md).
    """
    with connection.transaction():
        notices = _read_notices(
            connection, queries.values(connection, "list_outdated", max_rows=settings.at_most)
        )
    for notice in notices:
        if budget.is_spent:
            break
        message = compose_text(_form_text(notice, settings=settings, company=company))
        if chat.can_edit and notice.message_ts:  # without it, a webhook posted it
            budget.pace()
            try:
                place = Posted(notice.channel, notice.message_ts)
                chat.update(place, text=message.text, blocks=message.blocks)
            except MessageGoneError:
                pass
            except LeadopsError as error:
                return str(error)
        with connection.transaction():
            queries.run(connection, "note_replaced", assignment_id=notice.assignment_id)
    return ""


def _read_notices(connection: Connection, assignment_ids: Sequence[int]) -> list[AssignmentNotice]:
    if not assignment_ids:
        return []
    return queries.all(connection, "read_notices", AssignmentNotice, assignment_ids=list(assignment_ids))


def _form_text(notice: AssignmentNotice, *, settings: SlackSettings, company: Company) -> str:
    slack_id = notice.slack_id if notice.slack_id and notice.slack_id.isalnum() else None
    return form_assignment_message(
        company,
        lead_id=notice.lead_id,
        rep_id=notice.rep_id,
        slack_id=slack_id,
        queue=notice.queue,
        cause=notice.cause,
        withdrawn_because=notice.withdrawn_because,
        account_state=notice.account_state,
        crm_id=notice.crm_id,
        crm_link=settings.crm_link,
    )


def _has_own_channel(chat: Chat, settings: SlackSettings) -> bool:
    """Return whether salespeople have a channel of their own. A connection's own channel wins over theirs."""
    return settings.channel is not None and chat.channel == settings.channel


def _list_due(connection: Connection, settings: SlackSettings, now: datetime) -> list[int]:
    with connection.transaction():
        return queries.values(
            connection,
            "list_due_notices",
            look_up_before=now - LOOK_UP_AFTER,
            wanted_before=now - timedelta(minutes=settings.wait_for_id_minutes),
        )


class _NoticeRecord:
    """The row of routing.notices as the record of one post."""

    def __init__(self, connection: Connection, assignment_id: int, *, clock: Callable[[], datetime]) -> None:
        self._connection, self._id, self._clock = connection, assignment_id, clock

    def read_due(self) -> AssignmentNotice | None:
        """Return the notice, locked; None if another process has it, tried it just now or settled it."""
        locked = queries.values(
            self._connection,
            "lock_due_notice",
            assignment_id=self._id,
            look_up_before=self._clock() - LOOK_UP_AFTER,
        )
        return next(iter(_read_notices(self._connection, locked)), None)

    def find_key(self) -> str:
        """Return the key by which the message is found in Slack."""
        with self._connection.transaction():
            nonce = queries.value(self._connection, "find_nonce", assignment_id=self._id)
            return f"{find_installation_id(self._connection)}-routing-{self._id}-{nonce}"

    def lock(self) -> PostAttempt | None:
        """Lock the row if it is due."""
        notice = self.read_due()
        return PostAttempt(notice.attempts, notice.unknown_since) if notice else None

    def relock(self) -> PostAttempt | None:
        """Lock the row once nobody else has it; None if it is settled."""
        return queries.first(self._connection, "lock_attempt", PostAttempt, assignment_id=self._id)

    def note_attempt(self, now: datetime) -> None:
        """Note that the message may be in Slack from now on."""
        queries.run(self._connection, "note_attempt", assignment_id=self._id, now=now)

    def note_refused(self, error: LeadopsError) -> None:  # noqa: ARG002
        """Note that the message is not in Slack."""
        queries.run(self._connection, "note_refused", assignment_id=self._id)

    def note_posted(self, place: Posted, outcome: PostOutcome) -> None:  # noqa: ARG002
        """Note where the message is."""
        self._settle("sent", place)

    def drop(self, reason: str) -> None:
        """Note that the message will not be sent."""
        self._settle("dropped", Posted(), reason=reason)

    def _settle(self, state: str, place: Posted, *, reason: str | None = None) -> None:
        queries.run(
            self._connection,
            "settle_notice",
            assignment_id=self._id,
            state=state,
            now=self._clock(),
            channel=place.channel,
            message_ts=place.ts,
            reason=reason,
        )


class _Message:
    """One notice as a message in Slack."""

    def __init__(
        self, chat: Chat, key: str, notice: AssignmentNotice, *, settings: SlackSettings, company: Company
    ) -> None:
        self._chat, self._key, self._notice = chat, key, notice
        self._settings, self._company = settings, company

    def look_up(self, since: datetime) -> Posted | None:
        """Find the message in the channel, if the app may read it."""
        return look_up_if_allowed(lambda: self._chat.find(self._key, since=since), [])

    def send(self) -> Posted:
        """Post the message."""
        message = compose_text(_form_text(self._notice, settings=self._settings, company=self._company))
        return self._chat.post(text=message.text, blocks=message.blocks, payload={"key": self._key})
