"""The world's leads as products read and write them: one record of what the MA and the CRM know."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from leadops_sandbox.crm.routes import catch_up
from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.people import People
from leadops_sandbox.world import World


class LeadChange(NamedTuple):
    """What to set of one lead; `score`, `status` and `owner_id` only where given.

    `owner_id` is a salesperson's id; an empty one takes the owner away.
    """

    lead_id: int
    fields: dict[str, Any]
    score: float | None = None
    status: str | None = None
    owner_id: str | None = None


class Activity(NamedTuple):
    """Something a salesperson did; `number` never changes, `entered_at` is when the CRM had it."""

    number: int
    kind: str
    lead_id: int | None
    rep_id: str | None
    occurred_at: datetime
    entered_at: datetime
    status: str | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leads:
    """Reads and writes the leads of `world`; every write is in the journal before it is answered."""

    world: World
    #: The field whose change begins an automation, and the one that says that the person wants no mail.
    enrolment_field: str | None = None
    opt_out_field: str | None = None

    @property
    def people(self) -> People:
        """Stamps and history of the leads."""
        return self.world.people

    def live(self) -> Iterable[Lead]:
        """Return the leads that are not gone, in the order of their ids."""
        return (lead for lead in self.world.ma.leads.values() if not lead.absence)

    def find(self, lead_id: object) -> Lead | None:
        """Return the lead of this number, if it is not gone."""
        text = str(lead_id)
        if not text.isdecimal() or not text.isascii():
            return None
        lead = self.world.ma.leads.get(int(text))
        return None if lead is None or lead.absence else lead

    def find_unique(self, name: str, value: str) -> list[Lead]:
        """Return the leads that are not gone whose unique field `name` is `value`, oldest first."""
        return [self.world.ma.leads[lead_id] for lead_id in self.people.find(name, value)]

    def create(
        self,
        fields: dict[str, Any],
        *,
        score: float | None = None,
        status: str | None = None,
        owner_id: str | None = None,
        as_crm_lead: bool = False,
    ) -> Lead:
        """Make a lead and return it; `as_crm_lead` gives it to the CRM's salespeople at once."""
        lead_id = self.world.ma.next_id()
        body = {"email": fields.get("email") or "", **fields}
        self.world.effect("ma.lead", key=None, body=body, answer={"leadId": lead_id})
        if score is not None:
            self.change([LeadChange(lead_id, {}, score=score)])
        if as_crm_lead or status is not None or owner_id is not None:
            self._change_crm(lead_id, status=status, owner_id=owner_id)
        return self.world.ma.leads[lead_id]

    def change(self, changes: list[LeadChange]) -> None:
        """Set what `changes` say; the fields and scores of all of them are one line of the journal."""
        rows = [{"id": c.lead_id, "fields": c.fields, "score": c.score} for c in changes]
        begun = [change for change in changes if self._begins(change)]
        if rows:
            self.world.effect("ma.properties", key=None, body={"rows": rows})
        for change in begun:
            self.enrol(change.lead_id, str(change.fields[self.enrolment_field or ""]), change.fields)
        for change in changes:
            if (says_no := change.fields.get(self.opt_out_field or "")) is not None:
                self.consent(change.lead_id, may_mail=not says_no)
            if change.status is not None or change.owner_id is not None:
                self._change_crm(change.lead_id, status=change.status, owner_id=change.owner_id)

    def _begins(self, change: LeadChange) -> bool:
        """Whether a change gives the field of enrolments another value: the same begins nothing."""
        value = change.fields.get(self.enrolment_field or "")
        return (
            bool(value)
            and self.world.ma.leads[change.lead_id].fields.get(self.enrolment_field or "") != value
        )

    def enrol(self, lead_id: int, name: str, fields: dict[str, Any]) -> None:
        """Write down that an automation began for a lead: `name` is program.step.cycle."""
        program, _, rest = name.partition(".")
        step, _, cycle = rest.rpartition(".")
        number = len(self.world.ma.enrolments) + 1
        body = {"step": step, "idempotencyKey": f"run-{number}", "fields": fields}
        made = {"enrolmentId": f"{program}-{number}", "program": program, "leadId": lead_id}
        self.world.effect("ma.enrolment", key=None, body=body, answer=made | {"cycle": int(cycle)})

    def consent(self, lead_id: int, *, may_mail: bool) -> None:
        """Write down whether a person may get marketing mail."""
        answer = {"id": lead_id, "may_mail": may_mail}
        self.world.effect("ma.consent", key=None, body={"may_mail": may_mail}, answer=answer)

    def _change_crm(self, lead_id: int, *, status: str | None, owner_id: str | None) -> None:
        """Set status and owner; a lead that sales do not have comes to them with it."""
        catch_up(self.world)
        body: dict[str, Any] = {} if status is None else {"status": status}
        if owner_id is not None:
            body["owner_id"] = owner_id or None
        crm_id = str(lead_id)
        if crm_id in self.world.crm.leads:
            self.world.effect("crm.patch", id=crm_id, body=body)
            return
        lead, how = self.world.ma.leads[lead_id], self.world.behaviour
        facts = {"idempotency_key": f"product-{crm_id}", "email": lead.email, **body}
        sales = {"seed": how.sales_seed, "speed": how.sales_speed, "late_share": how.sales_late_share}
        self.world.effect("crm.lead", id=crm_id, body=facts, sales=sales if how.sales_work else None)

    def delete(self, lead_id: int, *, erase: bool = False) -> None:
        """Delete a lead; `erase` also forgets whom it was about, here and in the CRM."""
        body = {"id": lead_id}
        self.world.effect("ma.erased" if erase else "ma.deleted", key=None, body=body, answer=body)
        if erase and str(lead_id) in self.world.crm.leads:
            self.world.effect("crm.erased", id=str(lead_id))

    def convert(self, lead_id: int, *, at: datetime) -> None:
        """Make a contact of a lead, as salespeople do; the lead can no longer be changed."""
        self.world.effect("ma.converted", at=at, key=None, body={"id": lead_id})

    def status(self, lead_id: int) -> str | None:
        """Return the lead's status with sales; None when sales do not have it."""
        lead = self.world.crm.leads.get(str(lead_id))
        return None if lead is None else lead.status

    def owner(self, lead_id: int) -> str | None:
        """Return the id of the salesperson who has the lead."""
        lead = self.world.crm.leads.get(str(lead_id))
        return None if lead is None else lead.owner_id

    def activities(self) -> list[Activity]:
        """Return everything salespeople did so far, oldest first."""
        catch_up(self.world)
        crm = self.world.crm
        return [
            Activity(
                number,
                entry["kind"],
                int(entry["lead_id"]) if entry["lead_id"].isdecimal() else None,
                entry["rep_id"],
                datetime.fromisoformat(entry["occurred_at"]),
                entered_at,
                entry.get("status"),
                entry["details"],
            )
            for number, (entry, entered_at) in enumerate(
                zip(crm.activities, crm.entered_at, strict=True), start=1
            )
        ]


class Rep(NamedTuple):
    """A salesperson as products know users: by a number, a name and an address."""

    id: str
    number: int
    first_name: str
    last_name: str
    email: str
    zone: str


def list_reps(world: World) -> list[Rep]:
    """Return the salespeople; the address is made of the name where the world has none."""
    return [_show_rep(rep) for rep in world.crm.reps.values()]


def find_rep(world: World, number: int) -> Rep | None:
    """Return the salesperson whose number this is."""
    return next((rep for rep in list_reps(world) if rep.number == number), None)


def number_of(rep_id: str) -> int:
    """Return the number that stands for a salesperson in every product."""
    return 10_000_000 + zlib.crc32(rep_id.encode()) % 90_000_000


def _show_rep(rep: dict[str, Any]) -> Rep:
    first, _, last = str(rep.get("name") or rep["id"]).partition(" ")
    email = rep.get("email") or f"{'.'.join(filter(None, (first, last)))}@sales.example".lower()
    return Rep(rep["id"], number_of(rep["id"]), first, last, email, rep.get("zone", "UTC"))
