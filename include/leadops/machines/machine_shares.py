"""How large a share of the acts through mails machines do: by day, company, mail or signal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from leadops.db import Connection
from leadops.identity.company_domain import find_company_domain
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
    shares = queries.all(
        connection,
        "count_by_group",
        MachineShare,
        grouping=by,
        no_name=NO_NAME[by],
        since=since,
        zone=zone.key,
        max_rows=None if by == "company" else max_rows,
    )
    return _sum_by_company(shares)[:max_rows] if by == "company" else shares


def _sum_by_company(domains: list[MachineShare]) -> list[MachineShare]:
    """Return the sums of the mail domains of each company, those with the most acts of machines first."""
    sums: dict[str, list[int]] = {}
    for share in domains:
        company = sums.setdefault(find_company_domain(share.name) or NO_NAME["company"], [0, 0])
        company[0] += share.acts
        company[1] += share.machine_acts
    shares = [MachineShare(name, acts, machine_acts) for name, (acts, machine_acts) in sums.items()]
    return sorted(shares, key=lambda share: (-share.machine_acts, -share.acts, share.name))
