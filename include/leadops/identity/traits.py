"""What a chunk of events says about its leads: their traits, and the account that their website names."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.identity.company_domain import find_company_domain
from leadops.identity.identity_settings import IdentitySettings
from leadops.normalization.trait_values import Scalar, compare_trait, read_trait_values
from leadops.queries import Queries

queries = Queries(__file__)


class LeadWebsite(NamedTuple):
    """The newest website that is known of a lead's company; None: what named it was taken back."""

    lead_id: int
    website: str | None


class SentValue(NamedTuple):
    """A value of a trait as a sender sent it: parsed JSON."""

    trait: str
    value: Any


def learn_traits(connection: Connection, *, settings: IdentitySettings) -> None:
    """Keep the newest value of every trait that the events of `chunk` say; a blank says nothing."""
    pairs = [(trait, name) for trait, names in settings.traits.items() for name in names]
    asked = {"traits": [trait for trait, _ in pairs], "properties": [name for _, name in pairs]}
    facts = [
        (row, values)
        for row in queries.all(connection, "list_sent_values", SentValue, **asked)
        if (values := read_trait_values(row.trait, row.value))
    ]
    queries.run(
        connection,
        "learn_traits",
        **asked,
        sent_traits=[row.trait for row, _ in facts],
        sent=[Jsonb(row.value) for row, _ in facts],
        stored=[Jsonb(values[0]) for _, values in facts],
        comparable=[Jsonb(_compare(row.trait, values)) for row, values in facts],
    )


def _compare(trait: str, values: list[Scalar]) -> Scalar | list[Scalar]:
    """Return the form in which a value is compared, or the list of its forms; every element counts."""
    forms = list(dict.fromkeys(form for value in values for form in compare_trait(trait, value)))
    return forms[0] if len(forms) == 1 else forms


def assign_accounts(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Give the leads of `chunk` that named a website their account; return how many changed.

    An account is named by the company's registrable domain. A domain that belongs to no company gives none.
    """
    websites = queries.all(connection, "list_websites", LeadWebsite)
    if not websites:
        return 0
    domains = [
        row.website and find_company_domain(row.website, not_companies=settings.not_companies)
        for row in websites
    ]
    return queries.run(
        connection,
        "assign_accounts",
        lead_ids=[row.lead_id for row in websites],
        domains=domains,
        now=now,
    )
