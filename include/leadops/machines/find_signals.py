"""The signals that look at acts through mails: each adds the acts that it recognises to `found_acts`."""

from collections.abc import Sequence

from leadops.db import Connection
from leadops.machines.machine_lists import is_machine_agent, list_machine_networks
from leadops.machines.machine_settings import CompanySignal, Signals
from leadops.machines.mail_acts import ActFacts, ChangedAct
from leadops.queries import Queries

queries = Queries(__file__)


def create_found(connection: Connection) -> None:
    """Create the temporary table `found_acts`: an act, a signal that recognises it, and the reason."""
    queries.run(connection, "create_found")


def find_signals(connection: Connection, signals: Signals, facts: ActFacts) -> bool:
    """Fill `found_acts` from `mail_acts`, which holds `facts`; return whether there are any.

    Acts that a person confirmed, that an operator allowed, or whose visit shows a person are left out.
    """
    queries.run(connection, "clear_found")
    if signals.same_moment and facts.clicks:
        queries.run(connection, "find_moments", seconds=signals.same_moment.seconds)
    if signals.trap_link and facts.traps:
        queries.run(connection, "find_traps")
    if signals.after_delivery and facts.deliveries:
        queries.run(connection, "find_early", seconds=signals.after_delivery.seconds)
    if signals.marked and facts.marks:
        queries.run(connection, "find_marked")
    if signals.agent:
        agents = [agent for agent in facts.agents if is_machine_agent(agent, signals.agent)]
        if agents:
            queries.run(connection, "find_agents", agents=agents)
    if signals.network and facts.networks:
        queries.run(connection, "find_networks", networks=list_machine_networks(signals.network))
    if signals.many_people and facts.clicks:
        find_companies(connection, signals.many_people)
    if not queries.value(connection, "has_found"):
        return False  # as nearly always: the rest would look at every act for nothing
    queries.run(connection, "drop_exempt")
    if signals.same_moment:
        queries.run(connection, "find_unsubscribes", seconds=signals.same_moment.seconds)
    return bool(queries.value(connection, "has_found"))


def find_companies(connection: Connection, signal: CompanySignal) -> None:
    """Add the clicks to `found_acts` that were made for many people of one company."""
    queries.run(connection, "find_companies", people=signal.people, seconds=signal.seconds)


def list_neighbours(
    connection: Connection, signal: CompanySignal, changed: Sequence[ChangedAct]
) -> list[int]:
    """Return the leads, beside the classified ones, for whose acts one of `changed` may count."""
    if not changed:
        return []
    return queries.values(
        connection,
        "list_neighbours",
        companies=[act.company for act in changed],
        links=[act.link for act in changed],
        moments=[act.ts for act in changed],
        seconds=signal.seconds,
    )
