"""The calls to Mautic's REST API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from leadops.products.enrolment import Enrolment
from leadops.products.mautic.mautic_rows import PAGE
from leadops.products.mautic.mautic_settings import MauticSettings
from leadops.products.product_rows import (
    Call,
    EffectRow,
    NothingToSendError,
    ScoreRow,
    TotalRow,
    UnsupportedCallError,
)

CONTACTS, STATS = "/api/contacts", "/api/stats/lead_points_change_log"
#: Contacts of one batch (api_batch_max_limit of Mautic's configuration).
ROW_LIMIT = 200
#: Mautic's number of the reason "unsubscribed".
UNSUBSCRIBED = 1
#: The name of our changes in Mautic's log, beside that of each.
ACTION = "leadops"


@dataclass(frozen=True)
class MauticCalls:
    """Makes the calls with the names of one Mautic."""

    settings: MauticSettings

    def set_totals(self, rows: Sequence[TotalRow]) -> Call:
        """Return the call that sets the scores of contacts: PATCH, since PUT makes those that it misses."""
        fields = self.settings.fields
        contacts = [
            {"id": write_id(row.external_id), fields.score: row.points}
            | ({} if fields.seq is None else {fields.seq: row.seq})
            for row in rows
        ]
        return Call("PATCH", f"{CONTACTS}/batch/edit", _write(contacts))

    def add_points(self, external_id: str, points: int, delta_id: str) -> Call:
        """Return the call that adds points: always `plus`, since `minus` loses its sign in the log."""
        path = f"{CONTACTS}/{write_id(external_id)}/points/plus/{points}"
        return Call("POST", path, _write({"eventName": delta_id, "actionName": ACTION}))

    def find_change(self, row: ScoreRow) -> Call:
        """Return the call that looks for a change in the log of points, by its delta_id."""
        return Call("GET", STATS, params=_where("event_name", "eq", row.delta_id))

    def upsert_lead(self, effect: EffectRow) -> Call:
        """Return the call that makes a contact, or finds the one with its address."""
        values = effect.values
        contact = {"email": values["email"], **self._map_facts(values)}
        our_id = values.get("externalId") or effect.lead_id
        if our_id is not None:
            contact[self.settings.fields.external_id] = str(our_id)
        return Call("POST", f"{CONTACTS}/new", _write(contact))

    def set_fields(self, effect: EffectRow) -> Call:
        """Return the call that sets facts of a contact; NothingToSendError where none of them has a field."""
        given = effect.values.get("fields")
        facts = self._map_facts(given if isinstance(given, dict) else {})
        if not facts:
            raise NothingToSendError("mautic.facts of products.yaml names a field for none of these facts")
        return Call("PATCH", f"{CONTACTS}/{write_id(effect.external_id)}/edit", _write(facts))

    def enrol_lead(self, effect: EffectRow) -> Call:
        """Return the call that sets the fields of a message; the segment of the step takes the contact in."""
        enrolment, settings = Enrolment.read(effect.values), self.settings.enrolments
        if gap := settings.find_gap(enrolment.place, product="mautic", what="segment"):
            raise UnsupportedCallError(f"step {enrolment.place}: {gap}")
        tokens = settings.fill_tokens(enrolment)
        return Call("PATCH", f"{CONTACTS}/{write_id(effect.external_id)}/edit", _write(tokens))

    def opt_out_lead(self, effect: EffectRow) -> Call:
        """Return the call that lets a contact get no mail (Do Not Contact, as one who unsubscribed)."""
        path = f"{CONTACTS}/{write_id(effect.external_id)}/dnc/email/add"
        return Call("POST", path, _write({"reason": UNSUBSCRIBED, "comments": ACTION}))

    def opt_in_lead(self, effect: EffectRow) -> Call:
        """Return the call that takes a contact off Do Not Contact."""
        return Call("POST", f"{CONTACTS}/{write_id(effect.external_id)}/dnc/email/remove")

    def erase_lead(self, effect: EffectRow) -> Call:
        """Return the call that deletes a contact."""
        return Call("DELETE", f"{CONTACTS}/{write_id(effect.external_id)}/delete")

    def get_contact(self, external_id: str) -> Call:
        """Return the read of one contact."""
        return Call("GET", f"{CONTACTS}/{write_id(external_id)}")

    def list_contacts(self, after: str | None) -> Call:
        """Return the read of the contacts with higher ids than `after`."""
        order: dict[str, str | int] = {"orderBy": "id", "orderByDir": "asc", "start": 0, "limit": PAGE}
        return Call("GET", CONTACTS, params=_where("id", "gt", after or "0") | order)

    def _map_facts(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is known of a lead by the aliases of the fields; utm_source and so on from `utm`."""
        utm = values.get("utm")
        known = dict(values) | {
            f"utm_{name}": value for name, value in (utm if isinstance(utm, dict) else {}).items()
        }
        return {
            alias: known[fact]
            for fact, alias in self.settings.facts.items()
            if alias is not None and isinstance(known.get(fact), str | int | float | bool)
        }


def write_id(external_id: str | None) -> int:
    """Return the id as Mautic writes it; raise UnsupportedCallError for an id that cannot be one of its."""
    if external_id is None or not (external_id.isascii() and external_id.isdecimal()):
        raise UnsupportedCallError(f"Mautic's ids of contacts are whole numbers, not {external_id!r}")
    return int(external_id)


def _where(column: str, expression: str, value: str) -> dict[str, str | int]:
    return {"where[0][col]": column, "where[0][expr]": expression, "where[0][val]": value}


def _write(body: Any) -> str:
    return orjson.dumps(body).decode()
