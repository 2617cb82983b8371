from datetime import timedelta

import pytest

from leadops.lanes import Lane
from leadops.scoring.active_rules import activate_rules
from leadops.scoring.differences import prepare_tables
from leadops.scoring.preview import preview_leads
from leadops.scoring.scoring_inbox import enqueue_interval, take_leads
from tests.scoring.conftest import NOW, TOKYO, World
from tests.scoring.test_score import VIEW, rule_set, view

HOUR = timedelta(hours=1)
RULES = rule_set(VIEW)


def test_an_interval_is_scored_again_in_its_lane_and_once(world: World) -> None:
    world.accept([view("before", 1, email="b@x.example")], received_at=NOW - HOUR)
    world.accept([view("first", 2), view("second", 3)], received_at=NOW)
    world.accept([view("after", 4, email="c@x.example")], received_at=NOW + HOUR)
    world.resolve()
    world.connection.execute("truncate scoring.inbox")  # as if nobody had scored them
    assert enqueue_interval(world.connection, start=NOW, end=NOW + HOUR) == 1
    (scored,) = world.score(RULES, lane=1)
    assert (scored.leads, scored.rows) == (1, 2)
    assert world.rows("select lane, points from scoring.ledger") == [(1, 5), (1, 5)]
    assert enqueue_interval(world.connection, start=NOW, end=NOW + HOUR) == 1
    assert world.score(RULES)[0].rows == 0


def test_events_that_were_lost_sight_of_come_back(world: World) -> None:
    world.accept([view("one", 1), view("two", 2), view("nobody", 3, email=None, anonymous_id="a")])
    world.resolve()
    world.connection.execute("delete from identity.resolved_events where event_seq = 2")
    assert enqueue_interval(world.connection, start=NOW, end=NOW + HOUR) == 1
    assert world.rows("select event_seq from identity.inbox") == [(2,)]
    assert enqueue_interval(world.connection, start=NOW, end=NOW + HOUR) == 1
    world.run(RULES)
    assert set(world.points()) == {("a@x.example", name, "view") for name in ("one", "two")}


def test_an_empty_interval_is_no_work(world: World) -> None:
    world.accept([view("one", 1)])
    assert enqueue_interval(world.connection, start=NOW - HOUR, end=NOW) == 0


def erase(world: World, lead: int) -> None:
    world.connection.execute(
        "update identity.leads set email = null, erased_at = %s where lead_id = %s", [NOW, lead]
    )


def test_points_of_the_erased_stay_as_they_are_while_others_follow_the_rules(world: World) -> None:
    emails = ("a@x.example", "b@x.example", "c@x.example")
    world.run(RULES, [view(email, n, email=email) for n, email in enumerate(emails)])
    erase(world, 2)
    changed = rule_set(VIEW | {"points": 8})
    world.connection.commit()
    preview = preview_leads(world.connection, rules=changed, zone=TOKYO, max_leads=9)
    assert [change.lead_id for change in preview.changes] == [1, 3]
    assert (preview.leads, preview.points) == (2, 3 + 3)
    assert sum(scored.leads for scored in world.score(changed)) == 2
    totals = world.rows("select lead_id, behaviour from scoring.scores order by 1")
    assert totals == [(1, 8), (2, 5), (3, 8)]
    world.connection.execute("insert into scoring.inbox (lead_id, lane) values (3, 0), (2, 0)")
    world.connection.commit()
    assert preview_leads(world.connection, rules=changed, zone=TOKYO, max_leads=9).leads == 1


def test_a_merged_lead_that_waits_puts_its_person_up_for_a_preview(world: World) -> None:
    world.run(RULES, [view("a", 1, user_id="u"), view("b", 2, email="b@x.example", user_id="u")])
    world.connection.execute("insert into scoring.inbox (lead_id, lane) values (2, 1)")
    world.accept([view("new", 3)])
    world.resolve()
    world.connection.execute("delete from scoring.inbox where lead_id = 1")
    world.connection.commit()
    preview = preview_leads(world.connection, rules=RULES, zone=TOKYO, max_leads=9, chunk_leads=1)
    assert [(change.lead_id, change.rules) for change in preview.changes] == [(1, {"view": 5})]
    assert preview.leads == 2


@pytest.mark.parametrize(("further_on", "left"), [(39, []), (40, [5])])
def test_a_chunk_takes_the_head_of_its_lane_and_what_the_same_leads_have_soon_after(
    world: World, further_on: int, left: list[int]
) -> None:
    """A head of two rows, and of these leads what lies within 2 × 20 rows of any lane behind it."""
    lanes = [(5, 0), (7, 1), (6, 0), *[(8, 1)] * further_on, (5, 0), (9, 0)]
    world.connection.cursor().executemany("insert into scoring.inbox (lead_id, lane) values (%s, %s)", lanes)
    prepare_tables(world.connection)
    assert take_leads(world.connection, Lane.LIVE, limit=2) == 2
    assert world.rows("select lead_id from touched order by 1") == [(5,), (6,)]
    live = world.rows("select lead_id from scoring.inbox where lane = 0 order by seq")
    assert live == [(lead,) for lead in (*left, 9)]
    assert world.rows("select count(*) from scoring.inbox where lane = 1") == [(1 + further_on,)]


def test_the_leads_of_changed_rules_wait_oldest_first(world: World) -> None:
    emails = ("a@x.example", "b@x.example", "c@x.example")
    world.run(RULES, [view(email, n, email=email) for n, email in enumerate(emails)])
    activate_rules(world.connection, rules=rule_set(VIEW | {"points": 8}), zone=TOKYO, now=NOW)
    assert world.rows("select lead_id from scoring.inbox order by seq") == [(1,), (2,), (3,)]
