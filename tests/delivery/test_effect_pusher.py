"""One round: its permits, its end, and how long a worker may sleep."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import ScorePusher
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from leadops.settings import Endpoint
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def pusher(
    connection: Connection, pusher_type: type[EffectPusher] = EffectPusher, **changes: Any
) -> EffectPusher:
    """A worker that may make three calls now, one more a second later, and ends in a minute."""
    targets = {"ma": change(SHIPPED.delivery.targets["ma"], calls_per_second=1, burst=3)}
    settings = SHIPPED.delivery.model_copy(update={"targets": targets})
    values: dict[str, Any] = {"clock": lambda: NOW, "until": NOW + MINUTE} | changes
    client = ProductClient(Endpoint(base_url="http://127.0.0.1:9"))
    return pusher_type(connection, client, "ma", settings, **values)


@pytest.mark.parametrize(
    ("now", "is_stopped", "is_over"),
    [
        (NOW + MINUTE - timedelta(microseconds=1), False, False),
        (NOW + MINUTE, False, True),
        (NOW, True, True),
    ],
)
def test_it_ends_at_its_time_or_when_it_is_stopped(
    connection: Connection, now: datetime, is_stopped: bool, is_over: bool
) -> None:
    assert pusher(connection, clock=lambda: now, stopped=lambda: is_stopped).is_over is is_over


def test_permits_that_a_round_does_not_use_are_there_for_the_next(connection: Connection) -> None:
    worker, granted = pusher(connection), list[int]()

    def use(calls: int) -> Any:
        def run(lane: Lane, permits: int) -> PushReport:
            assert lane is Lane.BACKFILL
            granted.append(permits)
            return PushReport(calls=calls)

        return run

    assert worker.run_permitted(use(1), Lane.BACKFILL, limit=9) == (PushReport(calls=1), timedelta())
    worker.run_permitted(use(2), Lane.BACKFILL, limit=9)
    assert granted == [3, 2]
    report, wait = worker.run_permitted(use(1), Lane.BACKFILL, limit=9)
    assert (report, granted) == (PushReport(), [3, 2]), "without a permit nothing is sent"
    assert timedelta() < wait <= timedelta(seconds=1)


def test_a_round_that_fails_gives_its_permits_back(connection: Connection) -> None:
    worker = pusher(connection)

    def fail(lane: Lane, permits: int) -> PushReport:
        raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            worker.run_permitted(fail, Lane.LIVE, limit=3)
    seen: list[int] = []
    worker.run_permitted(lambda _, permits: seen.append(permits) or PushReport(), Lane.LIVE, limit=3)  # type: ignore[func-returns-value]
    assert seen == [3]


def test_it_may_sleep_until_the_first_failed_call_is_due(connection: Connection) -> None:
    worker, scoring = pusher(connection), pusher(connection, ScorePusher)
    assert worker.time_to_next_retry() is scoring.time_to_next_retry() is None
    connection.execute(
        "insert into delivery.outbox (target, operation, payload, idempotency_key, created_at, state,"
        " attempts, not_before, first_sent_at) values"
        " ('ma', 'set_fields', '{}', 'k', %s, 'sending', 1, %s, %s)",
        [NOW, NOW + 2 * MINUTE, NOW],
    )
    connection.execute(
        "insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at, not_before)"
        " values ('ma', 0, 'b', 1, '[]', %s, %s)",
        [NOW, NOW + MINUTE],
    )
    connection.commit()
    assert scoring.time_to_next_retry() == MINUTE
    assert worker.time_to_next_retry() == 2 * MINUTE, "its own calls only"
    late = pusher(connection, clock=lambda: NOW + 5 * MINUTE)
    assert late.time_to_next_retry() == timedelta(), "what is due already is not waited for"
