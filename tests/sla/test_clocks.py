"""When clocks warn and are due, worked out by hand for the shipped policy."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadops.sla.clocks import SlaCycle, plan_clock
from leadops.sla.sla_policy import SlaCalendar, SlaPolicy
from tests.shipped import SHIPPED

POLICY = SHIPPED.sla


def tokyo(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, second, tzinfo=ZoneInfo("Asia/Tokyo"))


def plan(
    started_at: datetime, clock: str, *, total: int = 70, policy: SlaPolicy = POLICY, **facts: Any
) -> dict[str, Any]:
    cycle = SlaCycle(1, 1, started_at, total, "summer", **facts)
    return plan_clock(cycle, clock, policy=policy, calendar=SlaCalendar(policy), fingerprint="p")


@pytest.mark.parametrize(
    ("started_at", "target", "warn_at", "due_at"),
    [
        (tokyo(1, 17), 60, tokyo(1, 17, 30), tokyo(1, 18)),  # due when the day ends, not on Tuesday
        (tokyo(1, 17), 61, tokyo(1, 17, 30, 30), tokyo(2, 9, 1)),
        (tokyo(1, 17, 30), 60, tokyo(1, 18), tokyo(2, 9, 30)),  # warns when the day ends
        (tokyo(1, 9), 60, tokyo(1, 9, 30), tokyo(1, 10)),
        (tokyo(1, 7), 60, tokyo(1, 9, 30), tokyo(1, 10)),
        (tokyo(5, 17), 60, tokyo(5, 17, 30), tokyo(5, 18)),  # a Friday
        (tokyo(5, 17), 120, tokyo(5, 18), tokyo(8, 10)),
        (tokyo(6, 12), 60, tokyo(8, 9, 30), tokyo(8, 10)),  # a Saturday
    ],
)
def test_a_first_contact_warns_at_half_and_is_due_at_its_target(
    started_at: datetime, target: float, warn_at: datetime, due_at: datetime
) -> None:
    row = plan(started_at, "first_contact", first_contact_minutes=target)
    assert (row["warn_at"], row["due_at"], row["target_minutes"]) == (warn_at, due_at, target)


def test_a_target_of_24_counted_hours_takes_two_days_and_six_hours() -> None:
    row = plan(tokyo(1, 9), "sal")  # 1440 minutes, 540 a day
    assert (row["due_at"], row["warn_at"]) == (tokyo(3, 15), tokyo(2, 18))


def test_the_chosen_target_holds_only_for_first_contacts_of_the_last_tier() -> None:
    chosen = {"first_contact_minutes": 60.0}
    assert plan(tokyo(1, 9), "first_contact", total=89, **chosen)["target_minutes"] == 60
    assert plan(tokyo(1, 9), "first_contact", total=90, **chosen)["target_minutes"] == 10
    assert plan(tokyo(1, 9), "sal", total=89, **chosen)["target_minutes"] == 1440
    assert plan(tokyo(1, 9), "first_contact", total=89)["target_minutes"] == 240


@pytest.mark.parametrize(
    ("started_at", "is_handed_over"),
    [
        (tokyo(1, 8, 59, 59), True),
        (tokyo(1, 9), False),
        (tokyo(1, 17, 59, 59), False),
        (tokyo(1, 18), True),
        (tokyo(6, 12), False),  # a Saturday pauses
    ],
)
def test_who_takes_over_is_named_outside_working_hours(started_at: datetime, is_handed_over: bool) -> None:
    off_hours = POLICY.off_hours.model_copy(update={"nights": "handover"})
    policy = POLICY.model_copy(update={"off_hours": off_hours})
    evidence = plan(started_at, "first_contact", policy=policy)["evidence"].obj
    assert ("handed_over" in evidence) is is_handed_over
    assert (evidence["tier"], evidence["campaign"]) == ("standard", "summer")
