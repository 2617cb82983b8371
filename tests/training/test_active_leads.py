"""Who gets points of the model, and who not: each reason at its bound, with its neighbour."""

from datetime import timedelta

from leadops.training.observations import fill_active_leads
from tests.training.conftest import DAY, START, World, settings

NOW = START
ACTIVE = 90 * DAY
TICK = timedelta(microseconds=1)


def active(world: World, **leads: int) -> list[int]:
    """Return the active leads at NOW in the order of their places."""
    with world.connection.transaction():
        wanted = settings(writing={"active_days": ACTIVE.days})
        found = fill_active_leads(world.connection, now=NOW, settings=wanted, **leads)
        rows = world.rows("select place, lead_id, own_lead_id, at, known_at from observations order by place")
    assert found == len(rows)
    assert [row[0] for row in rows] == list(range(found))
    assert all(row[1:] == (row[1], row[1], NOW, NOW) for row in rows)
    return [row[1] for row in rows]


def test_an_event_of_the_last_days_that_has_come_makes_a_lead_active(world: World) -> None:
    happened = {
        "long ago": (NOW - ACTIVE, NOW - ACTIVE),
        "just within": (NOW - ACTIVE + TICK, NOW - ACTIVE + TICK),
        "now": (NOW, NOW),
        "came later": (NOW - DAY, NOW + TICK),
        "dated later": (NOW + TICK, NOW),
    }
    names = {}
    for name, (at, received) in happened.items():
        lead = world.lead()
        world.event(lead, "page_view", at, received=received)
        names[lead] = name
    assert [names[lead] for lead in active(world)] == ["just within", "now"]


def test_a_lead_is_active_from_the_moment_at_which_it_was_made(world: World) -> None:
    made, later = world.lead(at=NOW), world.lead(at=NOW + TICK)
    for lead in (made, later):
        world.event(lead, "page_view", NOW)
    assert active(world) == [made]


def test_a_range_has_its_last_lead_and_not_its_first(world: World) -> None:
    leads = [world.lead() for _ in range(4)]
    for lead in leads:
        world.event(lead, "page_view", NOW)
    assert active(world) == leads
    assert active(world, after=leads[0], up_to=leads[2]) == leads[1:3]


def test_who_has_no_address_or_counts_for_nothing_or_did_nothing_itself_gets_no_points(world: World) -> None:
    buyer, ours, nameless, scanned = (world.lead() for _ in range(4))
    seqs = {lead: world.event(lead, "email_open", NOW) for lead in (buyer, ours, nameless, scanned)}
    world.connection.execute(
        "insert into identity.uncounted_leads values (%s, 'internal', 'x', now())", [ours]
    )
    world.connection.execute("update identity.leads set email = null where lead_id = %s", [nameless])
    world.hold_act(scanned, seqs[scanned])
    assert active(world) == [buyer]


def test_a_person_is_active_by_what_any_of_their_leads_did_and_gets_points_once(world: World) -> None:
    older, younger = world.lead(), world.lead()
    world.event(younger, "page_view", NOW)
    world.join(older, younger)
    assert active(world) == [older]
