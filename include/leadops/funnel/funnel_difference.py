"""Why a day of the funnel is another one today: the entries that differ, each with its cause."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.queries import Queries

queries = Queries(__file__)

Cause = Literal[
    "late event",
    "late activity",
    "join",
    "split",
    "correction",
    "rate",
    "renamed campaign",
    "machine",
    "changed contract",
    "other",
]

_STAGES = {"lead": "leads", "mql": "mqls", "sal": "sals", "sql": "sqls", "won": "wons", "lost": "losts"}


class Cell(NamedTuple):
    """The names by which the funnel counts."""

    cohort_dt: str | None
    campaign: str | None
    source: str | None
    rep_id: str | None
    kpi_version: str | None


@dataclass(frozen=True)
class EntryChange:
    """An entry that differs: as it was and as it is (None: not there), and what is on record of the reason.

    `reached_before` and `reached_after` are the rows of mart.transitions behind it.
    """

    stage: str
    lead_id: int
    cycle: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reached_before: dict[str, Any] | None
    reached_after: dict[str, Any] | None
    is_new: bool
    has_new_response: bool
    has_new_stage: bool
    is_joined: bool
    is_split: bool
    has_machine: bool
    has_contract: bool

    def differs(self, *names: str) -> bool:
        """Return whether the rows behind both sides differ in one of `names`."""
        before, after = self.reached_before or {}, self.reached_after or {}
        return any(before.get(name) != after.get(name) for name in names)


@dataclass(frozen=True)
class _Entries:
    stage: str
    lead_id: int
    cycle: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True)
class _Member:
    """A lead, and one that was ever taken for the same person, or the lead itself."""

    lead_id: int
    member_id: int


@dataclass(frozen=True)
class _Behind:
    """A published stage of a person, and since when (UTC) it is known at all."""

    lead_id: int
    cycle: int
    stage: str
    content: dict[str, Any]
    first_known_at: datetime


@dataclass(frozen=True)
class _Evidence:
    """What came on record of a lead; `came_at` is when the lead itself did (UTC)."""

    lead_id: int
    came_at: datetime | None
    answered_cycles: list[int]
    is_joined: bool
    is_split: bool
    has_machine: bool
    has_contract: bool


@dataclass(frozen=True)
class DifferenceRow:
    """What one cause adds to one number of one cell, and of how many entries."""

    cell: Cell
    number: str
    cause: Cause
    effect: Decimal
    entries: int


def compare_days(
    connection: Connection, *, day: date, first: datetime, second: datetime
) -> list[DifferenceRow]:
    """Return what changed in the cells of `day` between just before `first` and just before `second` (UTC).

    The effects of a cell and number sum to its difference: each entry that differs has one cause. Raises
    PermanentError if `day` was not built by both.
    """
    built = {
        moment: queries.value(connection, "find_build", day=day, moment=moment) for moment in (first, second)
    }
    if None in built.values():
        raise PermanentError(f"{day} was not built by then; give later days as --known")
    changes = _list_changes(connection, day=day, moments=(first, second), built=(built[first], built[second]))
    effects: dict[tuple[Cell, str, Cause], list[Decimal]] = defaultdict(list)
    for change in changes:
        cause = find_cause(change)
        for sign, entry in ((-1, change.before), (1, change.after)):
            if entry is not None:
                for number, amount in _count(entry).items():
                    effects[_name_cell(entry), number, cause].append(sign * amount)
    return [
        DifferenceRow(*key, sum(parts, Decimal(0)), len(parts))
        for key, parts in sorted(effects.items(), key=lambda item: str(item[0]))
        if sum(parts)
    ]


def _list_changes(
    connection: Connection,
    *,
    day: date,
    moments: tuple[datetime, datetime],
    built: tuple[datetime, datetime],
) -> list[EntryChange]:
    """Return the entries that differ between `moments`, each with what came on record between the builds."""
    entries = queries.all(connection, "list_changes", _Entries, day=day, first=moments[0], second=moments[1])
    leads = sorted({each.lead_id for each in entries})
    members = queries.all(connection, "list_members", _Member, leads=leads)
    pairs = {"leads": [each.lead_id for each in members], "members": [each.member_id for each in members]}
    before, after = (
        {
            (row.stage, row.lead_id, row.cycle): row
            for row in queries.all(connection, "list_behind", _Behind, **pairs, built=moment)
        }
        for moment in built
    )
    found = queries.all(
        connection, "list_evidence", _Evidence, **pairs, first_built=built[0], second_built=built[1]
    )
    evidence = {row.lead_id: row for row in found}
    new = {key for key, row in after.items() if row.first_known_at > built[0]}
    changes = []
    for each in entries:
        key, known = (each.stage, each.lead_id, each.cycle), evidence[each.lead_id]
        has_come = known.came_at is not None and known.came_at > built[0]
        changes.append(
            EntryChange(
                *key,
                before=each.before,
                after=each.after,
                reached_before=before[key].content if key in before else None,
                reached_after=after[key].content if key in after else None,
                is_new=key in new or (each.stage == "lead" and has_come),
                has_new_response=each.cycle in known.answered_cycles,
                has_new_stage=any((stage, *key[1:]) in new for stage in ("sal", "sql", "won", "lost")),
                is_joined=known.is_joined,
                is_split=known.is_split,
                has_machine=known.has_machine,
                has_contract=known.has_contract,
            )
        )
    return changes


def find_cause(change: EntryChange) -> Cause:
    """Return why an entry differs: the first that applies, in this order.

    The row behind it is new, is gone, or says something else; else its person was joined or split; else what
    stands beside it changed.
    """
    if change.after and change.is_new:
        return _name_new(change)
    if change.stage == "mql" and change.reached_after is None and change.has_machine:
        return "machine"
    if (changed := _name_changed(change)) is not None:
        return changed
    if change.is_joined:
        return "join"
    if change.is_split:
        return "split"
    if change.before and change.after and _is_renamed(change):
        return "renamed campaign"
    return _name_indirect(change)


def _name_new(change: EntryChange) -> Cause:
    reached = change.reached_after or {}
    if change.stage in ("lead", "mql"):
        is_backfill = reached.get("is_backfill") and not reached.get("is_imported")
        return "changed contract" if is_backfill and change.has_contract else "late event"
    is_late = change.has_new_response or reached.get("is_imported")
    return "changed contract" if change.has_contract and not is_late else "late activity"


def _name_changed(change: EntryChange) -> Cause | None:
    """Return what changed the row behind the entry; None if it is another row, or says the same."""
    if not (change.reached_before and change.reached_after) or change.differs("lead_id", "cycle"):
        return None
    if change.differs("kpi_version") and change.has_contract:
        return "changed contract"
    if change.differs("happened_at", "value", "campaign", "source", "rep_id", "is_foreign", "is_apart"):
        if change.has_new_response and change.differs("happened_at"):
            return "late activity"
        if change.reached_before["is_foreign"] and not change.differs(
            "is_foreign", "happened_at", "campaign", "source", "rep_id"
        ):
            return "rate"
        return "correction"
    return None


def _is_renamed(change: EntryChange) -> bool:
    before, after = change.before or {}, change.after or {}
    return bool(before["campaign"] != after["campaign"])


def _name_indirect(change: EntryChange) -> Cause:
    """Return why an entry counts otherwise although the row behind it says the same."""
    if change.reached_before and change.stage != "lead" and change.reached_after is None:
        return "changed contract" if change.has_contract else "correction"
    if change.has_new_stage or change.has_new_response:
        return "late activity"
    if change.has_contract:
        return "changed contract"
    return "other"


def _name_cell(entry: dict[str, Any]) -> Cell:
    return Cell(*(entry[name] for name in Cell._fields))


def _count(entry: dict[str, Any]) -> dict[str, Decimal]:
    """Return what an entry adds to the numbers of its cell."""
    if entry["counts_as"] == "apart":
        return {"mqls_apart": Decimal(1)} if entry["stage"] == "mql" else {}
    if entry["counts_as"] != "counted":
        return {"left_out": Decimal(1)}
    numbers = {_STAGES[entry["stage"]]: Decimal(1)}
    if entry["stage"] == "won":
        if entry["value"] is None:
            numbers["wons_without_rate" if entry["is_foreign"] else "wons_without_value"] = Decimal(1)
        else:
            numbers["value"] = Decimal(str(entry["value"]))
    return numbers
