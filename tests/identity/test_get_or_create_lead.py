from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier, Thread

from leadops.db import Connection, connect
from leadops.identity.resolve import resolve_events
from tests.held_rows import AWAITED
from tests.identity.test_resolve import seen
from tests.scoring.conftest import NOW, World
from tests.waiting import wait_until


def get_or_create_lead(connection: Connection, *, email: str, event_seq: int, now: datetime) -> int:
    """Do what the statement does that keeps a form: call the function of the database."""
    row = connection.execute(
        "select identity.get_or_create_lead(%s, seq, ts, event_id, %s) from cdp.events where seq = %s",
        [email, now, event_seq],
    ).fetchone()
    assert row is not None
    return int(row[0])


def seq_of(world: World, name: str) -> int:
    return int(world.rows("select seq from cdp.events where event_id = %s", name)[0][0])


def test_a_claim_makes_the_lead_that_the_resolver_then_finds(world: World) -> None:
    world.accept([seen("form", email="Ann@x.example", anonymous_id="n")])
    lead = get_or_create_lead(
        world.connection, email="ann@x.example", event_seq=seq_of(world, "form"), now=NOW
    )
    assert get_or_create_lead(world.connection, email="ann@x.example", event_seq=1, now=NOW) == lead
    assert [each.new_leads for each in world.resolve()] == [0]
    assert world.owners() == {"form": "ann@x.example"}
    assert world.rows("select kind, lead_id, event_seq from identity.aliases order by 1") == [
        ("anonymous_id", lead, 1),
        ("email", lead, 1),
    ]
    assert world.rows("select trait, value from identity.traits") == [("email_domain", "x.example")]
    assert world.rows("select count(*) from delivery.outbox") == [(0,)]


def test_a_claim_finds_the_lead_that_the_resolver_made(world: World) -> None:
    world.accept([seen("one", email="ann@x.example")])
    world.resolve()
    assert get_or_create_lead(world.connection, email="ann@x.example", event_seq=1, now=NOW) == 1


def test_the_resolver_waits_for_a_claim_in_the_making_and_takes_its_lead(
    world: World, database_url: str
) -> None:
    world.accept([seen("one", email="ann@x.example"), seen("two", email="bob@x.example")])
    with ThreadPoolExecutor() as pool, connect(database_url) as claiming:
        lead = get_or_create_lead(claiming, email="ann@x.example", event_seq=1, now=NOW)
        resolving = pool.submit(world.resolve)
        with connect(database_url) as watching:
            watching.autocommit = True
            wait_until(lambda: watching.execute(AWAITED).fetchone() == (True,))
        claiming.commit()
        (resolved,) = resolving.result()
    assert (resolved.events, resolved.new_leads) == (2, 1)
    assert world.owners() == {"one": "ann@x.example", "two": "bob@x.example"}
    assert world.rows("select lead_id from identity.resolved_events where event_seq = 1") == [(lead,)]


def test_claims_and_resolvers_at_once_make_one_lead_an_email(world: World, database_url: str) -> None:
    world.accept([seen(f"e{n}", email=f"{n % 20}@x.example") for n in range(200)])
    start = Barrier(4)
    found: list[tuple[str, int]] = []

    def claim(step: int) -> None:
        with connect(database_url) as own:
            start.wait()
            for n in range(200):
                email = f"{n * step % 20}@x.example"
                with own.transaction():
                    found.append((email, get_or_create_lead(own, email=email, event_seq=n % 20 + 1, now=NOW)))

    def resolve() -> None:
        with connect(database_url) as own:
            start.wait()
            while resolve_events(own, now=NOW, settings=world.identity, limit=9).remaining:
                pass

    workers = [Thread(target=claim, args=[step]) for step in (3, 7)]
    workers += [Thread(target=resolve) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    aliases = dict(world.rows("select value, lead_id from identity.aliases where kind = 'email'"))
    assert set(found) <= set(aliases.items())
    assert world.rows("select count(*) from identity.leads") == [(20,)]
    assert world.rows("select count(*), count(distinct event_seq) from identity.resolved_events") == [
        (200, 200)
    ]
