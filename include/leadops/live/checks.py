"""The check on live lanes: does one work, where one has worked?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__, topic="lane_record")


@dataclass(frozen=True)
class SilentLane:
    """The lane that worked last, when that was (UTC), and what failed when it was last seen."""

    lane: str
    last_at: datetime
    problem: str | None


def check_lanes(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find out whether no lane works any more: all are gone, or a stage fails in each of them.

    An installation that never had a lane, or has switched it off (`enabled` in live.yaml), lacks none.
    """
    limit = given.settings.live_stopped_minutes
    before = given.now - timedelta(minutes=limit)
    silent = queries.first(connection, "find_silence", SilentLane, before=before)
    if silent is None:
        return []
    minutes = round((given.now - silent.last_at) / timedelta(minutes=1), 1)
    facts: dict[str, object] = {
        "lane": silent.lane,
        "minutes": minutes,
        "worst": minutes,
        "limit": limit,
        "last_at": silent.last_at.isoformat(),
    }
    if silent.problem:
        facts["problem"] = silent.problem
    return [fire("live_stopped", facts, since=silent.last_at + timedelta(minutes=limit))]


CHECKS = (Check("live_lanes", ("live_stopped",), check_lanes),)
