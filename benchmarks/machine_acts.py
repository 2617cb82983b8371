"""How many acts of machines are found, and how many of people lost, in a simulated world; what lists cost.

What the signals cost is CPU time of the database's session and of this process: a few percent of a minute run
are less than what the clock differs by beside other work. What is promised in seconds is taken by the clock.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from statistics import median

from benchmarks.arena import Arena, open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.fill import fill
from benchmarks.mail_world import MailWorld, batches, make_mail_world
from leadops.company import InternalSettings
from leadops.configuration import Config
from leadops.db import Connection
from leadops.identity.resolve import resolve_events
from leadops.lifecycle.qualify import qualify_leads
from leadops.machines.machine_settings import MachineSettings
from leadops.scoring.score import score_leads
from leadops.subscribers import SUBSCRIBERS
from leadops_stack.cpu import spent
from tests.async_view import accept_events

SEED = 7


def measure_machine_acts(*, quick: bool) -> Measured:
    """Classify a world of known truth; resolve and score events with all signals and without any, in turn."""
    people = 600 if quick else 6_000
    now = datetime.now(UTC)
    world = make_mail_world(people=people, mails=4, start=now - timedelta(days=6), seed=SEED)
    with open_arena() as arena, arena.connect() as connection:
        verdicts = classify_world(connection, world, now=now)
    found = len(verdicts & world.machine_ids)
    lost = len(verdicts & world.person_ids)
    events, leads, rounds = (10_000, 1_000, 1) if quick else (1_000_000, 100_000, 3)
    with_signals, without, again, ours = [], [], [], []
    for _ in range(rounds):
        with open_arena() as arena:
            without.append(_measure_scoring(arena, None, events=events, leads=leads))
        with open_arena() as arena:
            with_signals.append(_measure_scoring(arena, Config().machines, events=events, leads=leads))
            again.append(_time_change(arena))
            ours.append(_time_own_people(arena, leads=leads))
    return Measured(
        figures=[
            Figure("acts of machines", len(world.machine_ids), ""),
            Figure("of these found", 100 * found / len(world.machine_ids), "%", "at least", 95),
            Figure("acts of people", len(world.person_ids), ""),
            Figure("of these lost", 100 * lost / len(world.person_ids), "%", "at most", 0.5),
            Figure("resolve and score, with all signals", median(with_signals), "CPU-s"),
            Figure("resolve and score, without any", median(without), "CPU-s"),
            Figure(
                "resolve and score, with / without",
                median(with_signals) / median(without),
                "",
                "at most",
                1.1,
            ),
            Figure("a changed list of machines, for all leads", median(again), "s", "at most", 60),
            Figure("a changed list of our own people, for all leads", median(ours), "s", "at most", 60),
        ],
        remarks=[f"{people:,} people, 4 mails; {events:,} events of {leads:,} leads, a fifth of them opens"],
    )


def classify_world(connection: Connection, world: MailWorld, *, now: datetime) -> set[str]:
    """Take the acts of `world` in, resolve and score them, and return the event_ids of machines' acts."""
    config = Config()
    for batch in batches(world, 500):
        accept_events(connection, list(batch), now=now, settings=config.events, history=True)
    while resolve_events(connection, now=now, settings=config.identity).remaining:
        pass
    _score(connection, config.machines, now=now)
    rows = connection.execute(
        "select events.event_id from machines.verdicts join cdp.events on events.seq = verdicts.event_seq"
        " where verdicts.freed_because is null"
    )
    return {event_id for (event_id,) in rows}


def _measure_scoring(arena: Arena, machines: MachineSettings | None, *, events: int, leads: int) -> float:
    """Return the CPU-seconds that resolving and scoring take, of the database and of this process."""
    now = datetime.now(UTC)
    with arena.connect() as connection:
        fill(connection, events=events, leads=leads, now=now - timedelta(minutes=2))
        processes = (os.getpid(), connection.info.backend_pid)
        before = spent(processes)
        while resolve_events(connection, now=now, settings=Config().identity).remaining:
            pass
        _score(connection, machines, now=now)
        return spent(processes) - before


def _time_change(arena: Arena) -> float:
    """Return the seconds that all leads with acts take after the list of user agents has changed."""
    settings = Config().machines
    agent = settings.signals.agent
    assert agent
    changed = agent.model_copy(update={"also": (*agent.also, "chrome/140")})
    signals = settings.signals.model_copy(update={"agent": changed})
    with arena.connect() as connection:
        started = time.perf_counter()
        _score(connection, settings.model_copy(update={"signals": signals}), now=datetime.now(UTC))
        return time.perf_counter() - started


def _time_own_people(arena: Arena, *, leads: int) -> float:
    """Return the seconds until no lead counts any more, after a list that names the domain of all of them."""
    config, now = Config(), datetime.now(UTC)
    domains = InternalSettings(domains=("ours.example",), addresses=(), networks=(), networks_wrong=())
    identity = config.identity.link(config.company.model_copy(update={"internal": domains}))
    with arena.connect() as connection:
        connection.execute("update identity.leads set email = lead_id || '@ours.example'")
        connection.execute("analyze identity.leads")
        connection.commit()
        _qualify(connection, now=now)
        started = time.perf_counter()
        resolve_events(connection, now=now, settings=identity)
        _score(connection, config.machines, now=now)
        _qualify(connection, now=now)
        taken = time.perf_counter() - started
        left = connection.execute("select count(*) from scoring.scores where fit <> 0 or behaviour <> 0")
        uncounted = connection.execute("select count(*) from identity.uncounted_leads")
        if (left.fetchone(), uncounted.fetchone()) != ((0,), (leads,)):
            raise RuntimeError("some leads still count")
    return taken


def _qualify(connection: Connection, *, now: datetime) -> None:
    fold_case = Config().company.fold_case
    contract = Config().kpi
    qualify_leads(connection, contract=contract, subscribers=SUBSCRIBERS, now=now, fold_case=fold_case)


def _score(connection: Connection, machines: MachineSettings | None, *, now: datetime) -> None:
    config = Config()
    zone, remaining = config.company.zone, True
    while remaining:
        result = score_leads(connection, rules=config.scoring, zone=zone, now=now, machines=machines)
        remaining = result.remaining
