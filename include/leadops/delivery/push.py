"""Pushes everything that waits for one target: effects first, then score changes, live before backfill."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event

from leadops.clients.ma import MaClient
from leadops.db import connect
from leadops.delivery.build_batches import LANES
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport
from leadops.delivery.rounds import BATCHES_PER_ROUND, EFFECTS_PER_ROUND, Pusher
from leadops.settings import Endpoint

#: The target whose score changes come from the ledger.
SCORED_TARGET = "ma"


def push(
    *,
    database_url: str,
    endpoint: Endpoint,
    target: str,
    settings: DeliverySettings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    until: datetime,
    effects_only: bool = False,
) -> PushReport:
    """Send what waits for `target` with as many workers as it takes connections, until done or `until`.

    Commits as it goes; may be killed at any point and run twice at once. A target that is down or asks for
    rest is no error: the report's `problem` says so, and everything stays on record. With `effects_only` it
    leaves score changes alone.
    """
    stop = Event()

    def work() -> PushReport:
        client = MaClient(endpoint)
        try:
            with connect(database_url, application=f"leadops push {target}") as connection:
                pusher = Pusher(connection, client, target, settings, clock, until, stop.is_set)
                return run(pusher, sleep=sleep, effects_only=effects_only)
        finally:
            client.transport.close()

    workers = settings.targets[target].connections
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        running = [pool.submit(work) for _ in range(workers)]
        return sum((worker.result() for worker in running), PushReport())
    finally:
        # When we are cut off from outside, the workers end after the call under way; nobody waits for them.
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def run(pusher: Pusher, *, sleep: Callable[[float], None], effects_only: bool = False) -> PushReport:
    """Run rounds until nothing is left, the time is over, or the target does not take anything."""
    total = PushReport()
    while not pusher.is_over:
        done, wait = run_round(pusher, effects_only=effects_only)
        total += done
        if total.is_down:
            break
        if done.calls or done.dead:
            continue
        pause = wait or pusher.time_to_next_retry(effects_only=effects_only)
        if pause is None:
            break
        if pusher.clock() + pause >= pusher.until:
            return total + PushReport(problem=total.problem or "the target rests, or its rate is used up")
        sleep(pause.total_seconds())
    return total


def run_round(pusher: Pusher, *, effects_only: bool) -> tuple[PushReport, timedelta]:
    """Do one round of the most urgent lane that has work; return it, or how long to wait for a permit."""
    for lane in LANES:
        done, wait = pusher.permitted(pusher.send_effects, lane, most=EFFECTS_PER_ROUND)
        if not (wait or done.rests or effects_only or pusher.target != SCORED_TARGET):
            sent, wait = pusher.permitted(pusher.send_batches, lane, most=BATCHES_PER_ROUND)
            done += sent
        if wait or done.calls or done.dead:
            return done, wait
    return PushReport(), timedelta()
