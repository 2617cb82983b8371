"""Finds a lead from what a person types: its number or an email."""

from typing import NamedTuple

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.normalization.email_address import normalise_email
from leadops.queries import Queries

queries = Queries(__file__, topic="explain_identity")

#: A lead_id has at most this many digits.
LONGEST_NUMBER = 18


class FoundLead(NamedTuple):
    """A lead, and the oldest lead of the same person, which is the lead itself for most."""

    lead_id: int
    person_id: int


def find_lead(connection: Connection, lead: int | str) -> FoundLead:
    """Return the lead with this number or this email, in any capitals.

    Raises PermanentError when `lead` is neither, or when there is no such lead.
    """
    lead_id, email = parse_lead(lead)
    found = queries.first(connection, "find_lead", FoundLead, lead_id=lead_id, email=email)
    if found is None:
        raise PermanentError(
            "no lead has this email; give a lead_id or an email that leadops knows"
            if lead_id is None
            else f"there is no lead {lead_id}; give a lead_id or an email that leadops knows"
        )
    return found


def parse_lead(lead: int | str) -> tuple[int | None, str | None]:
    """Return the lead_id or the email (lower case) in `lead`; raise PermanentError if it is neither."""
    if isinstance(lead, int):
        return lead, None
    text = lead.strip()
    if "@" in text or "＠" in text:
        try:
            return None, normalise_email(text)
        except ValueError:
            raise PermanentError("LEAD is not an email address; give a lead_id or an email") from None
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        return int(text), None
    raise PermanentError("LEAD must be a lead_id (a number) or an email")
