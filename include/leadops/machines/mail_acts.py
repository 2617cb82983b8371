"""The acts through mails of the leads in `classified`, read into the temporary table `mail_acts`."""

from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.events.mail_events import MAIL_EVENTS
from leadops.identity.company_domain import find_company_domain
from leadops.machines.machine_settings import MAX_ADDRESSES, MachineSettings
from leadops.queries import Queries

queries = Queries(__file__)


class AgentActs(NamedTuple):
    """What the acts with one user agent (None: without any) hold."""

    agent: str | None
    has_clicks: bool
    has_deliveries: bool
    has_networks: bool
    has_traps: bool
    has_marks: bool


class AllowedName(NamedTuple):
    """A company or a mail that an operator allowed."""

    kind: str
    value: str


class ActFacts(NamedTuple):
    """Which facts the acts in `mail_acts` hold: a signal without any of its facts has nothing to look at."""

    agents: tuple[str, ...] = ()
    clicks: bool = False
    deliveries: bool = False
    networks: bool = False
    traps: bool = False
    marks: bool = False


def read_mail_acts(connection: Connection, settings: MachineSettings) -> ActFacts:
    """Fill `mail_acts` with the acts of these leads, and whether they are allowed; return what they hold.

    What only a signal reads that is off is left empty.
    """
    addresses, signals = settings.addresses, settings.signals
    marked, network = signals.marked, signals.network
    queries.run(connection, "create_mail_acts")
    queries.run(connection, "create_owned_acts")
    queries.run(connection, "clear_mail_acts")
    queries.run(connection, "sample_less")
    queries.run(connection, "analyze_classified")
    queries.run(connection, "own_acts")
    queries.run(connection, "own_claimed_acts")
    queries.run(connection, "analyze_owned_acts")
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
    )
    queries.run(connection, "analyze_mail_acts")
    queries.run(connection, "sample_as_usual")
    facts = _summarize(queries.all(connection, "summarize_acts", AgentActs))
    if facts.clicks and signals.many_people:
        _name_companies(connection)
    _allow_acts(connection)
    return facts


def _summarize(held: list[AgentActs]) -> ActFacts:
    return ActFacts(
        agents=tuple(acts.agent for acts in held if acts.agent is not None),
        clicks=any(acts.has_clicks for acts in held),
        deliveries=any(acts.has_deliveries for acts in held),
        networks=any(acts.has_networks for acts in held),
        traps=any(acts.has_traps for acts in held),
        marks=any(acts.has_marks for acts in held),
    )


def _name_companies(connection: Connection) -> None:
    domains = queries.values(connection, "list_domains", of_clicks=True)
    companies = {domain: company for domain in domains if (company := find_company_domain(domain))}
    if companies:
        queries.run(connection, "name_companies", domains=list(companies), companies=list(companies.values()))


def _allow_acts(connection: Connection) -> None:
    allowed = queries.all(connection, "list_allowed", AllowedName)
    mails = [value for kind, value in allowed if kind == "mail"]
    if mails:
        queries.run(connection, "allow_mails", mails=mails)
    companies = {value for kind, value in allowed if kind == "company"}
    if companies:
        domains = queries.values(connection, "list_domains", of_clicks=False)
        theirs = [domain for domain in domains if find_company_domain(domain) in companies]
        queries.run(connection, "allow_domains", domains=theirs)


def _number(name: str, addresses: tuple[str, ...]) -> dict[str, list[str] | None]:
    """Return the parameters name_1 to name_4: the steps to each address, None where there is none."""
    steps = [address.split(".") for address in addresses] + [None] * MAX_ADDRESSES
    return {f"{name}_{place + 1}": steps[place] for place in range(MAX_ADDRESSES)}


class ChangedAct(NamedTuple):
    """Where a click for a company's lead appeared or vanished."""

    company: str
    link: str
    ts: datetime


def keep_acts(connection: Connection, facts: ActFacts) -> list[ChangedAct]:
    """Bring machines.acts in line with `mail_acts`, which holds `facts`; return which clicks changed.

    Whoever holds the ledger is its only writer. Deliveries are evidence about acts of the lead alone, and are
    not kept.
    """
    changed = queries.all(connection, "forget_acts", ChangedAct)
    changed += queries.all(connection, "change_acts", ChangedAct)
    if facts.clicks:
        changed += queries.all(connection, "list_new_clicks", ChangedAct)
    queries.run(connection, "keep_acts")
    return changed
