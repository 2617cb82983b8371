"""The parts of the soak that decide: plan, oracle, memory. `make soak` runs it whole."""

import socket
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from leadops.db import Connection
from leadops.identity.resolve import resolve_events
from tests.gateway.conftest import FORM_SECRETS, KEY, Serve, serve
from tests.kill_matrix.healing import Healing
from tests.shipped import SHIPPED
from tests.soak.memory import MemoryGrowth, MemorySample, measure_growth
from tests.soak.oracle import BookedPerson, Verdict, World, compare_world, read_database
from tests.soak.people import STORIES, People, Person, list_people
from tests.soak.plan import draw_plan, draw_small_faults
from tests.soak.report import BEGIN, END, SoakResult, write_page, write_result
from tests.waiting import wait_until

__all__ = ["serve"]

NAMES = ["gateway", "scheduler", "PostgreSQL", "Slack away"]


def test_a_seed_repeats_its_plan_and_another_has_its_own() -> None:
    first, again, other = (list(islice(draw_plan(seed, NAMES), 12)) for seed in (7, 7, 8))
    assert first == again != other
    for start in (0, 4, 8):
        assert sorted(planned.name for planned in first[start : start + 4]) == sorted(NAMES)
    assert all(5 <= planned.pause <= 40 for planned in first)
    assert draw_small_faults(7) == draw_small_faults(7) != draw_small_faults(8)


def make_person(story: str, accepted: int | None = None) -> Person:
    person = Person(1, story)
    acts = len(STORIES[story]) if accepted is None else accepted
    person.accepted = [f"soak-1-{place}" for place in range(acts)]
    return person


#: Somebody who sent a form (20) and unsubscribed (-30): with 8 points for traits, -2 in all.
OPTED_OUT = make_person("opts out")
RIGHT = World(
    booked={OPTED_OUT.email: BookedPerson(OPTED_OUT.email, 1, -10, -2)},
    stored={"soak-1-1": 1},
    ma={OPTED_OUT.email: -2},
    crm={OPTED_OUT.email: [False]},
)


def test_what_people_did_once_is_right() -> None:
    assert compare_world([OPTED_OUT], RIGHT) == Verdict()


@pytest.mark.parametrize(
    ("world", "what"),
    [
        (replace(RIGHT, stored={}), "events soak-1-1: 0, not 1"),
        (replace(RIGHT, booked={}), "leads: 0, not 1"),
        (
            replace(RIGHT, booked={OPTED_OUT.email: BookedPerson(OPTED_OUT.email, 1, 0, -2)}),
            "points in the ledger: 0, not -10",
        ),
        (replace(RIGHT, ma={OPTED_OUT.email: -5}), "points in the MA: -5, not -2"),
        (replace(RIGHT, ma={}), "points in the MA: None, not -2"),
        (replace(RIGHT, crm={}), "leads in the CRM: 0, not 1"),
        (replace(RIGHT, crm={OPTED_OUT.email: [None]}), "does not know the opt-out"),
    ],
)
def test_what_is_missing_is_lost(world: World, what: str) -> None:
    verdict = compare_world([OPTED_OUT], world)
    assert what in "\n".join(verdict.lost)
    assert not verdict.is_right


@pytest.mark.parametrize(
    ("world", "what"),
    [
        (replace(RIGHT, stored={"soak-1-1": 2}), "events soak-1-1: 2, not 1"),
        (
            replace(RIGHT, booked={OPTED_OUT.email: BookedPerson(OPTED_OUT.email, 2, -10, -2)}),
            "leads: 2, not 1",
        ),
        (
            replace(RIGHT, booked={OPTED_OUT.email: BookedPerson(OPTED_OUT.email, 1, -20, -2)}),
            "points in the ledger: -20, not -10",
        ),
        (replace(RIGHT, ma={OPTED_OUT.email: 6}), "points in the MA: 6, not -2"),
        (replace(RIGHT, crm={OPTED_OUT.email: [False, False]}), "leads in the CRM: 2, not 1"),
    ],
)
def test_what_is_there_twice_is_double(world: World, what: str) -> None:
    (found,) = compare_world([OPTED_OUT], world).double
    assert what in found


def test_whoever_has_not_finished_is_no_loss() -> None:
    assert compare_world([make_person("is joined", accepted=1)], World({}, {}, {}, {})).is_right


def test_people_whose_calls_are_never_accepted_are_named() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        gateway = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        people = People(gateway, write_key="k", form_secret="s")
        people.start()
        wait_until(lambda: people.repeats > 0)
        people.end(limit=0.1)
        assert not people.is_alive(), "nobody calls on when the soak is over"
        assert people.find_unfinished() == ["ann@soak1.example (visits): 0 of 1 acts accepted"]


def sample(part: str, pid: int, *mebibytes: int) -> list[MemorySample]:
    """A sample every minute."""
    return [MemorySample(60.0 * minute, part, pid, size * 2**20) for minute, size in enumerate(mebibytes)]


def test_memory_is_compared_after_a_process_has_warmed_up() -> None:
    samples = [
        *sample("gateway", 1, *[50] * 2, *[100] * 5, *[110] * 5),  # 10 % more
        *sample("scheduler", 2, *[10] * 2, *[200] * 10),  # only while it warmed up
        *sample("triggerer", 3, 10, 20, 30, 40),  # killed too early
    ]
    growths = measure_growth(samples, warm=120)
    assert growths == [
        MemoryGrowth("gateway", 1, pytest.approx(1.1), 540.0),
        MemoryGrowth("scheduler", 2, 1.0, 540.0),
    ]
    assert [growth.is_above(1.05) for growth in growths] == [True, False]
    assert not MemoryGrowth("sandbox", 4, 2.0, 540.0).is_above(1.05)


def make_result(**changes: object) -> SoakResult:
    healed = datetime(2026, 7, 1, tzinfo=UTC)
    fields: dict[str, object] = {
        "minutes": 30.0,
        "seed": 1,
        "executor": "celery",
        "events": 900,
        "forms": 300,
        "repeats": 12,
        "deltas": 1100,
        "small_faults": {"ma 500": 3, "crm 429": 4},
        "healings": [
            Healing("gateway", "celery", healed, healed, parts=2.0, dags=50.0, whole=8.0),
            Healing("gateway", "celery", healed, healed, parts=4.0, dags=30.0, whole=9.0),
        ],
        "verdict": Verdict(),
        "growths": [MemoryGrowth("gateway", 1, 1.01, 600.0)],
    }
    return SoakResult(**fields | changes)  # type: ignore[arg-type]


def test_a_soak_fails_by_what_is_lost_double_not_healed_or_grew(tmp_path: Path) -> None:
    assert make_result().problems == []
    healing = make_result().healings[0]
    assert [
        make_result(**change).problems
        for change in (
            {"verdict": Verdict(lost=["a"])},
            {"verdict": Verdict(double=["b"])},
            {"healings": [replace(healing, problems=["parts: not as before after 600 s"])]},
            {"growths": [MemoryGrowth("gateway", 1, 1.08, 600.0)]},
            {"wrong": ["audit: differs"]},
        )
    ] == [
        ["lost: a"],
        ["double: b"],
        ["gateway: parts: not as before after 600 s"],
        ["gateway grew by 8.0% in 10 minutes"],
        ["audit: differs"],
    ]
    text = write_result(make_result())
    assert "| gateway | 2 | 3 s, 4 s | 40 s, 50 s |" in text
    assert "| small faults of MA, CRM and Slack met | 7 |" in text
    page = tmp_path / "soak.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_page(make_result(), page)
    assert page.read_text() == f"before\n{BEGIN}\n{text}\n{END}\nafter\n"


def test_what_the_people_send_is_stored_and_makes_one_lead_of_each(
    serve: Serve, connection: Connection, database_url: str
) -> None:
    fast = {"events_per_second": 1e6, "burst": 1e6}
    gateway = str(serve(senders=fast, forms={"signers": fast}).base_url).rstrip("/")
    people = People(gateway, write_key=KEY, form_secret=FORM_SECRETS[0], every=0.0)
    people.start()
    wait_until(lambda: len(people.sent) > len(STORIES))
    people.end(limit=60)
    assert people.find_unfinished() == []
    assert [person.story for person in people.sent] == [
        person.story for person in islice(list_people(), len(people.sent))
    ]
    resolve_events(connection, now=datetime.now(UTC), settings=SHIPPED.identity)
    connection.commit()
    booked, stored = read_database(database_url)
    assert all(person.is_whole for person in people.sent)
    assert {email: person.leads for email, person in booked.items()} == {
        person.email: 1 for person in people.sent
    }
    events = {act for person in people.sent for act in person.accepted}
    forms = {person.accepted[0] for person in people.sent if person.sent_a_form}
    assert stored == dict.fromkeys(events - forms, 1)
