"""The check on the canary: is a visit late at a hop? One that waits for an earlier hop is not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.canary.hops import HOPS
from leadops.canary.observe import observe_hops
from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class LateHop:
    """A hop at which `visits` are late, the first `since` then (UTC) and there from `begins_at` on."""

    hop: str
    since: datetime
    begins_at: datetime
    visits: int
    limit_minutes: float
    problem: str | None
    last_good_at: datetime | None


def check_canary(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Look how far the visits have come, and return a finding for each hop at which one is late."""
    observe_hops(connection, now=given.now)
    late = queries.all(connection, "list_late_hops", LateHop, now=given.now)
    return [
        _describe(hop, now=given.now) for hop in sorted(late, key=lambda each: list(HOPS).index(each.hop))
    ]


def _describe(late: LateHop, *, now: datetime) -> CheckFinding:
    minutes = round((now - late.begins_at) / timedelta(minutes=1), 1)
    facts: dict[str, object] = {
        "hop": late.hop,
        "visits": late.visits,
        "minutes": minutes,
        "worst": minutes,
        "limit": late.limit_minutes,
    }
    if late.last_good_at:
        facts["last_at"] = late.last_good_at.isoformat()
    if late.problem:
        facts["problem"] = late.problem
    return fire("canary_late", facts, since=late.since)


CHECKS = (Check("canary", ("canary_late",), check_canary),)
