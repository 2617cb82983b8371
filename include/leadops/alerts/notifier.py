"""Does the next step of a message: posts, edits, looks up, and puts the outcome on record."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leadops.alerts.alert_message import (
    AlertMessage,
    add_resolution,
    list_open_messages,
    lock_attempt,
    lock_message,
    note_attempt,
    note_edited,
    note_final,
    note_posted,
    note_refused,
    note_tried,
    read_message,
)
from leadops.alerts.lost_message import ENDED, LOST_PROBLEMS_RETURN, find_lost_message, name_problem
from leadops.alerts.next_step import NextStep, decide_step, render_message, sum_up
from leadops.clients.chat import Chat, Posted
from leadops.clients.slack_errors import MessageGoneError
from leadops.db import Connection
from leadops.delivery.database_mark import find_installation_id, find_lost_time
from leadops.errors import LeadopsError
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import (
    Incident,
    list_announced,
    suppress,
)
from leadops.notifications.blocks import SlackMessage
from leadops.notifications.call_budget import CallBudget
from leadops.notifications.messages import Messages
from leadops.notifications.post_once import (
    PostAttempt,
    PostOutcome,
    begin_post,
    finish_post,
    look_up_if_allowed,
)


class IncidentNotifier:
    """One run that brings messages up to date; counts what it did in `done`, lists `problems` for the log."""

    def __init__(
        self,
        connection: Connection,
        chat: Chat,
        *,
        settings: AlertSettings,
        messages: Messages,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self.done: Counter[str] = Counter()
        self.problems: list[str] = []
        self.budget = CallBudget(
            most=settings.max_calls_per_run, seconds_between=settings.seconds_between_calls, sleep=sleep
        )
        self._connection = connection
        self._chat = chat
        self._settings = settings
        self._messages = messages
        self._clock = clock
        self._installation = find_installation_id(connection)
        self._lost_since = find_lost_time(connection, ended_after=clock() - LOST_PROBLEMS_RETURN)
        connection.commit()

    def list_due(self) -> list[int]:
        """Return the ids of the messages that have a next step, those never tried first.

        Four statements, however many are open: a problem that stays open for months costs a minute little.
        """
        messages = list_open_messages(self._connection)
        announced = defaultdict[int | None, list[Incident]](list)
        for incident in list_announced(self._connection, [message.subject_id for message in messages]):
            announced[incident.message_id].append(incident)
        return [
            message.message_id
            for message in messages
            if self._decide(message, announced[message.subject_id]).step is not NextStep.NOTHING
        ]

    def is_due(self, message_id: int) -> bool:
        """Whether something is left to do that this run does not get to."""
        message = read_message(self._connection, message_id)
        if message is None:
            return False
        incidents = list_announced(self._connection, [message.subject_id])
        return self._decide(message, incidents).step not in (NextStep.NOTHING, NextStep.CLOSE)

    def bring_up_to_date(self, message_id: int) -> bool:
        """Do the next step of one message, and those that follow from it; commits as it goes.

        Returns False where it has to wait for a later run. Raises one of leadops.clients.slack_errors.
        """
        error, follow_up, attempt = None, None, None
        with self._connection.transaction():
            message = lock_message(self._connection, message_id)
            if message is None:
                return True  # another process has it
            due = self._decide(message, list_announced(self._connection, [message.subject_id]))
            record = _AlertPostRecord(self._connection, due, self._clock)
            if due.step in (NextStep.NOTHING, NextStep.WAIT):
                return due.step is NextStep.NOTHING
            if due.step is NextStep.EDIT:
                follow_up, error = self._edit(due)
            elif due.step in (NextStep.POST, NextStep.LOOK_UP):
                attempt = begin_post(record, self._clock())
            else:
                follow_up = self._close(due)
        if error:
            raise error
        if attempt:
            found = self._post(due, record, attempt) is PostOutcome.FOUND
            return self.bring_up_to_date(message_id) if found else True
        return self.bring_up_to_date(follow_up) if follow_up else True

    def _decide(self, message: AlertMessage, incidents: Sequence[Incident]) -> "_DueMessage":
        rendered = render_message(message, incidents, messages=self._messages, settings=self._settings)
        step = decide_step(
            message,
            incidents,
            rendered,
            settings=self._settings,
            can_edit=self._chat.can_edit,
            now=self._clock(),
        )
        return _DueMessage(message, step, incidents, rendered)

    def _close(self, due: "_DueMessage") -> int | None:
        """Do what needs no call; return the message that now has to post the resolution, if any."""
        if due.step is NextStep.SUPPRESS:
            suppress(self._connection, due.incidents)
        note_final(self._connection, due.message.message_id)
        if due.step is not NextStep.FOLLOW_UP:
            return None
        return add_resolution(self._connection, due.message, self._clock())

    def _edit(self, due: "_DueMessage") -> tuple[int | None, LeadopsError | None]:
        """Edit in place. The same edit twice is the same message, so an unknown outcome needs no look-up."""
        message, follow_up = due.message, None
        self.budget.pace()
        try:
            self._chat.update(
                message.place,
                text=due.rendered.text,
                blocks=due.rendered.blocks,
                payload=self._carry(due) | {ENDED: "true"} if due.is_resolved else None,
            )
        except MessageGoneError as gone:
            if due.is_resolved and not gone.deleted:
                follow_up = add_resolution(self._connection, message, self._clock())
        except LeadopsError as error:
            note_tried(self._connection, message, self._clock())
            return None, error
        else:
            self.done["resolved" if due.is_resolved else "updated"] += 1
        note_edited(self._connection, message, due.rendered, self._clock(), sum_up(message, due.incidents))
        if due.is_resolved:
            note_final(self._connection, message.message_id)
        return follow_up, None

    def _post(self, due: "_DueMessage", record: "_AlertPostRecord", attempt: PostAttempt) -> PostOutcome:
        """Post a message whose attempt is on record, or find it in Slack."""
        message = due.message

        is_lost_sought = attempt.unknown_since is None and self._lost_since is not None
        if is_lost_sought and self._chat.can_edit and message.purpose != "resolution":
            attempt = replace(attempt, unknown_since=self._lost_since)

        def look_up(since: datetime) -> Posted | None:
            self.budget.count()
            return look_up_if_allowed(lambda: self._find(due, since), self.problems)

        def send() -> Posted:
            self.budget.pace()
            return self._chat.post(
                text=due.rendered.text,
                blocks=due.rendered.blocks,
                payload=self._carry(due),
                thread=self._thread(message),
            )

        try:
            outcome = finish_post(
                self._connection,
                record,
                attempt,
                look_up=look_up if self._chat.can_edit else None,
                send=send,
            )
        except MessageGoneError:  # its thread was deleted: nobody will read a reply in it
            with self._connection.transaction():
                note_final(self._connection, message.message_id)
            return PostOutcome.SUPERSEDED
        if outcome is PostOutcome.POSTED:
            self.done[due.counted_as] += 1
        return outcome

    def _thread(self, message: AlertMessage) -> Posted | None:
        parent = read_message(self._connection, message.parent_id) if message.parent_id else None
        return parent.place if parent and parent.message_ts else None

    def _find(self, due: "_DueMessage", since: datetime) -> Posted | None:
        """Find the message in Slack, or one about the same problem that a database of later posted.

        The second is looked for only if the database went back; one that shows its problem as over is left.
        """
        key, thread = self._key(due.message), self._thread(due.message)
        if self._lost_since is None:
            return self._chat.find(key, since=since, thread=thread)
        posted = self._chat.list_posted(since=min(since, self._lost_since), thread=thread)
        own = next((message for message in posted if message.payload.get("key") == key), None)
        return own or find_lost_message(self._connection, posted, problem=self._name_problem(due))

    def _carry(self, due: "_DueMessage") -> dict[str, str]:
        """Return what the message carries in Slack, for nobody to see."""
        return {
            "key": self._key(due.message),
            "problem": self._name_problem(due),
            "shows": due.rendered.hash,
            "incident_id": str(due.incidents[0].incident_id),
        }

    def _name_problem(self, due: "_DueMessage") -> str:
        return name_problem(due.message.purpose, due.incidents, installation=self._installation)

    def _key(self, message: AlertMessage) -> str:
        return f"{self._installation}-{message.message_id}-{message.nonce}"


@dataclass(frozen=True)
class _DueMessage:
    """A message, its next step, the incidents it is about, and what it should show."""

    message: AlertMessage
    step: NextStep
    incidents: Sequence[Incident]
    rendered: SlackMessage

    @property
    def is_resolved(self) -> bool:
        """Whether none of its incidents is open."""
        return not any(incident.is_open for incident in self.incidents)

    @property
    def counted_as(self) -> str:
        """What posting it counts as in the run's result."""
        purpose = self.message.purpose
        is_end = purpose == "resolution" or (self.is_resolved and purpose != "escalation")
        return "resolved" if is_end else purpose


class _AlertPostRecord:
    """The row of alerts.messages as the record of one post."""

    def __init__(self, connection: Connection, due: _DueMessage, clock: Callable[[], datetime]) -> None:
        self._connection, self._due, self._clock = connection, due, clock
        self._id = due.message.message_id

    def lock(self) -> PostAttempt | None:
        """Lock the row."""
        message = lock_message(self._connection, self._id)
        return PostAttempt(message.attempts, message.unknown_since) if message else None

    def relock(self) -> PostAttempt | None:
        """Lock the row once nobody else has it."""
        return lock_attempt(self._connection, self._id)

    def note_attempt(self, now: datetime) -> None:
        """Note that the message may be in Slack from now on."""
        note_attempt(self._connection, self._id, now)

    def note_refused(self, error: LeadopsError) -> None:  # noqa: ARG002
        """Note that the message is not in Slack."""
        note_refused(self._connection, self._id)

    def note_posted(self, place: Posted, outcome: PostOutcome) -> None:
        """Note where the message is; one that was found shows facts of an unknown time."""
        due = self._due
        if outcome is PostOutcome.FOUND:
            note_posted(self._connection, self._id, place, self._clock(), None)
            return
        facts = sum_up(due.message, due.incidents)
        note_posted(self._connection, self._id, place, self._clock(), facts)
        if due.is_resolved or due.message.purpose == "escalation":
            note_final(self._connection, self._id)
