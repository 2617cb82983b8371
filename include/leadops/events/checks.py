"""The checks on the CDP: does it answer, is it behind, are events refused, did a site go quiet?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.events.quiet_sites import HOUR, choose_hours, classify_hour, find_usual
from leadops.events.site_traffic import count_traffic
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.check import CdpReading, Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire, form_finding
from leadops.incidents.task_results import beat, find_last_beat
from leadops.mask import mask_text
from leadops.queries import Queries

queries = Queries(__file__)

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


@dataclass(frozen=True)
class RefusedSite:
    """What one site sent in the window: refused events, accepted ones, the most frequent reason, an item."""

    site: str
    refused: int
    accepted: int
    reason: str
    reason_count: int
    example_id: int
    example: str


def check_refused_events(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Compare what each site sent into the quarantine with all that it sent; one finding a site.

    Items that were repaired, admitted or dropped do not count any more.
    """
    limits = given.settings.refused_events
    counted = count_traffic(connection, now=given.now)
    if not counted.is_current(given.now):
        return _leave_open(given)
    sites = queries.all(
        connection,
        "list_refused_sites",
        RefusedSite,
        since=counted.counted_until - limits.window,
        until=counted.counted_until,
        ignored=list(limits.ignored),
    )
    findings = []
    for site in sites:
        total = site.refused + site.accepted
        status = limits.classify(site.refused, total)
        facts = {
            "site": site.site,
            "refused": site.refused,
            "total": total,
            "window": limits.window_minutes,
            "percent": round(100 * site.refused / total, 1),
            "reason": site.reason,
            "reason_count": site.reason_count,
            "example_id": site.example_id,
            "example": mask_text(site.example),
        }
        if status != "ok":
            findings.append(form_finding("events_refused", status, facts, since=given.now))
    return findings


@dataclass(frozen=True)
class OldItems:
    """Refused events of one reason that have waited for too long."""

    reason: str
    items: int
    first_at: datetime


def check_old_quarantine(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find refused events that nobody has repaired, admitted or dropped for `quarantine_days`."""
    days = given.settings.quarantine_days
    old = queries.all(
        connection,
        "count_old_items",
        OldItems,
        before=given.now - timedelta(days=days),
        ignored=list(given.settings.refused_events.ignored),
    )
    if not old:
        return []
    first_at = min(items.first_at for items in old)
    facts = {
        "count": sum(items.items for items in old),
        "days": days,
        "first_at": first_at.isoformat(),
        "reasons": [f"{items.reason} ({items.items})" for items in old[:3]],
        "reason": old[0].reason,
    }
    return [fire("quarantine_old", facts, since=min(first_at + timedelta(days=days), given.now))]


@dataclass(frozen=True)
class WrongKey:
    """A wrong write key that a sender goes on to use; the fingerprint is empty where nobody knows which."""

    fingerprint: str
    calls: int
    first_at: datetime


def check_wrong_keys(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find senders that go on with a wrong write key: one finding for all, and none for a guess now and then.

    A key has gone on when its calls were refused in three spans of five minutes of the last day. It counts
    until it has been quiet for 90 minutes, so that a sender of every hour is one incident.
    """
    keys = queries.all(
        connection,
        "list_wrong_keys",
        WrongKey,
        since=given.now - timedelta(days=1),
        recent=given.now - timedelta(minutes=90),
    )
    if not keys:
        return []
    first_at = min(key.first_at for key in keys)
    facts = {
        "calls": sum(key.calls for key in keys),
        "first_at": first_at.isoformat(),
        "keys": [key.fingerprint for key in keys if key.fingerprint][:3] or None,
    }
    return [fire("write_key_wrong", facts, since=first_at)]


@dataclass(frozen=True)
class SiteHour:
    """How many events of a site arrived in the hour that begins at `starts_at` (UTC)."""

    starts_at: datetime
    site: str
    events: int


def check_quiet_sites(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Compare each site's last hour with its own same hour of earlier weeks; one finding a site.

    At an hour in which a site is not compared (at night, on a holiday) its incident stays as it is. A site
    that has sent nothing for weeks is closed: its incident ends.
    """
    limits = given.settings.quiet_sites
    counted = count_traffic(connection, now=given.now)
    if not counted.is_current(given.now):
        return _leave_open(given)
    hours = choose_hours(
        counted.counted_until,
        counted_from=counted.counted_from,
        calendar=given.calendar,
        weeks=limits.weeks,
    )
    rows = queries.all(connection, "count_hours", SiteHour, starts=[hours.current, *hours.earlier], span=HOUR)
    counts = {(row.site, row.starts_at): row.events for row in rows}
    is_open = {key.subject for key in given.open_now}
    closed_since = counted.counted_until - timedelta(weeks=limits.min_weeks)
    alive = set(queries.values(connection, "list_active_sites", sites=sorted(is_open), since=closed_since))
    findings = []
    for site in sorted({row.site for row in rows} | alive):
        events = counts.get((site, hours.current), 0)
        usual = find_usual([counts.get((site, start), 0) for start in hours.earlier], limits)
        status = classify_hour(events, usual, limits)
        if status == "ok" or (status == "unknown" and site not in alive):
            continue
        facts = {
            "site": site,
            "events": events,
            "usual": usual,
            "weeks": len(hours.earlier),
            "from_at": hours.current.isoformat(),
            "until": counted.counted_until.isoformat(),
        }
        findings.append(form_finding("site_quiet", status, facts, since=given.now))
    return findings


def _leave_open(given: CheckInput) -> list[CheckFinding]:
    """Return that nothing is known: the counts are behind, as after a long stop."""
    return [CheckFinding(*key, "unknown", given.now) for key in sorted(given.open_now)]


CHECKS = (
    Check("cdp", ("cdp_lag", "cdp_unreachable"), check_cdp, resolves_missing=False),
    Check("refused_events", ("events_refused",), check_refused_events),
    Check("old_quarantine", ("quarantine_old",), check_old_quarantine),
    Check("wrong_keys", ("write_key_wrong",), check_wrong_keys),
    Check("quiet_sites", ("site_quiet",), check_quiet_sites),
)
