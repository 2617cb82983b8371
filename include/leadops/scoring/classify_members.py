"""The acts of the leads to score are classified before their points are computed."""

from datetime import datetime

from leadops.db import Connection
from leadops.machines.classify_acts import classify_acts
from leadops.machines.machine_settings import MachineSettings
from leadops.scoring.differences import read_members


def classify_members(connection: Connection, machines: MachineSettings, *, now: datetime) -> list[int]:
    """Classify the acts of the leads in `members`; return further leads whose acts must be classified."""
    members = read_members(connection)
    return classify_acts(
        connection, people=members.lead_ids, leads=members.member_ids, settings=machines, now=now
    )
