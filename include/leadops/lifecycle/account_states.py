"""Whether the account of a new MQL is a customer or has an open deal, by other people of it."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from leadops.db import Connection
from leadops.normalization.company_names import make_company_key
from leadops.queries import Queries

queries = Queries(__file__, topic="mql_gates")

AccountState = Literal["customer", "open_deal"]


class Colleagues(NamedTuple):
    """A lead, and another person of the same account."""

    lead_id: int
    colleague_id: int


class NamedCompany(NamedTuple):
    """A person of no account of identity, and the company that they name."""

    lead_id: int
    company: str
    is_asked: bool  # the state of their account is asked for; else they have a deal


class KnownAccount(NamedTuple):
    """The state of a lead's account, and a person who makes it so."""

    lead_id: int
    state: AccountState
    colleague_id: int


def read_account_states(connection: Connection, leads: Sequence[int]) -> dict[int, KnownAccount]:
    """Return the account's state of those `leads` whose account is a customer or has an open deal.

    An account is what routing gives to one salesperson: the account that identity assigned, else the
    company's name without its legal form. It is a customer where the last end of a cycle of another person
    is won, and has an open deal where another person is SQL and neither won nor lost; of both it is a
    customer. What the same person did is left to `again_behaviour`. Stages of imports and of the CRM count
    alike.
    """
    pairs = [
        *queries.all(connection, "list_colleagues", Colleagues, leads=list(leads)),
        *match_companies(queries.all(connection, "list_companies", NamedCompany, leads=list(leads))),
    ]
    if not pairs:
        return {}
    known = queries.all(
        connection,
        "list_account_states",
        KnownAccount,
        leads=[pair.lead_id for pair in pairs],
        colleagues=[pair.colleague_id for pair in pairs],
    )
    return {account.lead_id: account for account in known}


def match_companies(named: Iterable[NamedCompany]) -> list[Colleagues]:
    """Return each person who is asked for with each other one who has a deal and names the same company."""
    asked: dict[str, list[int]] = {}
    dealing: dict[str, list[int]] = {}
    for person in named:
        key = make_company_key(person.company)
        if key is not None:
            (asked if person.is_asked else dealing).setdefault(key, []).append(person.lead_id)
    return [
        Colleagues(lead_id, colleague_id)
        for key, lead_ids in asked.items()
        for lead_id in lead_ids
        for colleague_id in dealing.get(key, [])
        if lead_id != colleague_id
    ]
