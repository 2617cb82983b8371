"""A company with many leads and events, whose days are counted: what the Lead ops pages read."""

from datetime import date, datetime, timedelta
from typing import Any

from benchmarks.settle import settle
from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.calendar.local_days import day_bounds, local_midnight
from leadops.configuration import Config, collect_threshold_context
from leadops.db import Connection
from leadops.economics.refresh_economics import refresh_economics
from leadops.funnel.daily_table import BuildContext
from leadops.funnel.refresh_funnel import fingerprint_build, refresh_funnel
from leadops.queries import Queries
from leadops.scoring.active_rules import activate_rules
from leadops.thresholds.propose_threshold import propose_threshold

queries = Queries(__file__)

#: The last day that is over, and how many days before it have leads.
LAST_DAY = date(2026, 11, 29)
DAYS = 1_000
#: The moment at which the pages are read.
NOW = datetime.fromisoformat("2026-11-30T03:00:00+00:00")

#: In the order in which they depend on one another.
FILLINGS = (
    "fill_accounts",
    "fill_leads",
    "fill_people",
    "fill_traits",
    "fill_aliases",
    "fill_external_ids",
    "fill_events",
    "fill_resolved_events",
    "fill_verdicts",
    "fill_ledger",
    "fill_scores",
    "fill_transitions",
    "fill_places",
    "fill_assignments",
    "fill_reps",
    "fill_entries",
    "fill_cells",
    "fill_sums",
    "fill_response_times",
    "fill_built_days",
    "fill_costs",
    "fill_activities",
    "fill_clocks",
    "fill_outbox",
    "fill_cursors",
)

#: A lead with a thousandth of all events; it is no MQL, so its page works out what it still needs.
BUSY_LEAD = 25


def fill_dashboard_world(connection: Connection, *, leads: int, events: int, config: Config) -> None:
    """Put `leads` leads with `events` events and their stages into an empty database; commits.

    The daily tables are filled by SQL; the last day, the months and the credits are computed by leadops.
    """
    zone = config.company.zone
    first_day = LAST_DAY - timedelta(days=DAYS - 1)
    build = BuildContext(config.company, config.funnel, config.kpi, config.sla, NOW)
    values: dict[str, Any] = {
        "leads": leads,
        "events": events,
        "accounts": max(1, leads // 20),
        "busy_lead": BUSY_LEAD,
        "now": NOW,
        "since": local_midnight(first_day, zone),
        "until": day_bounds(LAST_DAY, zone).until,
        "first_day": first_day,
        "last_day": LAST_DAY,
        "zone": zone.key,
        "settings": fingerprint_build(build),
    }
    for filling in FILLINGS:
        with connection.transaction():
            queries.run(connection, "skip_triggers")
            queries.run(connection, filling, **values)
        if filling in ("fill_events", "fill_ledger", "fill_transitions", "fill_entries"):
            settle(connection)
    settle(connection)
    with connection.transaction():
        activate_rules(connection, rules=config.scoring, zone=zone, now=NOW)
    context = collect_threshold_context(config)
    propose_threshold(connection, day=LAST_DAY, context=context, now=NOW)
    refresh_funnel(
        connection,
        day=LAST_DAY,
        company=config.company,
        settings=config.funnel,
        contract=config.kpi,
        policy=config.sla,
        now=NOW,
    )
    queries.run(connection, "fill_inbox", **values)
    queries.run(connection, "fill_last_hour", **values)
    refresh_economics(connection, day=LAST_DAY, settings=config.economics, company=config.company, now=NOW)
    refresh_attribution(
        connection, day=LAST_DAY, settings=config.attribution, company=config.company, now=NOW
    )
    settle(connection)
