"""What a chunk of events says about its leads: their traits, and the account that their website names."""

from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.identity.company_domain import find_company_domain
from leadops.identity.identity_settings import IdentitySettings
from leadops.queries import Queries

queries = Queries(__file__)


class LeadWebsite(NamedTuple):
    """The newest website that is known of a lead's company."""

    lead_id: int
    website: str


def learn_traits(connection: Connection, *, settings: IdentitySettings) -> None:
    """Keep the newest value of every trait that the events of the table `chunk` tell."""
    pairs = [(trait, name) for trait, names in settings.traits.items() for name in names]
    queries.run(
        connection,
        "learn_traits",
        traits=[trait for trait, _ in pairs],
        properties=[name for _, name in pairs],
    )


def assign_accounts(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Give the leads of `chunk` that named a website their account; return how many changed.

    An account is named by the company's registrable domain. A domain that belongs to no company gives none.
    """
    websites = queries.all(connection, "list_websites", LeadWebsite)
    if not websites:
        return 0
    domains = [find_company_domain(row.website, not_companies=settings.not_companies) for row in websites]
    return queries.run(
        connection,
        "assign_accounts",
        lead_ids=[row.lead_id for row in websites],
        domains=domains,
        now=now,
    )
