"""Points follow the person when two leads turn out one, with the reason."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from tests.identity.test_resolve import seen
from tests.identity.test_split_leads import split
from tests.scoring.conftest import NOW, World, at
from tests.scoring.test_score import VIEW, rule_set, view

pytestmark = pytest.mark.uncommitted

RULES = rule_set(VIEW | {"cap_per_day": 10})


def show(world: World) -> list[tuple[object, ...]]:
    return world.rows("select lead_id, points, reason from scoring.ledger order by seq")


def test_the_younger_goes_to_zero_and_the_survivor_gets_what_its_events_give(world: World) -> None:
    world.run(RULES, [view("a", 1), view("b", 2, email="b@x.example"), view("c", 3, email="b@x.example")])
    world.accept([seen("d", email="a@x.example", user_id="u"), seen("e", email="b@x.example", user_id="u")])
    world.resolve()
    before = len(show(world))
    world.score(RULES)
    assert show(world)[before:] == [
        (1, 5, "view: lead 2 was merged into this one"),
        (2, -5, "view: this lead was merged into lead 1"),
        (2, -5, "view: this lead was merged into lead 1"),
    ]
    assert world.rows("select lead_id, behaviour from scoring.scores order by 1") == [(1, 10), (2, 0)]
    assert world.totals_differ() == []
    world.run(RULES, [view("later", 3000, email="b@x.example")])
    assert world.rows("select lead_id, behaviour from scoring.scores order by 1") == [(1, 15), (2, 0)]


def test_a_split_takes_back_what_the_join_gave(world: World) -> None:
    world.run(RULES, [view("a", 1), view("b", 2, email="b@x.example")])
    world.accept([seen(name, email=f"{name[0]}@x.example", user_id="u") for name in ("a2", "b2")])
    world.resolve()
    world.score(RULES)
    before = len(show(world))
    split(world, lead=2)
    world.score(RULES)
    assert show(world)[before:] == [
        (1, -5, "view: leads that had been merged were split"),
        (2, 5, "view: leads that had been merged were split"),
    ]
    assert world.rows("select lead_id, behaviour from scoring.scores order by 1") == [(1, 5), (2, 5)]
    world.run(RULES, [view("c", 0)])
    assert show(world)[before + 2 :] == [(1, 5, "view")]


def test_the_newest_fact_counts_whichever_lead_told_it(world: World) -> None:
    rules = rule_set(fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 7}])
    told = [("a", 1, "mining"), ("b", 2, "farming")]
    world.run(
        rules,
        [
            seen(
                f"{name} told",
                at,
                "identify",
                email=f"{name}@x.example",
                user_id="u",
                properties={"industry": what},
            )
            for name, at, what in told
        ],
    )
    assert world.points() == {}
    assert world.rows("select lead_id, value from identity.person_traits where trait = 'industry'") == [
        (1, "farming")
    ]
    split(world, lead=2)
    world.score(rules)
    assert world.points() == {("a@x.example", None, "mine"): 7}


#: A competitor's address, and free mail.
ADDRESSES = rule_set(
    fit=[
        {"name": "rival", "trait": "email_domain", "when": {"in": ["rival.example"]}, "points": -100},
        {"name": "free", "trait": "email_domain", "when": {"in": ["gmail.com", "gmx.de"]}, "points": -5},
    ],
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_rule_over_addresses_holds_while_any_address_of_the_person_fits(
    world: World, order: tuple[int, ...]
) -> None:
    said = [
        seen("e1", 1, email="ann@rival.example", user_id="u"),
        seen("e2", 3, email="ann@gmail.com", user_id="u"),
        seen("e3", 2, email="ann@gmx.de", user_id="u"),
    ]
    for place in order:
        world.run(ADDRESSES, [said[place]])
    # Of two addresses of free mail the rule holds once, since the earlier one.
    assert world.rows(
        "select rule, sum(points) from scoring.ledger group by rule, lead_id"
        " having sum(points) <> 0 order by 1"
    ) == [("free", -5), ("rival", -100)]
    world.accept(
        [
            seen("e4", 9, email="ann@own.example", user_id="v"),
            seen("e5", 9, email="ann@gmail.com", user_id="v"),
        ]
    )
    world.run(ADDRESSES)
    rival = world.rows("select lead_id from identity.leads where email = 'ann@rival.example'")[0][0]
    split(world, lead=rival)
    world.run(ADDRESSES)
    assert world.points().get(("ann@rival.example", None, "rival")) == -100
    assert sum(points for (_, _, rule), points in world.points().items() if rule == "rival") == -100
    assert sum(points for (_, _, rule), points in world.points().items() if rule == "free") == -5


def test_the_rule_of_an_address_holds_since_the_earliest_that_fits(world: World) -> None:
    world.accept(
        [
            seen(name, minutes, email=f"{name}@gmail.com", user_id="u")
            for name, minutes in (("b", 5), ("a", 4))
        ]
    )
    world.run(ADDRESSES)
    assert world.rows("select rule, points, occurred_at from scoring.ledger") == [("free", -5, at(4))]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_facts_of_one_moment_the_higher_event_id_gives_a_person_its_points(
    world: World, order: tuple[int, ...]
) -> None:
    rules = rule_set(fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 7}])
    world.accept([seen(name, email=f"{name}@x.example", user_id="u") for name in ("a", "b")])
    said = [
        seen(name, 1, "identify", email=f"{email}@x.example", properties={"industry": what})
        for name, email, what in (("e1", "b", "farming"), ("e2", "a", "mining"))
    ]
    for place in order:
        world.run(rules, [said[place]])
    assert world.points() == {("a@x.example", None, "mine"): 7}


def machine(world: World, name: str, *, at: datetime, freed: datetime | None = None) -> None:
    """Take the event `name` for a machine's, and put its lead up for scoring."""
    world.connection.execute(
        "insert into machines.verdicts"
        " (event_seq, lead_id, signal, reason, classified_at, freed_because, freed_at)"
        " select events.seq, resolved.lead_id, 'fast', '2 s after the mail', %(at)s, %(because)s, %(freed)s"
        " from cdp.events inner join identity.resolved_events as resolved on events.seq = resolved.event_seq"
        " where events.event_id = %(name)s"
        " on conflict (event_seq) do update"
        " set freed_because = excluded.freed_because, freed_at = excluded.freed_at",
        {"name": name, "at": at, "because": freed and "its company is allowed", "freed": freed},
    )
    world.connection.execute("insert into scoring.inbox (lead_id, lane) values (1, 0)")


def test_a_machines_act_and_its_pardon_are_the_reasons_of_their_corrections_alone(world: World) -> None:
    """Points of NOW are corrected by what was found at NOW or later, not by what was found before."""
    rules = rule_set(VIEW | {"cap_per_lead": 5})
    minute = timedelta(minutes=1)
    world.run(rules, [view("late", 9), view("later", 10)])
    machine(world, "late", at=NOW)
    world.score(rules, now=NOW + minute)
    assert [(points, reason) for _, points, reason in show(world)][1:] == [
        (-5, "view: a machine's act: fast, 2 s after the mail"),
        (5, "view"),
    ]
    machine(world, "late", at=NOW, freed=NOW + minute)
    world.score(rules, now=NOW + 2 * minute)
    assert [(points, reason) for _, points, reason in show(world)][3:] == [
        (5, "view: not a machine's after all, its company is allowed"),
        (-5, "view: an earlier event took its place under the cap"),
    ]
    world.accept([view("first", 1)])
    world.resolve()
    world.score(rules, now=NOW + 3 * minute)
    assert [(points, reason) for _, points, reason in show(world)][5:] == [
        (5, "view"),
        (-5, "view: an earlier event took its place under the cap"),
    ]
    machine(world, "first", at=NOW + 3 * minute)
    world.score(rules, now=NOW + 4 * minute)
    assert [(points, reason) for _, points, reason in show(world)][7:] == [
        (-5, "view: a machine's act: fast, 2 s after the mail"),
        (5, "view: the cap has room for it again"),  # its own pardon is older than what it had and lost
    ]
    given_back = world.rows(
        "select lane, is_live from scoring.ledger where kind = 'correction' and points > 0"
    )
    assert given_back == [(0, True), (0, True)], "what came a moment ago is news"


def test_what_came_as_history_is_no_news_when_it_is_given_back_and_is_taken_back_at_once(
    world: World,
) -> None:
    rules = rule_set(VIEW)
    world.accept([view("old", 1)])
    world.connection.execute("update cdp.events set is_history = true")
    world.run(rules)
    machine(world, "old", at=NOW)
    world.score(rules)
    machine(world, "old", at=NOW, freed=NOW)
    world.score(rules)
    assert world.rows("select points, lane, is_live from scoring.ledger order by seq") == [
        (5, 1, False),
        (-5, 0, False),
        (5, 1, False),
    ]


def test_a_lead_that_counts_again_gets_its_points_back_for_that_reason(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [view("one", 1)])
    enqueue = "insert into scoring.inbox (lead_id, lane) values (1, 0)"
    world.connection.execute("insert into identity.uncounted_leads values (1, 'internal', 'x', %s)", [NOW])
    world.connection.execute(enqueue)
    world.score(rules)
    world.connection.execute("delete from identity.uncounted_leads")
    world.connection.execute("delete from identity.counted_again")
    world.connection.execute("insert into identity.counted_again values (1, %s, true)", [NOW])
    world.connection.execute(enqueue)
    world.score(rules)
    assert show(world)[1:] == [
        (1, -5, "view: an internal lead, x"),
        (1, 5, "view: no longer an internal lead"),
    ]


def test_rules_that_changed_before_the_last_row_are_the_reason_of_no_later_one(world: World) -> None:
    world.run(rule_set(VIEW | {"points": 4, "cap_per_lead": 5}), [view("second", 9)])
    rules = rule_set(VIEW | {"cap_per_lead": 5})
    world.run(rules)
    world.run(rules, [view("first", 1)])
    assert show(world) == [
        (1, 4, "view"),
        (1, 1, "view: the rules changed"),
        (1, 5, "view"),
        (1, -5, "view: an earlier event took its place under the cap"),
    ]
