"""Simulated visitors, by their address: they count for nothing, and go through every door all the same.

`cdp.canaries` is the one place that says who is one. The trigger on new leads reads it, so an address is
noted before it is first sent.
"""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: The event that such a visitor sends; scoring gives a point for it.
VISIT = "canary_visit"


@dataclass(frozen=True)
class CanaryReach:
    """Whether what such a visitor does goes to the MA, and to the CRM."""

    ma: bool
    crm: bool


def note_canary(connection: Connection, email: str, *, reach: CanaryReach, now: datetime) -> None:
    """Let whoever has `email` be a simulated visitor from now (UTC) on, in the caller's transaction."""
    queries.run(connection, "note_canary", email=email, reaches_ma=reach.ma, reaches_crm=reach.crm, now=now)
