"""What stops a clock, and when: each fact at its bound."""

from typing import Any

import pytest


@pytest.mark.parametrize("end", ["won", "lost"])
def test_a_contact_at_the_minute_of_the_end_is_a_contact(desk: Any, end: str) -> None:
    desk.mql()
    desk.did(1, 12)
    desk.did(1, 12, "status", end)
    desk.watch(13)
    assert (desk.clock()[2], desk.breach()["evidence"]["stopped_by"]) == (desk.at(12), "contact")


def test_an_end_before_the_contact_stops_first(desk: Any) -> None:
    desk.mql()
    desk.did(1, 12, "status", "lost")
    desk.did(1, 13)
    desk.watch(14)
    assert (desk.clock()[2], desk.breach()["evidence"]["stopped_by"]) == (desk.at(12), "end of cycle")


def test_the_first_of_several_contacts_counts(desk: Any) -> None:
    desk.mql()
    for minute in (6, 4, 8):
        desk.did(1, minute)
    desk.watch(9)
    assert desk.clock() == ("met", desk.at(10), desk.at(4))
    desk.did(1, 9)
    desk.watch(10)
    assert desk.clock()[2] == desk.at(4), "a later one changes nothing"
    desk.did(1, 3)
    desk.watch(11)
    assert desk.clock()[2] == desk.at(3), "an earlier one replaces it"


def test_a_stop_stays_when_only_a_later_contact_is_left(desk: Any) -> None:
    desk.mql()
    desk.did(1, 4)
    desk.watch(5)
    desk.connection.execute("update lifecycle.facts set occurred_at = %s", [desk.at(9)])
    desk.connection.execute("insert into sla.inbox (lead_id, cycle) values (1, 1)")
    desk.watch(10, qualify=False)
    assert desk.clock() == ("met", desk.at(10), desk.at(4))


def test_taking_a_lead_is_not_a_contact(desk: Any) -> None:
    desk.mql()
    desk.did(1, 3, "status", "taken")
    desk.watch(4)
    assert (desk.clock()[2], desk.clock(clock="sal")[2]) == (None, None)
    desk.did(1, 6)
    desk.watch(7)
    assert (desk.clock()[2], desk.clock(clock="sal")[2]) == (desk.at(6), desk.at(6))


def test_an_mql_without_a_total_is_of_the_tier_of_everybody(desk: Any) -> None:
    desk.mql()
    desk.connection.execute("update lifecycle.transitions set evidence = evidence - 'total'")
    desk.watch(1)
    assert desk.clock()[1] == desk.at(240)


@pytest.mark.parametrize(("backfill", "clocks"), [(None, 2), (False, 2), (True, 0)])
def test_only_a_backfill_starts_no_clock(desk: Any, backfill: bool | None, clocks: int) -> None:
    desk.mql(**({} if backfill is None else {"backfill": backfill}))
    assert desk.watch(1).running == clocks
