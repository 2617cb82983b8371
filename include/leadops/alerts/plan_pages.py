"""Decides which page is about which incident: one each, or a digest where there are many, as in Slack."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from leadops.alerts.page import add_page, find_page_digest
from leadops.db import Connection
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident, assign_page, count_open, list_unpaged
from leadops.incidents.kinds import GROUPS
from leadops.locks import Lock, hold_lock


def plan_pages(connection: Connection, *, settings: AlertSettings, now: datetime) -> None:
    """Give every open incident that goes to PagerDuty its page; commits.

    Incidents that go nowhere else are kept out of Slack from then on.
    """
    with connection.transaction():
        hold_lock(connection, Lock.INCIDENTS)
        incidents = list_unpaged(connection, settings.list_paged_kinds())
        for group, kinds in GROUPS.items():
            if of_group := [incident for incident in incidents if incident.kind in kinds]:
                _plan_group(connection, group, of_group, settings, now)


def has_unpaged(connection: Connection, settings: AlertSettings) -> bool:
    """Whether an open incident waits for its page."""
    return bool(list_unpaged(connection, settings.list_paged_kinds()))


def _plan_group(
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
