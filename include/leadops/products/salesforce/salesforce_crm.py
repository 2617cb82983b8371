"""Salesforce as the CRM: its feed, its users and the leads that leadops made."""

from typing import Any

from leadops.products.crm_side import CrmLead, CrmLeadPage, CrmSide
from leadops.products.feed_streams import read_streams
from leadops.products.reading import Reading
from leadops.products.salesforce.salesforce_bodies import PAGE, form_query, quote_text
from leadops.products.salesforce.salesforce_feed import find_rep, list_streams
from leadops.products.salesforce.salesforce_ids import write_id
from leadops.products.salesforce.salesforce_leads import (
    form_page,
    has_more,
    read_listed,
    read_page,
    read_records,
)
from leadops.products.salesforce.salesforce_settings import SalesforceSettings


class SalesforceCrm(CrmSide):
    """Reads Salesforce by SOQL."""

    def __init__(self, settings: SalesforceSettings) -> None:
        self._settings = settings

    def read_activities(self, after: str | None, limit: int) -> Reading[dict[str, Any]]:
        """Read the next rows of tasks, events, changes of a status, merges and conversions."""
        page = yield from read_streams(after, min(limit, PAGE), list_streams(self._settings))
        return page

    def read_users(self) -> Reading[list[Any]]:
        """Read everybody who can own leads; those who left are not active."""
        users: list[Any] = []
        after: list[str] = []
        while True:
            answer = yield form_query(
                self._settings,
                "User",
                ("Id", "Name", "Email", "IsActive", "TimeZoneSidKey"),
                "UserType = 'Standard'",
                *after,
                order_by=("Id",),
                limit=PAGE,
            )
            records = read_records(answer.body, "Salesforce users")
            users += [
                {
                    "id": record.get("Id"),
                    "email": record.get("Email"),
                    "name": record.get("Name"),
                    "active": record.get("IsActive") is not False,
                    "zone": record.get("TimeZoneSidKey"),
                }
                for record in records
            ]
            last = write_id(records[-1].get("Id")) if records else None
            if not has_more(answer.body, PAGE) or last is None:
                return users
            after = [f"Id > {quote_text(last)}"]

    def read_leads(self, cursor: str | None) -> Reading[CrmLeadPage | None]:
        """Read one page of the leads that leadops made."""
        answer = yield form_page(self._settings, cursor, "OwnerId")
        records, next_cursor = read_page(answer.body)
        leads = []
        for record in records:
            lead = read_listed(self._settings, record)
            owner = find_rep(record.get("OwnerId"))
            leads.append(CrmLead(lead.external_id, lead.email, owner_id=owner))
        return CrmLeadPage(leads, next_cursor)
