"""The target for the first contact that the daily threshold has chosen holds for MQLs from then on."""

from tests.shipped import change

from .conftest import ClockFixture


def decide(
    desk: ClockFixture,
    sla_minutes: float | None,
    minute: float,
    *,
    day: str = "2026-05-31",
    version: str = "2026-Q1",
) -> None:
    desk.connection.execute(
        "insert into lifecycle.thresholds (day, kpi_version, sla_minutes, effective_at, proposed_at,"
        " decided_by, reason, plan, facts, hash)"
        " values (%s, %s, %s, %s, %s, 'automatic', '', 'apply', '{}', 'h')",
        [day, version, sla_minutes, desk.at(minute), desk.at(minute)],
    )


def targets(desk: ClockFixture) -> dict[tuple[int, str], float]:
    rows = desk.connection.execute("select lead_id, clock, target_minutes from sla.clocks").fetchall()
    return {(lead, clock): minutes for lead, clock, minutes in rows}


def test_it_holds_for_new_mqls_of_the_tier_of_everybody(desk: ClockFixture) -> None:
    desk.mql(1, 0, total=70)
    decide(desk, 60, 5)
    desk.mql(2, 10, total=70)
    desk.mql(3, 10, total=120)
    desk.watch(10)
    found = targets(desk)
    assert [found[lead, "first_contact"] for lead in (1, 2, 3)] == [240, 60, 10]
    assert [found[lead, "sal"] for lead in (1, 2, 3)] == [1440, 1440, 1440]


def test_another_policy_leaves_it_in_force(desk: ClockFixture) -> None:
    decide(desk, 60, -5)
    desk.mql(1, 0, total=70)
    desk.watch(1)
    tiers = [tier.model_copy(update={"first_contact_minutes": 30}) for tier in desk.policy.tiers]
    desk.policy = change(desk.policy, tiers=tiers)
    desk.watch(2)
    assert targets(desk)[1, "first_contact"] == 60


def test_one_that_was_taken_back_leaves_the_policys(desk: ClockFixture) -> None:
    decide(desk, 60, -5, day="2026-05-30")
    decide(desk, None, -4)
    desk.mql(1, 0, total=70)
    desk.watch(1)
    assert targets(desk)[1, "first_contact"] == 240


def test_it_is_the_newest_of_the_mqls_own_version_and_holds_from_its_minute(desk: ClockFixture) -> None:
    decide(desk, 90, -20, day="2026-05-29")
    decide(desk, 60, 0, day="2026-05-30")
    decide(desk, 30, -5, day="2026-05-31", version="2026-Q2")
    desk.mql(1, 0, total=70)
    desk.mql(2, -1, total=70)
    desk.watch(1)
    assert (targets(desk)[1, "first_contact"], targets(desk)[2, "first_contact"]) == (60, 90)
