"""A customer's colleague, from the points to the owner, the clocks and the funnel."""

import json
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.db import Connection
from leadops.routing.assign_leads import assign_leads
from leadops.sla.watch_clocks import watch_clocks
from tests.lifecycle.conftest import START, Company
from tests.lifecycle.test_account_states import becomes_mql, person
from tests.routing.conftest import TOKYO, everybody, profile
from tests.shipped import SHIPPED


def assign(company: Company, now: Any) -> None:
    assign_leads(company.connection, rules=everybody(), now=now, zone=TOKYO)
    company.connection.commit()


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_owner_of_the_account_is_told_without_a_clock_and_the_funnel_shows_both_numbers(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    company = Company(connection)
    for rep in ("rep-a", "rep-b"):
        connection.execute(
            "insert into crm.reps values (%s, %s, %s)", [rep, json.dumps(profile(zone="UTC")), START]
        )
    buyer = person(company, "buyer")
    assert becomes_mql(company, buyer) == 1
    assign(company, START)
    (owner,) = connection.execute("select rep_id from routing.assignments").fetchall()
    company.crm_id(buyer, "L-1")
    for minute, status in ((10, "taken"), (20, "won")):
        moment = START + timedelta(minutes=minute)
        company.activity(f"a{minute}", "L-1", "status", moment, status=status, rep_id=owner[0])
    company.qualify(START + timedelta(minutes=30))

    colleague, other = person(company, "colleague"), person(company, "other", account=8)
    assert becomes_mql(company, colleague, 40) == 1
    assert becomes_mql(company, other, 41) == 1
    now = START + timedelta(minutes=42)
    watch_clocks(connection, policy=SHIPPED.sla, now=now)
    assign(company, now)
    assert connection.execute(
        "select lead_id, rep_id, why from routing.assignments where lead_id = %s", [colleague]
    ).fetchall() == [(colleague, owner[0], "account")]
    clocks = connection.execute("select distinct lead_id from sla.clocks where lead_id > 0").fetchall()
    assert (colleague,) not in clocks
    assert (other,) in clocks
    connection.commit()

    run("funnel", "refresh", "--from", "2026-06-01", "--to", "2026-06-01")
    days = ("--from", "2026-06-01", "--to", "2026-06-01")
    (shown,) = json.loads(run("funnel", "show", *days, "--json"))
    assert (shown["mqls"], shown["mqls_apart"], shown["wons"]) == (2, 1, 1)
    assert "apart: 1 MQL of accounts that are customers" in run("funnel", "show", *days)
    assert connection.execute("select distinct mqls from analytics.lead_times").fetchall() == [(2,)]
    assert "counted apart, because its account is a customer" in run("explain", str(colleague))
