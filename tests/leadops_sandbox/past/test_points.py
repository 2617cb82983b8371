"""The points of the simulated company's leads, worked out by hand."""

from datetime import date, timedelta

import pytest

from leadops_sandbox.past.points import PointCounter, count_fit

DAY = date(2026, 6, 1)


def count(*acts: tuple[str, int]) -> int:
    """Return the points of acts, each on the day with that number."""
    counter = PointCounter()
    for act, day in acts:
        counter.add(act, DAY + timedelta(days=day))
    return counter.points


@pytest.mark.parametrize(
    ("acts", "points"),
    [
        ([("view_pricing", 0)], 15),
        ([("view_pricing", 0)] * 3, 30),  # 30 a day
        ([("view_pricing", 0)] * 2 + [("view_pricing", 1)] * 2 + [("view_pricing", 2)], 60),  # 60 in all
        (
            [("view_pricing", 0)] * 2 + [("request_document", 0), ("brand_search", 0)],
            60,
        ),  # 62: the group's day
        ([("top_page", day) for day in range(12)], 10),
        ([("inner_page", 0)] * 3 + [("mail_open", 0)] * 2, 5),  # 4 and 2: the weak ones have 5 a day
        ([("careers_page", 0)] * 2, -10),
        ([("careers_page", day) for day in range(5)], -30),
        ([("submit_form", 0), ("submit_form", 0), ("submit_form", 1), ("submit_form", 2)], 40),
        ([("", 0), ("nothing known", 0)], 0),
    ],
)
def test_caps_of_a_day_of_a_lead_and_of_a_group(acts: list[tuple[str, int]], points: int) -> None:
    assert count(*acts) == points


@pytest.mark.parametrize(
    ("industry", "employees", "title", "country", "points"),
    [
        ("software", 120, "Marketing Manager", "JP", 20 + 15 + 10 + 10),
        ("finance", 5_000, "CTO", "SG", 20 + 25 + 20),
        ("retail", 49, "Owner", "DE", 0),
        ("education", 1, "Student", "JP", 10 - 30),
    ],
)
def test_fit(industry: str, employees: int, title: str, country: str, points: int) -> None:
    traits = {"industry": industry, "employees": employees, "title": title, "country": country}
    assert count_fit(traits) == points
