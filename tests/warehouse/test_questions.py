"""The questions of docs/warehouse.md, as printed there, in the emulator: they give leadops' own numbers."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.db import Connection
from leadops.economics.refresh_economics import refresh_economics
from leadops.funnel.refresh_funnel import refresh_funnel
from leadops.warehouse.run_warehouses import compare_warehouses, export_warehouses
from tests.shipped import SHIPPED
from tests.warehouse.emulator import open_client
from tests.warehouse.story import add_lead, add_points, bigquery_place, clock, publish

PAGE = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text(encoding="utf-8")
START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = datetime(2026, 6, 29, tzinfo=UTC).date()
UNTIL = datetime(2026, 6, 29, 15, tzinfo=UTC)  # midnight in Japan
Ask = Callable[..., list[tuple[Any, ...]]]


def find_question(title: str) -> str:
    """The statement below a heading of the page."""
    found = re.search(
        rf"^### {re.escape(title)}\n.*?^```googlesql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL
    )
    assert found, title
    return found[1]


def reach(
    connection: Connection, lead: int, stage: str, moment: datetime, campaign: str, evidence: str
) -> None:
    connection.execute(
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " campaign, kpi_version) values (%s, 1, %s, %s, %s, %s, %s, 'v1')",
        [lead, stage, moment, moment, evidence, campaign],
    )


def touch(connection: Connection, lead: int, moment: datetime, campaign: str) -> None:
    """A page that a lead opened from a campaign."""
    payload = {"context": {"utm": {"medium": "ads", "campaign": campaign}}}
    connection.execute(
        "with stored as (insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values (gen_random_uuid(), 'page_view', %s, %s, %s, 'write_key') returning seq)"
        " insert into identity.resolved_events (event_seq, lead_id) select seq, %s from stored",
        [moment, moment, Jsonb(payload), lead],
    )


@pytest.fixture
def asked(connection: Connection, emulator: str) -> Ask:
    """Sixty MQLs of two campaigns, of which some become SQL after 1 to 20 days.

    One is internal, one apart.
    """
    leads = []
    for number in range(60):
        campaign = ("spring", "autumn")[number % 3 == 0]
        came = START + timedelta(days=number % 20, minutes=number)
        lead = add_lead(connection, campaign=campaign, created=came, email=f"p{number}@d{number % 4}.example")
        leads.append(lead)
        add_points(connection, lead, 1 + number % 4, since=came)
        apart = '{"account": {"means": "tell"}}' if number == 7 else "{}"
        reach(connection, lead, "mql", came, campaign, apart)
        if number % 5 < 3:
            reach(
                connection,
                lead,
                "sql",
                came + timedelta(days=1 + number % 7, hours=number % 5),
                campaign,
                "{}",
            )
        if number % 10 == 0:
            reach(connection, lead, "won", came + timedelta(days=8), campaign, "{}")
        if number == 11:
            connection.execute(
                "insert into identity.uncounted_leads values (%s, 'internal', 'ours.example', %s)",
                [lead, came],
            )
    for number, lead in enumerate(leads):
        came = START + timedelta(days=number % 20, minutes=number)
        touch(connection, lead, came - timedelta(days=89, hours=12), "old")
        if number % 4 == 1:
            touch(connection, lead, came - timedelta(days=2), "early")
        if number % 4 > 1:
            touch(connection, lead, came - timedelta(hours=1), ("spring", "autumn", "mail")[number % 3])
        touch(connection, lead, came + timedelta(days=9), "late")
    for month, amount in (("2026-05-01", 300), ("2026-06-01", 1200)):
        connection.execute(
            "insert into economics.costs (month, category, amount, origin, recorded_at)"
            " values (%s, 'ads', %s, %s, %s)",
            [month, amount, month, START],
        )
    connection.execute("insert into identity.people (lead_id, person_id) values (1, 1), (5, 1)")
    connection.execute("update identity.leads set merged_into = 1 where lead_id = 5")
    connection.commit()
    publish(connection)
    refresh_funnel(
        connection,
        day=DAY,
        settings=SHIPPED.funnel,
        company=SHIPPED.company,
        contract=SHIPPED.kpi,
        policy=SHIPPED.sla,
        now=UNTIL,
    )
    refresh_economics(connection, day=DAY, settings=SHIPPED.economics, company=SHIPPED.company, now=UNTIL)
    refresh_attribution(connection, day=DAY, settings=SHIPPED.attribution, company=SHIPPED.company, now=UNTIL)
    client = open_client(emulator)
    dataset = f"q_{secrets.token_hex(4)}"
    personal = f"{dataset}_personal"
    warehouse = bigquery_place(client, dataset, personal_dataset=personal).warehouse
    export_warehouses(connection, [warehouse], piece_rows=1000, clock=clock)
    assert compare_warehouses(connection, [warehouse], clock=clock) == 0

    def ask(title: str, **moments: datetime) -> list[tuple[Any, ...]]:
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            query_parameters=[
                bigquery.ScalarQueryParameter(name, "TIMESTAMP", moment) for name, moment in moments.items()
            ]
        )
        statement = find_question(title).replace(" leadops", f" {dataset}")
        return [tuple(row.values()) for row in client.query(statement, job_config=config).result()]

    return ask


def test_the_questions_give_our_own_numbers(connection: Connection, asked: Ask) -> None:
    rows = connection.execute(
        "select campaign, mqls, reached, rate from analytics.lead_times"
        " where dt = %s and stage = 'sql' and scope = 'campaign' order by campaign",
        [DAY],
    ).fetchall()
    assert rows
    found = asked("MQL to SQL by campaign", until=UNTIL)
    assert [row[:3] for row in found] == [row[:3] for row in rows]
    assert [row[3] for row in found] == pytest.approx([row[3] for row in rows])

    [(median,)] = connection.execute(
        "select median_days from analytics.lead_times where dt = %s and stage = 'sql' and scope = 'all'",
        [DAY],
    ).fetchall()
    assert median is not None
    [(theirs,)] = asked("Median lead time, with open leads counted", until=UNTIL)
    assert theirs == pytest.approx(median)

    points = connection.execute(
        "select lead_id, sum(points) from mart.ledger group by 1 order by 1"
    ).fetchall()
    assert asked("Points of a lead") == points

    known = connection.execute(
        "select campaign, count(*) from mart.leads where counts and not is_claimed and lead_id = person_id"
        " and known_at < %s group by 1 order by 1",
        [START + timedelta(days=10)],
    ).fetchall()
    assert asked("What was known on a day", day=START + timedelta(days=10)) == known
    months = connection.execute(
        "select month, sum(cost), sum(mqls), sum(cohort_won) from economics.months"
        " where as_of = %s and month >= '2026-05-01' group by month order by month",
        [DAY],
    ).fetchall()
    cohorts = asked("CAC by cohort", until=UNTIL)
    assert [(month, cost, mqls or 0, won or 0) for month, cost, mqls, won, _ in cohorts] == months
    assert [row[4] for row in cohorts] == [None, 1200 / months[1][3]]

    credits = connection.execute(
        "select campaign, conversions from attribution.credits where dt = %s and breakdown = 'campaign'"
        " and model = 'last_touch' and conversions > 0 order by campaign",
        [DAY],
    ).fetchall()
    since = UNTIL - timedelta(days=SHIPPED.attribution.period_days)
    assert asked("Last-touch attribution", since=since, until=UNTIL) == credits
    assert {"(none)", "autumn", "early", "mail", "old", "spring"} == {row[0] for row in credits}

    domains = connection.execute(
        "select split_part(email, '@', 2), count(distinct coalesce(people.person_id, leads.lead_id))"
        " from identity.leads as leads left join identity.people as people using (lead_id)"
        " where not exists (select from identity.uncounted_leads as gone where gone.lead_id = leads.lead_id)"
        " group by 1 order by 1"
    ).fetchall()
    assert asked("People by mail domain") == domains
    assert sum(people for _, people in domains) == 58, "60 leads, one of them internal, two of one person"
    connection.rollback()


def test_every_question_of_the_page_is_asked() -> None:
    titles = re.findall(r"^### (.+)$", PAGE.split("## Questions in GoogleSQL")[1], re.MULTILINE)
    source = Path(__file__).read_text(encoding="utf-8")
    assert [title for title in titles if f'asked("{title}"' not in source] == []
