"""Decides which message and which page is about which incident: one each, or a digest of many."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from leadops.alerts.page import add_page, find_page_digest
from leadops.db import Connection
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import (
    Incident,
    assign_message,
    assign_page,
    count_open,
    list_unannounced,
    list_unpaged,
    suppress,
)
from leadops.incidents.kinds import GROUPS
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__, topic="alert_message")


def plan_messages(connection: Connection, *, settings: AlertSettings, now: datetime) -> None:
    """Give every new incident its message, and every escalated one its escalation; commits."""
    with connection.transaction():
        hold_lock(connection, Lock.INCIDENTS)
        incidents = list_unannounced(connection)
        suppress(connection, [incident for incident in incidents if is_too_short(incident, settings)])
        lasting = [incident for incident in incidents if not is_too_short(incident, settings)]
        for group, kinds in GROUPS.items():
            if of_group := [incident for incident in lasting if incident.kind in kinds]:
                _plan_group(connection, group, of_group, settings, now)
        queries.run(connection, "insert_escalations", now=now)


def is_too_short(incident: Incident, settings: AlertSettings) -> bool:
    """Whether the incident was resolved so soon that it is not worth a message after the fact."""
    return not incident.is_open and incident.duration < timedelta(minutes=settings.suppress_below_minutes)


def _plan_group(
    connection: Connection, group: str, incidents: Sequence[Incident], settings: AlertSettings, now: datetime
) -> None:
    open_now = count_open(connection, GROUPS[group])
    resolved = sum(not incident.is_open for incident in incidents)
    if open_now + resolved <= settings.digest_above:
        for incident in incidents:
            message_id = add_message(connection, "incident", None, now)
            assign_message(connection, message_id, [incident.incident_id])
        return
    digest = queries.value(
        connection, "lock_digest", digest_group=group, since=now - timedelta(hours=settings.digest_hours)
    )
    message_id = digest or add_message(connection, "digest", group, now)
    assign_message(connection, message_id, [incident.incident_id for incident in incidents])


def add_message(connection: Connection, purpose: str, group: str | None, now: datetime) -> int:
    """Record a message that is still to be posted; return its id."""
    message_id: int = queries.value(
        connection, "insert_message", purpose=purpose, digest_group=group, now=now
    )
    return message_id


def plan_pages(connection: Connection, *, settings: AlertSettings, now: datetime) -> None:
    """Give every open incident that goes to PagerDuty its page; commits.

    Incidents that go nowhere else are kept out of Slack from then on.
    """
    with connection.transaction():
        hold_lock(connection, Lock.INCIDENTS)
        incidents = list_unpaged(connection, settings.list_paged_kinds())
        for group, kinds in GROUPS.items():
            if of_group := [incident for incident in incidents if incident.kind in kinds]:
                _plan_page_group(connection, group, of_group, settings, now)


def has_unpaged(connection: Connection, settings: AlertSettings) -> bool:
    """Whether an open incident waits for its page."""
    return bool(list_unpaged(connection, settings.list_paged_kinds()))


def _plan_page_group(
    connection: Connection, group: str, incidents: Sequence[Incident], settings: AlertSettings, now: datetime
) -> None:
    paged, only_paged = settings.list_paged_kinds(), settings.list_paged_kinds(only=True)
    if count_open(connection, [kind for kind in GROUPS[group] if kind in paged]) <= settings.digest_above:
        for incident in incidents:
            page_id = add_page(connection, incident.incident_id, None, now)
            assign_page(connection, page_id, [incident.incident_id], only_paged=only_paged)
        return
    since = now - timedelta(hours=settings.digest_hours)
    page_id = find_page_digest(connection, group, since=since) or add_page(connection, group, group, now)
    assign_page(connection, page_id, [incident.incident_id for incident in incidents], only_paged=only_paged)
