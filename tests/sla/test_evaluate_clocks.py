"""Which clocks a watch evaluates, by what it knows, and whom the evidence names."""

from typing import Any

import pytest

from leadops.sla.watch_clocks import watch_clocks


def enqueue_create(
    desk: Any, *, key: str = "crm-lead-1-1", state: str = "sending", attempts: int = 1
) -> None:
    """The operation that creates the lead in the CRM."""
    desk.connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state, attempts) values ('crm', 'create_lead', 1, '{}', %s, now(), %s, %s)",
        [key, state, attempts],
    )


def test_a_clock_does_not_warn_before_its_time_however_far_the_feed_is(desk: Any) -> None:
    desk.mql()
    desk.watch(3)
    desk.watch(4, feed=6)
    assert desk.state() is None
    desk.watch(5, feed=6)
    assert desk.state() == "at_risk"


@pytest.mark.parametrize("feed", [5, 4.99])
def test_it_warns_once_the_feed_has_reached_the_warning(desk: Any, feed: float) -> None:
    desk.mql()
    desk.watch(5.5, feed=feed)
    assert desk.state() == ("at_risk" if feed == 5 else None)


def test_a_settled_clock_stays_when_the_feed_falls_back(desk: Any) -> None:
    desk.mql(1)
    desk.mql(2)
    desk.did(1, 15)
    desk.watch(20)
    assert (desk.state(1), desk.state(2)) == ("met_late", "breached")
    assert desk.watch(40, feed=2).held == 0
    assert (desk.state(1), desk.state(2)) == ("met_late", "breached")


def test_of_merged_leads_only_the_clock_of_the_oldest_goes_on(desk: Any) -> None:
    desk.mql(1)
    desk.mql(2)
    desk.mql(3)
    desk.watch(1)
    desk.connection.execute("insert into identity.people values (1, 1), (2, 1)")
    desk.watch(10, qualify=False)
    assert [desk.state(lead) for lead in (1, 2, 3)] == ["breached", None, "breached"]


@pytest.mark.parametrize(
    ("unlinked", "create", "state"),
    [
        ((1, 1), {}, "held"),
        ((1, 1), {"attempts": 0}, "breached"),  # never sent: the CRM cannot know the lead
        ((1, 1), {"state": "pending"}, "breached"),  # to be sent again: the last attempt did nothing
        ((1, 1), {"key": "crm-lead-1-2"}, "breached"),  # of another cycle
        ((1, 2), {"key": "crm-lead-1-2"}, "breached"),
        ((2, 1), {"key": "crm-lead-2-1"}, "breached"),  # of another lead
    ],
)
def test_only_a_lead_that_may_be_in_the_crm_under_an_unknown_id_is_held(
    desk: Any, unlinked: tuple[int, int], create: dict[str, Any], state: str
) -> None:
    desk.mql()
    desk.watch(1)
    desk.connection.execute("insert into lifecycle.unlinked values (%s, %s)", unlinked)
    enqueue_create(desk, **create)
    desk.watch(20, qualify=False)
    assert desk.state() == state


def test_another_feed_says_nothing_of_what_sales_did(desk: Any) -> None:
    desk.mql()
    desk.connection.execute("insert into crm.feeds values ('reps', '', %(at)s, %(at)s)", {"at": desk.at(11)})
    watch_clocks(desk.connection, policy=desk.policy, now=desk.at(11))
    assert (desk.state(), desk.breach()["evidence"]["crm_as_of"]) == ("held", None)


@pytest.mark.parametrize(("minutes", "state"), [((9.5, 11), "at_risk"), ((10, 11), "breached")])
def test_it_is_known_up_to_the_first_activity_that_was_not_read(
    desk: Any, minutes: tuple[float, float], state: str
) -> None:
    """The activities are of a lead that leadops does not know."""
    desk.mql()
    for minute in reversed(minutes):
        desk.did(2, minute)
    desk.watch(12, qualify=False)
    assert desk.state() == state


def test_an_activity_that_waits_for_its_lead_holds_up_nothing(desk: Any) -> None:
    desk.mql()
    desk.did(2, 3)
    desk.connection.execute("update lifecycle.inbox set not_before = %s", [desk.at(60)])
    desk.watch(12, qualify=False)
    assert desk.state() == "breached"


def test_the_evidence_names_who_took_the_lead_else_who_was_first(desk: Any) -> None:
    desk.mql(1)
    desk.mql(2)
    desk.did(1, 11, rep="rep-1")
    desk.did(1, 12, "status", "taken", rep="rep-2")
    desk.did(2, 12, rep="rep-2")
    desk.did(2, 11, rep="rep-1")
    desk.watch(13)
    assert (desk.breach(1)["evidence"]["rep_id"], desk.breach(2)["evidence"]["rep_id"]) == ("rep-2", "rep-1")


def test_the_evidence_is_of_the_clocks_own_lead_and_cycle(desk: Any) -> None:
    desk.mql()
    desk.did(1, 2, rep="rep-2")
    desk.did(1, 3, "status", "lost", rep="rep-2")
    desk.mql(9)
    desk.did(9, 4, rep="rep-9")
    desk.watch(5)
    desk.mql(1, 100, cycle=2)
    desk.watch(111)
    assert "rep_id" not in desk.breach(cycle=2)["evidence"]
    assert desk.breach(cycle=2)["evidence"]["crm_lead_id"] == "L-1"


def test_the_evidence_names_the_newest_lead_of_the_crm(desk: Any) -> None:
    desk.mql()
    desk.connection.execute(
        "insert into lifecycle.links values ('L-1b', 1, %(new)s), ('L-1a', 1, %(new)s), ('L-1c', 1, %(old)s)",
        {"new": desk.at(1), "old": desk.at(-1)},
    )
    desk.watch(10)
    assert desk.breach()["evidence"]["crm_lead_id"] == "L-1b"


def test_a_clock_that_was_met_in_time_has_no_row_whatever_others_have(desk: Any) -> None:
    """Another lead, another cycle and another clock of the lead ran out."""
    desk.mql(1)
    desk.mql(2)
    desk.did(1, 12)
    desk.did(1, 13, "status", "lost")
    desk.watch(20)
    assert (desk.state(1), desk.state(2)) == ("met_late", "breached")
    desk.mql(1, 100, cycle=2)
    desk.did(1, 101)
    desk.did(1, 102, "status", "taken")
    desk.watch(103)
    assert desk.clock(1, cycle=2)[0] == "met"
    assert [desk.breach(1, clock, 2) for clock in ("first_contact", "sal")] == [None, None]
    assert desk.breach(1, "sal") is None


def test_a_clock_that_stays_as_it_is_is_not_written_again(desk: Any) -> None:
    desk.mql()
    desk.watch(5)
    first = desk.breach()
    assert (first["state"], first["minutes"], first["changed_at"]) == ("at_risk", 5, desk.at(5))
    desk.watch(7)
    assert desk.breach() == first


@pytest.mark.parametrize("another", [{"lead": 1, "cycle": 2}, {"lead": 2, "cycle": 1}])
def test_news_of_another_cycle_or_lead_write_no_clock_again(desk: Any, another: dict[str, int]) -> None:
    desk.mql()
    desk.watch(5)
    first = desk.breach()
    desk.mql(minute=6, **another)
    desk.watch(7)
    assert desk.clock(**another) is not None
    assert desk.breach() == first


@pytest.mark.parametrize(("minute", "state"), [(9.9, "at_risk"), (10, "held"), (10.1, "held")])
def test_a_lead_with_an_unknown_id_is_held_from_the_minute_on_at_which_it_is_due(
    desk: Any, minute: float, state: str
) -> None:
    desk.mql()
    desk.watch(1)
    desk.connection.execute("insert into lifecycle.unlinked values (1, 1)")
    enqueue_create(desk)
    desk.watch(minute, qualify=False)
    assert desk.state() == state
