"""Push by leadops: the function that the DAG's task calls, with the rate limit out of the way."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.deltas import Deltas
from leadops.configuration import Config
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import ScorePusher
from leadops.settings import Endpoint

#: Calls a second: the permits are still taken and written down, but never run out.
NO_LIMIT = 100_000


def prepare_leadops(deltas: Deltas, endpoint: Endpoint, _folder: Path) -> Callable[[], None]:
    """Return what pushes everything that waits in the ledger, with the default number of connections."""
    settings = Config().delivery
    ma = settings.targets["ma"].model_copy(update={"calls_per_second": NO_LIMIT, "burst": NO_LIMIT})
    settings = settings.model_copy(update={"targets": {"ma": ma}})

    def run() -> None:
        push_target(
            database_url=deltas.url,
            endpoint=endpoint,
            target="ma",
            pusher_type=ScorePusher,
            settings=settings,
            clock=_now,
            sleep=time.sleep,
            until=_now() + timedelta(minutes=10),
        )

    return run


def _now() -> datetime:
    return datetime.now(UTC)
