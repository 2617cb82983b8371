"""One minute run over all that waits: resolve, score, push, by the functions that the DAG's tasks call."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.arena import Arena, ma_state, open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.fill import fill
from benchmarks.prepared_ma import learn_ids
from leadops.configuration import Config
from leadops.delivery.audit import AuditResult, audit_scores
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.identity.resolve import resolve_events
from leadops.products.product_client import ProductClient
from leadops.scoring.score import score_leads
from leadops.settings import Endpoint

#: As in the task: a push leaves off in time for the next minute's.
PUSH_TIME = timedelta(seconds=50)


def measure_minute_run(*, quick: bool) -> Measured:
    """Fill a database, run one minute run over it, and audit what came of it."""
    events, leads = (20_000, 2_000) if quick else (1_000_000, 100_000)
    with open_arena() as arena, arena.sandbox(leads=leads) as endpoint:
        with arena.connect() as connection:
            fill(connection, events=events, leads=leads, now=_now())
            learn_ids(connection, leads=leads)
        resolving, resolved = _time(lambda: _resolve(arena))
        scoring, rows = _time(lambda: _score(arena))
        pushing, pushed = _time(lambda: _push(arena, endpoint))
        audit = _audit(arena, endpoint)
        applied = ma_state(endpoint)["deltas_applied"]
    if resolved != events or pushed.deltas != rows or applied != rows or pushed.problem:
        raise RuntimeError(f"{events} events, {resolved} resolved; {rows} rows, {applied} applied; {pushed}")
    wrong = len(audit.differences) + audit.under_way + abs(audit.leads - leads)
    return Measured(
        figures=[
            Figure("minute run, in all", resolving + scoring + pushing, "s", "under", 20),
            Figure("resolve", resolving, "s"),
            Figure("score", scoring, "s"),
            Figure("push", pushing, "s"),
            Figure("events", events, ""),
            Figure("ledger rows, all applied by the MA", rows, ""),
            Figure("HTTP calls", pushed.calls, ""),
            Figure("leads that the audit finds wrong", wrong, "", "at most", 0),
        ]
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


def _push(arena: Arena, endpoint: Endpoint) -> PushReport:
    return push_target(
        database_url=arena.url,
        endpoint=endpoint,
        target="ma",
        settings=Config().delivery,
        clock=_now,
        sleep=time.sleep,
        until=_now() + PUSH_TIME,
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
