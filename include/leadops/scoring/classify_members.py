"""The acts of the leads to score are classified before their points are computed."""

from datetime import datetime

from leadops.db import Connection
from leadops.machines.classify_acts import classify_acts, create_classified
from leadops.machines.machine_settings import MachineSettings
from leadops.queries import Queries

queries = Queries(__file__)


def classify_members(connection: Connection, machines: MachineSettings, *, now: datetime) -> list[int]:
    """Classify the acts of the leads in `members`; return further leads whose acts must be classified."""
    create_classified(connection)
    queries.run(connection, "list_classified")
    return classify_acts(connection, settings=machines, now=now)
