"""Keeps each target to the account that gave its ids: in another one, the same ids are other people's.

::

    (first call) ──▶ on record ──the connection leads elsewhere──▶ nothing is sent there
                        ▲                                            │          │
                        ├───────────`leadops products accept`────────┘          │
                        └───────────`leadops products begin`: without ids───────┘

Each process asks for itself, before the first call of its connection. So one that still has the old
connection goes on, and another that has the new one waits.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from leadops.clients.call_outcomes import Failure
from leadops.clients.transport import expect
from leadops.db import Connection
from leadops.delivery.database_mark import find_installation_id
from leadops.errors import PermanentError
from leadops.locks import Lock, sharing_lock
from leadops.products.product_client import ProductClient
from leadops.queries import Queries

queries = Queries(__file__, topic="accounts")

#: A connection that was seen to lead to the account is asked again after this time.
CHECKED_EVERY = timedelta(minutes=15)
#: That it leads to another one is noted again after this time: a gateway meets it every few seconds.
NOTED_EVERY = timedelta(minutes=1)
#: scrypt's cost: a password in the connection must not be guessed from the hash.
HASH_COST = 2**12


@dataclass(frozen=True)
class AccountRecord:
    """The account of a target, and the last one that a connection led to in its place; times in UTC."""

    target: str
    product: str
    account: str | None
    place: str
    since: datetime
    connection: str
    checked_at: datetime
    other_product: str | None
    other_account: str | None
    other_place: str | None
    other_connection: str | None
    other_asked_at: datetime | None
    other_at: datetime | None

    @property
    def name(self) -> str:
        """The account on record, for a person."""
        return name_account(self.product, self.account, self.place)

    @property
    def other_name(self) -> str | None:
        """The other account, for a person."""
        if self.other_product is None or self.other_place is None:
            return None
        return name_account(self.other_product, self.other_account, self.other_place)

    def describe_difference(self) -> str:
        """Return in one line that a connection leads to another account, and what to do."""
        return (
            f"the connection leads to {self.other_name}, and {self.target} was {self.name}: nothing is sent"
            f" until `leadops products accept {self.target}` or `leadops products begin {self.target}`"
        )

    def is_other_fresh(self, now: datetime) -> bool:
        """Whether the connection that leads to the other account was asked so lately that it counts."""
        return self.other_asked_at is not None and now - self.other_asked_at < CHECKED_EVERY

    def is_same(self, *, product: str, account: str | None, place: str) -> bool:
        """Whether this is the account: by its own id, or by the place where one of both has none."""
        if self.account is not None and account is not None:
            return (product, account) == (self.product, self.account)
        return (product, place) == (self.product, self.place)


class OtherAccountError(PermanentError):
    """The connection leads to another account than the one whose ids leadops knows."""


@dataclass(frozen=True)
class AccountCheck:
    """Whether calls may be made: `reason` says why not, empty where they may.

    `failure` is the outcome of the call that was to tell the account, `calls` how many of them were made.
    """

    reason: str = ""
    failure: Failure | None = None
    calls: int = 0


@contextmanager
def holding_account(
    connection: Connection, client: ProductClient, *, target: str, now: datetime
) -> Iterator[AccountCheck]:
    """Keep the account of `target` as it is while calls are made; yield whether they may be made. Commits.

    The first account of a target goes on record; while it gave nothing, another one takes its place. A
    connection that nobody asked before, or not for CHECKED_EVERY, is asked by one call.
    """
    with sharing_lock(connection, Lock.ACCOUNTS, target):
        yield _check(connection, client, target=target, now=now)


@contextmanager
def holding_own_account(
    connection: Connection, client: ProductClient, *, target: str, now: datetime
) -> Iterator[None]:
    """Keep the account of `target` as it is while it is read; commits.

    Raises OtherAccountError where the connection leads to another one, PermanentError or TransientError where
    it cannot be read which one it is.
    """
    with holding_account(connection, client, target=target, now=now) as check:
        if check.failure is not None:
            expect(check.failure, "the account")
        if check.reason:
            raise OtherAccountError(check.reason)
        yield


def find_known_problem(
    connection: Connection, client: ProductClient, *, target: str, now: datetime
) -> str | None:
    """Return that the connection is known to lead to another account, or None; commits, and makes no call.

    None as well where it has to be asked again: the host may have come to stand for the right account.
    """
    record, mark = _read_record(connection, client, target=target)
    if record is None or record.other_connection != mark:
        return None
    _note_met(connection, target=target, now=now)
    return record.describe_difference() if record.is_other_fresh(now) else None


def _check(connection: Connection, client: ProductClient, *, target: str, now: datetime) -> AccountCheck:
    record, mark = _read_record(connection, client, target=target)
    if record and record.connection == mark and now - record.checked_at < CHECKED_EVERY:
        return AccountCheck()
    if record and record.other_connection == mark and record.is_other_fresh(now):
        _note_met(connection, target=target, now=now)
        return AccountCheck(record.describe_difference())
    found = client.find_account()
    calls = client.product.make_account_call() is not None
    if not (found is None or isinstance(found, str)):
        return AccountCheck(f"the account cannot be read: {found.reason}", found, calls)
    own = {"product": client.product.name, "account": found, "place": client.place}
    values = own | {"target": target, "connection": mark, "now": now}
    with connection.transaction():
        queries.run(connection, "insert_record", **values)
        record = queries.one(connection, "list_records", AccountRecord, target=target)
        is_same = record.is_same(product=client.product.name, account=found, place=client.place)
        if is_same:
            queries.run(connection, "note_seen", **values)
            queries.run(connection, "forget_other", target=target, connection=mark)
            return AccountCheck(calls=calls)
        if queries.run(connection, "replace_unused", **values):
            return AccountCheck(calls=calls)
        queries.run(connection, "note_other", **values)
        record = queries.one(connection, "list_records", AccountRecord, target=target)
    return AccountCheck(record.describe_difference(), calls=calls)


def _note_met(connection: Connection, *, target: str, now: datetime) -> None:
    """Record that somebody was kept from the other account; that keeps the incident open."""
    with connection.transaction():
        queries.run(connection, "note_met", target=target, now=now, met_before=now - NOTED_EVERY)


def _read_record(
    connection: Connection, client: ProductClient, *, target: str
) -> tuple[AccountRecord | None, str]:
    """Return the record of a target, and the salted hash of the connection."""
    with connection.transaction():
        salt = find_installation_id(connection)
        record = find_record(connection, target=target)
    facts = client.transport.endpoint.model_copy(update={"product_settings": None})
    return record, _hash_connection(facts.model_dump_json(), salt)


def name_account(product: str, account: str | None, place: str) -> str:
    """Return an account in words."""
    return f"{product} {account} at {place}" if account else f"{product} at {place}"


def find_record(connection: Connection, *, target: str) -> AccountRecord | None:
    """Return the account of a target; None before its first call."""
    return queries.first(connection, "list_records", AccountRecord, target=target)


def list_records(connection: Connection) -> list[AccountRecord]:
    """Return the accounts of all targets."""
    return queries.all(connection, "list_records", AccountRecord, target=None)


def list_held(connection: Connection, *, since: datetime) -> list[AccountRecord]:
    """Return the targets whose connection led to another account after `since` (UTC)."""
    records = list_records(connection)
    return [record for record in records if record.other_at is not None and record.other_at > since]


def note_feed(connection: Connection, *, target: str) -> None:
    """Record that something was read from the account's feed, in the caller's transaction."""
    queries.run(connection, "note_feed", target=target)


def accept_account(connection: Connection, record: AccountRecord, *, now: datetime) -> None:
    """Put the other account of `record` on record as that of the target, in the caller's transaction.

    Raises PermanentError where `record` is not what is on record by now: a person decided about another one.
    """
    accepted = queries.run(
        connection,
        "accept_other",
        target=record.target,
        since=record.since,
        other_product=record.other_product,
        other_account=record.other_account,
        other_place=record.other_place,
        now=now,
    )
    if not accepted:
        raise PermanentError(
            f"the accounts of {record.target} changed in the meantime; see `leadops products show`"
        )


@cache
def _hash_connection(facts: str, salt: str) -> str:
    digest = hashlib.scrypt(facts.encode(), salt=salt.encode(), n=HASH_COST, r=8, p=1, dklen=16)
    return digest.hex()
