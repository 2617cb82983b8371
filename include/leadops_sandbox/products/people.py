"""What products say of a lead beside its fields: when it changed, what it was before, who converted it.

A fold over the journal, as the stores are: nothing is kept twice, and a restart finds the same.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from leadops_sandbox.journal import Record

#: Who changed a lead: the caller over the API, or a person in the product.
By = Literal["api", "person"]


class Change(NamedTuple):
    """One change of a lead's status or owner; `before` is None for the first."""

    number: int
    at: datetime
    lead_id: int
    field: Literal["status", "owner_id"]
    before: str | None
    after: str | None
    by: By


class LogEntry(NamedTuple):
    """Something that happened with a lead, for products that list activities; `name` is a field's."""

    number: int
    at: datetime
    lead_id: int
    what: Literal["created", "changed", "deleted", "merged"]
    name: str
    before: str | None
    after: str | None


@dataclass(slots=True)
class People:
    """Stamps, history and unique fields of all leads; only `apply` changes it."""

    unique: frozenset[str] = frozenset()
    #: Whether to keep `log`, which grows with every change.
    keeps_log: bool = False
    log: list[LogEntry] = field(default_factory=list)
    _logged: dict[tuple[int, str], str] = field(default_factory=dict)
    created: dict[int, datetime] = field(default_factory=dict)
    modified: dict[int, datetime] = field(default_factory=dict)
    gone: dict[int, datetime] = field(default_factory=dict)
    merged: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    converted: dict[int, datetime] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)
    _history_of: dict[int, list[Change]] = field(default_factory=lambda: defaultdict(list))
    _values: dict[tuple[int, str], str] = field(default_factory=dict)
    _having: dict[tuple[str, str], dict[int, None]] = field(default_factory=lambda: defaultdict(dict))
    #: Points that were added and logged by name, as products log them: (lead, number, name, at).
    points: list[tuple[int, int, str, datetime]] = field(default_factory=list)

    def find(self, name: str, value: str) -> list[int]:
        """Return the leads that are not gone whose unique field `name` is `value`, oldest first."""
        having = self._having.get((name, value.strip().lower()), {})
        return [lead_id for lead_id in having if lead_id not in self.gone]

    def history_of(self, lead_id: int) -> list[Change]:
        """Return the changes of a lead's status and owner, oldest first."""
        return self._history_of.get(lead_id, [])

    def apply(self, record: Record) -> None:
        """Take over what `record` says happened."""
        at = datetime.fromisoformat(record["at"])
        body = record.get("body") or {}
        match record["kind"]:
            case "ma.lead":
                self._touch(record["answer"]["leadId"], at, body)
            case "ma.properties":
                for row in body["rows"]:
                    self._touch(row["id"], at, row["fields"])
            case "ma.fields":
                self._touch(record["answer"]["id"], at, body["fields"])
            case "ma.score":
                self._touch_scored(at, [body], [record["answer"]])
            case "ma.scores":
                self._touch_scored(at, body["updates"], record["answer"]["results"])
            case "ma.points":
                self._touch(body["id"], at, {})
                self.points.append((body["id"], body["logged"], body["name"], at))
            case "ma.deleted" | "ma.erased":
                lead_id = body.get("id") or record["answer"]["id"]
                self.gone[lead_id] = self.modified[lead_id] = at
                self._log(at, lead_id, "deleted")
            case "ma.merged":
                self.gone[body["id"]] = self.modified[body["id"]] = at
                self.merged[body["into"]] += [body["id"], *self.merged.pop(body["id"], [])]
                self._touch(body["into"], at, {})
                self._log(at, body["into"], "merged", after=str(body["id"]))
            case "ma.restored":
                self.gone.pop(body["id"], None)
                self._touch(body["id"], at, {})
            case "ma.converted":
                self.converted[body["id"]] = at
                self._touch(body["id"], at, {})
            case "crm.lead" | "crm.patch":
                self._apply_crm(record["id"], at, body, by="api")
            case "crm.activity":
                self._apply_activity(record["activity"], at)

    def _touch(self, lead_id: int, at: datetime, fields: dict[str, Any]) -> None:
        if lead_id not in self.created:
            self._log(at, lead_id, "created")
        for name, value in fields.items() if self.keeps_log else ():
            before, after = self._logged.get((lead_id, name)), str(value)
            if value is not None and after != before:
                self._logged[lead_id, name] = after
                self._log(at, lead_id, "changed", name=name, before=before, after=after)
        self.created.setdefault(lead_id, at)
        self.modified[lead_id] = max(at, self.modified.get(lead_id, at))
        for name in self.unique.intersection(fields):
            if (before := self._values.pop((lead_id, name), None)) is not None:
                self._having[name, before].pop(lead_id, None)
            if fields[name] not in (None, ""):
                value = self._values[lead_id, name] = str(fields[name]).strip().lower()
                self._having[name, value][lead_id] = None

    def _touch_scored(self, at: datetime, updates: list[Any], results: list[Any]) -> None:
        for update, result in zip(updates, results, strict=True):
            if result["status"] == "applied":
                self._touch(result.get("leadId", update["leadId"]), at, {})

    def _apply_crm(self, crm_id: str, at: datetime, body: dict[str, Any], *, by: By) -> None:
        """Note a change of a CRM lead that is also a lead of the MA, as a product's leads are."""
        if not crm_id.isdecimal():
            return
        lead_id = int(crm_id)
        if not self.history_of(lead_id):
            self._note(lead_id, at, "status", body.get("status", "new"), by)
        elif "status" in body:
            self._note(lead_id, at, "status", body["status"], by)
        if "owner_id" in body:
            self._note(lead_id, at, "owner_id", body["owner_id"], by)
        self._touch(lead_id, at, {})

    def _apply_activity(self, activity: dict[str, Any], at: datetime) -> None:
        if not activity["lead_id"].isdecimal() or int(activity["lead_id"]) not in self.created:
            return
        lead_id = int(activity["lead_id"])
        if activity["kind"] == "status":
            self._note(lead_id, at, "status", activity["status"], "person")
            if activity["rep_id"] and not any(c.field == "owner_id" for c in self.history_of(lead_id)):
                self._note(lead_id, at, "owner_id", activity["rep_id"], "person")
        self._touch(lead_id, at, {})

    def _log(
        self,
        at: datetime,
        lead_id: int,
        what: Literal["created", "changed", "deleted", "merged"],
        *,
        name: str = "",
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        if self.keeps_log:
            self.log.append(LogEntry(len(self.log) + 1, at, lead_id, what, name, before, after))

    def _note(
        self, lead_id: int, at: datetime, name: Literal["status", "owner_id"], after: str | None, by: By
    ) -> None:
        earlier = [change for change in self.history_of(lead_id) if change.field == name]
        before = earlier[-1].after if earlier else None
        if earlier and before == after:
            return
        change = Change(len(self.history) + 1, at, lead_id, name, before, after, by)
        self.history.append(change)
        self._history_of[lead_id].append(change)
