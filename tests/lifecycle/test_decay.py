"""Points that fade make nobody MQL, and nobody twice."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

After = Callable[[float], datetime]
DAY = 24 * 60


def fade(company: Any, lead: int, points: int, at: datetime) -> None:
    """Write a row of decay as scoring does."""
    company.connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) values (%s, %s, 'behaviour', 'decay', 'decay', %s, %s, 1, '')",
        [lead, points, at, at],
    )
    company.connection.execute(
        "update scoring.scores set behaviour = behaviour + %s where lead_id = %s", [points, lead]
    )


def test_who_falls_under_the_threshold_and_rises_again_is_no_new_mql(company: Any, after: After) -> None:
    lead = company.mql(after(0))
    fade(company, lead, -30, after(60 * DAY))
    assert company.qualify(after(60 * DAY)).mql == 0
    company.points(lead, after(61 * DAY), behaviour=45)
    assert company.qualify(after(61 * DAY)).mql == 0
    assert company.stages(lead) == {"mql": after(0)}


def test_after_a_lost_deal_only_new_behaviour_counts_and_it_must_reach_the_threshold_too(
    company: Any, after: After
) -> None:
    lead = company.mql(after(0))
    company.activity("lost", "L-1", "status", after(DAY), status="lost")
    assert company.qualify(after(DAY)).lost == 1
    fade(company, lead, -40, after(200 * DAY))  # of 50 points, 10 are left
    company.points(lead, after(201 * DAY), behaviour=25)
    assert company.qualify(after(201 * DAY)).mql == 0, "35 points are under the threshold"
    company.points(lead, after(202 * DAY), behaviour=5)
    assert company.qualify(after(202 * DAY)).mql == 1
    fade(company, lead, -15, after(230 * DAY))
    company.points(lead, after(231 * DAY), behaviour=25)
    assert company.qualify(after(231 * DAY)).mql == 0, "its second cycle has not ended"


def test_what_fades_is_not_even_looked_at(company: Any, after: After) -> None:
    lead = company.lead()
    company.points(lead, after(0), behaviour=90)
    company.qualify(after(1))
    company.connection.execute("update scoring.scores set fit = 90")
    fade(company, lead, -5, after(2))
    assert company.qualify(after(2)).mql == 0
    company.points(lead, after(3), behaviour=1)
    assert company.qualify(after(3)).mql == 1


def test_points_that_come_back_with_a_changed_setting_are_no_live_ones(company: Any, after: After) -> None:
    lead = company.lead()
    company.points(lead, after(0), fit=90, behaviour=60, lane=1)
    fade(company, lead, -30, after(1))
    company.qualify(after(2))
    fade(company, lead, 30, after(3))
    assert company.qualify(after(3)).mql == 1
    assert company.evidence(lead)["backfill"] is True
