"""Pushes everything pending for one target: effects first, then score changes, live before backfill."""

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

from leadops.db import connect
from leadops.delivery.batches import BATCHES_PER_ROUND
from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.effect_guard import EffectGuard
from leadops.delivery.push_report import PushReport
from leadops.delivery.rounds import (
    ALIGNED_PER_ROUND,
    EFFECTS_PER_ROUND,
    PendingWork,
    Pusher,
    Round,
    WorkKind,
)
from leadops.identity.identity_settings import IdentitySettings
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from leadops.settings import Endpoint

#: Objects that are made between two looks for cycles of garbage, while a push runs.
COLLECT_AFTER = 20_000
#: The target whose score changes come from the ledger.
SCORED_TARGET = "ma"


def push_target(
    *,
    database_url: str,
    endpoint: Endpoint,
    target: str,
    settings: DeliverySettings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    until: datetime,
    effects_only: bool = False,
    identity: IdentitySettings | None = None,
    mark: DatabaseMark | None = None,
    guards: Sequence[EffectGuard] = (),
) -> PushReport:
    """Send everything pending for `target`, with a worker per connection of its settings, until `until`.

    Commits as it goes; may be killed at any point, and may run twice at once. A target that is down or asks
    for a pause is not an error: the report's `problem` says so, and everything stays on record. With
    `effects_only` it sends no score changes. `identity` says where the names of leads stand that are made
    again in the MA. `mark` notices that the database went back: then, and during a hold, nothing is sent.
    `guards` are asked before an effect goes out (leadops.effect_guards).
    """
    stop, began_at = Event(), clock()

    def run_worker() -> PushReport:
        client = ProductClient(endpoint)
        try:
            with connect(database_url, application=f"leadops push {target}") as connection:
                pusher = Pusher(
                    connection,
                    client,
                    target,
                    settings,
                    clock,
                    until,
                    stop.is_set,
                    identity,
                    mark,
                    began_at,
                    guards,
                )
                if obstacle := pusher.find_obstacle():
                    return PushReport(is_paused=True, problem=obstacle)
                return run_rounds(pusher, sleep=sleep, effects_only=effects_only)
        finally:
            client.transport.close()

    workers = settings.targets[target].connections
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        with collecting_rarely():
            running = [pool.submit(run_worker) for _ in range(workers)]
            return sum((worker.result() for worker in running), PushReport())
    finally:
        # When this call is interrupted, the workers end after their current call; nothing waits for them.
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Let Python look for cycles of garbage less often in this process.

    Rows hold no cycles, and are many: looking through them again and again takes a fifth of the push's CPU.
    """
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def run_rounds(pusher: Pusher, *, sleep: Callable[[float], None], effects_only: bool = False) -> PushReport:
    """Run rounds until nothing is pending, the time is over, or the target is down."""
    total = PushReport()
    while not pusher.is_over:
        report, wait = run_round(pusher, effects_only=effects_only)
        total += report
        if total.is_down:
            break
        if report.has_progress:
            continue
        if not effects_only and pusher.target == SCORED_TARGET and pusher.recreate_leads():
            continue
        pause = wait or pusher.time_to_next_retry(effects_only=effects_only)
        if pause is None:
            break
        if pusher.clock() + pause >= pusher.until:
            problem = total.problem or "the target is paused, or its rate limit or daily quota is used up"
            return total + PushReport(problem=problem)
        sleep(pause.total_seconds())
    return total


def run_round(pusher: Pusher, *, effects_only: bool) -> tuple[PushReport, timedelta]:
    """Run one round of the most urgent lane that has work; return it, or how long to wait for a permit."""
    steps: tuple[tuple[WorkKind, Round, int], ...] = (
        ("effects", pusher.send_effects, EFFECTS_PER_ROUND),
        ("unaligned", pusher.align_leads, ALIGNED_PER_ROUND),
        ("batches", pusher.send_batches, BATCHES_PER_ROUND),
    )
    work = pusher.list_effects()
    if not effects_only and pusher.target == SCORED_TARGET:
        work |= pusher.list_score_work()
    for lane in Lane:
        report, wait = PushReport(), timedelta()
        for kind, send, limit in steps:
            if wait or report.is_paused or PendingWork(kind, lane) not in work:
                continue
            sent, wait = pusher.run_permitted(send, lane, limit=limit)
            report += sent
        if wait or report.has_progress or report.is_paused:
            return report, wait
    return PushReport(), timedelta()
