"""A channel that does not take what waits for it: on record, so that the other channel can say so."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="alert_message")


class AlertChannel(StrEnum):
    """A way to on-call."""

    SLACK = "slack"
    PAGERDUTY = "pagerduty"


#: A channel that nobody has tried for so long is not reported: its connection was removed, or no task runs.
FORGOTTEN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class FailingChannel:
    """A channel that has not taken what waits since `failing_since` (UTC), and what it says."""

    channel: AlertChannel
    failing_since: datetime
    waiting: int
    problem: str


def note_channel(
    connection: Connection,
    channel: AlertChannel,
    *,
    waiting: int,
    problem: str | None,
    now: datetime,
    rest: timedelta | None = None,
) -> None:
    """Record how a round ended: it fails where something waits because of a `problem`, else it is well.

    In the caller's transaction. `rest` is how long the channel asks to be left alone.
    """
    if not waiting or problem is None:
        queries.run(connection, "clear_failing", channel=channel)
        return
    queries.run(
        connection,
        "record_failing",
        channel=channel,
        now=now,
        rest_until=now + rest if rest else None,
        waiting=waiting,
        problem=problem,
    )


def is_resting(connection: Connection, channel: AlertChannel, *, now: datetime) -> bool:
    """Whether the channel has asked to be left alone until later."""
    return bool(queries.value(connection, "is_resting", channel=channel, now=now))


def list_failing(connection: Connection, *, minutes: float, now: datetime) -> list[FailingChannel]:
    """Return the channels whose attempts have failed for at least `minutes`, the last a short while ago."""
    return queries.all(
        connection,
        "list_failing",
        FailingChannel,
        least=timedelta(minutes=minutes),
        tried_after=now - FORGOTTEN_AFTER,
    )
