"""One link, fetched for many people of a company at one moment: the signal that looks beyond one person."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.machines.machine_settings import CompanySignal
from leadops.machines.mail_acts import ActFacts
from leadops.queries import Queries

queries = Queries(__file__)


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
