"""The salespeople as routing sees them: what they cover, when they work, and their capacity."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import holidays
from pydantic import ValidationError

from leadops.calendar.local_days import day_of, local_midnight
from leadops.calendar.local_time import spans_in_utc
from leadops.calendar.working_hours import Holidays
from leadops.company import check_zone
from leadops.db import Connection
from leadops.queries import Queries
from leadops.routing.rep_settings import RepMatch, WorkingDay, has_profile
from leadops.routing.routing_rules import PROFILE_LISTS, RoutingRules, fold_value

queries = Queries(__file__, topic="pending")

Spans = list[tuple[datetime, datetime]]

#: Why somebody gets no leads.
INACTIVE = "is inactive in the CRM"
NO_PROFILE = "has no profile (reps.yaml)"
NOT_IN_SALES = "gets no leads (reps.yaml)"
SHARED_ENTRY = "has one entry with another user of the CRM (reps.yaml)"


@dataclass(frozen=True)
class Rep:
    """A salesperson; with a `fault` (what of the profile cannot be read) they get no leads.

    `excluded` says why somebody gets none whose profile can be read. `entries` are their keys in reps.yaml,
    the one that counts first.
    """

    rep_id: str
    covers: Mapping[str, frozenset[str]]
    capacity: int  # leads a day
    weight: float
    zone: ZoneInfo
    hours: WorkingDay
    away: tuple[tuple[date, date], ...] = ()  # first and last day
    days_off: frozenset[date] = frozenset()
    country: str | None = None
    slack_id: str | None = None
    fault: str | None = None
    excluded: str | None = None
    entries: tuple[str, ...] = ()
    _spans: dict[date, Spans] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def _public(self) -> holidays.HolidayBase | None:
        return Holidays(country=self.country, subdivision=None, extra=[]).public()

    def is_away(self, day: date) -> bool:
        """Return whether they are away on the local `day`."""
        return any(first <= day <= last for first, last in self.away)

    def counted(self, day: date) -> Spans:
        """Return when they work on the local `day`, as pairs of UTC instants."""
        if day not in self._spans:
            free = (
                day.isoweekday() not in self.hours.days
                or self.is_away(day)
                or day in self.days_off
                or (self._public is not None and day in self._public)
            )
            self._spans[day] = [] if free else spans_in_utc([self.hours.span], day, self.zone)
        return self._spans[day]

    def is_at_work(self, moment: datetime) -> bool:
        """Return whether they work at `moment`."""
        return any(start <= moment < end for start, end in self.counted(self.local_day(moment)))

    def local_day(self, moment: datetime) -> date:
        """Return the day of `moment` in their zone."""
        return day_of(moment, self.zone)

    def day_start(self, moment: datetime) -> datetime:
        """Return the start (UTC) of the day of `moment` in their zone."""
        return local_midnight(self.local_day(moment), self.zone)


class Shifts:
    """A calendar of the time during which at least one of `reps` works who gets leads."""

    zone = ZoneInfo("UTC")

    def __init__(self, reps: Iterable[Rep]) -> None:
        self._reps = [rep for rep in reps if rep.excluded is None]

    def counted(self, day: date) -> Spans:
        """Return when at least one of them works on the UTC `day`."""
        since = datetime.combine(day, time(), UTC)
        until = since + timedelta(days=1)
        joined: Spans = []
        for start, end in sorted(
            (max(start, since), min(end, until))
            for rep in self._reps
            for near in (day - timedelta(days=1), day, day + timedelta(days=1))
            for start, end in rep.counted(near)
        ):
            if start >= end:
                continue
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined


class Team:
    """All salespeople, in the order of their ids."""

    def __init__(self, reps: Iterable[Rep]) -> None:
        self._reps = {rep.rep_id: rep for rep in sorted(reps, key=lambda rep: rep.rep_id)}

    def __iter__(self) -> Iterator[Rep]:
        return iter(self._reps.values())

    def __len__(self) -> int:
        return len(self._reps)

    def find(self, rep_id: str) -> Rep | None:
        """Return the salesperson, or None if the CRM does not list that id (any more)."""
        return self._reps.get(rep_id)

    def has_left(self, rep_id: str) -> bool:
        """Whether the CRM does not list that id any more, or says that it is inactive."""
        rep = self._reps.get(rep_id)
        return rep is None or rep.excluded == INACTIVE


class RepProfile(NamedTuple):
    """A salesperson as the CRM describes them."""

    rep_id: str
    profile: Any


def read_team(connection: Connection, *, rules: RoutingRules, zone: ZoneInfo) -> Team:
    """Return the salespeople of crm.reps with what reps.yaml says of them.

    `zone` is the zone of those whose profile names none.
    """
    return make_team(queries.all(connection, "list_reps", RepProfile), rules=rules, zone=zone)


def note_unprofiled(connection: Connection, team: Team, *, now: datetime) -> None:
    """Keep on record who gets no leads for want of a profile of their own, and since when, for a check."""
    rep_ids = [rep.rep_id for rep in team if rep.excluded in (NO_PROFILE, SHARED_ENTRY)]
    queries.run(connection, "record_unprofiled", rep_ids=rep_ids, now=now)


def make_team(rows: Iterable[tuple[str, Any]], *, rules: RoutingRules, zone: ZoneInfo) -> Team:
    """Return the salespeople of (id, CRM profile) rows, with what the people of `rules` say of them.

    `Rep.fault` says what of a profile cannot be read. Of several active users whom one entry fits by their
    address, none gets it and none gets leads: its capacity is that of one person.
    """
    listed = list(rows)
    active = [(rep_id, profile.get("email")) for rep_id, profile in listed if not _is_inactive(profile)]
    shared = rules.people.find_shared(active) if rules.people else frozenset[str]()
    return Team(
        _make_rep(rep_id, profile, rules=rules, zone=zone, shared=shared) for rep_id, profile in listed
    )


def _make_rep(
    rep_id: str, profile: Mapping[str, Any], *, rules: RoutingRules, zone: ZoneInfo, shared: frozenset[str]
) -> Rep:
    faults: list[str] = []
    match = rules.people.find(rep_id, profile.get("email")) if rules.people else RepMatch()
    excluded = _find_exclusion(profile, match, rules, shared)
    profile = match.entry.lay_over(profile) if match.entry and match.key not in shared else profile
    zone = _read_zone(profile.get("zone"), faults) or zone
    hours = profile.get("working_hours")
    slack_id = profile.get("slack_id")
    return Rep(
        rep_id=rep_id,
        covers={
            fact: frozenset(fold_value(fact, value) for value in _read_list(profile, name, faults))
            for fact, name in PROFILE_LISTS.items()
        },
        capacity=_read_capacity(profile.get("capacity_per_day"), rules, faults),
        weight=rules.weights.get(rep_id, 1.0),
        zone=zone,
        hours=_read_hours(hours, faults) or rules.defaults.working_hours,
        away=tuple(_read_away(_read_list(profile, "away", faults), faults)),
        days_off=frozenset(rules.days_off),
        country=rules.holidays.get(zone.key),
        slack_id=slack_id if isinstance(slack_id, str) and slack_id.isalnum() else None,
        fault=", ".join(faults) or None,
        excluded=excluded,
        entries=(match.key, *match.others) if match.key else (),
    )


def _is_inactive(profile: Mapping[str, Any]) -> bool:
    return profile.get("active") is False or profile.get("archived") is True


def _find_exclusion(
    profile: Mapping[str, Any], match: RepMatch, rules: RoutingRules, shared: frozenset[str]
) -> str | None:
    """Return why somebody with this CRM profile and this entry gets no leads; None if they do."""
    if _is_inactive(profile):
        return INACTIVE
    if match.entry and not match.entry.gets_leads:
        return NOT_IN_SALES
    if match.key in shared:
        return SHARED_ENTRY
    laid = match.entry.lay_over(profile) if match.entry else profile
    if rules.people and rules.people.without_profile == "no_leads" and not has_profile(laid):
        return NO_PROFILE
    return None


def _read_list(profile: Mapping[str, Any], name: str, faults: list[str]) -> list[Any]:
    value = profile.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        faults.append(f"{name} is not a list")
        return []
    return value


def _read_zone(name: Any, faults: list[str]) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(check_zone(str(name)))
    except ValueError:
        faults.append("zone is not an IANA time zone")
        return None


def _read_hours(hours: Any, faults: list[str]) -> WorkingDay | None:
    if hours is None:
        return None
    try:
        return WorkingDay.model_validate(hours)
    except ValidationError:
        faults.append("working_hours are not days, start and end")
        return None


def _read_capacity(value: Any, rules: RoutingRules, faults: list[str]) -> int:
    if value is None:
        return rules.defaults.capacity_per_day
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        faults.append("capacity_per_day is not a number of leads")
        return 0
    return value


def _read_away(items: list[Any], faults: list[str]) -> Iterator[tuple[date, date]]:
    for item in items:
        try:
            yield date.fromisoformat(item["from"][:10]), date.fromisoformat(item["to"][:10])
        except (TypeError, KeyError, ValueError):
            faults.append("an away date is not from and to")
