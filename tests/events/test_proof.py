"""How an event proves whom it speaks of."""

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from leadops.db import Connection, connect
from leadops.events.admit_quarantined import retry_quarantined
from leadops.events.event_settings import EventSettings
from leadops.events.proof import Proof, find_proof, sign_identity
from tests.async_view import accept_events
from tests.held_rows import AWAITED
from tests.waiting import wait_until

OLD, NEW = "identity-secret-old-0123", "identity-secret-new-0123"
BOTH = {"email": "ann@x.example", "user_id": "u-1"}


def sign(text: str, secret: str = NEW) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def prove(
    item: dict[str, str], *, sender: Proof = Proof.CLAIM, secrets: tuple[str, ...] = (OLD, NEW)
) -> Proof:
    fields = {name: item.get(name) for name in ("email", "user_id", "signature")}
    return find_proof(sender, **fields, secrets=secrets)


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        ({"email": "ann@x.example"}, "email:ann@x.example"),
        ({"user_id": "u-1"}, "user_id:u-1"),
        (BOTH, "email:ann@x.example\nuser_id:u-1"),
        ({"email": " Ann@X.example", "user_id": "木村"}, "email:ann@x.example\nuser_id:木村"),
    ],
)
def test_what_is_signed(identity: dict[str, str], text: str) -> None:
    assert sign_identity(NEW, **identity) == sign(text)
    for secret in (OLD, NEW):  # both count while one is being replaced
        assert prove(identity | {"signature": f" {sign(text, secret).upper()}"}) == Proof.VERIFIED
    assert prove(identity | {"signature": sign(text, "another-secret-0123")}) == Proof.CLAIM


@pytest.mark.parametrize(
    "item",
    [
        {},
        BOTH,
        BOTH | {"signature": ""},
        BOTH | {"signature": "\ud800"},
        BOTH | {"signature": sign("user_id:u-1")},  # says nothing of the email
        BOTH | {"signature": sign("email:ann@x.example")},
        {"anonymous_id": "a-1", "signature": sign("")},
        # A member called like an address has not proved the address.
        {"email": "ann@x.example", "signature": sign("user_id:ann@x.example")},
        {"user_id": "email:ann@x.example", "signature": sign("email:ann@x.example")},
        {"user_id": "x\nemail:ann@x.example", "signature": sign("email:ann@x.example\nuser_id:x")},
    ],
)
def test_what_proves_nothing(item: dict[str, str]) -> None:
    assert prove(item) == Proof.CLAIM


def test_a_server_needs_no_signature_and_without_secrets_nothing_is_signed() -> None:
    assert prove(BOTH, sender=Proof.WRITE_KEY) == Proof.WRITE_KEY
    assert (
        prove(BOTH | {"signature": sign("email:ann@x.example\nuser_id:u-1", "")}, secrets=()) == Proof.CLAIM
    )


def proofs(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute("select event_id, proof from cdp.events order by seq").fetchall()


def signed_item(item: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return item | {"signature": sign("email:ann@buyers.example\nuser_id:u-1")} | changes


def test_each_event_is_kept_with_its_proof_and_without_its_signature(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any], now: Any
) -> None:
    options: dict[str, Any] = {"now": now, "settings": settings, "identity_secrets": (NEW,)}
    sent = [signed_item(item), item | {"event_id": "e-2", "signature": "0" * 64}]
    assert accept_events(autocommit, sent, sender=Proof.CLAIM, **options).accepted == 2
    assert accept_events(autocommit, [item | {"event_id": "e-3"}], **options).accepted == 1
    assert proofs(autocommit) == [("e-1", "verified"), ("e-2", "claim"), ("e-3", "write_key")]
    assert "signature" not in str(autocommit.execute("select payload from cdp.events").fetchall())


def test_what_is_signed_is_what_is_stored(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any], now: Any
) -> None:
    """A member who may choose a user id that looks like another's does not become the other."""
    options: dict[str, Any] = {"now": now, "settings": settings, "identity_secrets": (NEW,)}
    for place, user_id in enumerate(("\u200bu-1", " u-1", "u-1\u200b")):
        signature = sign(f"email:ann@buyers.example\nuser_id:{user_id}")
        sent = [item | {"event_id": f"e-{place}", "user_id": user_id, "signature": signature}]
        accept_events(autocommit, sent, sender=Proof.CLAIM, **options)
    rows = autocommit.execute("select user_id, proof from cdp.events").fetchall()
    assert ("u-1", "verified") not in rows


def test_the_quarantine_makes_no_proof(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any], now: Any
) -> None:
    options: dict[str, Any] = {"now": now, "settings": settings, "identity_secrets": (NEW,)}
    early = {"ts": "2026-07-01T11:00:00Z"}
    sent = [signed_item(item, event_id="signed", **early), item | early | {"event_id": "claimed"}]
    accept_events(autocommit, sent, sender=Proof.CLAIM, **options)
    accept_events(autocommit, [item | early | {"event_id": "server"}], **options)
    assert "signature" not in str(autocommit.execute("select body from cdp.quarantine").fetchall())
    assert retry_quarantined(autocommit, now=now.replace(hour=12), settings=settings).admitted == 3
    assert dict(proofs(autocommit)) == {"signed": "claim", "claimed": "claim", "server": "write_key"}


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("together", [True, False], ids=["in one call", "one by one"])
def test_of_one_id_the_event_with_most_proof_stays(
    autocommit: Connection,
    settings: EventSettings,
    item: dict[str, Any],
    now: Any,
    order: tuple[int, ...],
    together: bool,
) -> None:
    options: dict[str, Any] = {"now": now, "settings": settings, "identity_secrets": (NEW,)}
    sent = (
        item | {"event": "page_view"},
        signed_item(item),
        item | {"signature": "0" * 64, "user_id": "u-9"},
    )
    items = [sent[place] for place in order]
    batches = [items] if together else [[each] for each in items]
    results = [accept_events(autocommit, batch, sender=Proof.CLAIM, **options) for batch in batches]
    assert sum(result.accepted + result.duplicates for result in results) == 3
    assert proofs(autocommit) == [("e-1", "verified")]
    assert accept_events(autocommit, [item | {"event": "renewal"}], **options).accepted == 1
    assert accept_events(autocommit, [signed_item(item)], sender=Proof.CLAIM, **options).duplicates == 1
    rows = autocommit.execute("select event, proof from cdp.events").fetchall()
    assert rows == [("renewal", "write_key")]
    inbox = autocommit.execute("select count(*) from identity.inbox join cdp.events on seq = event_seq")
    assert inbox.fetchall() == [(1,)]
    kept = autocommit.execute("select event ->> 'proof' from cdp.replaced_events order by event_seq")
    assert kept.fetchall()[-1] == ("verified",)


def test_a_claim_on_its_way_takes_no_id_either(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any], now: Any, database_url: str
) -> None:
    """The claim is stored and not committed yet when the server's event comes."""

    def send_as_server() -> int:
        with connect(database_url) as server:  # leaving it commits
            return accept_events(server, [item | {"event": "renewal"}], now=now, settings=settings).accepted

    with connect(database_url) as outsider, ThreadPoolExecutor() as pool:
        accept_events(outsider, [item], now=now, settings=settings, sender=Proof.CLAIM)
        sending = pool.submit(send_as_server)
        wait_until(lambda: autocommit.execute(AWAITED).fetchone() == (True,))
        outsider.commit()
        assert sending.result() == 1
    rows = autocommit.execute("select event, proof from cdp.events").fetchall()
    assert rows == [("renewal", "write_key")]
