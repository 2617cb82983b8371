"""One run of the canary: a visit through the doors, then a look at how far all visits have come."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.canary.canary_settings import CanarySettings
from leadops.canary.hops import OWN_HOPS, plan_hops
from leadops.canary.knock import GatewayDoors, knock
from leadops.canary.observe import begin_hops, end_visits, observe_hops
from leadops.canary.visitors import choose_visitor, take_leave
from leadops.canary.visits import (
    Visit,
    begin_visit,
    find_at_door,
    is_on_its_way,
    list_closed_doors,
    note_door,
)
from leadops.db import Connection
from leadops.locks import Lock, trying_lock

#: Seconds between two looks at a visit that is on its way.
LOOK_EVERY = 0.5


@dataclass(frozen=True)
class CanaryWay:
    """What there is to go through: the gateway, the systems to write to, the CRM's feed, the warehouses."""

    gateway: GatewayDoors
    writes_to: Collection[str]
    can_erase: bool
    has_feed: bool
    warehouses: Sequence[str]

    @property
    def hops(self) -> set[str]:
        """The hops of a visit."""
        present = set(OWN_HOPS)
        present |= {hop for hop, target in (("push", "ma"), ("crm", "crm")) if target in self.writes_to}
        if self.has_feed:
            present.add("feed")
        if self.warehouses:
            present.add("export")
        return present


@dataclass(frozen=True)
class CanaryResult:
    """What a run did: hops seen done, and why a door did not open; `is_busy`: another run is at it."""

    hops: int = 0
    removed: int = 0
    problem: str = ""
    is_busy: bool = False


def run_canary(
    connection: Connection,
    way: CanaryWay,
    *,
    settings: CanarySettings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> CanaryResult:
    """Make a visit, or go on with the last one where a door did not open, and watch it; commits.

    Of two runs at once the second does nothing. One that is killed anywhere is taken up by the next.
    """
    with trying_lock(connection, Lock.CANARY, "visits") as is_mine:
        if not is_mine:
            return CanaryResult(is_busy=True)
        give_up_after = timedelta(hours=settings.give_up_hours)

        def look() -> int:
            with connection.transaction():
                seen = observe_hops(connection, now=clock())
                end_visits(connection, give_up_after=give_up_after, now=clock())
                return seen

        hops = look()
        visit = _find_visit(connection, way, settings=settings, now=clock())
        problem = _try_doors(connection, way.gateway, visit, clock=clock)
        until = clock() + timedelta(seconds=settings.watch_seconds)
        while True:
            hops += look()
            with connection.transaction():
                is_open = is_on_its_way(connection, visit)
            if problem or not is_open or not clock() < until <= clock() + timedelta(minutes=3):
                break  # the last part: a clock that was set back
            sleep(LOOK_EVERY)
        with connection.transaction():
            removed = take_leave(connection, now=clock())
    return CanaryResult(hops=hops, removed=removed, problem=problem or "")


def _find_visit(connection: Connection, way: CanaryWay, *, settings: CanarySettings, now: datetime) -> Visit:
    with connection.transaction():
        visit = find_at_door(connection)
        if visit is not None:
            return visit
        visitor = choose_visitor(
            connection,
            writes_to=way.writes_to,
            can_erase=way.can_erase,
            age=timedelta(hours=settings.visitor_hours),
            now=now,
        )
        return begin_visit(
            connection,
            visitor,
            plan_hops(way.hops),
            limits=settings.late_after_minutes,
            warehouses=way.warehouses,
            now=now,
        )


def _try_doors(
    connection: Connection, gateway: GatewayDoors, visit: Visit, *, clock: Callable[[], datetime]
) -> str | None:
    """Knock at the doors that have not opened; return why one does not, and leave those behind it."""
    with connection.transaction():
        closed = list_closed_doors(connection, visit)
    for door in closed:
        problem = knock(gateway, door, visit, now=clock())
        with connection.transaction():
            note_door(connection, visit, door, problem, now=clock())
            begin_hops(connection)  # the next door may be done before anybody looks
        if problem:
            return f"{door}: {problem}"
    return None
