"""Does the CDP answer, and how old is what it has?"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.findings import Finding, Key
from leadops.alerts.incidents import beat
from leadops.db import Connection
from leadops.mask import mask_text

CDP = "cdp"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class CdpReading:
    """What the CDP answered: its lag in minutes at `as_of`; without them it did not answer, for `reason`."""

    minutes_lag: float | None = None
    as_of: datetime | None = None
    reason: str = ""


def watch_cdp(
    connection: Connection,
    reading: CdpReading,
    *,
    settings: AlertSettings,
    open_now: Set[Key],
    now: datetime,
) -> list[Finding]:
    """Judge `reading`; a good answer is remembered as the heartbeat "cdp"."""
    if reading.minutes_lag is None:
        lag_unknown = Finding("cdp_lag", CDP, "unknown", now)
        return [lag_unknown, *_judge_silence(connection, reading, settings, open_now, now)]
    beat(connection, CDP, now=now)
    answers = Finding("cdp_unreachable", CDP, "good", now)
    # The answer was true at as_of; what has happened since is not in it.
    age = max(timedelta(), now - reading.as_of) if reading.as_of else timedelta()
    minutes = reading.minutes_lag + age / MINUTE
    if minutes > settings.cdp_lag_minutes:
        return [answers, Finding("cdp_lag", CDP, "wrong", now, _lag_facts(minutes, reading, settings))]
    if minutes <= settings.cdp_lag_clear_minutes:
        return [answers, Finding("cdp_lag", CDP, "good", now)]
    return [answers, Finding("cdp_lag", CDP, "unknown", now)]


def _lag_facts(minutes: float, reading: CdpReading, settings: AlertSettings) -> dict[str, object]:
    minutes = round(minutes, 1)
    return {
        "minutes": minutes,
        "worst": minutes,
        "limit": settings.cdp_lag_minutes,
        "as_of": reading.as_of.isoformat() if reading.as_of else None,
    }


def _judge_silence(
    connection: Connection, reading: CdpReading, settings: AlertSettings, open_now: Set[Key], now: datetime
) -> list[Finding]:
    """One missed answer is nothing; silence that lasts is an incident, which began with the last answer."""
    row = connection.execute("select succeeded_at from alerts.heartbeats where name = %s", [CDP]).fetchone()
    last = row[0] if row else None
    lasts = last is None or now - last >= settings.cdp_unreachable_minutes * MINUTE
    if not lasts and ("cdp_unreachable", CDP) not in open_now:
        return []
    facts = {
        "reason": mask_text(reading.reason) or "no answer",
        "last_good": last.isoformat() if last else None,
    }
    return [Finding("cdp_unreachable", CDP, "wrong", last or now, facts)]
