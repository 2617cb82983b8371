"""Which MQLs teach the model, and with which outcome: each bound with the moment on it and its neighbour."""

from datetime import timedelta
from typing import Any

from leadops.training.observations import fill_mature_leads
from tests.training.conftest import DAY, START, World, settings

HORIZON, HISTORY = 30 * DAY, 365 * DAY
MQL = START
UNTIL = MQL + 100 * DAY
TICK = timedelta(microseconds=1)
#: A file of deals came a day before UNTIL.
CAME = UNTIL - DAY


def mature(world: World) -> list[tuple[Any, ...]]:
    """Return lead, cycle, outcome of the mature MQLs in the order of their places."""
    wanted = settings(horizon_days=HORIZON.days, windows={"history_days": HISTORY.days}, goal=["sql", "won"])
    with world.connection.transaction():
        fill_mature_leads(world.connection, until=UNTIL, settings=wanted)
        rows = world.rows("select place, lead_id, cycle, is_reached from observations order by place")
    assert [row[0] for row in rows] == list(range(len(rows)))
    return [row[1:] for row in rows]


def test_an_mql_teaches_once_its_horizon_is_over(world: World) -> None:
    reached = {
        "oldest": (UNTIL - HISTORY, None),
        "too old": (UNTIL - HISTORY - TICK, None),
        "newest": (UNTIL - HORIZON, None),
        "open": (UNTIL - HORIZON + TICK, None),
        "just recorded": (MQL, UNTIL - TICK),
        "recorded too late": (MQL, UNTIL),
    }
    names = {}
    for name, (at, recorded) in reached.items():
        lead = world.lead()
        world.stage(lead, "mql", at, recorded=recorded)
        names[lead] = name
    assert [names[lead] for lead, _, _ in mature(world)] == ["oldest", "just recorded", "newest"]


def test_the_goal_counts_within_the_horizon_as_known_by_then(world: World) -> None:
    goals: dict[str, tuple[Any, ...]] = {
        "at once": ("sql", MQL, None, 1),
        "before": ("sql", MQL - TICK, None, 1),
        "last moment": ("won", MQL + HORIZON, None, 1),
        "too late": ("sql", MQL + HORIZON + TICK, None, 1),
        "known in time": ("sql", MQL + DAY, UNTIL - TICK, 1),
        "known too late": ("sql", MQL + DAY, UNTIL, 1),
        "no goal": ("sal", MQL + DAY, None, 1),
        "another deal's": ("sql", MQL + DAY, None, 2),
    }
    names = {}
    for name, (stage, at, recorded, cycle) in goals.items():
        lead = world.lead()
        world.stage(lead, "mql", MQL)
        world.stage(lead, stage, at, recorded=recorded, cycle=cycle)
        names[lead] = name
    rows = mature(world)
    assert [names[lead] for lead, _, _ in rows] == list(goals)
    assert [names[lead] for lead, _, is_reached in rows if is_reached] == [
        *("at once", "last moment", "known in time"),
    ]


def test_an_mql_with_two_goals_is_one_example(world: World) -> None:
    lead = world.lead()
    for stage, days in (("mql", 0), ("sql", 1), ("won", 2)):
        world.stage(lead, stage, MQL + days * DAY)
    assert mature(world) == [(lead, 1, True)]


def test_places_follow_the_time_then_the_lead_then_its_deals(world: World) -> None:
    """The oldest train, the newest test: the order is the split."""
    first, second = world.lead(), world.lead()
    world.stage(second, "mql", MQL - DAY)
    world.stage(first, "mql", MQL, cycle=2)
    world.stage(first, "mql", MQL)
    world.stage(second, "mql", MQL, cycle=2)
    assert [row[:2] for row in mature(world)] == [(second, 1), (first, 1), (first, 2), (second, 2)]


def test_imported_events_count_as_known_for_imported_mqls_until_the_day_ends(world: World) -> None:
    live, imported = world.lead(), world.lead()
    world.stage(live, "mql", MQL)
    world.stage(imported, "mql", MQL, recorded=CAME, imported=True)
    with world.connection.transaction():
        fill_mature_leads(world.connection, until=UNTIL, settings=settings())
        rows = world.rows("select lead_id, at, known_at, history_until from observations order by lead_id")
    assert rows == [(live, MQL, MQL, None), (imported, MQL, CAME, UNTIL)]


def test_where_the_export_says_when_an_mql_was_recorded_its_events_count_whenever_they_came(
    world: World,
) -> None:
    lead = world.lead()
    world.stage(lead, "mql", MQL, recorded=CAME, imported=True, recorded_at=CAME.isoformat())
    with world.connection.transaction():
        fill_mature_leads(world.connection, until=UNTIL, settings=settings())
        rows = world.rows("select lead_id, history_until = 'infinity' from observations")
    assert rows == [(lead, True)]
