"""How large a share of the acts through mails machines do: by day, company, mail or signal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

ShareGrouping = Literal["day", "company", "mail", "signal"]
#: What the acts are called that have no company, or no id of a mail.
NO_NAME = {"day": "", "company": "(no company)", "mail": "(no mail id)"}


@dataclass(frozen=True)
class MachineShare:
    """The acts of a day, a company, a mail or a signal, and how many of them are a machine's."""

    name: str
    acts: int
    machine_acts: int

    @property
    def percent(self) -> float:
        """The share of machines, in percent with one decimal."""
        return round(100 * self.machine_acts / self.acts, 1)


def count_shares(
    connection: Connection, *, by: ShareGrouping, since: datetime, zone: ZoneInfo, max_rows: int
) -> list[MachineShare]:
    """Count the acts since `since` (UTC): days of `zone`, the newest first, or others by machines' acts."""
    if by == "signal":
        return queries.all(connection, "count_by_signal", MachineShare, since=since, max_rows=max_rows)
    return queries.all(
        connection,
        "count_by_group",
        MachineShare,
        grouping=by,
        no_name=NO_NAME[by],
        since=since,
        zone=zone.key,
        max_rows=max_rows,
    )
