"""One minute run over all that waits: resolve, then score with push beside it, as the DAG's tasks do."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from benchmarks.arena import Arena, ma_state, open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.fill import fill
from benchmarks.floor import Floor, measure_floor
from benchmarks.prepared_ma import learn_ids
from leadops.configuration import Config
from leadops.delivery.audit import AuditResult, audit_scores
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import ScorePusher
from leadops.identity.resolve import resolve_events
from leadops.products.product_client import ProductClient
from leadops.scoring.score import score_leads
from leadops.settings import Endpoint

#: The task leaves off after 50 seconds, and the next minute's goes on; here one push does all of it.
PUSH_TIME = timedelta(minutes=10)


def measure_minute_run(*, quick: bool) -> Measured:
    """Fill a database, run one minute run over it, and audit what came of it."""
    events, leads = (20_000, 2_000) if quick else (1_000_000, 100_000)
    with open_arena() as arena:
        with arena.connect() as connection:
            fill(connection, events=events, leads=leads, now=_now())
            learn_ids(connection, leads=leads)
        floor = measure_floor(arena, leads=leads)
        with arena.sandbox(leads=leads) as endpoint:
            return _measure_run(arena, endpoint, floor, events=events, leads=leads)


def _measure_run(arena: Arena, endpoint: Endpoint, floor: Floor, *, events: int, leads: int) -> Measured:
    resolving, resolved = _time(lambda: _resolve(arena))
    scoring, pushing, rows, pushed = _score_and_push(arena, endpoint)
    audit = _audit(arena, endpoint)
    applied = ma_state(endpoint)["deltas_applied"]
    if resolved != events or pushed.deltas != rows or applied != rows or pushed.problem:
        raise RuntimeError(f"{events} events, {resolved} resolved; {rows} rows, {applied} applied; {pushed}")
    seconds = resolving + scoring + pushing
    wrong = len(audit.differences) + audit.under_way + abs(audit.leads - leads)
    return Measured(
        figures=[
            Figure("minute run, in all", seconds, "s", "under", 20),
            Figure("times the floor", seconds / floor.seconds, "x", "at most", 2),
            Figure("resolve", resolving, "s"),
            Figure("score", scoring, "s"),
            Figure("push, after score has ended", pushing, "s"),
            Figure("floor, in all", floor.seconds, "s"),
            Figure("floor, SQL", floor.sql, "s"),
            Figure("floor, posts", floor.posts, "s"),
            Figure("floor, rows", floor.rows, ""),
            Figure("events", events, ""),
            Figure("ledger rows, all applied by the MA", rows, ""),
            Figure("HTTP calls", pushed.calls, ""),
            Figure("leads that the audit finds wrong", wrong, "", "at most", 0),
        ],
        remarks=[f"load of the machine at the end: {os.getloadavg()[0]:.1f}"],
    )


def _resolve(arena: Arena) -> int:
    settings = Config().identity
    with arena.connect() as connection:
        done = _work_off(lambda: resolve_events(connection, now=_now(), settings=settings))
    return sum(each.events for each in done)


def _score(arena: Arena) -> int:
    rules, company, machines = Config().scoring, Config().company, Config().machines
    with arena.connect() as connection:
        done = _work_off(
            lambda: score_leads(
                connection, rules=rules, zone=company.zone, now=_now(), lane=0, machines=machines
            ),
        )
    return sum(each.rows for each in done)


def _score_and_push(arena: Arena, endpoint: Endpoint) -> tuple[float, float, int, PushReport]:
    """Return the seconds of score and those that push still takes then, the rows and what became of them."""
    has_ended = Event()
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(_push, arena, endpoint, lambda: not has_ended.is_set())
        try:
            scoring, rows = _time(lambda: _score(arena))
        finally:
            has_ended.set()
        after, pushed = _time(pushing.result)
    return scoring, after, rows, pushed


def _push(arena: Arena, endpoint: Endpoint, may_grow: Callable[[], bool]) -> PushReport:
    return push_target(
        database_url=arena.url,
        endpoint=endpoint,
        target="ma",
        pusher_type=ScorePusher,
        settings=Config().delivery,
        clock=_now,
        sleep=time.sleep,
        until=_now() + PUSH_TIME,
        may_grow=may_grow,
    )


def _audit(arena: Arena, endpoint: Endpoint) -> AuditResult:
    client = ProductClient(endpoint)
    try:
        with arena.connect() as connection:
            return audit_scores(connection, client, max_missing=0, now=_now())
    finally:
        client.transport.close()


def _work_off(work: Callable[[], Any]) -> list[Any]:
    done = [work()]
    while done[-1].remaining:
        done.append(work())
    return done


def _time(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _now() -> datetime:
    return datetime.now(UTC)
