from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from leadops.db import connect
from leadops.sla.watch_clocks import SlaWatchResult, watch_clocks


def test_a_contact_in_time_leaves_no_row(desk: Any) -> None:
    desk.mql()
    assert desk.watch(1) == SlaWatchResult(running=2, at_risk=0, held=0, breached=0, met=0)
    desk.did(1, 4)
    assert desk.watch(5) == SlaWatchResult(running=1, at_risk=0, held=0, breached=0, met=1)
    assert desk.watch(60).met == 0
    assert desk.breach() is None
    assert desk.clock() == ("met", desk.at(10), desk.at(4))


def test_a_hot_lead_that_nobody_calls_is_at_risk_then_breached_then_met_late(desk: Any) -> None:
    desk.mql()
    assert (desk.watch(4), desk.state())[1] is None
    assert (desk.watch(5).at_risk, desk.state()) == (1, "at_risk")
    assert (desk.watch(9).breached, desk.state()) == (0, "at_risk")
    assert (desk.watch(10).breached, desk.state()) == (1, "breached")
    desk.did(1, 30)
    assert (desk.watch(31).met, desk.state()) == (1, "met_late")
    found = desk.breach()
    assert (found["started_at"], found["due_at"], found["stopped_at"]) == tuple(map(desk.at, (0, 10, 30)))
    assert (found["minutes"], found["target"], found["changed_at"]) == (30, 10, desk.at(31))
    assert found["evidence"] == {
        "tier": "hot",
        "campaign": "summer",
        "crm_lead_id": "L-1",
        "rep_id": "rep-1",
        "stopped_by": "contact",
    }


def test_the_tier_sets_the_target(desk: Any) -> None:
    desk.mql(1, total=90)
    desk.mql(2, total=89)
    desk.watch(20)
    assert (desk.state(1), desk.state(2)) == ("breached", None)
    assert desk.clock(2)[1] == desk.at(240)


def test_sal_needs_taking_and_contact(desk: Any) -> None:
    desk.mql()
    desk.did(1, 1)
    desk.watch(2)
    assert desk.clock(clock="sal")[0] == "running"
    desk.did(1, 3, "status", "taken")
    desk.watch(4)
    assert desk.clock(clock="sal") == ("met", desk.at(24 * 60 + 2 * 15 * 60), desk.at(3))


def test_the_end_of_the_cycle_stops_the_clocks(desk: Any) -> None:
    desk.mql()
    desk.did(1, 12, "status", "lost")
    desk.watch(11)
    desk.watch(13)
    assert (desk.state(), desk.breach()["evidence"]["stopped_by"]) == ("met_late", "end of cycle")
    assert desk.clock(clock="sal")[0] == "met"


def test_a_backfilled_mql_starts_no_clock(desk: Any) -> None:
    desk.mql(backfill=True)
    assert desk.watch(100) == SlaWatchResult(0, 0, 0, 0, 0)


def test_a_second_look_changes_nothing(desk: Any) -> None:
    desk.mql()
    assert desk.watch(10) == desk.watch(10)
    first = desk.breach()
    desk.watch(11)
    assert desk.breach() == first


def test_two_watches_at_once_agree(desk: Any, database_url: str) -> None:
    for lead in range(1, 21):
        desk.mql(lead)
    desk.feed(30)
    desk.connection.commit()

    def run(_: int) -> SlaWatchResult:
        with connect(database_url) as own:
            return watch_clocks(own, policy=desk.policy, now=desk.at(30))

    with ThreadPoolExecutor(3) as pool:
        assert {watched.breached for watched in pool.map(run, range(3))} == {20}
    assert desk.connection.execute("select count(*) from sla.breaches").fetchone() == (20,)


def test_a_contact_at_1005_learned_at_1040_never_alarms(desk: Any) -> None:
    desk.mql()
    for minute in range(1, 40):
        desk.watch(minute, feed=min(minute, 3))
        assert desk.state() in (None, "held")
    assert desk.breach()["evidence"] == {
        "tier": "hot",
        "campaign": "summer",
        "crm_lead_id": "L-1",
        "held_because": "feed_late",
        "crm_as_of": desk.at(3).isoformat(),
    }
    desk.did(1, 5)
    desk.watch(40)
    assert desk.state() == "met"
    assert (desk.breach()["stopped_at"], desk.breach()["minutes"]) == (desk.at(5), 5)
    assert "held_because" not in desk.breach()["evidence"]


def test_a_held_clock_that_did_run_out_is_breached_with_its_true_due_time(desk: Any) -> None:
    desk.mql()
    desk.watch(20, feed=2)
    assert desk.state() == "held"
    desk.watch(30, feed=9)
    assert desk.state() == "held"
    desk.watch(31, feed=10)
    assert (desk.state(), desk.breach()["due_at"]) == ("breached", desk.at(10))


def test_a_held_clock_whose_contact_was_late_is_met_late_without_an_alarm(desk: Any) -> None:
    desk.mql()
    desk.watch(30, feed=2)
    desk.did(1, 15)
    desk.watch(40)
    assert (desk.state(), desk.breach()["stopped_at"]) == ("met_late", desk.at(15))


def test_a_feed_a_little_behind_only_delays_the_verdict(desk: Any) -> None:
    desk.mql()
    desk.watch(12, feed=8)
    assert desk.state() == "at_risk"
    desk.watch(13, feed=9.5)
    assert desk.state() == "at_risk"
    desk.watch(14, feed=10)
    assert desk.state() == "breached"


def test_without_any_feed_a_due_clock_is_held(desk: Any) -> None:
    desk.mql()
    watch_clocks(desk.connection, policy=desk.policy, now=desk.at(11))
    assert (desk.state(), desk.breach()["evidence"]["crm_as_of"]) == ("held", None)


def test_activities_that_lifecycle_has_not_read_are_not_known(desk: Any) -> None:
    desk.mql()
    desk.did(1, 5)
    desk.watch(20, qualify=False)
    assert desk.state() == "held"
    desk.watch(21)
    assert desk.state() == "met"


def test_a_lead_that_may_be_in_the_crm_under_an_unknown_id_is_held(desk: Any) -> None:
    desk.mql()
    desk.connection.execute("insert into lifecycle.unlinked values (1, 1)")
    desk.connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state, attempts) values ('crm', 'create_lead', 1, '{}', 'crm-lead-1-1', now(), 'sending', 1)"
    )
    desk.watch(20)
    assert (desk.state(), desk.breach()["evidence"]["held_because"]) == ("held", "crm_id_unknown")
    desk.connection.execute("update delivery.outbox set state = 'dead'")
    desk.watch(21)
    assert desk.state() == "breached"


@pytest.mark.parametrize(("contact", "state"), [(8, "met"), (12, "met_late")])
def test_a_contact_entered_afterwards_corrects_the_verdict(desk: Any, contact: float, state: str) -> None:
    desk.mql()
    desk.watch(20)
    desk.did(1, 25)
    desk.watch(26)
    assert desk.state() == "met_late"
    desk.did(1, contact)
    desk.watch(60)
    assert (desk.state(), desk.breach()["stopped_at"]) == (state, desk.at(contact))


def test_open_clocks_follow_a_changed_policy_and_settled_ones_stay(desk: Any) -> None:
    desk.mql(1)
    desk.watch(10)
    desk.mql(2, 10)
    desk.watch(11)
    hot = desk.policy.tiers[0].model_copy(update={"first_contact_minutes": 30})
    desk.policy = desk.policy.model_copy(update={"tiers": [hot, *desk.policy.tiers[1:]]})
    desk.watch(12)
    assert (desk.clock(1)[:2], desk.clock(2)[1]) == (("breached", desk.at(10)), desk.at(40))


def test_a_night_pauses_and_is_no_breach(desk: Any) -> None:
    evening = 8 * 60 - 3  # 17:57
    desk.mql(1, evening)
    desk.watch(evening + 14 * 60)
    assert desk.state() is None
    morning = desk.at(23 * 60 + 7)
    assert desk.clock()[1] == morning


def test_a_handed_over_night_runs_on_and_says_who_has_it(desk: Any) -> None:
    rules = desk.policy.off_hours.model_copy(update={"nights": "handover"})
    desk.policy = desk.policy.model_copy(update={"off_hours": rules})
    night = 12 * 60
    desk.mql(1, night)
    desk.watch(night + 10)
    assert desk.state() == "breached"
    assert desk.breach()["evidence"]["handed_over"] == {
        "channel": "#inside-sales",
        "playbook": "docs/runbooks/inside-sales.md",
    }


def test_each_cycle_has_clocks_of_its_own(desk: Any) -> None:
    desk.mql()
    desk.did(1, 2)
    desk.did(1, 3, "status", "lost")
    desk.watch(5)
    desk.mql(1, 100, cycle=2)
    desk.watch(111)
    assert (desk.state(cycle=1), desk.state(cycle=2)) == (None, "breached")


def test_a_breach_wakes_routing_once(desk: Any) -> None:
    desk.mql()
    for minute in (5, 11, 12, 60):
        desk.watch(minute)
    rows = desk.connection.execute("select lead_id, cycle, why from routing.inbox").fetchall()
    assert rows == [(1, 1, "breach")]
