"""The check on acts of machines: does their share jump?"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from leadops.db import Connection
from leadops.identity.company_domain import find_company_domain
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, form_finding
from leadops.queries import Queries

queries = Queries(__file__, topic="machine_shares")

#: The share of these days before the window is the usual one: a whole week, whatever its weekend.
USUAL = timedelta(days=7)


@dataclass(frozen=True)
class ActCounts:
    """Acts through mails, and how many of them are a machine's, in the window and in the days before."""

    acts: int
    machine_acts: int
    usual_acts: int
    usual_machine_acts: int


@dataclass(frozen=True)
class FoundActs:
    """How many acts of machines a signal found in a mail to a mail domain; None: without a name."""

    signal: str
    mail: str | None
    domain: str | None
    acts: int


def check_share(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Compare the share of machines in the window with that of the days before."""
    limits = given.settings.machine_share
    since = given.now - limits.window
    counts = queries.one(
        connection, "count_shares", ActCounts, since=since, usual_since=since - USUAL, now=given.now
    )
    usual = counts.usual_machine_acts / counts.usual_acts if counts.usual_acts else None
    status = limits.classify(counts.machine_acts, counts.acts, usual=usual)
    if status == "ok" or usual is None:
        return []
    found = queries.all(connection, "count_machine_acts", FoundActs, since=since, now=given.now)
    facts = {
        "count": counts.machine_acts,
        "window": limits.window_hours * 60,
        "percent": round(100 * counts.machine_acts / counts.acts, 1),
        "usual": round(100 * usual, 1),
        "signal": _find_most_frequent((acts.signal, acts.acts) for acts in found),
        "mail": _find_most_frequent((acts.mail, acts.acts) for acts in found),
        "company": _find_most_frequent((find_company_domain(acts.domain or ""), acts.acts) for acts in found),
    }
    return [form_finding("machine_share", status, facts, since=given.now)]


def _find_most_frequent(counted: Iterable[tuple[str | None, int]]) -> str:
    """Return the name with the highest sum, of equal ones the first by name; "?" if there is none."""
    sums: Counter[str] = Counter()
    for name, acts in counted:
        if name is not None:
            sums[name] += acts
    return min(sums, key=lambda name: (-sums[name], name), default="?")


CHECKS = (Check("machines", ("machine_share",), check_share),)
