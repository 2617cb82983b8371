"""Leads that turn out to be one person, in the tables."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from leadops.db import connect
from leadops.identity.apply_merges import follow_ages, lock_identity
from leadops.identity.resolve import resolve_events
from tests.identity.test_get_or_create_lead import get_or_create_lead
from tests.identity.test_resolve import seen
from tests.scoring.conftest import NOW, World
from tests.scoring.oracle import Happening
from tests.shipped import block

DAY = timedelta(days=1)


def persons(world: World) -> dict[str, str]:
    """Return email -> email of the person's oldest lead, of all that were joined."""
    found = world.rows(
        "select l.email, o.email from identity.leads l join identity.leads o on o.lead_id = l.merged_into"
    )
    assert world.rows(
        "select count(*) from identity.people p join identity.leads l using (lead_id)"
        " where p.person_id <> coalesce(l.merged_into, l.lead_id)"
    ) == [(0,)]
    return dict(found)


def both(user: str = "u", first: str = "a@x.example", second: str = "b@x.example") -> list[Happening]:
    return [
        seen(f"{user}{first}", email=first, user_id=user),
        seen(f"{user}{second}", email=second, user_id=user),
    ]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_user_id_seen_with_two_emails_makes_one_person_of_the_older_lead(world: World, limit: int) -> None:
    world.accept([seen("other", email="o@x.example"), *both()])
    assert sum(each.merges for each in world.resolve(limit=limit)) == 1
    assert persons(world) == {"b@x.example": "a@x.example"}
    merges = "select older_lead_id, younger_lead_id, kind, value, event_seq, merged_at, undone_at"
    assert world.rows(f"{merges} from identity.lead_merges") == [(2, 3, "user_id", "u", 3, NOW, None)]
    assert {lead for (lead,) in world.rows("select lead_id from lifecycle.merge_changes")} == {2, 3}
    assert {lead for (lead,) in world.rows("select lead_id from scoring.inbox")} == {1, 2, 3}
    events = world.rows("select event_seq, lead_id from identity.person_events order by 1")
    assert events == [(1, 1), (2, 2), (3, 2)]


def test_the_lead_that_turns_out_to_be_older_survives_from_that_moment_on(world: World) -> None:
    world.accept([*both(), *both("v", "c@x.example", "d@x.example")])
    world.resolve()
    assert persons(world) == {"b@x.example": "a@x.example", "d@x.example": "c@x.example"}
    world.connection.execute("delete from scoring.inbox")
    world.connection.execute(
        "update identity.leads set created_at = created_at - interval '1 year'"
        " where email in ('b@x.example', 'd@x.example')"
    )
    with world.connection.transaction():
        lock_identity(world.connection)
        follow_ages(world.connection, [2], settings=world.identity, now=NOW + DAY)
    assert persons(world) == {"a@x.example": "b@x.example", "d@x.example": "c@x.example"}, "only who is named"
    merges = "select older_lead_id, younger_lead_id, merged_at, undone_at from identity.lead_merges"
    assert world.rows(f"{merges} where 2 in (older_lead_id, younger_lead_id) order by 1") == [
        (1, 2, NOW, NOW + DAY),
        (2, 1, NOW + DAY, None),
    ]
    # What is past goes out behind what is live.
    assert world.rows("select lead_id, lane from scoring.inbox order by 1") == [(1, 1), (2, 1)]


def test_a_cookie_joins_nobody_unless_the_settings_say_so(world: World) -> None:
    world.accept(
        [seen("a", email="a@x.example", anonymous_id="n"), seen("b", email="b@x.example", anonymous_id="n")]
    )
    world.resolve()
    assert persons(world) == {}
    world.identity = world.identity.model_copy(update={"merge_by": ["user_id", "anonymous_id"]})
    assert world.resolve()[0].merges == 1
    assert persons(world) == {"b@x.example": "a@x.example"}
    world.identity = world.identity.model_copy(update={"merge_by": ["user_id"]})
    world.resolve()
    assert persons(world) == {}
    assert world.rows("select undone_at, undone_by, undone_because from identity.lead_merges") == [
        (NOW, None, "the evidence no longer holds")
    ]


@pytest.mark.parametrize("limit", [1, 100])
def test_an_identifier_that_others_tied_to_a_lead_is_no_evidence_until_it_comes_with_the_email(
    world: World, limit: int
) -> None:
    world.accept(
        [
            seen("colleague logged in", anonymous_id="desk", user_id="u"),
            seen("a", email="a@x.example", anonymous_id="desk"),
            seen("b", email="b@x.example", user_id="u"),
        ]
    )
    world.resolve(limit=limit)
    assert persons(world) == {}
    world.accept([seen("a again", email="a@x.example", user_id="u")])
    world.resolve(limit=limit)
    assert persons(world) == {"b@x.example": "a@x.example"}


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_identifier_that_proves_to_be_shared_joins_nobody(world: World, limit: int) -> None:
    world.accept([seen(f"e{n}", email=f"{n}@x.example", user_id="reception") for n in range(4)])
    world.resolve(limit=limit)
    assert persons(world) == {}
    assert world.rows("select count(*) from identity.lead_merges where undone_at is null") == [(0,)]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_test_address_joins_no_crowd(world: World, limit: int) -> None:
    for n in range(5):
        world.accept(both(user=f"u{n}", first="test@x.example", second=f"{n}@x.example"))
    world.resolve(limit=limit)
    assert persons(world) == {}
    assert world.rows("select guard, kind, value from identity.violations") == [("merges", "lead", "1")]
    world.accept(both(user="u5", first="test@x.example", second="5@x.example"))
    world.resolve(limit=limit)
    assert persons(world) == {}, "one more does not make it a person"
    world.identity = world.identity.model_copy(update={"leads_per_person": 7})
    world.resolve()
    assert len(persons(world)) == 6
    world.identity = world.identity.model_copy(update={"blocked": block(email=["test@x.example"])})
    world.resolve()
    assert persons(world) == {}


def test_a_desk_joins_nobody(world: World) -> None:
    world.accept(
        [*both(first="info@x.example"), *both(user="v", first="info@x.example", second="c@x.example")]
    )
    world.resolve()
    assert persons(world) == {}


def test_a_chain_has_one_survivor(world: World) -> None:
    world.accept(both(user="v", first="b@x.example", second="c@x.example"))
    world.resolve()
    assert persons(world) == {"c@x.example": "b@x.example"}
    world.accept(both(user="w", first="c@x.example", second="d@x.example"))
    world.accept(both(user="x", first="e@x.example", second="b@x.example"))
    world.resolve()
    assert persons(world) == {f"{name}@x.example": "b@x.example" for name in "cde"}


def test_two_resolvers_and_claims_at_once_join_as_one_alone_would(world: World, database_url: str) -> None:
    for n in range(40):
        world.accept(both(user=f"u{n}", first=f"{n}@x.example", second=f"{(n + 7) % 11}b@x.example"))

    def resolve(limit: int) -> None:
        with connect(database_url) as own:
            while resolve_events(own, now=NOW, settings=world.identity, limit=limit).remaining:
                pass

    def claim() -> None:
        with connect(database_url) as own:
            for n in range(40):
                with own.transaction():
                    get_or_create_lead(own, email=f"{n}@x.example", event_seq=2 * n + 1, now=NOW)

    work: list[Any] = [
        Thread(target=resolve, args=[7]),
        Thread(target=resolve, args=[9]),
        Thread(target=claim),
    ]
    for each in work:
        each.start()
    for each in work:
        each.join()
    groups: dict[str, set[str]] = {}
    for n in range(40):
        groups.setdefault(f"{(n + 7) % 11}b@x.example", set()).add(f"{n}@x.example")
    found: dict[str, set[str]] = {}
    for email, person in world.rows(
        "select l.email, p.person_id::text from identity.people p join identity.leads l using (lead_id)"
    ):
        found.setdefault(person, set()).add(email)
    assert sorted(map(sorted, found.values())) == sorted(
        sorted({second, *firsts}) for second, firsts in groups.items() if len(firsts) < 5
    )


def lanes(world: World) -> dict[int, set[int]]:
    """Return the lanes in which each lead waits for scoring, and let none wait."""
    waiting: dict[int, set[int]] = {}
    for lead, lane in world.rows("delete from scoring.inbox returning lead_id, lane"):
        waiting.setdefault(lead, set()).add(lane)
    world.connection.commit()
    return waiting


def test_a_merge_by_events_of_long_ago_is_scored_behind_the_live_ones(world: World) -> None:
    world.accept(both())
    world.connection.execute("update identity.inbox set lane = 1")
    world.connection.commit()
    world.accept(both(user="v", first="c@x.example", second="d@x.example"))
    assert world.resolve()[0].merges == 2
    assert lanes(world) == {1: {1}, 2: {1}, 3: {0}, 4: {0}}


def test_a_live_event_that_completes_old_evidence_joins_live(world: World) -> None:
    world.accept(both()[:1])
    world.connection.execute("update identity.inbox set lane = 1")
    world.connection.commit()
    world.accept(both()[1:])
    assert world.resolve()[0].merges == 1
    assert lanes(world) == {1: {0, 1}, 2: {0}}


def test_what_changed_settings_join_and_part_is_scored_behind_the_live_leads(world: World) -> None:
    world.accept(both())
    world.resolve()
    lanes(world)
    world.identity = world.identity.model_copy(update={"merge_by": ["enrichment_id"]})
    world.resolve()
    assert persons(world) == {}
    assert lanes(world) == {1: {1}, 2: {1}}
