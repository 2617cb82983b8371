"""What browsers did on the site right after a machine's click: a machine's, without a sign of a person."""

from datetime import timedelta

from leadops.db import Connection
from leadops.events.mail_events import MAIL_EVENTS
from leadops.machines.find_signals import find_signals
from leadops.machines.machine_settings import MachineSettings, VisitSignal
from leadops.machines.mail_acts import ActFacts
from leadops.queries import Queries

queries = Queries(__file__)


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
