"""Tells on-call that the database is down, without the database; puts it on record when it is back."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from zlib import crc32

from leadops.alerts.lost_message import adopt_message
from leadops.alerts.page import adopt_page
from leadops.alerts.page_step import PageStep
from leadops.alerts.render import render_incident
from leadops.alerts.render_page import render_event
from leadops.clients.chat import Chat, Posted
from leadops.clients.pagerduty import Pager
from leadops.company import Company
from leadops.db import Connection
from leadops.errors import LeadopsError, OutcomeUnknownError
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.finding import CheckFinding, fire
from leadops.incidents.incident import Incident, record_past_incident
from leadops.incidents.kinds import DATABASE_DOWN
from leadops.locks import Lock, hold_lock
from leadops.notifications.messages import Messages

log = logging.getLogger(__name__)

#: Seconds over which several watchdogs spread, so that the others find what the first has posted.
SPREAD = 20


class DatabaseOutage:
    """One watchdog's memory of an outage; `seen_by` names the watchdog, `ticks` counts seconds."""

    def __init__(self, seen_by: str, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._seen_by, self._ticks = seen_by, ticks
        self._delay = crc32(seen_by.encode()) % SPREAD
        self.installation = ""
        self._forget()

    def _forget(self) -> None:
        self._finding: CheckFinding | None = None
        self._began = self._next_try = self._next_page = 0.0
        self._place: Posted | None = None
        self._is_paged = self._may_be_paged = False

    def note(self, reason: str, *, now: datetime) -> None:
        """Note that the database does not answer, for `reason`, at `now` (UTC)."""
        if self._finding is None:
            facts = {"reason": reason, "seen_by": self._seen_by}
            self._finding = fire(DATABASE_DOWN, facts, since=now)
            self._began = self._ticks()

    def notify(
        self, open_chat: Callable[[AlertSettings], Chat], *, settings: AlertSettings, company: Company
    ) -> None:
        """Post the outage once it has lasted, unless another watchdog has; a failed post is tried again."""
        if self._place or self._ticks() < self._next_try or not (incident := self._find_lasting(settings)):
            return
        self._next_try = self._ticks() + settings.look_up_after_seconds
        rendered = render_incident(incident, messages=Messages(company), settings=settings)
        key = f"{self.installation}-{DATABASE_DOWN}"
        try:
            chat = open_chat(settings)
            place = chat.find(key, since=incident.opened_at) if chat.can_edit else None
            if place:  # an earlier outage may have ended in it
                chat.update(place, text=rendered.text, blocks=rendered.blocks)
            self._place = place or chat.post(
                text=rendered.text, blocks=rendered.blocks, payload={"key": key, "shows": rendered.hash}
            )
        except LeadopsError as error:
            log.warning("the outage of the database could not be posted: %s", error)

    def page(
        self, open_pager: Callable[[], Pager | None], *, settings: AlertSettings, company: Company
    ) -> None:
        """Trigger the outage in PagerDuty once it has lasted; under one key, so several watchdogs make one.

        An event that was not accepted is sent again.
        """
        if (
            self._is_paged
            or self._ticks() < self._next_page
            or not (incident := self._find_lasting(settings))
        ):
            return
        if DATABASE_DOWN not in settings.list_paged_kinds():
            return
        self._next_page = self._ticks() + settings.look_up_after_seconds
        messages = Messages(company)
        event = render_event(
            PageStep.TRIGGER, self._dedup_key, [incident], messages=messages, settings=settings
        )
        try:
            if pager := open_pager():
                pager.send(event)
                self._is_paged = self._may_be_paged = True
        except LeadopsError as error:
            self._may_be_paged |= isinstance(error, OutcomeUnknownError)
            log.warning("the outage of the database could not be paged: %s", error)

    @property
    def _dedup_key(self) -> str:
        return "-".join(part for part in ("leadops", self.installation, DATABASE_DOWN) if part)

    def _find_lasting(self, settings: AlertSettings) -> Incident | None:
        """Return the outage as an incident that is not on record, once it has lasted."""
        finding = self._finding
        wait = settings.watchdog.database_after_seconds + self._delay
        if finding is None or self._ticks() - self._began < wait:
            return None
        return Incident(0, finding.kind, finding.subject, finding.since, None, None, finding.facts)

    def end(self, connection: Connection, *, settings: AlertSettings, now: datetime) -> None:
        """The database answers again: put an outage that lasted on record, with its message; commits.

        The next round of notifications shows it as resolved.
        """
        finding, place = self._finding, self._place
        if finding is None:
            return
        lasted = self._ticks() - self._began >= settings.watchdog.database_after_seconds
        if lasted or place or self._may_be_paged:
            with connection.transaction():
                hold_lock(connection, Lock.INCIDENTS)
                resolved_at = max(now, finding.since)
                incident_id = record_past_incident(connection, finding, resolved_at=resolved_at)
                if incident_id and place:
                    adopt_message(connection, incident_id, place, now=now)
                if self._may_be_paged:  # even if another watchdog has recorded the outage
                    adopt_page(connection, self._dedup_key, [incident_id] if incident_id else [], now=now)
        self._forget()
