"""Pushes everything pending for one target: effects first, then score changes, live before backfill."""

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

from leadops.db import connect
from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.effect_guard import EffectGuard
from leadops.delivery.effect_pusher import EffectPusher, PendingWork
from leadops.delivery.push_report import PushReport
from leadops.identity.identity_settings import IdentitySettings
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from leadops.settings import Endpoint

#: So long a worker that has nothing to do waits while more may come.
LOOK_AGAIN = timedelta(milliseconds=250)

#: Objects that are made between two looks for cycles of garbage, while a push runs.
COLLECT_AFTER = 20_000


def push_target(
    *,
    database_url: str,
    endpoint: Endpoint,
    target: str,
    pusher_type: type[EffectPusher],
    settings: DeliverySettings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    until: datetime,
    identity: IdentitySettings | None = None,
    mark: DatabaseMark | None = None,
    guards: Sequence[EffectGuard] = (),
    shard: int = 0,
    may_grow: Callable[[], bool] = lambda: False,
) -> PushReport:
    """Send what is pending for `target`, with a worker per connection of its settings, until `until`.

    `pusher_type` says what: effects, or score changes as well (leadops.delivery.score_pusher).
    Commits as it goes; may be killed at any point, and may run twice at once. A target that is down or asks
    for a pause is not an error: the report's `problem` says so, and everything stays on record. `identity`
    says where the names of leads stand that are made again in the MA. `mark` notices that the database went
    back: then, and during a hold, nothing is sent. `guards` are asked before an effect goes out
    (leadops.effect_guards). `shard` is the number of this push among those that run at once; it only names
    the connections. While `may_grow` (its threads ask) says that more may come, it waits for more.
    """
    stop, began_at = Event(), clock()

    def run_worker() -> PushReport:
        client = ProductClient(endpoint)
        try:
            with connect(database_url, application=f"leadops push {target} {shard}") as connection:
                pusher = pusher_type(
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
                return run_rounds(pusher, sleep=sleep, may_grow=may_grow)
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


def run_rounds(
    pusher: EffectPusher,
    *,
    sleep: Callable[[float], None],
    may_grow: Callable[[], bool] = lambda: False,
) -> PushReport:
    """Run rounds until nothing is pending or may come, the time is over, or the target is down."""
    total, has_asked = PushReport(), False
    while not pusher.is_over:
        is_growing = may_grow()  # asked before the round: what comes after the last round is seen
        report, wait = run_round(pusher)
        total += report
        if total.is_down:
            break
        if report.has_progress:
            continue
        if not (is_growing and has_asked):  # it looks through all that is held: not with each look for more
            has_asked = True
            if pusher.make_work():
                continue
        pause = wait or pusher.time_to_next_retry()
        if is_growing:
            pause = min(pause or LOOK_AGAIN, LOOK_AGAIN)
        if pause is None:
            break
        if pusher.clock() + pause >= pusher.until:
            problem = total.problem or "the target is paused, or its rate limit or daily quota is used up"
            return total + (PushReport() if is_growing else PushReport(problem=problem))
        sleep(pause.total_seconds())
    return total


def run_round(pusher: EffectPusher) -> tuple[PushReport, timedelta]:
    """Run one round of the most urgent lane that has work; return it, or how long to wait for a permit."""
    work = pusher.list_work()
    for lane in Lane:
        report, wait = PushReport(), timedelta()
        for step in pusher.steps:
            if wait or report.is_paused or PendingWork(step.kind, lane) not in work:
                continue
            sent, wait = pusher.run_permitted(step.send, lane, limit=step.limit)
            report += sent
        if wait or report.has_progress or report.is_paused:
            return report, wait
    return PushReport(), timedelta()
