"""What the CRM remembers: leads, salespeople, and the feed of activities."""

from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from random import Random
from typing import Any

from leadops_sandbox.crm.reps import FIRST_REPS
from leadops_sandbox.crm.salespeople import plan_work
from leadops_sandbox.journal import Record


@dataclass(slots=True)
class CrmLead:
    """One lead in the CRM; `status` is new, taken, bant, won, lost, withdrawn or erased.

    `may_mail`: whether the person may get marketing mail; None: nobody has said.
    """

    id: str
    facts: dict[str, Any]
    status: str = "new"
    owner_id: str | None = None
    may_mail: bool | None = None


@dataclass(slots=True)
class CrmStore:
    """The CRM's state; only `apply` changes it, and `take_due` what is yet to come."""

    leads: dict[str, CrmLead] = field(default_factory=dict)
    by_key: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    key_of: dict[str, str] = field(default_factory=dict)
    reps: dict[str, dict[str, Any]] = field(default_factory=lambda: {rep["id"]: rep for rep in FIRST_REPS})
    activities: list[dict[str, Any]] = field(default_factory=list)
    entered_at: list[datetime] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _planned: list[tuple[datetime, str, dict[str, Any]]] = field(default_factory=list)

    def apply(self, record: Record) -> None:
        """Take over what `record` says happened."""
        match record["kind"]:
            case "crm.lead":
                self._apply_lead(record)
            case "crm.patch":
                lead = self.leads[record["id"]]
                lead.facts.update(record["body"])
                lead.owner_id = record["body"].get("owner_id", lead.owner_id)
                lead.status = record["body"].get("status", lead.status)
                if lead.status == "withdrawn":
                    self._stop_work(lead.id)
            case "crm.consent":
                self.leads[record["id"]].may_mail = record["body"]["may_mail"]
            case "crm.erased":
                self._erase(record["id"])
            case "crm.activity":
                self._apply_activity(record["activity"], datetime.fromisoformat(record["at"]))
            case "crm.reps":
                self.reps = {rep["id"]: rep for rep in record["reps"]}

    def _apply_lead(self, record: Record) -> None:
        body, lead_id = record["body"], record["id"]
        self.leads[lead_id] = CrmLead(lead_id, body, owner_id=body.get("owner_id"))
        self.by_key[body["idempotency_key"]] = (lead_id, body)
        self.key_of[lead_id] = body["idempotency_key"]
        if (sales := record["sales"]) and self.reps:
            rep = body.get("owner_id") or Random(f"{sales['seed']}:{lead_id}:rep").choice(sorted(self.reps))
            created_at = datetime.fromisoformat(record["at"])
            for due_at, activity in plan_work(lead_id=lead_id, rep_id=rep, created_at=created_at, **sales):
                heappush(self._planned, (due_at, activity["id"], activity))

    def _erase(self, lead_id: str) -> None:
        """Forget whom a lead was about; that something happened with it stays in the feed."""
        self.leads[lead_id] = CrmLead(lead_id, {}, status="erased")
        self.by_key = {key: known for key, known in self.by_key.items() if known[0] != lead_id}
        self._stop_work(lead_id)
        self.activities = [
            activity | {"details": {}} if activity["lead_id"] == lead_id else activity
            for activity in self.activities
        ]

    def _stop_work(self, lead_id: str) -> None:
        self._planned = [due for due in self._planned if due[2]["lead_id"] != lead_id]
        heapify(self._planned)

    def _apply_activity(self, activity: dict[str, Any], entered_at: datetime) -> None:
        self._ids.add(activity["id"])
        self.activities.append(activity)
        self.entered_at.append(entered_at)
        lead = self.leads.get(activity["lead_id"])
        if lead is None or lead.status == "erased":
            return
        if activity["kind"] == "status":
            lead.status = activity["status"]
            lead.owner_id = lead.owner_id or activity["rep_id"]
        elif activity["kind"] in ("opt_out", "opt_in"):
            lead.may_mail = activity["kind"] == "opt_in"

    def take_due(self, now: datetime) -> tuple[datetime, dict[str, Any]] | None:
        """Return and remove the next planned activity that is due by `now` and not yet in the feed."""
        while self._planned and self._planned[0][0] <= now:
            due_at, activity_id, activity = heappop(self._planned)
            if activity_id not in self._ids:
                return due_at, activity
        return None

    def open_leads(self) -> dict[str, int]:
        """Return how many leads each salesperson holds that are neither won nor lost."""
        counts = dict.fromkeys(self.reps, 0)
        for lead in self.leads.values():
            if lead.owner_id in counts and lead.status not in ("won", "lost", "withdrawn", "erased"):
                counts[lead.owner_id] += 1
        return counts
