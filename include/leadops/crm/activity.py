"""One activity of the CRM's feed, checked and turned into a row."""

from datetime import datetime
from typing import Any, NamedTuple

from leadops.tabular.times import parse_iso_time

KNOWN = ("id", "lead_id", "kind", "status", "rep_id", "occurred_at", "details")


class Activity(NamedTuple):
    """A row of crm.activities; what the contract does not name is kept in `details`."""

    activity_id: str
    crm_lead_id: str
    kind: str
    status: str | None
    rep_id: str | None
    occurred_at: datetime
    details: dict[str, Any]


def parse_activity(item: Any) -> Activity:
    """Return the row for `item`; raise ValueError that says what is wrong with it, without its contents."""
    if not isinstance(item, dict):
        raise ValueError("an activity must be an object")  # noqa: TRY004 - one kind of error for the caller
    for name in ("id", "lead_id", "kind", "occurred_at"):
        if item.get(name) in (None, ""):
            raise ValueError(f"{name} is missing")
    own = item.get("details")
    details = {name: value for name, value in item.items() if name not in KNOWN}
    details |= own if isinstance(own, dict) else {} if own is None else {"details": own}
    return Activity(
        activity_id=str(item["id"]),
        crm_lead_id=str(item["lead_id"]),
        kind=str(item["kind"]).lower(),
        status=None if item.get("status") is None else str(item["status"]).lower(),
        rep_id=None if item.get("rep_id") is None else str(item["rep_id"]),
        occurred_at=parse_iso_time(item["occurred_at"]),
        details=details,
    )
