"""What the leads to score should have for each (lead, event, rule), minus what the ledger gave them.

What all leads of a person did and said counts for the oldest of them: a lead that was merged into another
should have nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.events.canaries import VISIT
from leadops.lanes import Lane
from leadops.machines.classify_acts import classify_acts, create_classified
from leadops.machines.machine_settings import MachineSettings
from leadops.queries import Queries
from leadops.scoring.rule_parameters import award_parameters
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__)


@dataclass(frozen=True)
class DifferenceTotals:
    """What the ledger lacks."""

    rows: int
    points: int  # their sum
    corrections: int  # of the rows, those that correct earlier ones


def prepare_tables(connection: Connection) -> None:
    """Create the working tables (`touched`, `differences` and those between), empty, for this transaction."""
    queries.run(connection, "configure_planner")
    queries.run(connection, "create_touched")
    queries.run(connection, "create_members")
    queries.run(connection, "create_targets")
    queries.run(connection, "create_differences")
    queries.run(connection, "clear")


def list_members(connection: Connection) -> None:
    """Fill `members`: whose events and traits count for the leads in `touched`."""
    queries.run(connection, "analyze_touched")
    queries.run(connection, "list_members")
    queries.run(connection, "analyze_members")


def compute_differences(connection: Connection, *, rules: RuleSet, zone: ZoneInfo) -> int:
    """Fill `differences` for the leads in `touched`, by their `members`; return how many leads these are."""
    parameters = award_parameters(rules)
    queries.run(connection, "award_behaviour", behaviour=parameters.behaviour, zone=zone.key)
    queries.run(connection, "award_fit", fit=parameters.fit)
    queries.run(connection, "award_canaries", event=VISIT)
    if queries.value(connection, "has_claimed"):
        queries.run(connection, "cap_claimed", cap=rules.claims_cap)
    has_bounds = queries.value(connection, "has_bounds")
    if has_bounds:
        queries.run(connection, "add_bounded")
        queries.run(connection, "bound_targets")
    queries.run(connection, "compare")
    queries.run(connection, "explain_corrections", body=Jsonb(rules.body(zone)))
    if has_bounds:
        queries.run(connection, "explain_rollbacks")
    return int(queries.value(connection, "count_touched"))


def quieten_past(connection: Connection, *, news_since: datetime) -> None:
    """Let no row of `differences` count as live that was known before `news_since` (UTC) and only now counts.

    A merge moved it, or the lead waits in the backfill lane as well: the rules changed, it was split, or it
    is scored again.
    """
    queries.run(connection, "quieten_past", news_since=news_since, backfill=Lane.BACKFILL)


def count_differences(connection: Connection) -> DifferenceTotals:
    """Return the totals of `differences`."""
    return queries.one(connection, "count_differences", DifferenceTotals)


def find_last_touched(connection: Connection) -> int | None:
    """Return the highest lead_id in `touched`, None if it is empty."""
    lead_id: int | None = queries.value(connection, "find_last_touched")
    return lead_id


def classify_members(connection: Connection, machines: MachineSettings, *, now: datetime) -> list[int]:
    """Classify the acts of the leads in `members`; return further leads whose acts must be classified."""
    create_classified(connection)
    queries.run(connection, "list_classified")
    return classify_acts(connection, settings=machines, now=now)
