"""What would come for a person, and when; why something does not; what came."""

from datetime import timedelta

from leadops.nurture.plan_lead import NurturePlan, plan_lead
from tests.nurture.programme_world import START, ProgrammeWorld, make_programme, make_settings
from tests.whole_database import dump_database


def plan(world: ProgrammeWorld, lead: int = 1) -> NurturePlan:
    return plan_lead(world.connection, lead, context=world.context, gaps=world.gaps, now=world.now)


def coming(world: ProgrammeWorld, lead: int = 1) -> list[tuple[str, str, str | None, str | None]]:
    """Return step, hour by Tokyo's clock, why it is skipped and what it waits for."""
    (programme,) = plan(world, lead).programmes
    zone = plan(world, lead).place.zone
    return [
        (step.step, f"{step.at.astimezone(zone):%m-%d %H:%M}", step.skipped, step.waits_for)
        for step in programme.coming
    ]


def test_what_comes_and_what_came(world: ProgrammeWorld) -> None:
    world.lead()
    world.act()  # 2 June, 10:00
    world.enter()
    assert coming(world) == [
        ("first", "06-02 11:00", None, None),
        ("second", "06-03 09:00", None, None),
        ("third", "06-09 10:00", None, None),
    ]
    world.run_until(START + timedelta(hours=2))
    assert [step for step, *_ in coming(world)] == ["second", "third"]
    (send,) = plan(world).past
    assert (send.step, send.state, send.message_key, send.delivery) == (
        "first",
        "queued",
        "m.first",
        "done",
    )
    world.run_until(START + timedelta(days=10))
    (programme,) = plan(world).programmes
    assert (programme.state, programme.coming, programme.cycle) == ("finished", [], 1)
    assert programme.enters_again_from == START + timedelta(days=30)
    assert [row.step for row in plan(world).past] == ["third", "second", "first"]


def test_why_something_waits_or_does_not_come(world: ProgrammeWorld) -> None:
    world.settings = make_settings(frequency_cap={"messages": 1, "per_days": 2})
    world.lead()
    world.act(ts=START + timedelta(hours=9, minutes=30))  # 19:30
    world.now = START + timedelta(hours=9, minutes=35)
    world.enter()
    # Due at 20:30 in the quiet hours; the second one at 09:00 has no room in 48 hours and is stale in 24.
    assert coming(world) == [
        ("first", "06-03 08:00", None, "quiet_hours"),
        ("second", "06-03 09:00", "frequency_cap", None),
        ("third", "06-09 19:30", None, None),
    ]


def test_who_is_held_out_and_who_leaves(world: ProgrammeWorld) -> None:
    world.settings = make_settings(trial={"holdout_share": 0.9})
    world.connection.execute("update nurture.hash_keys set hash_key = '\\x0011223344'")
    for lead in range(1, 6):
        world.lead(lead)
        world.act(lead)
    world.enter()
    plans = [plan(world, lead).programmes[0] for lead in range(1, 6)]
    held = next(number for number, each in enumerate(plans, 1) if each.is_held_out)
    assert {skipped for _, _, skipped, _ in coming(world, held)} == {"held_out"}
    world.stage("sal", START + timedelta(minutes=5), held)
    world.now = START + timedelta(minutes=10)
    left = plan(world, held)
    assert (left.stops, left.programmes[0].reason, left.programmes[0].coming) == ("sal", "sal", [])


def test_who_is_in_no_programme(world: ProgrammeWorld) -> None:
    world.lead()
    (programme,) = plan(world).programmes
    assert (programme.state, programme.entry_events, programme.is_once) == ("none", ("page_view",), False)
    world.settings = make_settings(
        programmes={"once": make_programme(reentry_after=None, takes_members=False)}
    )
    (programme,) = plan(world).programmes
    assert (programme.takes_members, programme.is_once) == (False, True)


def test_a_plan_writes_nothing(world: ProgrammeWorld) -> None:
    world.lead()
    world.act()
    world.run_until(START + timedelta(hours=2))
    before = dump_database(world.connection)
    plan(world)
    world.connection.commit()
    assert dump_database(world.connection) == before
