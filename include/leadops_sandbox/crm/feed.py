"""The CRM's feed as real products have it: sorted by the time of the last change, and odd at its edges."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from leadops_sandbox.answers import RefusedError
from leadops_sandbox.crm.store import CrmStore
from leadops_sandbox.faults.rules import FaultRule


def list_by_time(
    store: CrmStore, *, after: str | None, limit: int, now: datetime, rule: FaultRule | None
) -> dict[str, Any]:
    """Return a page of what changed after the cursor [time, id], and the server's time.

    Each row stands once, as it was changed last. `rule` is a fault: late_commit hides `share` of the rows, or
    those of `rows`, for `seconds` after the time that they carry, as an open transaction does; equal_stamps
    gives all rows within `seconds` one time.
    """
    place = _read_place(after)
    rows: dict[str, tuple[datetime, dict[str, Any]]] = {}
    for item, entered_at in zip(store.activities, store.entered_at, strict=True):
        if entered_at <= now and not _is_uncommitted(item["id"], entered_at, now, rule):
            rows[item["id"]] = (_stamp(entered_at, rule), item)
    found = sorted((stamp, row_id) for row_id, (stamp, _) in rows.items())
    left = [key for key in found if place is None or key > place]
    page = left[:limit]
    reached = json.dumps([page[-1][0].isoformat(), page[-1][1]]) if page else after
    items = [rows[row_id][1] | {"changed_at": stamp.isoformat()} for stamp, row_id in page]
    return {"items": items, "cursor": reached, "done": len(left) <= limit, "now": now.isoformat()}


def _read_place(after: str | None) -> tuple[datetime, str] | None:
    if not after:
        return None
    try:
        time, row_id = json.loads(after)
        return datetime.fromisoformat(time), row_id
    except (ValueError, TypeError) as error:
        raise RefusedError(422, "after must be a cursor of an earlier page") from error


def _is_uncommitted(row_id: str, entered_at: datetime, now: datetime, rule: FaultRule | None) -> bool:
    if rule is None or rule.kind != "late_commit" or entered_at <= now - timedelta(seconds=rule.seconds):
        return False
    return row_id in rule.rows if rule.rows else Random(f"{rule.seed}:{row_id}").random() < rule.share


def _stamp(entered_at: datetime, rule: FaultRule | None) -> datetime:
    if rule is None or rule.kind != "equal_stamps" or not rule.seconds:
        return entered_at
    return datetime.fromtimestamp(entered_at.timestamp() // rule.seconds * rule.seconds, entered_at.tzinfo)
