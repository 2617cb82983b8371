"""Pushes everything that waits for one target: effects first, then score changes, live before backfill."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from leadops.clients.ma import MaClient
from leadops.db import connect
from leadops.delivery.cut import LANES
from leadops.delivery.report import Report
from leadops.delivery.rounds import BATCHES_PER_ROUND, EFFECTS_PER_ROUND, Pusher
from leadops.delivery.settings import DeliverySettings
from leadops.settings import Endpoint

#: Rounds in a row without one success after which a push ends: the target is down, knocking does not help.
GIVE_UP_AFTER = 3

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
) -> Report:
    """Send what waits for `target` with as many workers as it takes connections, until done or `until`.

    Commits as it goes; may be killed at any point and run twice at once. A target that is down or asks for
    rest is no error: the report's `problem` says so, and everything stays on record. With `effects_only` it
    leaves score changes alone.
    """

    def work() -> Report:
        client = MaClient(endpoint)
        try:
            with connect(database_url, application=f"leadops push {target}") as connection:
                pusher = Pusher(connection, client, target, settings, clock, until)
                return run(pusher, sleep=sleep, effects_only=effects_only)
        finally:
            client.transport.close()

    workers = settings.targets[target].connections
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running = [pool.submit(work) for _ in range(workers)]
        return sum((worker.result() for worker in running), Report())


def send_most_urgent(pusher: Pusher) -> tuple[Report, timedelta]:
    """Do one round of the most urgent lane that has work; return it, or how long to wait for a permit."""
    for lane in LANES:
        done, wait = pusher.permitted(pusher.send_effects, lane, most=EFFECTS_PER_ROUND)
        if not wait and not done.failed and pusher.target == SCORED_TARGET:
            sent, wait = pusher.permitted(pusher.send_batches, lane, most=BATCHES_PER_ROUND)
            done += sent
        if wait or done.calls or done.dead:
            return done, wait
    return Report(), timedelta()


def send_effects_only(pusher: Pusher) -> tuple[Report, timedelta]:
    """Do one round of the most urgent lane that has effects, as `send_most_urgent` does."""
    for lane in LANES:
        done, wait = pusher.permitted(pusher.send_effects, lane, most=EFFECTS_PER_ROUND)
        if wait or done.calls or done.dead:
            return done, wait
    return Report(), timedelta()


def run(pusher: Pusher, *, sleep: Callable[[float], None], effects_only: bool = False) -> Report:
    """Run rounds until nothing is left, the time is over, or the target does not take anything."""
    total, fruitless = Report(), 0
    while not pusher.is_over and fruitless < GIVE_UP_AFTER:
        done, wait = (send_effects_only if effects_only else send_most_urgent)(pusher)
        total += done
        if done.calls or done.dead:
            fruitless = fruitless + 1 if done.stuck else 0
            continue
        pause = wait or pusher.time_to_next_retry(effects_only=effects_only)
        if pause is None:
            break
        if pusher.clock() + pause >= pusher.until:
            return total + Report(problem=total.problem or "the target rests, or its rate is used up")
        sleep(pause.total_seconds())
    return total
