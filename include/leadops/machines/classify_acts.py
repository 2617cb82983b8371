"""Classifies which acts are a machine's: from all that is known of the people, whatever came first.

A verdict is a function of the acts on record, the settings and what an operator allowed. The acts of whoever
is scored are classified again, so late evidence, a merge or a split counts as if known from the start.
"""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.events.mail_events import MAIL_EVENTS
from leadops.machines.find_signals import create_found, find_signals, list_neighbours
from leadops.machines.machine_lists import name_agent_list, name_network_list
from leadops.machines.machine_settings import MachineSettings, VisitSignal
from leadops.machines.mail_acts import ActFacts, keep_acts, read_mail_acts
from leadops.queries import Queries

queries = Queries(__file__)


def create_classified(connection: Connection) -> None:
    """Create the temporary table `classified`, empty, for the leads whose acts are to be classified.

    The caller fills it: there may be a hundred thousand. `person_id` is the person of each lead; all leads of
    a person come together.
    """
    queries.run(connection, "create_classified")
    queries.run(connection, "clear_classified")


def classify_acts(connection: Connection, *, settings: MachineSettings, now: datetime) -> list[int]:
    """Bring machines.verdicts in line with the acts of `classified`; return further leads to classify.

    Runs in the caller's transaction, which holds the ledger and has called `create_classified`. `now` is UTC.
    """
    signals = settings.signals
    queries.run(connection, "leave_out_erased")
    facts = read_mail_acts(connection, settings)
    changed = keep_acts(connection, facts)
    create_found(connection)
    create_site_acts(connection)
    has_found = find_signals(connection, signals, facts)
    if has_found and signals.visit:
        classify_visits(connection, settings, signals.visit, facts)
    queries.run(connection, "free_verdicts", now=now)
    queries.run(connection, "record_verdicts", now=now)
    wait_for_evidence(connection, settings, now=now)
    return list_neighbours(connection, signals.many_people, changed) if signals.many_people else []


def follow_settings(connection: Connection, *, settings: MachineSettings, now: datetime) -> bool:
    """Record the `settings` in force from `now` on (UTC); return whether others were in force before.

    If so, every lead with acts must be classified again. A new list of user agents or networks counts
    as a change.
    """
    digest = f"{settings.hash()} {name_agent_list()} {name_network_list()}"
    return bool(queries.run(connection, "note_settings", hash=digest, now=now))


def create_site_acts(connection: Connection) -> None:
    """Create the temporary table `site_acts`, empty."""
    queries.run(connection, "create_site_acts")
    queries.run(connection, "clear_site_acts")


def classify_visits(
    connection: Connection, settings: MachineSettings, visit: VisitSignal, facts: ActFacts
) -> None:
    """Free the clicks whose visit shows a person; add other visits of machines' clicks to `found_acts`."""
    queries.run(
        connection,
        "read_site_acts",
        events=list(MAIL_EVENTS),
        person=list(settings.addresses.person),
        pause=timedelta(minutes=visit.visit_minutes),
    )
    if queries.run(connection, "free_clicks", seconds=visit.seconds):
        find_signals(connection, settings.signals, facts)
    queries.run(connection, "find_visits", seconds=visit.seconds, site_events=list(visit.events))


def wait_for_evidence(connection: Connection, settings: MachineSettings, *, now: datetime) -> None:
    """Record which acts of the classified leads wait at `now` (UTC); those that are a machine's need not."""
    queries.run(connection, "forget_waiting")
    if settings.wait_seconds:
        queries.run(
            connection,
            "wait_for_evidence",
            now=now,
            wait=settings.wait,
            mediums=list(settings.mediums),
            person=list(settings.addresses.person),
        )


def release_due(connection: Connection, *, now: datetime) -> list[int]:
    """Return the leads of acts that have waited long enough by `now` (UTC); they no longer wait."""
    return sorted(set(queries.values(connection, "release_due", now=now)))
