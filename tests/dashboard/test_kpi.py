"""GET /kpi: the numbers of management, equal to what the commands print."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from leadops.cli import economics as economics_command
from leadops.dashboard.kpi import KpiAnswer, KpiFigures
from leadops.migrations.rights import Part
from tests.economics.conftest import Books as CostBooks
from tests.funnel.conftest import Books, at, books, on
from tests.roles import as_role

from .conftest import ANONYMOUS, VIEWER, Open

__all__ = ["books"]


@pytest.fixture
def company(books: Books) -> Books:
    """Six MQLs of June and July; July cost 900 and won two deals, June cost 400 and won one."""
    leads = [books.mql(at(f"0{month}-{day:02} 10:00")) for month in (6, 7) for day in (5, 6, 20)]
    books.reach(leads[0], "sql", at("06-10 10:00"))
    books.reach(leads[0], "won", at("06-25 10:00"), value=1_200)
    books.reach(leads[3], "sql", at("07-10 10:00"))
    books.reach(leads[3], "won", at("07-25 10:00"), value=600)
    books.reach(leads[1], "won", at("07-26 10:00"), value=2_400)
    costs = CostBooks(books.connection)
    costs.cost("2026-06-01", "ads", "400")
    costs.cost("2026-07-01", "ads", "900")
    books.connection.commit()
    books.refresh_all(on("06-01"), on("07-31"))
    costs.refresh("2026-11-29", now=datetime(2026, 11, 30, tzinfo=UTC))
    books.connection.commit()
    return books


def test_a_month_beside_the_one_before(company: Books, dashboard: Open) -> None:
    answer = dashboard(VIEWER).read("kpi", **{"from": "2026-07-01", "to": "2026-07-31"})
    assert (answer["mqls"], answer["sqls"], answer["sql_rate"]) == (3, 1, 1 / 3)
    assert (answer["won"], answer["value"], answer["currency"]) == (2, 3000.0, "JPY")
    assert (answer["cac"], answer["cac_months"]) == (450.0, ["2026-07"])
    assert (answer["from"], answer["to"], answer["days"]) == ("2026-07-01", "2026-07-31", 31)
    assert (answer["timezone"], answer["as_of"]) == ("Asia/Tokyo", "2026-11-30T03:00:00Z")
    before = answer["before"]
    assert (before["from"], before["to"]) == ("2026-05-31", "2026-06-30")
    assert (before["mqls"], before["sqls"], before["won"], before["value"]) == (3, 1, 1, 1200.0)
    assert (before["cac"], before["cac_months"]) == (400.0, ["2026-06"])


def test_payback_is_that_of_the_newest_month_old_enough(company: Books, dashboard: Open) -> None:
    # July's MQLs won one deal of 600: 900 by it; 600 a year are 50 a month: 18 months.
    # June's won 1,200 and 2,400: 200 each, and 1,800 a year on average are 150 a month: 1.3 months.
    answer = dashboard(VIEWER).read("kpi", **{"from": "2026-07-01", "to": "2026-07-31"})
    assert (answer["payback_months"], answer["payback_month"]) == (18.0, "2026-07")
    assert (answer["before"]["payback_months"], answer["before"]["payback_month"]) == (1.3, "2026-06")


def test_cac_and_payback_are_those_of_the_command(
    company: Books, dashboard: Open, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    printed = json.loads(CliRunner().invoke(economics_command.app, ["show", "--json"]).output)
    months = {row["month"][:7]: row for row in printed["months"]}
    pages = dashboard(VIEWER)
    for number in (6, 7):
        answer = pages.read("kpi", **{"from": f"2026-{number:02}-02", "to": f"2026-{number + 1:02}-01"})
        assert answer["cac"] == float(months[f"2026-{number:02}"]["cac"])
        assert answer["payback_months"] == float(months[answer["payback_month"]]["payback_months"])


def test_the_default_are_the_last_thirty_whole_days(dashboard: Open) -> None:
    answer = dashboard(VIEWER).read("kpi")
    assert (answer["from"], answer["to"]) == ("2026-10-31", "2026-11-29")
    assert (answer["mqls"], answer["sql_rate"], answer["cac"]) == (0, None, None)
    assert (answer["cac_reason"], answer["payback_reason"]) == ("no_month", "no_month")


def test_the_answer_is_what_openapi_says(company: Books, dashboard: Open) -> None:
    pages = dashboard(VIEWER)
    answer = pages.read("kpi", **{"from": "2026-07-01", "to": "2026-07-31"})
    assert answer.keys() == {field.alias or name for name, field in KpiAnswer.model_fields.items()}
    assert answer["before"].keys() == {field.alias or name for name, field in KpiFigures.model_fields.items()}
    KpiAnswer.model_validate(answer)
    assert "/kpi" in pages.read("openapi.json")["paths"]


def test_the_anonymous_get_no_numbers(dashboard: Open) -> None:
    dashboard(ANONYMOUS).refuse("kpi", 401)


def test_every_route_of_json_is_described(dashboard: Open) -> None:
    paths = dashboard(VIEWER).read("openapi.json")["paths"]
    assert {"/kpi", "/api/funnel", "/api/funnel/rows", "/api/funnel.csv", "/api/credits"} <= paths.keys()
    for path, methods in paths.items():
        assert methods.keys() == {"get"}, path
        assert methods["get"].get("summary"), path
        assert methods["get"].get("description"), path
        for parameter in methods["get"].get("parameters", []):
            assert parameter.get("description"), (path, parameter["name"])
