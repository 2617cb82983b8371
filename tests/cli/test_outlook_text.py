"""The line of `leadops explain` about the MQL, in each state."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from leadops.cli.outlook_text import BLOCKED, WAITING, say_outlook
from leadops.lifecycle.mql_outlook import MissingPoints, MqlOutlook, OutlookState
from leadops.scoring.possible_acts import PointGain, PossibleAct
from tests.scoring.conftest import TOKYO

PRICES = PossibleAct(
    "act",
    "pricing_page",
    "page_view",
    {"properties": {}, "context": {"page": "/pricing"}},
    15,
    ("pricing_page",),
)
VIDEO = PossibleAct(
    "act", "video", "video_progress", {"properties": {"percent": 50}, "context": {}}, 5, ("video",)
)
TITLE = PossibleAct("fact", "title_manages", "title", {"title": "manager"}, 10, ("title_manages",))
OUTLOOK = MqlOutlook(
    lead_id=1,
    state="one_step",
    because=None,
    since=None,
    has=PointGain(20, 34),
    needs=PointGain(20, 40),
    total=54,
    needs_total=None,
    missing=MissingPoints(0, 6, 0),
    ways=((PRICES,), (VIDEO, TITLE)),
    more_ways=0,
    decays_on=None,
)


def say(state: OutlookState = "one_step", **changes: object) -> str:
    return say_outlook(replace(OUTLOOK, state=state, **changes), zone=TOKYO)  # type: ignore[arg-type]


def test_each_way_is_an_act_with_its_points() -> None:
    assert say() == (
        "6 more points (6 of behaviour) would make it MQL: page_view of /pricing (+15 pricing_page), or"
        " video_progress with percent 50 (+5 video) and title manager (+10 title_manages)"
    )


def test_further_ways_and_the_night_are_named() -> None:
    line = say(ways=((TITLE,),), more_ways=2, decays_on=date(2026, 7, 3), missing=MissingPoints(1, 0, 0))
    assert line == (
        "1 more point (1 of fit) would make it MQL: title manager (+10 title_manages), or 2 more ways;"
        " from the night of 2026-07-03 on it may lose points"
    )


def test_a_lead_whose_cycle_has_ended_becomes_mql_again() -> None:
    again = {"is_again": True, "missing": MissingPoints(1, 0, 0)}
    assert say(ways=((TITLE,),), **again).startswith("1 more point (1 of fit) would make it MQL again: title")
    assert say("far", ways=(), **again).startswith("1 more point (1 of fit) would make it MQL again; no two")


def test_a_total_is_named_where_it_asks_for_more() -> None:
    line = say("far", missing=MissingPoints(2, 3, 9))
    assert line.startswith(
        "9 more points (2 of fit and 3 of behaviour and 9 in all) would make it MQL; no two"
    )


def test_what_needs_no_points_says_so() -> None:
    moment = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
    assert say("mql", since=moment) == "it is MQL since 2026-03-02 00:30, and its cycle has not ended"
    assert say("mql") == "it is MQL, and its cycle has not ended"
    assert say("passes") == "its points suffice: the next run makes it MQL"


@pytest.mark.parametrize("because", BLOCKED)
def test_what_stands_in_the_way_is_named(because: str) -> None:
    assert say("blocked", because=because) == f"no points can make it MQL: {BLOCKED[because]}"


@pytest.mark.parametrize("because", WAITING)
def test_what_scoring_still_does_is_named(because: str) -> None:
    assert say("waiting", because=because).endswith(WAITING[because])
