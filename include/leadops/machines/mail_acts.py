"""The acts through mails of the leads in `classified`, read into the temporary table `mail_acts`."""

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.events.mail_events import MAIL_EVENTS
from leadops.identity.company_domain import find_company_domain
from leadops.machines.machine_settings import MAX_ADDRESSES, MachineSettings
from leadops.queries import Queries

queries = Queries(__file__)


def read_mail_acts(connection: Connection, settings: MachineSettings) -> None:
    """Fill `mail_acts` with the acts of these leads, their company, and whether they are allowed.

    What only a signal reads that is off is left empty.
    """
    addresses, signals = settings.addresses, settings.signals
    marked, network = signals.marked, signals.network
    queries.run(connection, "create_mail_acts")
    queries.run(connection, "clear_mail_acts")
    domains: list[str] = queries.values(connection, "list_domains")
    marks = marked.addresses if marked else ()
    queries.run(
        connection,
        "read_mail_acts",
        events=list(MAIL_EVENTS),
        **_number("mail", addresses.mail),
        **_number("link", addresses.link),
        **_number("delivered", addresses.delivered_at if signals.after_delivery else ()),
        **_number("agent", addresses.agent if signals.agent else ()),
        **_number("network", addresses.network if network and not network.is_empty else ()),
        trap=list(addresses.trap),
        confirmed=list(addresses.confirmed),
        marks=list(marks),
        mark_keys=sorted({address.split(".")[1] for address in marks}),
        companies=Jsonb({domain: find_company_domain(domain) for domain in domains}),
    )
    queries.run(connection, "sample_less")
    queries.run(connection, "analyze_mail_acts")
    queries.run(connection, "sample_as_usual")
    queries.run(connection, "allow_acts")


def list_agents(connection: Connection) -> list[str]:
    """Return the different user agents of the acts."""
    return queries.values(connection, "list_agents")


def _number(name: str, addresses: tuple[str, ...]) -> dict[str, list[str] | None]:
    """Return the parameters name_1 to name_4: the steps to each address, None where there is none."""
    steps = [address.split(".") for address in addresses] + [None] * MAX_ADDRESSES
    return {f"{name}_{place + 1}": steps[place] for place in range(MAX_ADDRESSES)}
