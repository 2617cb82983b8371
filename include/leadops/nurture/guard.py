"""Asks again, when the call is made, whether an enrolment may still go out: an outage may lie before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.delivery.effect_guard import EffectGuard, WaitingEffect
from leadops.nurture.exits import AskedMembership, read_exits
from leadops.nurture.membership_states import EndReason, MembershipState, SendState, SkipReason
from leadops.nurture.people_in_nurture import list_members
from leadops.nurture.send_steps import OPERATION, TARGET
from leadops.queries import Queries

queries = Queries(__file__, topic="send_steps")

#: Why an enrolment is dropped that is decided again after the quiet hours.
QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True)
class _WaitingSend:
    """An enrolment in the outbox, and the membership that it is of, with the exits that it began with."""

    idempotency_key: str
    membership_id: int
    person_id: int
    entered_at: datetime
    exits: list[str]
    is_removed: bool  # the programme
    state: str
    reason: str | None
    send_state: str
    stale_at: datetime
    quiet_from: datetime | None
    is_overtaken: bool


def find_obstacles(
    connection: Connection, effects: Sequence[WaitingEffect], now: datetime
) -> Mapping[int, str]:
    """Return why enrolments must not go out, by outbox_id, and record it.

    Whoever may get nothing any more leaves the programme. What is stale is withheld, and what waited until
    the next step of the membership was queued as well. Where the lead's quiet hours have begun, the step is
    decided again by `send_due`. `now` is UTC.
    """
    keys = [effect.idempotency_key for effect in effects]
    waiting = {
        row.idempotency_key: row for row in queries.all(connection, "list_waiting", _WaitingSend, keys=keys)
    }
    ends = _read_ends(connection, list(waiting.values()))
    obstacles: dict[int, str] = {}
    rows = []
    for effect in effects:
        row = waiting.get(effect.idempotency_key)
        reason = _find_obstacle(row, ends, now=now)
        if reason is None:
            continue
        obstacles[effect.outbox_id] = reason
        if row is not None and row.send_state == SendState.QUEUED:
            rows.append(
                {
                    "membership_id": row.membership_id,
                    "key": row.idempotency_key,
                    "is_postponed": reason == QUIET_HOURS,
                    "ends": reason in set(EndReason),
                    "reason": reason,
                    "now": now,
                }
            )
    if rows:
        rows.sort(key=lambda row: (row["membership_id"], row["key"]))  # two rounds lock in one order
        queries.run_many(connection, "withhold_send", rows)
        queries.run_many(connection, "stop_membership", rows)
    return obstacles


def _read_ends(connection: Connection, waiting: Sequence[_WaitingSend]) -> dict[int, EndReason]:
    if not waiting:
        return {}
    members = list_members(connection, {row.person_id for row in waiting})
    ends = read_exits(connection, [AskedMembership.of(row, row.exits) for row in waiting], members)
    removed = {row.membership_id for row in waiting if row.is_removed}
    return ends | dict.fromkeys(removed, EndReason.REMOVED)


def _find_obstacle(row: _WaitingSend | None, ends: Mapping[int, EndReason], *, now: datetime) -> str | None:
    if row is None:
        return EndReason.ERASED
    if row.membership_id in ends:
        return ends[row.membership_id]
    # What was enqueued before leads were joined goes out: the membership that goes on leaves the step out.
    if row.state == MembershipState.EXITED and row.reason != EndReason.JOINED:
        return row.reason
    if now >= row.stale_at:
        return SkipReason.STALE
    if row.is_overtaken:
        return SkipReason.OVERTAKEN
    if row.quiet_from is not None and now >= row.quiet_from:
        return QUIET_HOURS
    return None


GUARD = EffectGuard(TARGET, OPERATION, find_obstacles)
