"""What a run of routing has to look at, read from the tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadops.db import Connection, load_sql
from leadops.routing.decide import Load
from leadops.routing.regroup import regroup
from leadops.routing.rules import RoutingRules
from leadops.routing.team import Team


@dataclass(frozen=True)
class Work:
    """One cycle of a lead that has come, waits, or may have to move on; `state` None: never looked at."""

    lead_id: int
    cycle: int
    is_breach: bool
    is_due: bool
    qualified_at: datetime
    is_quiet: bool
    account: str
    state: str | None
    rep_id: str | None
    queue: str | None
    moves: int
    is_late: bool
    times: int  # assignments so far
    had: list[str]
    is_contacted: bool
    taken_by: str | None
    has_ended: bool
    crm_lead: int  # the lead of the person that the CRM knows
    members: list[int]  # all leads of the person
    traits: Mapping[str, Any]

    @property
    def key(self) -> dict[str, int]:
        """The values by which SQL finds it."""
        return {"lead_id": self.lead_id, "cycle": self.cycle}


def take_work(connection: Connection, *, now: datetime, most: int) -> tuple[list[Work], bool]:
    """Empty the inbox, up to `most` cycles, and return what is to be done, the longest qualified first.

    The second value says whether the inbox may hold more.
    """
    come = connection.execute(load_sql("leadops.routing", "take_inbox"), {"most": most}).fetchall()
    regroup(connection, [(row[0], row[1], row[3]) for row in come if row[3] is not None], now=now)
    rows = connection.execute(
        load_sql("leadops.routing", "read_leads"),
        {
            "leads": [row[0] for row in come],
            "cycles": [row[1] for row in come],
            "breaches": [row[2] for row in come],
            "now": now,
        },
    )
    left = connection.execute("select exists (select from routing.inbox)").fetchone()
    return [Work(*row) for row in rows], bool(left and left[0])


class Loads:
    """What each salesperson was given so far, quiet leads apart; kept up to date while a run gives more."""

    def __init__(self, live: dict[str, Load], quiet: dict[str, Load]) -> None:
        self._live, self._quiet = live, quiet

    def of(self, *, is_quiet: bool) -> Mapping[str, Load]:
        """Return the loads that count for live or for quiet leads."""
        return self._quiet if is_quiet else self._live

    def note(self, rep_id: str, *, is_quiet: bool, now: datetime) -> None:
        """Count one more lead."""
        load = (self._quiet if is_quiet else self._live).get(rep_id)
        if load is not None:
            load.today += 1
            load.served += 1
            load.last_at = now


def read_loads(connection: Connection, *, team: Team, rules: RoutingRules, now: datetime) -> Loads:
    """Return the loads of `team` as of `now`."""
    live, quiet = ({rep.rep_id: Load() for rep in team} for _ in range(2))
    rows = connection.execute(
        load_sql("leadops.routing", "read_loads"),
        {
            "reps": [rep.rep_id for rep in team],
            "day_starts": [rep.day_start(now) for rep in team],
            "since": now - timedelta(days=rules.window_days),
        },
    )
    for rep_id, today, served, served_quietly, last_at, last_quietly_at in rows:
        live[rep_id] = Load(today, served, last_at)
        quiet[rep_id] = Load(0, served_quietly, last_quietly_at)
    return Loads(live, quiet)


def read_owners(connection: Connection, accounts: list[str]) -> dict[str, str]:
    """Return whose each account is, as far as it is somebody's."""
    rows = connection.execute(load_sql("leadops.routing", "read_owners"), {"accounts": accounts})
    return dict(rows.fetchall())
