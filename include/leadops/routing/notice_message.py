"""The Slack message of one or more notices: its text, its record in routing.notices, and its post."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadops.clients.chat import Chat, Posted
from leadops.company import Company
from leadops.db import Connection
from leadops.delivery.database_mark import find_installation_id
from leadops.errors import LeadopsError
from leadops.lifecycle.publish import CycleKey
from leadops.notifications.blocks import SlackMessage
from leadops.notifications.post_once import PostAttempt, PostOutcome, look_up_if_allowed
from leadops.queries import Queries
from leadops.routing.assignment_message import AssignmentLinks, RuleLabels, form_assignment_message
from leadops.routing.notices import lock_due, read_notices
from leadops.routing.routing_rules import SlackSettings
from leadops.scoring.grades import Grades

queries = Queries(__file__, topic="notices")

#: Until when sales has to contact the leads of these cycles, as far as they have a clock.
FindDue = Callable[[Connection, Sequence[CycleKey]], Mapping[CycleKey, datetime]]


@dataclass(frozen=True)
class NoticeContext:
    """What messages to salespeople need beside the notices: settings, links, rules, and what is due when."""

    settings: SlackSettings
    company: Company
    #: How points are shown.
    grades: Grades
    #: What sales reads in place of the names of rules, by rule and language.
    rule_labels: RuleLabels
    find_due: FindDue = lambda _connection, _keys: {}
    #: Where the pages of leadops are; empty: no link.
    pages_url: str = ""


def form_message(
    connection: Connection, first_id: int, *, context: NoticeContext, now: datetime
) -> SlackMessage:
    """Return the message in which the notice `first_id` stands, with all others of it."""
    notices = read_notices(connection, queries.values(connection, "list_message", first_id=first_id))
    known = [CycleKey(notice.lead_id, notice.cycle) for notice in notices if notice.is_current]
    return form_assignment_message(
        notices,
        company=context.company,
        grades=context.grades,
        rule_labels=context.rule_labels,
        due=context.find_due(connection, known) if known else {},
        links=AssignmentLinks(context.settings.crm_link, context.pages_url),
        now=now,
    )


class NoticeRecord:
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
        notice = next(iter(lock_due(self._connection, [self.first_id], clock=self.clock)), None)
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


class NoticeMessage:
    """The message of a record in Slack."""

    def __init__(
        self, connection: Connection, chat: Chat, record: NoticeRecord, *, context: NoticeContext
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
        message = form_message(self._connection, record.first_id, context=self._context, now=record.clock())
        return self._chat.post(text=message.text, blocks=message.blocks, payload={"key": self._key})
