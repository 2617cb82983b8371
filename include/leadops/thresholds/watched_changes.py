"""Which changes of the threshold are watched, and during which periods they were in force."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from leadops.calendar.local_days import day_of
from leadops.db import Connection
from leadops.queries import Queries
from leadops.thresholds.threshold_context import ThresholdContext

queries = Queries(__file__, topic="rollback")

#: Before every decision.
BEGINNING = datetime.min.replace(tzinfo=UTC)


class ThresholdDecision(NamedTuple):
    """A row of lifecycle.thresholds that took effect: a change, or the rollback of changes."""

    day: date
    effective_at: datetime
    decided_by: str
    value: int | None
    sla_minutes: float | None
    facts: dict[str, Any]
    hash: str

    @property
    def is_imported(self) -> bool:
        """Whether the change was decided elsewhere: nothing is known of what was expected of it."""
        return "imported" in self.facts

    def changed_values(self) -> dict[str, float | None]:
        """Return what this change replaced: the former `value` and `sla_minutes`, where they changed."""
        before: dict[str, float | None] = self.facts["before"]
        return {
            name: before[name] for name in ("value", "sla_minutes") if before[name] != getattr(self, name)
        }


class Interval(NamedTuple):
    """The time [starts, ends)."""

    starts: datetime
    ends: datetime


class WatchedSpan(NamedTuple):
    """Changes that are watched together, and when they were in force.

    `periods[k]` is the time in which exactly the first k of `changes` were in force; `periods[0]` is that
    before the first one. Time in which a change was in force that is rolled back since is in none of them.
    """

    changes: tuple[ThresholdDecision, ...]  # the oldest first
    periods: tuple[tuple[Interval, ...], ...]


def list_decisions(connection: Connection, *, version: str, until: datetime) -> list[ThresholdDecision]:
    """Return what took effect up to `until` under the KPI `version`, the oldest first."""
    return queries.all(connection, "list_decisions", ThresholdDecision, version=version, until=until)


def list_standing_changes(decisions: Sequence[ThresholdDecision]) -> list[ThresholdDecision]:
    """Return the changes among `decisions` that no later rollback took back, the oldest first."""
    standing: list[ThresholdDecision] = []
    for decision in decisions:
        if decision.decided_by == "reverted":
            standing = [change for change in standing if str(change.day) not in decision.facts["reverted"]]
        else:
            standing.append(decision)
    return standing


def find_watched_span(
    decisions: Sequence[ThresholdDecision], *, until: datetime, days: int
) -> WatchedSpan | None:
    """Return the changes that are watched at `until`, of all `decisions` before it; None where none is.

    A change is watched for `days`. One that is made while another is watched is watched together with it,
    until the days of the last one are over: what follows the first change is also what follows the others.
    An imported change is not watched.
    """
    standing = list_standing_changes(decisions)
    watch = timedelta(days=days)
    first, ends = len(standing), until
    while first and standing[first - 1].effective_at >= ends - watch and not standing[first - 1].is_imported:
        first -= 1
        ends = standing[first].effective_at
    if first == len(standing):
        return None
    changes = standing[first:]
    since = changes[0].effective_at - watch
    periods: list[list[Interval]] = [[] for _ in range(len(changes) + 1)]
    starts = BEGINNING
    for number in range(len(decisions) + 1):
        ends = decisions[number].effective_at if number < len(decisions) else until
        in_force = list_standing_changes(decisions[:number])
        if len(in_force) >= first and in_force == standing[: len(in_force)] and ends > since:
            periods[len(in_force) - first].append(Interval(max(starts, since), ends))
        starts = ends
    return WatchedSpan(tuple(changes), tuple(tuple(period) for period in periods))


def describe_watch(
    connection: Connection, *, version: str, at: datetime, context: ThresholdContext
) -> str | None:
    """Return in words that a change is watched at `at`, and until when; None where none is."""
    days = context.thresholds.rollback.days
    decisions = list_decisions(connection, version=version, until=at)
    span = find_watched_span(decisions, until=at, days=days)
    if span is None:
        return None
    newest = span.changes[-1]
    last = day_of(newest.effective_at + timedelta(days=days), context.company.zone)
    return f"the change of {newest.day} is watched until {last}"
