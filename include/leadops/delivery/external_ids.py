"""The ids that other systems gave to our leads."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from leadops.db import Connection
from leadops.queries import Queries

if TYPE_CHECKING:
    from leadops.products.product import Product

queries = Queries(__file__, topic="presence")


def find_external_id(connection: Connection, *, target: str, lead_id: int | None) -> str | None:
    """Return the id of the lead in `target`, or None if it is not known."""
    external_id: str | None = queries.value(connection, "find_external_id", target=target, lead_id=lead_id)
    return external_id


def list_ids_to_ask(connection: Connection, product: "Product", *, target: str) -> list[str]:
    """Return every id that `target` gave, for a product that is asked by ids; none for one that lists."""
    if product.lists_leads:
        return []
    return queries.values(connection, "list_external_ids", target=target)


def save_external_id(
    connection: Connection, *, target: str, lead_id: int, external_id: str, now: datetime
) -> None:
    """Record the id that `target` has just given to the lead; the newest id counts.

    Another id than before, or one for a lead that was gone, makes the lead unaligned in the MA: see
    `presence`.
    """
    queries.run(
        connection, "unalign_sharers", target=target, lead_id=lead_id, external_id=external_id, now=now
    )
    queries.run(
        connection, "save_external_id", target=target, lead_id=lead_id, external_id=external_id, now=now
    )


def follow_merge(
    connection: Connection, *, target: str, external_id: str, survivor: str, now: datetime
) -> None:
    """Let calls on the leads that are `external_id` in `target` name the lead that goes on there.

    The id by which the lead is known here stays. A merge that leads back to it is ignored.
    """
    queries.run(
        connection, "follow_merge", target=target, external_id=external_id, survivor=survivor, now=now
    )


def find_survivor(connection: Connection, *, target: str, lead_id: int | None) -> str | None:
    """Return the id of the lead that goes on in `target` for one that was merged there, if that is known."""
    survivor: str | None = queries.value(connection, "find_survivor", target=target, lead_id=lead_id)
    return survivor


def register_external_ids(
    connection: Connection, *, target: str, leads: Sequence[tuple[int, str]], now: datetime
) -> None:
    """Record (lead_id, id in `target`) of leads that the target had already; known ids stay."""
    queries.run(
        connection,
        "register_external_ids",
        target=target,
        lead_ids=[lead_id for lead_id, _ in leads],
        external_ids=[external_id for _, external_id in leads],
        now=now,
    )
