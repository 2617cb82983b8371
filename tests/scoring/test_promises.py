"""Any order of arrival, chunks, repeats, two workers, changing rules: always the points of the oracle."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.db import connect
from leadops.identity.resolve import resolve_events
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_rules import RuleSet
from tests.promises import promise_examples
from tests.scoring.conftest import NOW, TOKYO, World, at
from tests.scoring.oracle import Happening, find_owners, give_points, learn
from tests.shipped import make_rules

TRAITS = ("industry", "employees")
PEOPLE = 3
relaxed = settings(
    max_examples=promise_examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def happenings(draw: st.DrawFn) -> list[Happening]:
    made = []
    for number in range(draw(st.integers(1, 14))):
        person = draw(st.integers(1, PEOPLE))
        kinds = draw(
            st.lists(st.sampled_from(["email", "user_id", "anonymous_id", "phone"]), min_size=1, unique=True)
        )
        event = draw(st.sampled_from(["view", "view", "open", "quit", "identify"]))
        properties: dict[str, Any] = {"n": draw(st.integers(0, 3))}
        if event == "identify":
            properties |= draw(
                st.fixed_dictionaries(
                    {}, optional={"industry": st.sampled_from(["a", "b"]), "employees": st.integers(1, 9)}
                )
            )
        made.append(
            Happening(
                event_id=f"e{number}",
                event=event,
                # Few moments, so that ties are common; over midnight in Tokyo.
                ts=at(draw(st.sampled_from([-600, -1, 0, 1, 60, 1439, 1441]))),
                # The third person never says an email.
                email=f"{person}@x.example" if "email" in kinds and person < PEOPLE else None,
                user_id=f"u{person}" if "user_id" in kinds else None,
                anonymous_id=f"a{person}-{'phone' in kinds}"
                if {"anonymous_id", "phone"} & set(kinds)
                else None,
                properties=properties,
            )
        )
    return made


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    behaviour = []
    for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True)):
        points = draw(st.integers(1, 6)) * (-1 if name == "d" else 1)
        day = draw(st.none() | st.integers(abs(points), 12))
        ever = draw(st.none() | st.integers(max(day or 0, abs(points)), 20))
        rule: dict[str, Any] = {"name": name, "points": points, "cap_per_day": day, "cap_per_lead": ever}
        rule["event"] = {"a": "view", "b": "open", "c": "view", "d": "quit"}[name]
        rule["when"] = {"properties.n": {"at_least": draw(st.integers(0, 3))}} if draw(st.booleans()) else {}
        rule["group"] = "g" if name != "d" and draw(st.booleans()) else None
        behaviour.append(rule)
    caps: dict[str, Any] = {}
    if any(rule["group"] for rule in behaviour):
        day = draw(st.integers(1, 15))
        caps = {"g": {"cap_per_day": day, "cap_per_lead": draw(st.none() | st.integers(day, 25))}}
    fit = [
        {"name": "fit", "trait": "industry", "points": draw(st.integers(1, 9)), "when": {"equals": "a"}},
        {"name": "size", "trait": "employees", "points": -3, "when": {"at_least": draw(st.integers(1, 9))}},
    ]
    return make_rules(groups=caps, behaviour=behaviour, fit=fit)


def expect(
    made: list[Happening], rules: RuleSet, zone: ZoneInfo = TOKYO
) -> dict[tuple[str, str | None, str], int]:
    owners = find_owners(made)
    return {
        (email, event_id, rule): points
        for email in set(owners.values())
        for mine in [[each for each in made if owners.get(each.event_id) == email]]
        for (event_id, rule), points in give_points(mine, learn(mine, TRAITS), rules, zone).items()
    }


def check(world: World, made: list[Happening], rules: RuleSet) -> None:
    assert world.owners() == find_owners(made)
    assert world.points() == expect(made, rules)
    assert not world.totals_differ()
    left = "select (select count(*) from identity.inbox), (select count(*) from scoring.inbox)"
    assert world.rows(left) == [(0, 0)]


@relaxed
@given(data=st.data(), made=happenings(), first=rule_sets(), second=rule_sets())
def test_arrival_chunks_repeats_and_changed_rules_do_not_matter(
    world: World, data: st.DataObject, made: list[Happening], first: RuleSet, second: RuleSet
) -> None:
    world.clear()
    waiting = data.draw(st.permutations(made))
    rules = first
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        arriving, waiting = waiting[:size], waiting[size:]
        world.accept(arriving)
        if data.draw(st.booleans()):
            world.resolve(limit=data.draw(st.integers(1, 5)))
        if data.draw(st.booleans()):
            rules = data.draw(st.sampled_from([first, second]))
            world.score(rules, limit_leads=data.draw(st.integers(1, 3)))
    world.resolve(limit=data.draw(st.integers(1, 20)))
    world.score(rules, limit_leads=data.draw(st.integers(1, 3)))
    check(world, made, rules)
    before = world.rows("select count(*) from scoring.ledger")
    world.connection.execute(
        "insert into scoring.inbox (lead_id, lane) select lead_id, 1 from identity.leads"
    )
    world.score(rules, now=NOW + timedelta(days=1))
    assert world.rows("select count(*) from scoring.ledger") == before


@settings(relaxed, max_examples=promise_examples(8))
@given(made=happenings(), rules=rule_sets(), sizes=st.lists(st.integers(1, 4), min_size=2, max_size=2))
def test_two_workers_at_once_do_what_one_does(
    world: World, database_url: str, made: list[Happening], rules: RuleSet, sizes: list[int]
) -> None:
    world.clear()
    world.accept(made[::2])

    def work(size: int) -> None:
        with connect(database_url) as own:
            for _ in range(3):
                while resolve_events(own, now=NOW, settings=world.identity, limit=size).remaining:
                    pass
                while score_leads(own, rules=rules, zone=TOKYO, now=NOW, limit_leads=size).remaining:
                    pass

    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(work, size) for size in sizes]
        world.accept(made[1::2])
        for worker in workers:
            worker.result()
    world.resolve()
    world.score(rules)
    check(world, made, rules)
