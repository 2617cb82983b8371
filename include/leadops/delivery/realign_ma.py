"""Brings MA and ledger together after the database went back.

The ledger wins. Points that only the MA has cannot be explained, do not decay, and would count twice once the
event that they are for is replayed: so they are taken back, and come again with their event. Ids and leads
are adopted, since they are the same people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.delivery.external_ids import list_ids_to_ask, save_external_id
from leadops.delivery.presence import record_found, unalign_lead
from leadops.products.product_client import ProductClient
from leadops.queries import Queries

queries = Queries(__file__)

TARGET = "ma"
#: Why a lead has to be aligned, and why a call under way is given up.
RESTORED = "restored"
#: Leads that a list names; all are counted.
MAX_NAMED = 5
#: Leads that a database can have lost.
MOST_LOST = 1_000_000


@dataclass(frozen=True)
class MaDifference:
    """What the MA has that the database has not, and the reverse; leads by our number or the MA's id.

    `ahead` and `behind` are leads with more or fewer points there than were sent, by what is on record, and
    `points_ahead` and `points_behind` by how many. `unknown` are leads there whom nobody here knows.
    """

    leads: int
    unknown: int
    unknown_ids: list[str]
    adopted: int
    ahead: int
    points_ahead: int
    behind: int
    points_behind: int
    differing_leads: list[int]
    #: Calls that were under way when the database was saved, and that other systems may have.
    under_way: int
    #: The highest number of a lead of ours that the MA knows.
    highest_lead: int


@dataclass(frozen=True)
class _LostId:
    """A lead of ours that the MA has under another id than we know, or that we know no id of."""

    lead_id: int
    ma_id: str


def find_ma_difference(connection: Connection, client: ProductClient) -> MaDifference:
    """Compare every lead of the MA with ours; change nothing. Raises TransientError or PermanentError."""
    with connection.transaction():
        _read_leads(connection, client)
        difference = _sum_difference(connection)
        queries.run(connection, "drop_sent_points")
        return difference


def realign_ma(connection: Connection, client: ProductClient, *, now: datetime) -> MaDifference:
    """Adopt the MA's ids, give up calls under way, let every total that differs be aligned; one commit.

    Returns the difference found. Nothing may be sent meanwhile: hold first. Each lead whose total differs, or
    about whom a call was under way, is compared with its ledger once more, alone, before it gets points.
    """
    with connection.transaction():
        _read_leads(connection, client)
        difference = _sum_difference(connection)
        for lost in queries.all(connection, "find_lost_ids", _LostId):
            save_external_id(connection, target=TARGET, lead_id=lost.lead_id, external_id=lost.ma_id, now=now)
            unalign_lead(connection, target=TARGET, lead_id=lost.lead_id, reason=RESTORED, now=now)
        found = queries.values(connection, "find_gone_again")
        if found:
            record_found(connection, target=TARGET, external_ids=found, now=now)
        queries.run(connection, "keep_found", now=now)
        queries.run(connection, "unalign_differing", reason=RESTORED, now=now)
        queries.run(connection, "drop_sent_points")
        queries.run(connection, "hold_waiting")
        queries.run(connection, "hold_under_way")
        queries.run(connection, "drop_batches", reason=RESTORED, now=now)
        queries.run(connection, "drop_corrections", reason=RESTORED, now=now)
        return difference


def _sum_difference(connection: Connection) -> MaDifference:
    return queries.one(connection, "sum_difference", MaDifference, max_rows=MAX_NAMED, most_lost=MOST_LOST)


def _read_leads(connection: Connection, client: ProductClient) -> None:
    known = list_ids_to_ask(connection, client.product, target=TARGET)

    def read() -> Iterator[tuple[str, str | None, int | None, int | None]]:
        for lead in client.iterate_leads(known):
            ours = lead.our_id
            if lead.external_id is not None:
                yield (
                    lead.external_id,
                    None if lead.email is None else lead.email.strip().lower(),
                    lead.score,
                    int(ours) if ours and ours.isascii() and ours.isdecimal() and len(ours) < 16 else None,
                )

    queries.run(connection, "create_restored_leads")
    queries.copy(connection, "copy_restored_leads", read())
    queries.run(connection, "delete_repeated")
    queries.run(connection, "create_sent_points")
