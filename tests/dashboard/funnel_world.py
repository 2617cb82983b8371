"""Two months of a small company, for the pages Funnel and Attribution and economics in a browser."""

from datetime import datetime, timedelta
from decimal import Decimal

from psycopg.types.json import Jsonb

from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.calendar.local_days import last_whole_day
from leadops.db import Connection
from leadops.economics.costs import Cost, record_costs
from leadops.economics.refresh_economics import refresh_economics
from leadops.funnel.refresh_funnel import refresh_funnel
from tests.shipped import SHIPPED

DAYS = 60
#: The name of a campaign may say anything: it is text.
CAMPAIGNS = ("spring launch", "<img src=x onerror=alert(1)>", None)
#: Numbers of leads, so that they meet nobody else's.
FIRST_LEAD = 500_000


def fill_funnel(connection: Connection, now: datetime) -> None:
    """Write what these pages show at `now`, and commit: two MQLs a day, every fourth of them won.

    One nurture programme is measured: 10 of 40 members became SQL, 6 of 40 held out.
    """
    last = last_whole_day(now, SHIPPED.company.zone)
    for number in range(2 * DAYS):
        moment = now - timedelta(days=1 + number // 2, hours=1)
        _add_lead(connection, FIRST_LEAD + number, moment, CAMPAIGNS[number % len(CAMPAIGNS)], number)
    connection.execute(
        "insert into crm.reps values ('ann', %s, %s) on conflict do nothing",
        [Jsonb({"name": "Ann Abe"}), now],
    )
    month = last.replace(day=1)
    costs = [
        Cost((month - timedelta(days=1)).replace(day=1), "ads", "page:1", Decimal(90_000), "spring launch"),
        Cost((month - timedelta(days=1)).replace(day=1), "content", "page:2", Decimal(30_000)),
        Cost((month - timedelta(days=40)).replace(day=1), "events", "page:3", Decimal(60_000)),
    ]
    record_costs(connection, costs, now=now, fold_case=True)
    connection.commit()
    for back in range(DAYS + 1, -1, -1):
        refresh_funnel(
            connection,
            day=last - timedelta(days=back),
            company=SHIPPED.company,
            settings=SHIPPED.funnel,
            contract=SHIPPED.kpi,
            policy=SHIPPED.sla,
            now=now,
        )
    evidence = SHIPPED.attribution.evidence.model_copy(update={"min_conversions": 1, "draws": 20})
    attribution = SHIPPED.attribution.model_copy(update={"evidence": evidence})
    given = {"day": last, "company": SHIPPED.company, "now": now}
    refresh_economics(connection, settings=SHIPPED.economics, **given)
    refresh_attribution(connection, settings=attribution, **given)
    connection.execute(
        "insert into nurture.lifts (dt, programme, holdout_share, last_entered_at, window_days, members,"
        " held_out, member_sqls, held_out_sqls, open_members, open_held_out, difference, difference_low,"
        " difference_high, people_needed, verdict)"
        " values (%s, 'pricing_page', 0.5, %s, 60,"
        " 40, 40, 10, 6, 3, 4, 0.1, -0.075, 0.268, 1080, 'too_early')",
        [last, now],
    )
    connection.commit()


def _add_lead(connection: Connection, lead: int, moment: datetime, campaign: str | None, number: int) -> None:
    connection.execute(
        "insert into identity.leads (lead_id, email, created_at, campaign, source) overriding system value"
        " values (%s, %s, %s, %s, %s)",
        [lead, f"buyer-{lead}@funnel.example", moment, campaign, ("google", "fair")[number % 2]],
    )
    stages = [("mql", 1), ("sal", 2), ("sql", 3), ("won", 4)]
    for stage, hours in stages[: 4 if number % 4 == 0 else 2]:
        connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " campaign, source, value, kpi_version) values (%s, 1, %s, %s, %s, %s, %s, %s, %s, '2026-Q1')",
            [
                *(lead, stage, moment + timedelta(minutes=hours), moment + timedelta(minutes=hours)),
                *(Jsonb({"rep_id": "ann"}), campaign, ("google", "fair")[number % 2]),
                120_000 if stage == "won" else None,
            ],
        )
