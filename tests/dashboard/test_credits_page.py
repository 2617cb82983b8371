"""The page Attribution and economics: credits side by side, months, and the calculator of the CLI."""

import json
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from leadops.attribution.attribution_settings import MODELS
from leadops.cli import economics as economics_command
from leadops.db import Connection
from leadops.migrations.rights import Part
from tests.attribution.conftest import Market, market
from tests.economics.conftest import Books, books
from tests.nurture.lift_world import Programmes, at
from tests.roles import as_role

from .conftest import VIEWER, Open

__all__ = ["books", "market"]

EXAMPLE = {"mqls": "1200", "sql_rate": "0.15:0.29", "win_rate": "0.22", "acv": "1200000"}


def test_each_model_stands_beside_the_others_with_its_interval(market: Market, dashboard: Open) -> None:
    market.lead(1)
    for days, channel in ((9, "email"), (3, "ads")):
        market.touch(1, days, channel, "spring")
    market.convert(1, 1, value="100.00")
    market.refresh()
    market.connection.commit()

    answer = dashboard(VIEWER).read("api/credits")

    assert answer["models"] == list(MODELS)
    assert (answer["period"]["conversions"], answer["period"]["value"]) == (1, 100.0)
    by_name = {row["name"]: row["credits"] for row in answer["names"]}
    assert by_name.keys() == {"email", "ads"}
    assert by_name["ads"]["last_touch"]["conversions"] == 1
    assert by_name["email"]["last_touch"]["conversions"] == 0
    assert by_name["email"]["linear"]["value"] == 50
    for model in MODELS:
        assert sum(credits[model]["conversions"] for credits in by_name.values()) == pytest.approx(1)
        for credits in by_name.values():
            credit = credits[model]
            assert credit["conversions_low"] <= credit["conversions"] <= credit["conversions_high"]
    campaigns = dashboard(VIEWER).read("api/credits", by="campaign")
    assert [row["name"] for row in campaigns["names"]] == ["spring"]


def test_without_enough_conversions_the_note_says_so(market: Market, dashboard: Open) -> None:
    market.settings = market.settings.model_copy(
        update={"evidence": market.settings.evidence.model_copy(update={"min_conversions": 5})}
    )
    market.lead(1)
    market.touch(1, 3, "email")
    market.convert(1, 1)
    market.refresh()
    market.connection.commit()
    answer = dashboard(VIEWER).read("api/credits")
    assert answer["names"] == []
    assert answer["note"]


def test_before_anything_is_computed_the_page_is_empty_and_not_an_error(dashboard: Open) -> None:
    pages = dashboard(VIEWER)
    assert pages.read("api/credits")["period"] is None
    economics = pages.read("api/economics")
    assert (economics["day"], economics["months"], economics["lines"]) == (None, [], [])
    lift = pages.read("api/lift")
    assert (lift["day"], lift["programmes"]) == (None, [])
    assert "is not computed" in pages.refuse("api/credits", 422, day="2026-01-01")


@pytest.fixture
def spent(books: Books) -> Books:
    books.lead("spring", "2026-03-02", sql="2026-03-05", won="2026-03-20", value="1200000")
    books.lead(None, "2026-03-03")
    books.cost("2026-03-01", "ads", "60000", "spring")
    books.cost("2026-03-01", "content", "40000")
    books.cost("2026-04-01", "events", "5000", "fair")
    books.refresh("2026-06-30")
    books.connection.commit()
    return books


def test_the_months_are_those_of_the_command(
    spent: Books, dashboard: Open, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    answer = dashboard(VIEWER).read("api/economics", month="2026-03")
    printed = json.loads(CliRunner().invoke(economics_command.app, ["show", "--json"]).output)
    of_month = json.loads(
        CliRunner().invoke(economics_command.app, ["show", "--month", "2026-03", "--json"]).output
    )

    def plain(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        numbers = ("cost", "value", "cac", "cohort_cac", "payback_months", "direct", "allocated")
        return [
            {
                name: float(str(value)) if name in numbers and value is not None else value
                for name, value in row.items()
            }
            for row in rows
        ]

    assert answer["day"] == printed["as_of"] == "2026-06-30"
    assert answer["months"] == plain(printed["months"])
    assert answer["lines"] == plain([row for row in of_month["months"] if not row["is_total"]])
    assert answer["costs"] == plain(of_month["costs"])
    # 100,000 spent for one deal of 1,200,000 a year: it is earned back in one month.
    (march, april) = answer["months"]
    assert (march["cac"], march["payback_months"]) == (100000.0, 1.0)
    assert (april["won"], april["cac"]) == (0, None)
    # 20,000 of the 40,000 for all go to each line, as each had one MQL.
    assert {(cost["line"], cost["category"]): cost["allocated"] for cost in answer["costs"]} == {
        ("campaign", "ads"): 0.0,
        ("campaign", "content"): 20000.0,
        ("no_campaign", "content"): 20000.0,
    }


def test_without_a_month_the_lines_are_of_the_newest_and_an_unknown_one_is_not_found(
    spent: Books, dashboard: Open
) -> None:
    pages = dashboard(VIEWER)
    assert pages.read("api/economics")["month"] == "2026-04-01"
    assert "Nothing is known of 2025-01" in pages.refuse("api/economics", 404, month="2025-01")
    for wrong in ("2026-13", "2026-1", "march", "2026-03-01", "１９９９-01"):
        assert "is not a month" in pages.refuse("api/economics", 422, month=wrong)


def test_each_programme_stands_with_its_lift_under_the_share_in_force(
    connection: Connection, dashboard: Open
) -> None:
    """By hand: of 4 members 2 became SQL, of 2 held out 1; one of each is open. Others had another share."""
    programmes = Programmes(connection)
    former, version = programmes.version("pricing_page", 0.5), programmes.version("pricing_page", 0.25)
    programmes.enter("pricing_page", former, at("2026-02-01 10:00"), held_out=True)
    for held_out, people in ((False, 4), (True, 2)):
        for number in range(people):
            lead = programmes.enter("pricing_page", version, at("2026-03-01 10:00"), held_out=held_out)
            if number < people / 2:
                programmes.sql(lead, at("2026-03-02 10:00"))
        programmes.enter("pricing_page", version, at("2026-04-20 10:00"), held_out=held_out)
    programmes.enter("webinar", programmes.version("webinar", 0), at("2026-03-01 10:00"), held_out=False)
    (measured, *_) = (row for row in programmes.measure("2026-04-30") if row.holdout_share == 0.25)
    answer = dashboard(VIEWER).read("api/lift")
    pricing, webinar = answer["programmes"]
    assert answer["day"] == "2026-04-30"
    names = ("programme", "members", "member_sqls", "held_out", "held_out_sqls", "open_people", "verdict")
    assert [pricing[name] for name in names] == ["pricing_page", 4, 2, 2, 1, 2, "too_early"]
    assert (pricing["member_rate"], pricing["held_out_rate"], pricing["difference"]) == (0.5, 0.5, 0)
    assert pricing["difference_low"] == measured.difference_low < 0 < pricing["difference_high"]
    assert pricing["people_missing"] == measured.people_missing > 0
    names = ("verdict", "difference", "held_out_rate")
    assert [webinar[name] for name in names] == ["no_hold_out", None, None]


def test_the_calculator_is_that_of_the_command(dashboard: Open) -> None:
    answer = dashboard(VIEWER).read("api/economics/scenario", **EXAMPLE, cost="950000")
    words = [
        *("scenario", "--mqls", "1200", "--sql-rate", "0.15:0.29", "--win-rate", "0.22", "--acv", "1200000"),
        *("--cost", "950000", "--json"),
    ]
    printed = json.loads(CliRunner().invoke(economics_command.app, words).output)
    assert answer["before"] == printed["before"]
    assert answer["after"] == printed["after"]
    assert answer["alone"] == {"sql_rate": printed["only SQL rate"]}
    assert answer["times"] == printed["times"]
    assert answer["ten_percent_more"] == printed["ten_percent_more"]
    # 1,200 x 0.15 x 0.22 = 39.6; with 0.29 it is 76.56, 1.93 times as many.
    assert (answer["before"]["won"], answer["after"]["won"]) == (39.6, 76.56)
    assert round(answer["times"], 2) == 1.93
    assert answer["before"]["cac"] == pytest.approx(float(Decimal(950000) / Decimal("39.6")))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mqls": "many"}, "mqls must be a number"),
        ({"sql_rate": "15"}, "sql_rate must lie between 0 and 1"),
        ({"acv": "-1"}, "acv must not be negative"),
        ({"mqls": "1e400"}, "mqls must not be negative, nor above"),
        ({"mqls": "NaN"}, "mqls must be a number"),
        ({"cost": "1:2:3"}, "cost must be a number"),
        ({"mqls": "9" * 61}, "mqls:"),
    ],
)
def test_an_input_that_is_none_is_named(dashboard: Open, change: dict[str, str], says: str) -> None:
    assert says in dashboard(VIEWER).refuse("api/economics/scenario", 422, **EXAMPLE | change)
