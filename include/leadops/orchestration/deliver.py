"""The task of deliver_outbox: send what the gateway could not."""

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import repeat
from typing import Any

from leadops.configuration import Config
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.orchestration.connections import find_endpoint, open_database
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.runs import now
from leadops.settings import Endpoint, database_url

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Counts = dict[str, Any]

#: The systems that effects go to.
TARGETS = ("ma", "crm")

#: Leaves off in time for the next minute's; what it did not send stays on record.
SEND_TIME = timedelta(seconds=40)

#: The last task of deliver_outbox.
LEAVES = ("deliver",)


def deliver(context: Context) -> Counts:
    """Send to all targets at once, so that one that is down does not hold up another."""
    config = Config.from_environment()
    endpoints = [find_endpoint(target) for target in TARGETS]
    with ThreadPoolExecutor(len(TARGETS)) as pool:
        sent = pool.map(_send, TARGETS, endpoints, repeat(config.delivery))
        reports = dict(zip(TARGETS, sent, strict=True))
    for target, done in reports.items():
        log.info(
            "%s took %s effects in %s calls; %s dead letters, %s calls to be made again%s",
            *(target, done.effects, done.calls, done.dead, done.failed),
            f": {done.problem}" if done.problem else "",
        )
    with open_database("deliver") as connection:
        note_success(context, connection, leaves=LEAVES)
    return {target: done.effects for target, done in reports.items()}


def _send(target: str, endpoint: Endpoint, settings: DeliverySettings) -> PushReport:
    return push_target(
        database_url=database_url(),
        endpoint=endpoint,
        target=target,
        settings=settings,
        clock=now,
        sleep=time.sleep,
        until=now() + SEND_TIME,
        effects_only=True,
    )
