"""Odoo as a CRM: what its chatter says of leads, its users, and its leads."""

from typing import Any

from leadops.clients.answer_values import read_id
from leadops.products.crm_side import CrmLead, CrmLeadPage, CrmSide
from leadops.products.feed_streams import read_streams
from leadops.products.odoo.odoo_calls import OdooCalls, read_link, read_rows
from leadops.products.odoo.odoo_feed import OdooFeed
from leadops.products.odoo.odoo_leads import MODEL
from leadops.products.odoo.odoo_settings import OdooSettings
from leadops.products.reading import Reading

#: Leads in one page of the list.
PAGE = 1000


class OdooCrm(CrmSide):
    """The reading side of Odoo. A merge deletes a lead, and moves its messages to the one that goes on."""

    tells_merges_by_feed = True

    def __init__(self, calls: OdooCalls, settings: OdooSettings, login: str) -> None:
        """`login` is that of the user as whom leadops calls, who is not in sales."""
        self._calls = calls
        self._feed = OdooFeed(calls, settings)
        self._login = login

    def read_activities(self, after: str | None, limit: int) -> Reading[dict[str, Any]]:
        """Read the chatter of leads and the activities that are planned for them."""
        return (
            yield from read_streams(
                after, limit, {"messages": self._feed.read_messages, "planned": self._feed.read_planned}
            )
        )

    def read_users(self) -> Reading[list[Any]]:
        """Read the internal users, archived ones as inactive; without the user of leadops."""
        fields = ["name", "login", "email", "active", "tz"]
        answer = yield self._calls.search("res.users", [["share", "=", False]], fields, order="id")
        rows = read_rows(answer.body, "CRM reps")
        return [_show_user(row) for row in rows if row.get("login") != self._login]

    def read_leads(self, cursor: str | None) -> Reading[CrmLeadPage | None]:
        """Read the next leads in the order of their ids."""
        after = int(cursor) if cursor and cursor.isdecimal() else 0
        fields = ["email_from", "user_id"]
        answer = yield self._calls.search(MODEL, [["id", ">", after]], fields, order="id", limit=PAGE)
        rows = read_rows(answer.body, "CRM leads")
        next_cursor = str(rows[-1]["id"]) if len(rows) == PAGE else None
        return CrmLeadPage([_show_lead(row) for row in rows], next_cursor)


def _show_user(row: dict[str, Any]) -> dict[str, Any]:
    login = row.get("login")
    address = row.get("email") or (login if isinstance(login, str) and "@" in login else None)
    user = {
        "id": str(row["id"]),
        "name": row.get("name") or None,
        "email": address,
        "active": row.get("active") is not False,
        "zone": row.get("tz") or None,
    }
    return {name: value for name, value in user.items() if value is not None}


def _show_lead(row: dict[str, Any]) -> CrmLead:
    owner = read_link(row.get("user_id"))
    return CrmLead(
        external_id=read_id(row["id"]),
        email=row["email_from"] if isinstance(row.get("email_from"), str) else None,
        owner_id=None if owner is None else str(owner[0]),
    )
