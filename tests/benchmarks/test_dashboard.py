"""The benchmark of the pages: every route is called, and what it fills is what leadops itself would count."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from benchmarks.dashboard import CALLS, list_calls, make_pages
from benchmarks.dashboard_world import LAST_DAY, NOW, fill_dashboard_world
from leadops.db import Connection
from leadops.funnel.refresh_funnel import refresh_funnel
from tests.shipped import SHIPPED


@pytest.fixture
def app(database_url: str) -> FastAPI:
    return make_pages(database_url, SHIPPED)


def test_every_route_is_called(app: FastAPI) -> None:
    """A new route that needs parameters has to be in CALLS."""
    called = {call.route for call in list_calls(app)}
    assert called == app.openapi()["paths"].keys()
    assert {call.route for call in CALLS} <= called


def test_what_is_filled_is_what_a_build_counts(connection: Connection, app: FastAPI) -> None:
    fill_dashboard_world(connection, leads=4_000, events=8_000, config=SHIPPED)
    days = [LAST_DAY.replace(day=number) for number in (3, 4, 5)]

    def read() -> list[object]:
        # The KPI version aside, which the benchmark makes up, and since when a row stands.
        rows = connection.execute(
            "select dt, cohort_dt, campaign, source, rep_id, leads, mqls, sals, sqls, wons, losts, value"
            " from analytics.funnel_cells where dt = any(%(days)s)"
            " order by dt, cohort_dt, campaign, source, rep_id",
            {"days": days},
        ).fetchall()
        entries = connection.execute(
            "select to_jsonb(kept) - '{known_from,kpi_version}'::text[] from analytics.funnel_entries as kept"
            " where dt = any(%(days)s) order by dt, stage, lead_id",
            {"days": days},
        ).fetchall()
        sums = connection.execute(
            "select to_jsonb(kept) - 'known_from' from analytics.funnel_sums as kept"
            " where dt = any(%(days)s) order by dt, dimension, key",
            {"days": days},
        ).fetchall()
        connection.commit()
        return [rows, entries, sums]

    filled = read()
    assert filled[0]
    for day in days:
        refresh_funnel(
            connection,
            day=day,
            company=SHIPPED.company,
            settings=SHIPPED.funnel,
            contract=SHIPPED.kpi,
            policy=SHIPPED.sla,
            now=NOW,
        )
    assert read() == filled
    with TestClient(app) as client:
        for call in list_calls(app):
            assert call.accepts(client.get(call.address).status_code), call.address
        answer = client.get("/api/funnel").json()
    assert answer["now"]["days_built"] == 30
    assert (answer["now"]["days_stale"], answer["now"]["leads"]) == (0, 119), "one was joined"
    app.state.dashboard.database.close()
