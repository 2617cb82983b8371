"""Tells salespeople of their leads, one Slack message each: once, as far as Slack lets us know."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.clients.chat import Chat, Posted
from leadops.clients.slack_errors import ChatRefusedError, ChatUnknownError
from leadops.company import Company
from leadops.db import Connection, load_sql
from leadops.errors import LeadopsError
from leadops.routing.routing_rules import SlackSettings
from leadops.routing.words import say

#: A message whose post ended without an answer may still appear; it is looked up no sooner than this.
LOOK_UP_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Notice:
    """A message to send, its row locked."""

    created_at: datetime
    attempts: int
    telling_since: datetime | None
    lead_id: int
    rep_id: str | None
    queue: str | None
    cause: str
    crm_id: str | None
    slack_id: str | None


@dataclass(frozen=True)
class ToldReps:
    """How many messages were sent or dropped as too old; `problem` says why the rest has to wait."""

    told: int
    dropped: int
    problem: str = ""


def tell_reps(
    connection: Connection,
    chat: Chat,
    *,
    settings: SlackSettings,
    company: Company,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> ToldReps:
    """Send the open notices, the oldest first; commits as it goes, may run twice at once and be killed.

    Before a post its beginning is put on record. A post of unknown outcome is looked up in the channel before
    it is sent again; a webhook cannot look up, and then rather sends twice than not at all. The first call
    that fails ends the run; what could not be told for `drop_after_minutes` is dropped.
    """
    connection.commit()
    told = dropped = calls = 0
    for assignment_id in _list(connection, settings, clock()):
        if calls >= settings.at_most:
            break
        teller = Teller(connection, chat, assignment_id, settings=settings, company=company, clock=clock)
        begun = teller.begin()
        if begun == "dropped":
            dropped += 1
        if begun != "begun":
            continue
        if calls:
            sleep(settings.seconds_between)
        calls += 1
        try:
            told += teller.send()
        except LeadopsError as error:
            return ToldReps(told, dropped, str(error))
    return ToldReps(told, dropped)


def _list(connection: Connection, settings: SlackSettings, now: datetime) -> list[int]:
    with connection.transaction():
        rows = connection.execute(
            load_sql("leadops.routing", "list_notices"),
            {
                "look_up_before": now - LOOK_UP_AFTER,
                "wanted_before": now - timedelta(minutes=settings.wait_for_id_minutes),
            },
        ).fetchall()
    return [assignment_id for (assignment_id,) in rows]


class Teller:
    """Sends one notice: `begin` puts on record that it may be in Slack from now on, `send` sends it."""

    def __init__(
        self,
        connection: Connection,
        chat: Chat,
        assignment_id: int,
        *,
        settings: SlackSettings,
        company: Company,
        clock: Callable[[], datetime],
    ) -> None:
        self._connection, self._chat, self._id = connection, chat, assignment_id
        self._settings, self._company, self._clock = settings, company, clock
        self._attempt = 0
        self._unknown_since: datetime | None = None

    def begin(self) -> str:
        """Return "begun", "dropped" (too old), or "taken" where another process tells it."""
        with self._connection.transaction():
            notice = self._lock()
            if notice is None:
                return "taken"
            now = self._clock()
            if now - notice.created_at > timedelta(minutes=self._settings.drop_after_minutes):
                self._settle("dropped", reason="it could not be told in time")
                return "dropped"
            self._unknown_since, self._attempt = notice.telling_since, notice.attempts + 1
            self._connection.execute(
                "update routing.notices set attempts = attempts + 1, tried_at = %(now)s,"
                " telling_since = coalesce(telling_since, %(now)s) where assignment_id = %(id)s",
                {"now": now, "id": self._id},
            )
        return "begun"

    def send(self) -> int:
        """Post it, unless it is there already; return how many were told. Raises slack_errors."""
        error: LeadopsError | None = None
        with self._connection.transaction():
            notice = self._lock()
            if notice is None or notice.attempts != self._attempt:
                return 0  # another process took over
            try:
                self._settle("told", place=self._find() or self._post(notice))
            except ChatUnknownError as unknown:
                error = unknown
            except LeadopsError as refused:
                error = refused
                self._connection.execute(
                    "update routing.notices set telling_since = %s where assignment_id = %s",
                    [self._unknown_since, self._id],
                )
        if error:
            raise error
        return 1

    def _lock(self) -> Notice | None:
        row = self._connection.execute(
            load_sql("leadops.routing", "lock_notice"), {"assignment_id": self._id}
        ).fetchone()
        return Notice(*row) if row else None

    def _find(self) -> Posted | None:
        """Look for a post of unknown outcome; without the right to read, post rather twice than never."""
        if self._unknown_since is None or not self._chat.can_edit:
            return None
        try:
            return self._chat.find(self._key(), since=self._unknown_since)
        except ChatRefusedError as refused:
            if refused.code != "missing_scope":
                raise
            return None

    def _post(self, notice: Notice) -> Posted:
        slack_id = notice.slack_id if notice.slack_id and notice.slack_id.isalnum() else None
        text = say(
            self._company,
            lead_id=notice.lead_id,
            rep_id=notice.rep_id,
            slack_id=slack_id,
            queue=notice.queue,
            cause=notice.cause,
            crm_id=notice.crm_id,
            crm_link=self._settings.crm_link,
        )
        block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        return self._chat.post(text=text, blocks=[block], payload={"key": self._key()})

    def _key(self) -> str:
        row = self._connection.execute("select installation_id from delivery.installation").fetchone()
        return f"{row[0] if row else ''}-routing-{self._id}"

    def _settle(self, state: str, *, place: Posted | None = None, reason: str | None = None) -> None:
        self._connection.execute(
            "update routing.notices set state = %s, settled_at = %s, channel = %s, message_ts = %s,"
            " reason = %s where assignment_id = %s",
            [
                state,
                self._clock(),
                place.channel if place else None,
                place.ts if place else None,
                reason,
                self._id,
            ],
        )
