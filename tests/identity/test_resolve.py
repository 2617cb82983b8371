from threading import Thread
from typing import Any

import pytest

from leadops.db import connect
from leadops.errors import TransientError
from leadops.identity.resolve import ResolveResult, resolve_events
from leadops.locks import Lock, hold_lock
from tests.scoring.conftest import NOW, World, at
from tests.scoring.oracle import Happening


def seen(name: str, minutes: float = 0, event: str = "page_view", **fields: Any) -> Happening:
    return Happening(name, event, at(minutes), **fields)


def test_a_new_email_makes_a_lead_and_asks_for_it_in_the_ma(world: World) -> None:
    utm = {"campaign": "spring"}
    world.accept(
        [
            seen(
                "one",
                email=" Ann@X.example ",
                context={"utm": utm},
                properties={"first_name": "Ann", "lastName": ""},
            ),
            seen("two", email="ann@x.example"),
        ]
    )
    assert world.resolve() == [
        ResolveResult(events=2, new_leads=1, waiting=0, leads_touched=1, remaining=False)
    ]
    assert world.owners() == {"one": "ann@x.example", "two": "ann@x.example"}
    assert world.rows(
        "select target, operation, lead_id, payload, idempotency_key, lane, state from delivery.outbox"
    ) == [
        (
            "ma",
            "upsert_lead",
            1,
            {"email": "ann@x.example", "firstName": "Ann", "utm": utm, "externalId": "1"},
            "ma-lead-1",
            0,
            "pending",
        )
    ]
    assert world.rows("select trait, value from identity.traits") == [("email_domain", "x.example")]
    assert world.rows("select lead_id, lane from scoring.inbox") == [(1, 0)]


def test_a_name_that_says_nothing_is_not_sent_to_the_ma(world: World) -> None:
    properties = {"firstName": "\u3000", "first_name": ["Ann"], "lastName": "N/A", "last_name": "-"}
    world.accept([seen("one", email="ann@x.example", properties=properties)])
    world.resolve()
    assert world.rows("select payload - 'externalId' from delivery.outbox") == [
        ({"email": "ann@x.example", "firstName": "Ann"},)
    ]


def test_leads_are_numbered_in_the_order_of_acceptance(world: World) -> None:
    world.accept([seen(f"e{n}", email=f"{9 - n}@x.example") for n in range(5)])
    world.resolve()
    assert world.rows("select lead_id, first_event_seq from identity.leads order by 1") == [
        (n, n) for n in range(1, 6)
    ]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_anonymous_visitor_becomes_known_with_all_they_did(world: World, limit: int) -> None:
    world.accept(
        [
            seen("phone", anonymous_id="phone", user_id="u"),
            seen("tablet", anonymous_id="tablet", user_id="u"),
            seen("stranger", anonymous_id="other"),
            seen("form", anonymous_id="phone", email="a@x.example"),
            seen("later", anonymous_id="tablet"),
        ]
    )
    world.resolve(limit=limit)
    assert set(world.owners()) == {"phone", "tablet", "form", "later"}
    assert world.rows("select event_seq from identity.unresolved_events") == [(3,)]
    assert world.rows("select kind, value, lead_id from identity.aliases order by 1, 2") == [
        ("anonymous_id", "phone", 1),
        ("anonymous_id", "tablet", 1),
        ("email", "a@x.example", 1),
        ("user_id", "u", 1),
    ]


def test_email_counts_before_user_id_before_anonymous_id(world: World) -> None:
    world.accept(
        [
            seen("a", email="a@x.example", user_id="ua", anonymous_id="na"),
            seen("b", email="b@x.example", user_id="ub", anonymous_id="nb"),
        ]
    )
    world.resolve()
    world.accept(
        [
            seen("by email", email="a@x.example", user_id="ub", anonymous_id="nb"),
            seen("by user", user_id="ub", anonymous_id="na"),
            seen("by browser", user_id="new", anonymous_id="na"),
            seen("new email", email="c@x.example", user_id="ua"),
        ]
    )
    world.resolve()
    assert world.owners() == {
        "a": "a@x.example",
        "b": "b@x.example",
        "by email": "a@x.example",
        "by user": "b@x.example",
        "by browser": "a@x.example",
        "new email": "c@x.example",
    }


@pytest.mark.parametrize("limit", [1, 100])
def test_a_shared_identifier_stays_with_the_first(world: World, limit: int) -> None:
    world.accept(
        [
            seen("a", email="a@x.example", anonymous_id="kiosk"),
            seen("b", email="b@x.example", anonymous_id="kiosk"),
        ]
    )
    world.accept([seen("later", anonymous_id="kiosk")])
    world.resolve(limit=limit)
    assert world.owners()["later"] == "a@x.example"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_newest_trait_stays_in_whatever_order_it_comes(world: World, order: tuple[int, ...]) -> None:
    told = [
        seen(
            "a",
            1,
            "identify",
            email="a@x.example",
            properties={"industry": "old", "employees": "40", "title": None},
        ),
        seen("b", 2, "submit_form", email="a@x.example", properties={"industry": "tie", "job_title": "CTO"}),
        seen(
            "c",
            2,
            "submit_form",
            email="a@x.example",
            properties={"industry": "new", "company": {"no": "scalar"}},
        ),
    ]
    for place in order:
        world.accept(
            [told[place], seen(f"view {place}", 9, email="a@x.example", properties={"industry": "ignored"})]
        )
        world.resolve()
    known = dict(world.rows("select trait, value from identity.traits"))
    assert known == {"industry": "new", "employees": "40", "title": "CTO", "email_domain": "x.example"}


def test_traits_of_somebody_unknown_count_once_they_are_known(world: World) -> None:
    world.accept([seen("a", 1, "identify", anonymous_id="n", properties={"country": "JP"})])
    world.resolve()
    world.accept([seen("b", 2, email="a@x.example", anonymous_id="n")])
    world.resolve()
    assert ("country", "JP") in world.rows("select trait, value from identity.traits")


def test_nothing_waiting_is_no_work(world: World) -> None:
    assert world.resolve() == [ResolveResult(0, 0, 0, 0, remaining=False)]


def test_two_resolvers_at_once_lose_and_double_nothing(world: World, database_url: str) -> None:
    world.accept(
        [
            seen(f"e{n}", email=f"{n % 30}@x.example" if n % 3 else None, anonymous_id=f"n{n % 30}")
            for n in range(300)
        ]
    )
    done: list[ResolveResult] = []

    def work(limit: int) -> None:
        with connect(database_url) as own:
            while (resolved := resolve_events(own, now=NOW, settings=world.identity, limit=limit)).remaining:
                done.append(resolved)
            done.append(resolved)

    workers = [Thread(target=work, args=[limit]) for limit in (7, 11, 13)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(each.events for each in done) == 300
    assert sum(each.new_leads for each in done) == 30 - 10
    counts = "select count(*), count(distinct event_seq) from identity.resolved_events"
    (resolved, distinct) = world.rows(counts)[0]
    (waiting,) = world.rows("select count(*) from identity.unresolved_events")[0]
    assert resolved == distinct
    assert resolved + waiting == 300


def test_a_resolver_waits_for_one_that_has_not_committed(world: World, database_url: str) -> None:
    world.accept([seen("a", email="a@x.example")])
    with connect(database_url) as other:
        other.execute("set lock_timeout = '50ms'")
        other.commit()
        with world.connection.transaction():
            world.resolve()
            with connect(database_url) as third:
                World(third).accept([seen("b", email="a@x.example")])
            with pytest.raises(TransientError, match="another run is resolving events"):
                resolve_events(other, now=NOW, settings=world.identity)
        assert resolve_events(other, now=NOW, settings=world.identity).new_leads == 0
    assert set(world.owners().values()) == {"a@x.example"}


def test_waiting_for_the_turn_ends(world: World, database_url: str) -> None:
    world.accept([seen("a", email="a@x.example")])
    with connect(database_url) as other:
        hold_lock(other, Lock.RESOLVER)
        world.connection.execute("set lock_timeout = '50ms'")
        world.connection.commit()
        with pytest.raises(TransientError, match="another run is resolving events"):
            world.resolve()
    assert world.resolve()[0].events == 1
