"""Ties leads to their companies, by the newest web site that is known of each."""

from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.identity.companies import find_company_domain
from leadops.identity.identity_settings import IdentitySettings


def place_in_accounts(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Give the leads of the table `chunk` that told of a web site their account; return how many changed.

    A company makes an account, named by its registrable domain; what is no company's domain gives none.
    """
    told = connection.execute(load_sql("leadops.identity", "list_told_sites")).fetchall()
    if not told:
        return 0
    domains = [find_company_domain(site, not_companies=settings.not_companies) for _, site in told]
    return connection.execute(
        load_sql("leadops.identity", "place_in_accounts"),
        {"leads": [lead_id for lead_id, _ in told], "domains": domains, "now": now},
    ).rowcount
