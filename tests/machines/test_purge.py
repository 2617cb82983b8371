"""What of acts of machines is deleted: never what keeps points away."""

from datetime import timedelta

from leadops.housekeeping.old_rows import purge
from leadops.machines.removal import OLD_ROWS
from leadops.scoring.scoring_inbox import enqueue_every_lead
from tests.shipped import SHIPPED

from .conftest import LATER, MailWorld

DAYS = SHIPPED.retention.tables.model_dump()
A, B, C = (f"https://x.example/{name}" for name in "abc")


def clicks(world: MailWorld) -> None:
    """Two clicks of a machine, and before them one that was taken for a machine's and is not."""
    world.classify(
        [
            world.act("identify", -9000, visitor="v1"),
            world.act("mail_click", 0, link=A, event_id="a"),
            world.act("mail_click", 0.5, link=B, event_id="b"),
            world.act("mail_click", 0.7, link=C, event_id="c"),
            world.act("page_view", 1.5, visitor="v1", person=False, event_id="view"),
        ]
    )
    assert set(world.signals()) == {"a", "b", "c", "view"}
    world.classify([world.act("page_view", 200, visitor="v1", person=True, event_id="read")])
    assert set(world.signals()) == {"a", "b"}


def count(world: MailWorld, table: str) -> int:
    return int(world.rows(f"select count(*) from {table}")[0][0])


def test_what_was_taken_back_goes_after_its_days_and_no_point_moves(world: MailWorld) -> None:
    clicks(world)
    ledger = world.rows("select * from scoring.ledger order by seq")
    freed = LATER + timedelta(days=400)
    world.connection.commit()
    assert purge(world.connection, OLD_ROWS, DAYS, now=freed)["freed_acts"] == 0
    gone = purge(world.connection, OLD_ROWS, DAYS, now=freed + timedelta(seconds=1))
    assert gone == {"freed_acts": 2, "anonymous_events": 0}
    assert count(world, "machines.verdicts") == 2
    enqueue_every_lead(world.connection)
    world.classify(now=freed + timedelta(days=1))
    assert world.rows("select * from scoring.ledger order by seq") == ledger


def test_a_verdict_stays_as_long_as_its_event_however_old_it_is(world: MailWorld) -> None:
    clicks(world)
    acts, much_later = count(world, "machines.acts"), LATER + timedelta(days=10_000)
    world.connection.commit()
    purge(world.connection, OLD_ROWS, DAYS, now=much_later)
    assert count(world, "machines.acts") == acts == 3
    enqueue_every_lead(world.connection)
    world.classify(now=much_later)
    assert set(world.signals()) == {"a", "b"}
    assert world.counted() == {"c": 3, "view": 5, "read": 5}


def test_what_is_left_of_deleted_events_goes_with_them(world: MailWorld) -> None:
    clicks(world)
    world.connection.execute("delete from cdp.events where event_id in ('a', 'c')")
    world.connection.commit()
    old = LATER + timedelta(days=DAYS["anonymous_events"], seconds=1)
    # The acts of a and c, the verdict on a; the one on c was taken back, and is that old too.
    assert purge(world.connection, OLD_ROWS, DAYS | {"freed_acts": None}, now=old) == {
        "freed_acts": 0,
        "anonymous_events": 4,
    }
    assert count(world, "machines.acts") == 1
    assert set(world.signals()) == {"b"}
