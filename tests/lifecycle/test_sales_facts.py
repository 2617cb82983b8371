"""Which activities count for which cycle: each bound, with an activity on it and one right beside it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from leadops.lifecycle.kpi_contract import KpiContract
from tests.shipped import SHIPPED

After = Callable[[float], datetime]
SECOND = 1 / 60
DAY = 24 * 60


def facts(company: Any, cycle: int = 1) -> dict[str, datetime]:
    rows = company.connection.execute(
        "select fact, occurred_at from lifecycle.facts where cycle = %s", [cycle]
    )
    return dict(rows.fetchall())


@pytest.mark.parametrize(("ahead", "counts"), [(DAY, True), (DAY + SECOND, False)])
def test_a_contact_a_day_before_the_mql_counts_from_the_mql_on(
    company: Any, after: After, ahead: float, counts: bool
) -> None:
    company.mql()
    company.activity("c", "L-1", "call", after(-ahead))
    company.qualify(after(1))
    assert facts(company) == ({"contact": after(0)} if counts else {})


def test_a_lead_that_was_taken_long_before_the_mql_stays_taken(company: Any, after: After) -> None:
    company.mql()
    company.activity("t", "L-1", "status", after(-20 * DAY), status="taken")
    company.qualify(after(1))
    assert facts(company) == {"taken": after(0)}


@pytest.mark.parametrize(("minute", "counts"), [(-SECOND, False), (0, True)])
@pytest.mark.parametrize("end", ["won", "lost"])
def test_an_end_before_the_mql_is_none_of_its_cycle(
    company: Any, after: After, minute: float, counts: bool, end: str
) -> None:
    company.mql()
    company.activity("e", "L-1", "status", after(minute), status=end)
    company.qualify(after(1))
    assert facts(company) == ({end: after(0)} if counts else {})


@pytest.mark.parametrize(("minute", "happened"), [(10, True), (10 + SECOND, False)])
def test_what_is_due_now_has_happened(company: Any, after: After, minute: float, happened: bool) -> None:
    company.mql()
    company.activity("c", "L-1", "call", after(minute), recorded_at=after(5))
    company.qualify(after(10))
    assert facts(company) == ({"contact": after(10)} if happened else {})
    left = company.connection.execute("select not_before from lifecycle.inbox").fetchall()
    assert left == ([] if happened else [(after(minute),)])


@pytest.mark.parametrize(("minute", "is_read"), [(60 - SECOND, False), (60, True)])
def test_a_plan_is_read_again_when_its_time_has_come(
    company: Any, after: After, minute: float, is_read: bool
) -> None:
    company.mql()
    company.activity("m", "L-1", "meeting", after(60), recorded_at=after(2))
    company.qualify(after(3))
    assert facts(company) == {"meeting": after(2)}
    company.qualify(after(minute))
    assert ("contact" in facts(company)) is is_read


@pytest.mark.parametrize(
    ("planned", "known"), [(-5, 0), (0, 0), (5, 5)], ids=["before", "at", "after the MQL"]
)
def test_a_plan_is_known_from_the_mql_on(company: Any, after: After, planned: float, known: float) -> None:
    company.mql()
    company.activity("m", "L-1", "meeting", after(60), recorded_at=after(planned))
    company.qualify(after(10))
    assert facts(company) == {"meeting": after(known)}


def second_cycle(company: Any, after: After) -> None:
    """MQL at 0, lost at 10, MQL again at 100, of one lead."""
    lead = company.mql()
    company.activity("l", "L-1", "status", after(10), status="lost")
    company.qualify(after(11))
    company.points(lead, after(100), behaviour=20)
    assert company.qualify(after(100)).mql == 1


@pytest.mark.parametrize(
    ("minute", "first", "second"),
    [
        (10, {"contact": 10, "lost": 10}, {}),
        (10 + SECOND, {"contact": 10 + SECOND, "lost": 10}, {"contact": 100}),
        (100 - SECOND, {"contact": 100 - SECOND, "lost": 10}, {"contact": 100}),
        (100, {"lost": 10}, {"contact": 100}),
        (101, {"lost": 10}, {"contact": 101}),
    ],
)
def test_between_two_cycles_an_activity_counts_for_both(
    company: Any, after: After, minute: float, first: dict[str, float], second: dict[str, float]
) -> None:
    second_cycle(company, after)
    company.activity("c", "L-1", "call", after(minute))
    company.qualify(after(200))
    assert facts(company, 1) == {fact: after(at) for fact, at in first.items()}
    assert facts(company, 2) == {fact: after(at) for fact, at in second.items()}


def test_the_version_of_its_own_moment_decides_about_a_fact(company: Any, after: After) -> None:
    """From midnight in Tokyo, 15:00 UTC and 5 hours after the MQL, only `claimed` takes a lead."""
    body = SHIPPED.kpi.model_dump(mode="json")
    first = body["versions"][0]
    body["versions"].append(
        first
        | {
            "version": "next",
            "effective_from": "2026-06-02",
            "sal": first["sal"] | {"taken": ["claimed"]},
        }
    )
    company.contract = KpiContract.model_validate(body).in_company(SHIPPED.company)
    company.mql()
    for number, (minute, status) in enumerate(
        [(300 - SECOND, "claimed"), (300, "taken"), (300, "claimed"), (301, "claimed")]
    ):
        company.activity(f"a{number}", "L-1", "status", after(minute), status=status)
    company.qualify(after(400))
    assert facts(company) == {"taken": after(300)}
    company.activity("b", "L-1", "status", after(300 - SECOND), status="taken")
    company.qualify(after(401))
    assert facts(company) == {"taken": after(300 - SECOND)}


def test_of_a_kind_the_earliest_activity_stays(company: Any, after: After) -> None:
    company.mql()
    company.activity("b", "L-1", "call", after(5), rep_id="rep-2")
    company.activity("a", "L-1", "call", after(5), rep_id="rep-1")
    company.activity("c", "L-1", "call", after(6), rep_id="rep-3")
    company.qualify(after(10))
    rows = company.connection.execute("select activity_id, rep_id from lifecycle.facts").fetchall()
    assert rows == [("a", "rep-1")]
    company.activity("d", "L-1", "call", after(7), rep_id="rep-4")
    company.qualify(after(11))
    assert facts(company) == {"contact": after(5)}


def test_each_deal_of_one_run_has_its_own_value(company: Any, after: After) -> None:
    leads = [company.mql(email=f"{name}@example.com", crm_id=f"L-{name}") for name in "ab"]
    for name, value in (("b", 700), ("a", 500)):
        company.activity(
            f"won {name}", f"L-{name}", "status", after(5), status="won", details={"value": value}
        )
    assert company.qualify(after(6)).won == 2
    rows = company.connection.execute(
        "select lead_id, value from lifecycle.transitions where stage = 'won' order by lead_id"
    )
    assert rows.fetchall() == [(leads[0], 500), (leads[1], 700)]


def test_a_stage_goes_from_the_one_cycle_in_which_it_does_not_follow_any_more(
    company: Any, after: After
) -> None:
    """In the first cycle a rep called after three hours, in the second after twenty minutes."""
    lead = company.mql()
    for name, minute, status in (("taken", 60, "taken"), ("called", 180, None), ("lost", 200, "lost")):
        company.activity(name, "L-1", "status" if status else "call", after(minute), status=status)
    company.qualify(after(201))
    company.points(lead, after(300), behaviour=20)
    assert company.qualify(after(300)).mql == 1
    company.activity("taken again", "L-1", "status", after(310), status="taken")
    company.activity("called again", "L-1", "call", after(320))
    company.qualify(after(330))
    assert "sal" in company.stages(lead, 1)
    assert "sal" in company.stages(lead, 2)
    body = SHIPPED.kpi.model_dump(mode="json")
    body["versions"][0]["sal"]["within_hours"] = 2
    company.contract = KpiContract.model_validate(body).in_company(SHIPPED.company)
    company.qualify(after(340))
    assert company.stages(lead, 1) == {"mql": after(0), "lost": after(200)}
    assert company.stages(lead, 2) == {"mql": after(300), "sal": after(320)}
