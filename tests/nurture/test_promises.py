"""No lead gets a step twice, or any after its exit: under kills, retries, two runs at once and backfills."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.db import Connection, connect
from leadops.nurture.enter_programmes import enter_programmes
from leadops.nurture.send_steps import send_due
from tests.nurture.programme_world import START, ProgrammeWorld, make_settings
from tests.promises import promise_examples

LEADS = (1, 2, 3)
TABLES = (
    "nurture.inbox, nurture.memberships, nurture.sends, delivery.outbox, cdp.events,"
    " identity.resolved_events, identity.leads, identity.people, lifecycle.transitions, machines.verdicts"
)
#: What happens: something a lead does, sales, a join, a split, time that passes.
ACTIONS = st.one_of(
    st.tuples(st.just("act"), st.sampled_from(LEADS), st.sampled_from([0, 0, 0.5, 3, 26, 200])),
    st.tuples(st.just("sal"), st.sampled_from(LEADS)),
    st.tuples(st.just("opt_out"), st.sampled_from(LEADS)),
    st.tuples(st.just("join"), st.sampled_from([(1, 2), (1, 3), (2, 3)])),
    st.tuples(st.just("split")),
    st.tuples(st.just("machine"), st.sampled_from(LEADS)),
    st.tuples(st.just("look"), st.sampled_from(LEADS)),
    st.tuples(st.just("pass"), st.sampled_from([0.1, 1, 5, 16, 24, 70])),
    st.tuples(st.just("run")),
    st.tuples(st.just("killed")),
    st.tuples(st.just("two runs")),
    st.tuples(st.just("claim")),
)


def run_twice_at_once(world: ProgrammeWorld, database_url: str) -> None:
    world.connection.commit()  # else its locks are held until the end of the test

    def run(_: int) -> None:
        with connect(database_url) as connection:
            enter_programmes(connection, context=world.context, now=world.now)
            send_due(connection, context=world.context, gaps={}, now=world.now)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))


def killed(world: ProgrammeWorld) -> None:
    """A run that gets to its last statement, and is rolled back."""
    with world.connection.transaction(force_rollback=True):
        enter_programmes(world.connection, context=world.context, now=world.now)
        send_due(world.connection, context=world.context, gaps={}, now=world.now)


def play(world: ProgrammeWorld, database_url: str, actions: list[tuple[Any, ...]]) -> dict[int, datetime]:
    """Return when each lead's exit was known."""
    exits: dict[int, datetime] = {}
    person = {lead: lead for lead in LEADS}
    for action in actions:
        kind, *given_ = action
        if kind == "act":
            lead, hours = given_
            world.act(lead, world.now - timedelta(hours=hours), received_at=world.now)
        elif kind == "sal":
            if not world.rows("select from lifecycle.transitions where lead_id = %s", given_):
                world.stage("mql", world.now, given_[0])
                world.stage("sal", world.now, given_[0])
            exits.setdefault(given_[0], world.now)
        elif kind == "opt_out":
            world.act(given_[0], world.now, "unsubscribe")
            exits.setdefault(given_[0], world.now)
        elif kind == "join":
            older, younger = given_[0]
            if len(set(person.values())) == len(LEADS):
                person[younger] = older
                world.join(older, younger)
        elif kind == "split":
            person = {lead: lead for lead in LEADS}
            world.split(*LEADS)
        elif kind == "machine":
            world.connection.execute(
                "insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
                " select event_seq, lead_id, 's', 'r', now() from identity.resolved_events"
                " where lead_id = %s order by event_seq limit 1 on conflict do nothing",
                given_,
            )
            world.look_at(given_[0])
        elif kind == "look":
            world.look_at(given_[0])
        elif kind == "pass":
            world.now += timedelta(hours=given_[0])
        elif kind == "run":
            world.run()
        elif kind == "killed":
            killed(world)
        elif kind == "two runs":
            run_twice_at_once(world, database_url)
        else:
            world.claim()
    return exits


@settings(
    max_examples=promise_examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=st.lists(ACTIONS, min_size=4, max_size=30))
def test_nobody_gets_a_step_twice_or_any_after_the_exit(
    connection: Connection, database_url: str, actions: list[tuple[Any, ...]]
) -> None:
    connection.rollback()
    connection.execute(f"truncate {TABLES} restart identity cascade")
    connection.commit()
    world = ProgrammeWorld(connection, settings=make_settings(trial={"reentry_after": None}))
    for lead in LEADS:
        world.lead(lead)
    connection.commit()
    exits = play(world, database_url, actions)
    world.run()
    world.claim()

    sent = world.rows(
        "select lead_id, payload ->> 'step', settled_at from delivery.outbox where state = 'done'"
    )
    steps = defaultdict[int, list[str]](list)
    for lead, step, _ in sent:
        steps[lead].append(step)
    # Who never enters again gets each step once in a life, whatever was joined, split and retried.
    assert all(len(names) == len(set(names)) for names in steps.values()), sent
    for lead, step, at in sent:
        assert lead not in exits or at <= exits[lead], (lead, step, exits)
    ((twice,),) = world.rows(
        "select count(*) from (select from nurture.memberships m left join identity.people p using (lead_id)"
        " where state = 'active' group by coalesce(person_id, lead_id) having count(*) > 1) as double"
    )
    assert twice == 0


@settings(
    max_examples=promise_examples(6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    hours=st.lists(st.sampled_from([0, 0.5, 2, 30, 100, 300, 800]), min_size=1, max_size=5),
    seed=st.randoms(use_true_random=False),
)
def test_the_end_is_the_same_whatever_the_order_of_arrival(
    connection: Connection, hours: list[float], seed: Any
) -> None:
    ends = []
    for order in (hours, seed.sample(hours, len(hours))):
        connection.rollback()
        connection.execute(f"truncate {TABLES} restart identity cascade")
        connection.commit()
        world = ProgrammeWorld(connection)
        world.lead(1)
        for ago in order:
            world.act(1, START - timedelta(hours=ago), received_at=START)
            world.enter(now=START)
        world.run(START)
        ends.append(
            (
                world.rows("select cycle, entered_at, state, next_step, due_at from nurture.memberships"),
                world.rows("select step, state, reason from nurture.sends order by 1"),
                world.queued(),
            )
        )
    assert ends[0] == ends[1]
