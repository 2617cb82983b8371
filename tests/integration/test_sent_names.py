"""Campaigns as the web sends them, from HTTP to the tables of the funnel, attribution and economics."""

import random
import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.calendar.local_days import last_whole_day
from leadops.db import Connection
from leadops.economics.costs import Cost, record_costs
from leadops.economics.refresh_economics import refresh_economics
from leadops.funnel.refresh_funnel import refresh_funnel
from leadops.identity.resolve import resolve_events
from leadops.lifecycle.qualify import qualify_leads
from leadops.subscribers import SUBSCRIBERS
from tests.gateway.conftest import KEY, Serve, serve
from tests.shipped import SHIPPED, change

__all__ = ["serve"]

#: Nothing shortens it: PostgreSQL compresses what repeats before it puts it into an index.
LONG = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=2700))
SENT = [
    "Summer",
    "SUMMER",
    "Summer ",
    "\uff53\uff55\uff4d\uff4d\uff45\uff52",
    "sum\u200bmer",
    LONG,
    "{{campaign.name}}",
    "(not set)",
]


def send(gateway: Any, number: int, **utm: str) -> None:
    event = {
        "event_id": f"e-{number}",
        "event": "ad_click",
        "ts": datetime.now(UTC).isoformat(),
        "email": f"p{number}@buyers.example",
        "context": {"utm": utm},
    }
    answer = gateway.post("/collect", json=[event], headers={"X-Write-Key": KEY})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1), answer.text


def make_mqls(connection: Connection) -> None:
    """Give every lead the points of an MQL."""
    for dimension, points in (("fit", 40), ("behaviour", 80)):
        connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " rule_set_id, lane, is_live, reason)"
            " select lead_id, %s, %s, 'rule', 'r', now(), now(), 1, 0, true, '' from identity.leads",
            [points, dimension],
        )
    connection.execute(
        "insert into scoring.scores (lead_id, fit, behaviour, updated_at)"
        " select lead_id, 40, 80, now() from identity.leads"
    )
    connection.commit()


def counts(connection: Connection, what: str) -> dict[str | None, int]:
    rows = connection.execute(
        f"select campaign, sum({what})::int from analytics.funnel_cells group by campaign"  # type: ignore[arg-type]
    ).fetchall()
    return {campaign: count for campaign, count in rows if count}


def test_one_campaign_in_all_tables_however_it_is_sent(serve: Serve, connection: Connection) -> None:
    gateway, company = serve(), SHIPPED.company
    for number, campaign in enumerate(SENT):
        send(gateway, number, campaign=campaign, source=campaign, medium=campaign)
    resolve_events(connection, now=datetime.now(UTC), settings=SHIPPED.identity)
    make_mqls(connection)
    now = datetime.now(UTC)
    made = qualify_leads(
        connection, contract=SHIPPED.kpi, subscribers=SUBSCRIBERS, now=now, fold_case=company.fold_case
    )
    assert made.mql == len(SENT)
    record_costs(
        connection,
        [
            Cost(now.date(), "ads", f"test:{number}", campaign=campaign, amount=Decimal(10))
            for number, campaign in enumerate(SENT)
        ],
        now=now,
        fold_case=company.fold_case,
    )
    connection.commit()
    today = now.astimezone(company.zone).date()
    # That day, and a day whose lead times look back to it.
    for day in (today, today + timedelta(days=3)):
        refresh_funnel(
            connection,
            day=day,
            company=company,
            settings=SHIPPED.funnel,
            contract=SHIPPED.kpi,
            policy=SHIPPED.sla,
            now=now + timedelta(days=4),
        )
    long_key = next(name for name in counts(connection, "mqls") if name and name != "summer")
    assert (len(long_key), long_key[:80]) == (100, LONG[:80].lower())
    assert counts(connection, "mqls") == {"summer": 5, long_key: 1, None: 2}
    assert counts(connection, "leads") == {"summer": 5, long_key: 1, None: 2}
    looked_back = connection.execute(
        "select campaign, mqls from analytics.lead_times"
        " where dt = %s and stage = 'sal' and scope = 'campaign'",
        [today + timedelta(days=3)],
    ).fetchall()
    assert dict(looked_back) == {"summer": 5, long_key: 1, None: 2}

    refresh_economics(
        connection, day=today, settings=SHIPPED.economics, company=company, now=now + timedelta(days=1)
    )
    spent = connection.execute(
        "select campaign, direct from economics.monthly_costs where as_of = %s and line = 'campaign'", [today]
    ).fetchall()
    assert {name: int(amount) for name, amount in spent} == {"summer": 50, long_key: 10}

    settings = SHIPPED.attribution.model_copy(
        update={
            "conversion": change(SHIPPED.attribution.conversion, stage="mql"),
            "evidence": change(SHIPPED.attribution.evidence, min_conversions=1, draws=20),
        }
    )
    refresh_attribution(
        connection, day=today, settings=settings, company=company, now=now + timedelta(days=1)
    )
    credited = connection.execute(
        "select campaign, conversions from attribution.credits"
        " where dt = %s and breakdown = 'campaign' and model = 'last_touch'",
        [today],
    ).fetchall()
    assert {name: int(number) for name, number in credited} == {"summer": 5, long_key: 1, "(unnamed)": 2}
    channels = connection.execute(
        "select channel from attribution.credits"
        " where dt = %s and breakdown = 'channel' and model = 'linear'",
        [today],
    ).fetchall()
    assert {name for (name,) in channels} == {"summer", long_key, "ads"}
    assert last_whole_day(now, company.zone) < today


def test_case_matters_where_the_company_says_so(serve: Serve, connection: Connection) -> None:
    gateway = serve()
    company = change(SHIPPED.company, fold_case=False)
    for number, campaign in enumerate(("Summer", "SUMMER ", "Summer")):
        send(gateway, number, campaign=campaign)
    resolve_events(connection, now=datetime.now(UTC), settings=SHIPPED.identity)
    make_mqls(connection)
    now = datetime.now(UTC)
    qualify_leads(
        connection, contract=SHIPPED.kpi, subscribers=SUBSCRIBERS, now=now, fold_case=company.fold_case
    )
    refresh_funnel(
        connection,
        day=now.astimezone(company.zone).date(),
        company=company,
        settings=SHIPPED.funnel,
        contract=SHIPPED.kpi,
        policy=SHIPPED.sla,
        now=now,
    )
    assert counts(connection, "mqls") == counts(connection, "leads") == {"Summer": 2, "SUMMER": 1}
