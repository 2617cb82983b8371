"""The page Threshold: its numbers are those of the CLI's own function, and of sums made by hand."""

from typing import Any

import pytest

from leadops.configuration import Config
from leadops.thresholds.threshold_basis import read_present_basis
from leadops.thresholds.what_if import compare_scenarios
from tests.shipped import SHIPPED
from tests.thresholds.conftest import DAY, Firm, firm

from .conftest import OP, VIEWER, Open, Pages

__all__ = ["firm"]


def quick(firm: Firm) -> Config:
    return SHIPPED.replace(thresholds=firm.rules.thresholds)


@pytest.fixture
def busy(firm: Firm) -> Firm:
    """200 MQLs at each of 60, 65, 70, 80 and 90 points; one salesperson; 60 arrivals of each in 28 days."""
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=60)
    return firm


@pytest.fixture
def pages(busy: Firm, dashboard: Open) -> Pages:
    busy.propose()
    return dashboard(OP, config=quick(busy), now=busy.after(hours=9))


def test_before_the_first_night_there_is_no_forecast(firm: Firm, dashboard: Open) -> None:
    pages = dashboard(VIEWER, now=firm.after())
    answer = pages.read("api/threshold")
    assert answer["forecast"] is None
    assert (answer["waiting"], answer["decisions"]) == ([], [])
    assert answer["in_force"] == {
        "total": None,
        "threshold": 60,
        "sla_minutes": 240.0,
        "kpi_version": "2026-Q1",
    }
    assert "retrain_thresholds" in pages.refuse("api/threshold/what-if", 404)


def test_why_nothing_can_be_said_yet(firm: Firm, dashboard: Open) -> None:
    firm.mqls(70, leads=10, sqls=3)
    firm.propose()
    pages = dashboard(OP, config=quick(firm), now=firm.after())
    forecast = pages.read("api/threshold")["forecast"]
    assert forecast["reason"].startswith("not enough data: 10 mature MQLs")
    assert (forecast["curve"], forecast["today"], forecast["mature"], forecast["sqls"]) == ([], None, 10, 3)
    assert "not enough data" in pages.refuse("api/threshold/what-if", 422)


def test_the_curve_counts_the_leads_over_each_threshold(pages: Pages) -> None:
    """60 arrivals of each score in 28 days are 15 a week: over 60 there are 5 x 15."""
    answer = pages.read("api/threshold")
    forecast = answer["forecast"]
    assert forecast["day"] == DAY.isoformat()
    assert [(point["forecast"]["threshold"], point["forecast"]["leads"]) for point in forecast["curve"]] == [
        (60, 75),
        (65, 60),
        (70, 45),
        (80, 30),
        (90, 15),
    ]
    assert forecast["today"] == forecast["curve"][0]
    assert all(point["low"] <= point["forecast"]["sqls"] <= point["high"] for point in forecast["curve"])
    assert (forecast["mature"], forecast["sqls"], forecast["window_days"]) == (1000, 194, 28)
    assert forecast["targets"] == [30, 60, 120, 240, 480]


def test_the_capacity_is_the_leads_a_week_that_the_team_can_take(pages: Pages, busy: Firm) -> None:
    """One person, Monday to Friday, in 14 days from Wednesday 1 July: 10 working days.

    Each has 9:00 to 18:00, of which `share_of_time` is for leads of `handling_minutes`.
    """
    settings = busy.rules.thresholds
    week = 5 * 9 * 60 * settings.share_of_time / settings.handling_minutes
    capacity = pages.read("api/threshold")["forecast"]["capacity"]
    assert capacity["salespeople"] == 1
    assert capacity["leads_a_week"] == pytest.approx(week)
    more = pages.read("api/threshold/what-if", salespeople=3)["what_if"]["capacity"]
    assert more["salespeople"] == 3
    assert more["leads_a_week"] == pytest.approx(3 * week)


@pytest.mark.parametrize(
    "asked",
    [{}, {"salespeople": 3}, {"sla_minutes": 60}, {"salespeople": 2, "sla_minutes": 90, "threshold": 72}],
)
def test_a_what_if_is_that_of_the_command(pages: Pages, busy: Firm, asked: dict[str, Any]) -> None:
    now = busy.after(hours=9)
    present = read_present_basis(busy.connection, context=busy.rules, now=now)
    found = compare_scenarios(
        present.basis,
        settings=busy.rules.thresholds,
        salespeople=(False, asked["salespeople"]) if "salespeople" in asked else (True, 0),
        target=asked.get("sla_minutes"),
        threshold=asked.get("threshold"),
    )
    assert isinstance(found, dict)
    answer = pages.read("api/threshold/what-if", **asked)["what_if"]
    assert answer["today"] == vars(found["today"])
    assert answer["what_if"]["forecast"] == vars(found["what if"])
    best = found.get("what if, best threshold")
    assert answer["best"] == (None if best is None else vars(best))
    assert answer["what_if"] in answer["curve"]


def test_many_people_with_next_to_nothing_to_do_are_a_number_too(pages: Pages) -> None:
    """No lead ever waits then: the SQLs are the chances of the leads alone."""
    answer = pages.read("api/threshold/what-if", salespeople=1_000, threshold=10_000)["what_if"]
    there = answer["what_if"]["forecast"]
    assert (there["leads"], there["sqls"], there["in_time"], there["worked"]) == (0, 0, 1, 1)
    busy = answer["curve"][0]
    assert busy["forecast"]["in_time"] == pytest.approx(1)
    assert 0 < busy["low"] < busy["forecast"]["sqls"] < busy["high"]


def test_more_people_bring_more(pages: Pages) -> None:
    sqls = [
        pages.read("api/threshold/what-if", salespeople=count)["what_if"]["what_if"]["forecast"]["sqls"]
        for count in (1, 2, 4)
    ]
    assert sqls[0] < sqls[1] < sqls[2]


@pytest.mark.parametrize(
    "asked",
    [
        {"salespeople": 0},
        {"salespeople": "many"},
        {"salespeople": 1_001},
        {"sla_minutes": 0},
        {"sla_minutes": "nan"},
        {"sla_minutes": "inf"},
        {"sla_minutes": -5},
        {"threshold": "1e99"},
        {"threshold": "'; drop table"},
    ],
)
def test_what_cannot_be_is_refused(pages: Pages, asked: dict[str, Any]) -> None:
    detail = pages.refuse("api/threshold/what-if", 422, **asked)
    assert next(iter(asked)) in detail


@pytest.mark.parametrize("days", [0, 1101, "x"])
def test_too_many_days_are_refused(pages: Pages, days: object) -> None:
    assert "days" in pages.refuse("api/threshold", 422, days=days)


def test_a_question_waits_with_the_run_that_asks(pages: Pages, busy: Firm) -> None:
    line = pages.read("api/threshold")["decisions"][0]
    assert (line["day"], line["plan"], line["decided_by"], line["waits"]) == (
        DAY.isoformat(),
        "ask",
        "kept",
        False,
    )
    assert line["before"] == {"threshold": 60, "sla_minutes": 240}
    assert line["after"]["threshold"] > 60
    low, high = line["interval"]
    assert 0 < low < line["gain"] < high
    busy.connection.execute(
        'update lifecycle.thresholds set waits_since = %s, facts = facts || \'{"run_id": "scheduled__1"}\'',
        [busy.after()],
    )
    busy.connection.commit()
    answer = pages.read("api/threshold")
    assert answer["waiting"] == [
        {
            "day": DAY.isoformat(),
            "waits_since": "2026-06-30T18:30:00Z",
            "reason": line["reason"],
            "dag_id": "retrain_thresholds",
            "run_id": "scheduled__1",
        }
    ]
    assert answer["decisions"][0]["waits"]


def test_decisions_come_newest_first_and_a_rollback_says_from_what_to_what(
    busy: Firm, dashboard: Open
) -> None:
    for number, value in enumerate((65, 70, 75)):
        busy.decide(value, DAY.replace(day=10 + number))
    busy.connection.execute(
        "update lifecycle.thresholds set decided_by = 'reverted',"
        ' facts = \'{"was": 75, "now": 70, "was_minutes": 240, "now_minutes": 120}\' where value = 75'
    )
    busy.connection.commit()
    pages = dashboard(VIEWER, config=quick(busy), now=busy.after())
    lines = pages.read("api/threshold", days=2)["decisions"]
    assert [(line["day"], line["decided_by"]) for line in lines] == [
        ("2026-06-12", "reverted"),
        ("2026-06-11", "automatic"),
    ]
    assert lines[0]["before"] == {"threshold": 75, "sla_minutes": 240}
    assert lines[0]["after"] == {"threshold": 70, "sla_minutes": 120}
    assert lines[1]["after"] == {"threshold": None, "sla_minutes": 240}, "as far as it is on record"
    assert lines[1]["gain"] is None
