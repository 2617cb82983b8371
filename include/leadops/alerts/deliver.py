"""Takes one message through its next steps, so that being killed anywhere neither loses nor doubles it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.blocks import Rendered
from leadops.alerts.catalogue import Words
from leadops.alerts.decide import Step, decide, show, sum_up
from leadops.alerts.incident import Incident, read_incidents
from leadops.alerts.message import (
    Message,
    add_resolution,
    note_attempt,
    note_final,
    note_not_posted,
    note_posted,
    note_shown,
    note_tried,
    read_message,
)
from leadops.alerts.plan import silence
from leadops.clients.chat import Chat, Posted
from leadops.clients.slack_errors import ChatRefused, ChatUnknown, MessageGone
from leadops.db import Connection
from leadops.errors import LeadopsError


class Teller:
    """One run's way of telling; counts what it did."""

    def __init__(
        self,
        connection: Connection,
        chat: Chat,
        *,
        settings: AlertSettings,
        words: Words,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self.calls = 0
        self.done: Counter[str] = Counter()
        self.problems: list[str] = []
        self._connection = connection
        self._chat = chat
        self._settings = settings
        self._words = words
        self._clock = clock
        self._sleep = sleep
        row = connection.execute("select installation_id from delivery.installation").fetchone()
        self._installation = row[0] if row else ""
        connection.commit()

    def is_due(self, message_id: int) -> bool:
        """Whether there is something to tell that this run does not get to."""
        message = read_message(self._connection, message_id)
        return message is not None and self._decide(message)[0] not in (Step.NOTHING, Step.CLOSE)

    def bring_up_to_date(self, message_id: int) -> bool:
        """Do the next step of one message, and those that follow from it; commits as it goes.

        Returns False where it has to wait for a later run. Raises one of leadops.clients.slack_errors.
        """
        with self._connection.transaction():
            message = read_message(self._connection, message_id, lock=True)
            if message is None:
                return True  # another process tells it
            step, incidents, rendered = self._decide(message)
            if step in (Step.NOTHING, Step.WAIT):
                return step is Step.NOTHING
            if step is Step.EDIT:
                follow_up, error = self._edit(message, incidents, rendered)
            else:
                follow_up, error = self._settle(step, message, incidents), None
        if error:
            raise error
        if step in (Step.POST, Step.LOOK_UP):
            found = self._post(message, step, incidents, rendered)
            return self.bring_up_to_date(message_id) if found else True
        return self.bring_up_to_date(follow_up) if follow_up else True

    def _decide(self, message: Message) -> tuple[Step, list[Incident], Rendered]:
        incidents = read_incidents(self._connection, message.parent_id or message.message_id)
        rendered = show(message, incidents, words=self._words, settings=self._settings)
        step = decide(
            message,
            incidents,
            rendered,
            settings=self._settings,
            can_edit=self._chat.can_edit,
            now=self._clock(),
        )
        return step, incidents, rendered

    def _settle(self, step: Step, message: Message, incidents: Sequence[Incident]) -> int | None:
        """Do what needs no call; returns the message that now has to tell the end, if any."""
        if step in (Step.POST, Step.LOOK_UP):
            note_attempt(self._connection, message, self._clock())
            return None
        if step is Step.SILENCE:
            silence(self._connection, incidents)
        note_final(self._connection, message)
        return add_resolution(self._connection, message, self._clock()) if step is Step.FOLLOW_UP else None

    def _edit(
        self, message: Message, incidents: Sequence[Incident], rendered: Rendered
    ) -> tuple[int | None, LeadopsError | None]:
        """Edit in place. The same edit twice is the same message: no need to know how a lost one ended."""
        over = not any(incident.is_open for incident in incidents)
        follow_up = None
        self._pace()
        try:
            self._chat.update(message.place, text=rendered.text, blocks=rendered.blocks)
        except MessageGone as gone:
            if over and not gone.deleted:
                follow_up = add_resolution(self._connection, message, self._clock())
        except LeadopsError as error:
            note_tried(self._connection, message, self._clock())
            return None, error
        else:
            self.done["resolved" if over else "updated"] += 1
        note_shown(self._connection, message, rendered, self._clock(), sum_up(message, incidents))
        if over:
            note_final(self._connection, message)
        return follow_up, None

    def _post(self, message: Message, step: Step, incidents: Sequence[Incident], rendered: Rendered) -> bool:
        """Post a message whose attempt is on record; returns whether it was found in Slack instead."""
        with self._connection.transaction():
            mine = read_message(self._connection, message.message_id, lock=True)
            if mine is None or mine.attempts != message.attempts + 1:
                return False  # another process took over
            error, found = None, None
            try:
                found = self._find(message) if step is Step.LOOK_UP else None
            except LeadopsError as failed:
                error = failed
            if found:
                note_posted(self._connection, message, found, self._clock(), None)
            elif not error:
                error = self._send(message, incidents, rendered)
        if error:
            raise error
        return found is not None

    def _send(
        self, message: Message, incidents: Sequence[Incident], rendered: Rendered
    ) -> LeadopsError | None:
        """Post; what is known of the outcome is written down in the caller's transaction."""
        over = not any(incident.is_open for incident in incidents)
        payload = {
            "key": self._key(message),
            "shows": rendered.hash,
            "incident_id": str(incidents[0].incident_id),
        }
        self._pace()
        try:
            place = self._chat.post(
                text=rendered.text, blocks=rendered.blocks, payload=payload, thread=self._thread(message)
            )
        except ChatUnknown as error:
            return error
        except MessageGone:  # the thread is: nobody will read an answer in it
            note_final(self._connection, message)
            return None
        except LeadopsError as error:
            note_not_posted(self._connection, message)
            return error
        facts = sum_up(message, incidents)
        note_posted(self._connection, message, place, self._clock(), facts)
        is_end = message.purpose == "resolution" or (over and message.purpose != "escalation")
        self.done["resolved" if is_end else message.purpose] += 1
        if over or message.purpose == "escalation":
            note_final(self._connection, message)
        return None

    def _find(self, message: Message) -> Posted | None:
        """Look the message up; without the right to read the channel, rather post twice than not at all."""
        self.calls += 1
        try:
            return self._chat.find(
                self._key(message),
                since=message.telling_since or self._clock(),
                thread=self._thread(message),
            )
        except ChatRefused as refused:
            if refused.code != "missing_scope":
                raise
            self.problems.append(str(refused))
            return None

    def _thread(self, message: Message) -> Posted | None:
        parent = read_message(self._connection, message.parent_id) if message.parent_id else None
        return parent.place if parent and parent.message_ts else None

    def _key(self, message: Message) -> str:
        return f"{self._installation}-{message.message_id}"

    def _pace(self) -> None:
        if self.calls:
            self._sleep(self._settings.seconds_between_calls)
        self.calls += 1
