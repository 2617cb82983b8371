"""The acts through mails of the leads in `classified`, read into the temporary table `mail_acts`."""

from leadops.db import Connection
from leadops.events.mail_events import MAIL_EVENTS
from leadops.identity.company_domain import find_company_domain
from leadops.machines.machine_settings import MachineSettings
from leadops.queries import Queries

queries = Queries(__file__)


def read_mail_acts(connection: Connection, settings: MachineSettings) -> None:
    """Fill `mail_acts` with the acts of these leads, their company, and whether they are allowed."""
    addresses, marked = settings.addresses, settings.signals.marked
    queries.run(connection, "create_mail_acts")
    queries.run(connection, "clear_mail_acts")
    queries.run(
        connection,
        "read_mail_acts",
        events=list(MAIL_EVENTS),
        mail=list(addresses.mail),
        link=list(addresses.link),
        delivered_at=list(addresses.delivered_at),
        agent=list(addresses.agent),
        network=list(addresses.network),
        trap=list(addresses.trap),
        confirmed=list(addresses.confirmed),
        marks=list(marked.addresses) if marked else [],
    )
    domains: list[str] = queries.values(connection, "list_domains")
    queries.run(
        connection,
        "name_companies",
        domains=domains,
        companies=[find_company_domain(domain) for domain in domains],
    )
    queries.run(connection, "allow_acts")


def list_agents(connection: Connection) -> list[str]:
    """Return the different user agents of the acts."""
    return queries.values(connection, "list_agents")
