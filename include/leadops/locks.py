"""The one registry of advisory locks: who holds one keeps every other process out of the same work."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


class Lock(IntEnum):
    """A lock of the database; the numbers only have to differ from those of other programs and each other."""

    MIGRATION = 7_302_001
    LEDGER = 7_302_002
    RESOLVER = 7_302_003
    SLA_WATCH = 7_302_005
    INCIDENTS = 7_302_007
    ROUTING = 7_302_010
    SCORE_RECONCILIATION = 7_302_015
    LEAD_IMPORT = 7_302_016
    ECONOMICS = 7_302_017
    REPORT_POST = 7_302_018
    FUNNEL = 7_302_019
    ATTRIBUTION = 7_302_020
    THRESHOLDS = 7_302_022
    CHANGES = 7_302_023
    TARGET_CALLS = 7_302_024
    CRM_LEADS = 7_302_025
    TOTALS = 7_302_026
    UPSERTS = 7_302_027
    ACCOUNTS = 7_302_028
    NURTURE = 7_302_030
    LIFT = 7_302_031
    CONSENT = 7_302_032
    SLICES = 7_302_033
    STAGES = 7_302_034
    ROLLBACKS = 7_302_035
    MARTS = 7_302_040
    WAREHOUSE = 7_302_041
    CANARY = 7_302_042


def hold_lock(connection: Connection, lock: Lock) -> None:
    """Wait for `lock` and hold it until the caller's transaction ends."""
    queries.run(connection, "hold", lock=lock)


def hold_day_lock(connection: Connection, lock: Lock, *, day_number: int) -> None:
    """Wait for `lock` of one day (a proleptic ordinal) and hold it until the caller's transaction ends."""
    queries.run(connection, "hold_for_day", lock=lock, day_number=day_number)


def hold_lead_locks(connection: Connection, lock: Lock, lead_ids: Sequence[int]) -> None:
    """Wait for `lock` of each of these leads and hold them until the caller's transaction ends."""
    queries.run(connection, "hold_for_leads", lock=lock, leads=sorted(set(lead_ids)))


@contextmanager
def holding_lock(connection: Connection, lock: Lock) -> Iterator[None]:
    """Hold `lock` over several transactions; the server releases it when the connection ends."""
    with connection.transaction():
        queries.run(connection, "hold_in_session", lock=lock)
    try:
        yield
    finally:
        if not connection.closed:
            with connection.transaction():
                queries.run(connection, "release_in_session", lock=lock)


@contextmanager
def holding_place(connection: Connection, lock: Lock, name: str, *, places: int) -> Iterator[bool]:
    """Hold one of the `places` of `name` over several transactions; yield whether one was free.

    The server frees it when the connection ends, so a process that is killed keeps none.
    """
    held = next((place for place in _name_places(name, places) if _try_place(connection, lock, place)), None)
    try:
        yield held is not None
    finally:
        if held is not None and not connection.closed:
            with connection.transaction():
                queries.run(connection, "leave_place", lock=lock, place=held)


@contextmanager
def trying_lock(connection: Connection, lock: Lock, name: str) -> Iterator[bool]:
    """Hold `lock` of `name` over several transactions where nobody has it; yield whether that is so."""
    is_held = _try_place(connection, lock, name)
    try:
        yield is_held
    finally:
        if is_held and not connection.closed:
            with connection.transaction():
                queries.run(connection, "leave_place", lock=lock, place=name)


@contextmanager
def sharing_lock(connection: Connection, lock: Lock, name: str) -> Iterator[None]:
    """Share `lock` of `name` over several transactions; `hold_named_lock` waits for all who share it."""
    with connection.transaction():
        queries.run(connection, "share_in_session", lock=lock, name=name)
    try:
        yield
    finally:
        if not connection.closed:
            with connection.transaction():
                queries.run(connection, "release_share", lock=lock, name=name)


def is_shared(connection: Connection, lock: Lock, name: str) -> bool:
    """Return whether anybody shares `lock` of `name` now; whoever asks at the same moment may seem to."""
    with connection.transaction():
        return not queries.value(connection, "try_named", lock=lock, name=name)


def hold_named_lock(connection: Connection, lock: Lock, name: str) -> None:
    """Wait for `lock` of `name`, and hold it alone until the caller's transaction ends."""
    queries.run(connection, "hold_named", lock=lock, name=name)


def _name_places(name: str, places: int) -> list[str]:
    return [f"{name} {number}" for number in range(places)]


def _try_place(connection: Connection, lock: Lock, place: str) -> bool:
    with connection.transaction():
        return bool(queries.value(connection, "try_place", lock=lock, place=place))
