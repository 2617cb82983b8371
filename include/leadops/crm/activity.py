"""One activity of the CRM's feed, checked and turned into a row."""

from datetime import datetime
from typing import Any, NamedTuple

from leadops.clients.answer_values import LONGEST_ID, read_id
from leadops.clients.parse_answer import holds_unreadable
from leadops.normalization.word_keys import make_word_key
from leadops.tabular.times import parse_iso_time

#: The years of activities; PostgreSQL's and Python's limits lie outside.
FIRST_YEAR, LAST_YEAR = 1970, 2200

#: What the contract names; `changed_at` places the item in the feed and says nothing of the activity.
KNOWN = (
    *("id", "lead_id", "kind", "status", "rep_id", "occurred_at", "details", "changed_at", "made_by"),
    "moves_with_lead",
)
#: As whom leadops writes: what it wrote itself is left out.
OURSELVES = "leadops"


class Activity(NamedTuple):
    """A row of crm.activities; what the contract does not name is kept in `details`."""

    activity_id: str
    crm_lead_id: str
    kind: str
    status: str | None
    rep_id: str | None
    occurred_at: datetime
    details: dict[str, Any]

    @property
    def kind_key(self) -> str:
        """The kind as it is compared."""
        return make_word_key(self.kind)

    @property
    def status_key(self) -> str | None:
        """The status as it is compared."""
        return None if self.status is None else make_word_key(self.status)


class MergedLead(NamedTuple):
    """Two leads that were merged in the CRM: the id that is gone, and the one that goes on."""

    gone_id: str
    into_id: str


def is_deleted(item: Any) -> bool:
    """Whether the item says that the activity was deleted in the CRM."""
    return isinstance(item, dict) and item.get("deleted") is True


def is_ours(item: Any) -> bool:
    """Whether the item tells of what leadops itself wrote."""
    return isinstance(item, dict) and item.get("made_by") == OURSELVES


def moves_with_lead(item: Any) -> bool:
    """Whether the item goes on with the lead that another lead is merged into."""
    return isinstance(item, dict) and item.get("moves_with_lead") is True


def read_merge(item: Any) -> MergedLead | None:
    """Return which leads the item says were merged; None for others. Raises ValueError without both ids."""
    if not isinstance(item, dict) or item.get("kind") != "merged":
        return None
    return MergedLead(_read_id(item, "lead_id"), _read_id(item, "into"))


def read_activity_id(item: dict[str, Any]) -> str:
    """Return the id of the item; raise ValueError where it has none."""
    return _read_id(item, "id")


def parse_activity(item: Any) -> Activity:
    """Return the row for `item`; raise ValueError that says what is wrong with it, without its contents."""
    if not isinstance(item, dict):
        raise ValueError("an activity must be an object")  # noqa: TRY004 - one kind of error for the caller
    check_readable(item)
    occurred_at = parse_iso_time(_find(item, "occurred_at"))
    if not FIRST_YEAR <= occurred_at.year <= LAST_YEAR:
        raise ValueError(f"occurred_at must lie between {FIRST_YEAR} and {LAST_YEAR}")
    own = item.get("details")
    details = {name: value for name, value in item.items() if name not in KNOWN}
    details |= own if isinstance(own, dict) else {} if own is None else {"details": own}
    return Activity(
        activity_id=_read_id(item, "id"),
        crm_lead_id=_read_id(item, "lead_id"),
        kind=_read_word(item, "kind"),
        status=_read_word(item, "status") if _is_given(item, "status") else None,
        rep_id=_read_id(item, "rep_id") if _is_given(item, "rep_id") else None,
        occurred_at=occurred_at,
        details=details,
    )


def check_readable(item: Any) -> None:
    """Raise ValueError where an item of an answer holds a value that cannot be stored."""
    if holds_unreadable(item):
        raise ValueError("it holds a number that is not finite, or is nested too deeply")


def _is_given(item: dict[str, Any], name: str) -> bool:
    value = item.get(name)
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _find(item: dict[str, Any], name: str) -> Any:
    if not _is_given(item, name):
        raise ValueError(f"{name} is missing")
    return item[name]


def _read_id(item: dict[str, Any], name: str) -> str:
    found = read_id(_find(item, name))
    if found is None:
        raise ValueError(f"{name} must be text or a whole number of at most {LONGEST_ID} characters")
    return found


def _read_word(item: dict[str, Any], name: str) -> str:
    """Return a word that is compared; numbers are text."""
    value = _find(item, name)
    if isinstance(value, list | dict):
        raise ValueError(f"{name} must be text")  # noqa: TRY004 - one kind of error for the caller
    return str(value).lower()
