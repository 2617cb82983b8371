"""Acts that arrived a moment ago: they count once the evidence against them has had its time."""

from datetime import datetime

from leadops.db import Connection
from leadops.machines.machine_settings import MachineSettings
from leadops.queries import Queries

queries = Queries(__file__)


def wait_for_evidence(connection: Connection, settings: MachineSettings, *, now: datetime) -> None:
    """Record which acts of the classified leads wait at `now` (UTC); those that are a machine's need not."""
    queries.run(connection, "forget_waiting")
    if settings.wait_seconds:
        queries.run(
            connection,
            "wait_for_evidence",
            now=now,
            wait=settings.wait,
            mediums=list(settings.mediums),
            person=list(settings.addresses.person),
        )


def release_due(connection: Connection, *, now: datetime) -> list[int]:
    """Return the leads of acts that have waited long enough by `now` (UTC); they no longer wait."""
    return sorted(set(queries.values(connection, "release_due", now=now)))
