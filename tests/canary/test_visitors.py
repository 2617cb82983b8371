"""A visitor takes over each day, and of the former one nothing stays."""

from datetime import timedelta

from leadops.canary.removal import purge_visits
from tests.canary.world import SETTINGS, CanaryWorld
from tests.shipped import change
from tests.whole_database import dump_database

SHORT = change(SETTINGS, watch_seconds=0)
A_DAY = timedelta(hours=25)
#: What keeps no trace of a visitor: its own record, and the note of its address.
RECORDS = {"canary.visitors", "canary.visits", "canary.hops", "cdp.canaries"}


def list_traces(world: CanaryWorld, *needles: str) -> set[str]:
    """The tables in which one of the texts stands."""
    rows = dump_database(world.connection)
    return {row.split(" ", 1)[0] for row in rows if any(needle in row for needle in needles)}


def test_the_former_visitor_is_erased_everywhere(world: CanaryWorld) -> None:
    world.fly()
    former = world.value("select email from canary.visitors")
    lead = world.value("select lead_id from identity.leads")
    world.offset = A_DAY
    world.fly()
    assert world.value("select count(*) from canary.visitors") == 2
    world.work()  # the requests to erase go out
    world.offset += timedelta(minutes=5)
    assert world.fly().removed == 1
    assert list_traces(world, former) <= RECORDS | {"delivery.batches"}
    for table in ("identity.leads", "scoring.ledger", "scoring.scores", "delivery.outbox"):
        assert world.value(f"select count(*) from {table} where lead_id = %s", lead) == 0, table
    assert world.value("select count(*) from identity.leads") == 1
    state = world.sandbox_state()
    assert state["ma"]["leads"] == 1
    assert world.value("select total from scoring.scores") == 2
    assert world.value("select count(*) from cdp.events") == 4


def test_where_nothing_can_be_erased_the_address_stays(world: CanaryWorld) -> None:
    for day in range(3):
        world.offset = day * A_DAY
        world.fly(world.way(can_erase=False))
        assert set(world.hops().values()) == {True}
        assert world.value("select total from scoring.scores") == 1
        assert world.value("select count(*) from identity.leads") == 1
        assert world.value("select count(*) from cdp.events") == 2
        state = world.sandbox_state()
        assert (state["ma"]["leads"], state["crm"]["leads"]) == (1, 1)
    assert world.value("select count(distinct email) from canary.visitors") == 1


def test_one_that_nobody_erases_keeps_the_next_ones_from_coming(world: CanaryWorld) -> None:
    world.fly()
    world.offset = A_DAY
    world.fly()
    world.stages = ("resolve", "score", "ma", "poll")  # the CRM does not answer any more
    for day in (2, 3):
        world.offset = day * A_DAY
        world.fly(settings=SHORT)
    assert world.value("select count(*) from canary.visitors") == 2


def test_old_visits_go_after_their_visitor(world: CanaryWorld) -> None:
    way = world.way(writes_to=())
    world.fly(way)
    world.offset = A_DAY
    world.fly(way)
    later = world.clock() + timedelta(days=15)
    with world.connection.transaction():
        assert purge_visits(world.connection, before=later - timedelta(days=14), max_rows=10) == 1
    assert world.rows("select count(*) from canary.visits") == [(1,)]
    assert world.value("select count(*) from canary.visitors") == 1
