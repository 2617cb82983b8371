"""The checks on the CDP: does it answer, and how far is it behind?"""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.check import CdpReading, Check, CheckInput
from leadops.incidents.finding import CheckFinding
from leadops.incidents.heartbeats import beat, find_last_beat
from leadops.mask import mask_text

CDP = "cdp"
MINUTE = timedelta(minutes=1)


def check_cdp(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Turn the CDP's answer into findings; a good answer is noted as the heartbeat "cdp"."""
    reading, now = given.cdp, given.now
    if reading is None:
        return []
    if reading.minutes_lag is None:
        return [CheckFinding("cdp_lag", CDP, "unknown", now), *_check_reachable(connection, reading, given)]
    beat(connection, CDP, now=now)
    # The answer was true at as_of; it does not contain what has happened since.
    age = max(timedelta(), now - reading.as_of) if reading.as_of else timedelta()
    lag = _check_lag(reading.minutes_lag + age / MINUTE, reading.as_of, settings=given.settings, now=now)
    return [CheckFinding("cdp_unreachable", CDP, "ok", now), lag]


def _check_lag(
    minutes: float, as_of: datetime | None, *, settings: AlertSettings, now: datetime
) -> CheckFinding:
    """Between the two limits the status is unknown, so that a value that goes up and down opens once."""
    if minutes > settings.cdp_lag_minutes:
        rounded = round(minutes, 1)
        facts = {
            "minutes": rounded,
            "worst": rounded,
            "limit": settings.cdp_lag_minutes,
            "as_of": as_of.isoformat() if as_of else None,
        }
        return CheckFinding("cdp_lag", CDP, "firing", now, facts)
    return CheckFinding("cdp_lag", CDP, "ok" if minutes <= settings.cdp_lag_clear_minutes else "unknown", now)


def _check_reachable(connection: Connection, reading: CdpReading, given: CheckInput) -> list[CheckFinding]:
    """One missed answer is ignored; a longer silence is an incident, which began with the last answer."""
    last = find_last_beat(connection, CDP)
    is_long = last is None or given.now - last >= given.settings.cdp_unreachable_minutes * MINUTE
    if not is_long and ("cdp_unreachable", CDP) not in given.open_now:
        return []
    facts = {
        "reason": mask_text(reading.reason) or "no answer",
        "last_good": last.isoformat() if last else None,
    }
    return [CheckFinding("cdp_unreachable", CDP, "firing", last or given.now, facts)]


CHECKS = (Check("cdp", ("cdp_lag", "cdp_unreachable"), check_cdp, resolves_missing=False),)
