"""Which mailbox each proven address reaches: what shows that several spellings are one person."""

from collections.abc import Collection
from typing import NamedTuple

from leadops.db import Connection
from leadops.identity.identity_settings import IdentitySettings
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__, topic="merges")

#: The kind of a tie that rests on a mailbox; its value is the address that names the mailbox.
MAILBOX = "mailbox"


class ProvenAddress(NamedTuple):
    """An address of a lead that is not only claimed."""

    email: str
    lead_id: int


class SharedMailbox(NamedTuple):
    """A mailbox of several leads, and the lane of the most urgent event that shows it."""

    mailbox: str
    lane: Lane


def record_new_mailboxes(connection: Connection, *, settings: IdentitySettings) -> list[int]:
    """Record the mailboxes of addresses that the chunk shows first; return the younger of their leads.

    Reads the table `taken`.
    """
    if not settings.mailboxes.domains:
        return []
    addresses = queries.all(
        connection, "list_new_addresses", ProvenAddress, domains=settings.mailboxes.domains
    )
    _record(connection, addresses, settings)
    younger: list[int] = queries.values(
        connection, "list_younger", lead_ids=[address.lead_id for address in addresses]
    )
    return younger


def list_shared_mailboxes(connection: Connection, *, settings: IdentitySettings) -> list[SharedMailbox]:
    """Return the mailboxes of several leads of which the chunk shows an address first."""
    if not settings.mailboxes.domains:
        return []
    return queries.all(connection, "list_shared_mailboxes", SharedMailbox, domains=settings.mailboxes.domains)


def record_mailboxes(
    connection: Connection, leads: Collection[int], *, settings: IdentitySettings
) -> list[str]:
    """Record the mailboxes of `leads`; return those that had not been on record and have several leads."""
    addresses = queries.all(
        connection,
        "list_unread_addresses",
        ProvenAddress,
        lead_ids=list(leads),
        domains=settings.mailboxes.domains,
    )
    _record(connection, addresses, settings)
    mailboxes: list[str] = queries.values(
        connection, "list_shared", emails=[address.email for address in addresses]
    )
    return mailboxes


def refresh_mailboxes(connection: Connection, *, settings: IdentitySettings) -> None:
    """Record the mailboxes of all leads by changed settings."""
    addresses = queries.all(
        connection, "list_all_addresses", ProvenAddress, domains=settings.mailboxes.domains
    )
    queries.run(connection, "delete_mailboxes")
    _record(connection, addresses, settings)


def _record(connection: Connection, addresses: Collection[ProvenAddress], settings: IdentitySettings) -> None:
    named = [(address, settings.find_mailbox(address.email)) for address in addresses]
    rows = [(address, mailbox) for address, mailbox in named if mailbox is not None]
    if rows:
        queries.run(
            connection,
            "insert_mailboxes",
            emails=[address.email for address, _ in rows],
            mailboxes=[mailbox for _, mailbox in rows],
            lead_ids=[address.lead_id for address, _ in rows],
        )
