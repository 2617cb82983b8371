"""What a changed file would have sent: by the functions that send, and without a trace."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from leadops.nurture.simulate_file import Simulation, simulate_file
from tests.nurture.programme_world import (
    START,
    STEPS,
    ProgrammeWorld,
    make_context,
    make_programme,
    make_settings,
)
from tests.whole_database import dump_database

END = START + timedelta(days=12)

Happening = Callable[[datetime], object]


def simulate(
    world: ProgrammeWorld, since: datetime = START, now: datetime = END, **changes: Any
) -> Simulation:
    """Play settings with changes, or those in force, over the time."""
    settings = make_settings(**changes) if changes else world.settings
    return simulate_file(world.connection, context=make_context(settings), since=since, now=now)


def sums(simulation: Simulation) -> dict[str, tuple[int, int]]:
    """Return what was sent and what would have been, by step."""
    sent, simulated = Counter[str](), Counter[str]()
    for row in simulation.totals:
        sent[f"{row.programme}.{row.step}"] += row.sent
        simulated[f"{row.programme}.{row.step}"] += row.simulated
    return {step: (sent[step], simulated[step]) for step in sorted(sent | simulated)}


def visit(world: ProgrammeWorld, lead: int, at: datetime, event: str = "page_view") -> None:
    world.act(lead, at, event)


def accept(world: ProgrammeWorld, lead: int, at: datetime) -> None:
    world.stage("sal", at, lead)


def play(world: ProgrammeWorld, *moments: tuple[timedelta, Happening]) -> None:
    """Let things happen at their moments after START, and send between them as it is done for real."""
    for after, happen in sorted(moments, key=lambda moment: moment[0]):
        world.run_until(START + after)
        happen(START + after)
    world.run_until(END)


def test_the_file_in_force_gives_what_was_sent(world: ProgrammeWorld) -> None:
    """Two programmes, a cap, quiet hours, a hold-out, and exits; people come by day and by night."""
    world.settings = make_settings(
        programmes={
            "trial": make_programme(holdout_share=0.3),
            "guide": make_programme(
                entry=[{"event": "request_document"}], steps=[STEPS[0] | {"message": "m.guide"}]
            ),
        },
        frequency_cap={"messages": 2, "per_days": 3},
    )
    world.enter(now=START - timedelta(days=100))
    world.connection.execute("update nurture.hash_keys set hash_key = '\\x0011223344'")
    moments: list[tuple[timedelta, Happening]] = []
    for lead in range(1, 13):
        world.lead(lead)
        begin = timedelta(hours=5 * lead)
        moments.append((begin, partial(visit, world, lead)))
        if lead % 3 == 0:
            moments.append(
                (begin + timedelta(minutes=30), partial(visit, world, lead, event="request_document"))
            )
        if lead % 4 == 0:
            moments.append((begin + timedelta(days=2), partial(accept, world, lead)))
        if lead % 5 == 0:
            moments.append((begin + timedelta(days=3), partial(visit, world, lead, event="unsubscribe")))
    play(world, *moments)

    found = simulate(world)

    assert [row for row in found.totals if row.sent != row.simulated] == []
    by_step = sums(found)
    assert all(sent for sent, _ in by_step.values())
    assert set(by_step) == {"guide.first", "trial.first", "trial.second", "trial.third"}
    assert found.entered == 16
    assert found.held_out == world.rows("select count(*) from nurture.memberships where is_held_out")[0][0]


def test_a_changed_file_by_hand(world: ProgrammeWorld) -> None:
    """The third step after 2 days in place of 7, and the second one gone.

    Lead 1 comes on 2 June at 10:00: first at 11:00, third on 4 June at 10:00. Lead 2 comes with it and is
    SAL on 3 June: first alone. Lead 3 comes at 19:30: first is due at 20:30, in the quiet hours, and goes out
    on 3 June at 08:00; third on 4 June at 19:30.
    """
    for lead in (1, 2, 3):
        world.lead(lead)
    play(
        world,
        (timedelta(0), lambda at: (world.act(1, at), world.act(2, at))),
        (timedelta(hours=9, minutes=30), lambda at: world.act(3, at)),
        (timedelta(days=1, hours=3), lambda at: world.stage("sal", at, 2)),
    )

    found = simulate(world, trial={"steps": [STEPS[0], STEPS[2] | {"delay": "2d"}]})

    # For real: second at 09:00 of the next day for all three, as lead 2 is SAL only at 13:00.
    assert sums(found) == {"trial.first": (3, 3), "trial.second": (3, 0), "trial.third": (2, 2)}
    days = {(row.step, row.day): row.simulated for row in found.totals if row.simulated}
    assert days == {
        ("first", date(2026, 6, 2)): 2,
        ("first", date(2026, 6, 3)): 1,
        ("third", date(2026, 6, 4)): 2,
    }
    assert (found.entered, found.held_out) == (3, 0)
    # What the future brings is not known before it: a day earlier nobody had the third step.
    early = simulate(
        world, now=START + timedelta(days=1), trial={"steps": [STEPS[0], STEPS[2] | {"delay": "2d"}]}
    )
    assert sums(early) == {"trial.first": (3, 3), "trial.second": (3, 0)}


def test_members_finish_the_version_that_they_began(world: ProgrammeWorld) -> None:
    """Lead 1 is under way when the file is taken to begin; lead 2 comes later: `third` after 2 days."""
    for lead in (1, 2):
        world.lead(lead)
    since = START + timedelta(days=3)
    play(world, (timedelta(0), lambda at: world.act(1, at)), (timedelta(days=4), lambda at: world.act(2, at)))

    found = simulate(world, since=since, trial={"steps": [STEPS[0], STEPS[2] | {"delay": "2d"}]})

    days = {(row.step, row.day): (row.sent, row.simulated) for row in found.totals}
    assert days == {
        ("first", date(2026, 6, 6)): (1, 1),
        ("second", date(2026, 6, 7)): (1, 0),
        ("third", date(2026, 6, 8)): (0, 1),
        ("third", date(2026, 6, 9)): (1, 1),
        ("third", date(2026, 6, 13)): (1, 0),
    }


def test_a_share_a_new_programme_and_one_that_is_gone(world: ProgrammeWorld) -> None:
    for lead in range(1, 5):
        world.lead(lead)
    play(world, (timedelta(0), lambda at: [world.act(lead, at) for lead in range(1, 5)]))
    everybody = simulate(world, trial={"holdout_share": 0.9})
    held = everybody.held_out
    assert sums(everybody)["trial.first"] == (4, 4 - held)
    assert everybody.skipped == ({"held_out": 3 * held} if held else {})
    new = simulate(world, programmes={"other": make_programme()})
    assert sums(new)["other.first"] == (0, 4)
    assert sums(new)["trial.first"] == (4, 0)


def test_nothing_is_written(world: ProgrammeWorld) -> None:
    for lead in (1, 2):
        world.lead(lead)
    play(world, (timedelta(0), lambda at: world.act(1, at)), (timedelta(days=2), lambda at: world.act(2, at)))
    before = dump_database(world.connection)
    sequences = world.rows("select schemaname, sequencename, last_value from pg_sequences order by 1, 2")
    assert simulate(world, since=START + timedelta(days=1), trial={"holdout_share": 0.5}).totals
    world.connection.commit()
    assert dump_database(world.connection) == before
    assert (
        world.rows("select schemaname, sequencename, last_value from pg_sequences order by 1, 2") == sequences
    )
