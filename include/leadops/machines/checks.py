"""The check on acts of machines: does their share jump?"""

from dataclasses import dataclass
from datetime import timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, form_finding
from leadops.queries import Queries

queries = Queries(__file__)

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
class MostFrequent:
    """The most frequent signal, mail and company among the machines' acts of the window."""

    signal: str
    mail: str
    company: str


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
    frequent = queries.one(connection, "find_most_frequent", MostFrequent, since=since, now=given.now)
    facts = {
        "count": counts.machine_acts,
        "window": limits.window_hours * 60,
        "percent": round(100 * counts.machine_acts / counts.acts, 1),
        "usual": round(100 * usual, 1),
        "signal": frequent.signal,
        "mail": frequent.mail,
        "company": frequent.company,
    }
    return [form_finding("machine_share", status, facts, since=given.now)]


CHECKS = (Check("machines", ("machine_share",), check_share),)
