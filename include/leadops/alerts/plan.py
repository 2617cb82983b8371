"""Decides which message tells which incident: one each, or a digest where there are many."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.incident import COLUMNS, Incident
from leadops.alerts.kinds import GROUPS
from leadops.db import Connection, load_sql
from leadops.locks import Lock, hold_lock


def plan_messages(connection: Connection, *, settings: AlertSettings, now: datetime) -> None:
    """Give every incident that nobody has told yet its message, and escalated ones their call; commits."""
    with connection.transaction():
        hold_lock(connection, Lock.INCIDENTS)
        rows = connection.execute(
            f"select {COLUMNS} from alerts.incidents where message_id is null and not is_quiet"  # noqa: S608
            " order by opened_at, incident_id"
        )
        untold = [Incident(*row) for row in rows]
        worth = [incident for incident in untold if not is_too_short(incident, settings)]
        silence(connection, [incident for incident in untold if incident not in worth])
        for group, kinds in GROUPS.items():
            if mine := [incident for incident in worth if incident.kind in kinds]:
                _plan_group(connection, group, mine, settings, now)
        connection.execute(load_sql("leadops.alerts", "insert_escalations"), {"now": now})


def is_too_short(incident: Incident, settings: AlertSettings) -> bool:
    """Whether the incident is over and was too short to be told after the fact."""
    return not incident.is_open and incident.lasted < timedelta(minutes=settings.tell_past_minutes)


def silence(connection: Connection, incidents: Sequence[Incident]) -> None:
    """Let these incidents stay on record without a word."""
    connection.execute(
        "update alerts.incidents set is_quiet = true, message_id = null where incident_id = any(%s)",
        [[incident.incident_id for incident in incidents]],
    )


def _plan_group(
    connection: Connection, group: str, untold: Sequence[Incident], settings: AlertSettings, now: datetime
) -> None:
    row = connection.execute(
        "select count(*) from alerts.incidents where state = 'open' and kind = any(%s)", [list(GROUPS[group])]
    ).fetchone()
    over = sum(not incident.is_open for incident in untold)
    if (row[0] if row else 0) + over <= settings.digest_above:
        for incident in untold:
            _assign(connection, _add_message(connection, "incident", None, now), [incident])
        return
    # The lock keeps a teller from closing the digest at the moment when it takes in something new.
    digest = connection.execute(
        "select message_id from alerts.messages where purpose = 'digest' and digest_group = %s"
        " and state = 'open' and created_at > %s order by message_id desc limit 1 for update",
        [group, now - timedelta(hours=settings.digest_hours)],
    ).fetchone()
    _assign(connection, digest[0] if digest else _add_message(connection, "digest", group, now), untold)


def _add_message(connection: Connection, purpose: str, group: str | None, now: datetime) -> int:
    row = connection.execute(
        "insert into alerts.messages (purpose, digest_group, created_at) values (%s, %s, %s)"
        " returning message_id",
        [purpose, group, now],
    ).fetchone()
    return int(row[0]) if row else 0


def _assign(connection: Connection, message_id: int, incidents: Sequence[Incident]) -> None:
    connection.execute(
        "update alerts.incidents set message_id = %s where incident_id = any(%s)",
        [message_id, [incident.incident_id for incident in incidents]],
    )
