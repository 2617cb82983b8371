"""What each product says of which account it is, and what it means when it does not."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadops.clients.call_outcomes import Refused
from leadops.delivery.account_guard import holding_account
from leadops.delivery.external_ids import save_external_id
from leadops.products.product_client import ProductClient
from leadops.products.product_settings import add_product_settings
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from leadops_stack.product_connections import EXTRA, LOGIN
from tests.delivery_fixture import DeliveryFixture
from tests.products.stand_in import StandIn, serve_product
from tests.scripted_server import serve_script
from tests.shipped import SHIPPED

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def open_client(url: str, product: str, **facts: Any) -> ProductClient:
    named = {"base_url": url, "login": LOGIN, "token": Tokens().ma, "extra": {"product": product, **EXTRA}}
    return ProductClient(add_product_settings(Endpoint(**named | facts), SHIPPED.products))


@pytest.mark.parametrize(
    ("product", "account"),
    [
        ("hubspot", "4711"),
        ("salesforce", "00D"),
        ("odoo", "6f1c7a2e-0d5b-11f0-9a41-0242ac120002"),
        ("marketo", None),
        ("mautic", None),
    ],
)
def test_each_product_says_its_own_id_or_counts_by_its_place(
    tmp_path: Path, product: str, account: str | None
) -> None:
    with serve_in_thread(tmp_path, product=product, sales_work=False) as url:
        if product == "hubspot":
            StandIn(url, product).set(portal_id=4711)
        with closing(open_client(url, product)) as client:
            found = client.find_account()
            if product == "salesforce":
                assert isinstance(found, str)
                assert (found[:3], len(found)) == ("00D", 18)
            else:
                assert found == account
            assert client.place == f"{url.removeprefix('http://')} leadops"


def test_an_odoo_whose_user_may_not_read_it_counts_by_its_place(tmp_path: Path) -> None:
    with serve_in_thread(tmp_path, product="odoo", sales_work=False) as url:
        StandIn(url, "odoo").set(database_uuid="")
        with closing(open_client(url, "odoo")) as client:
            assert client.find_account() is None
        with closing(open_client(url, "odoo", token="wrong")) as client:
            assert isinstance(client.find_account(), Refused), "who is not let in learns nothing"


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (403, b'{"status": "error", "category": "MISSING_SCOPES", "message": "no scope"}'),
        (200, b'{"timeZone": "Asia/Tokyo"}'),
        (200, b'{"portalId": null}'),
        (200, b"[]"),
    ],
)
def test_one_of_many_accounts_behind_one_host_gets_nothing_until_it_says_its_id(
    database_url: str, status: int, answer: bytes
) -> None:
    """HubSpot has one host for all: by it the test account would pass for the one that gave the ids."""
    calls: list[str] = []

    def respond(_: str, path: str, __: bytes) -> tuple[int, bytes]:
        calls.append(path)
        return (status, answer) if "account-info" in path else (200, b"{}")

    with serve_script() as script:
        script.respond = respond
        desk = DeliveryFixture(database_url, script.url)
        client = open_client(script.url, "hubspot")
        with desk.connect() as connection, closing(client):
            lead = desk.add_lead()
            save_external_id(connection, target="ma", lead_id=lead, external_id="7", now=NOW)
            connection.execute(
                "insert into delivery.accounts"
                " (target, product, account, place, since, connection, checked_at)"
                " values ('ma', 'hubspot', '4711', %s, %s, '', %s)",
                (client.place, NOW, NOW),
            )
            connection.commit()
            with holding_account(connection, client, target="ma", now=NOW) as check:
                assert check.reason.startswith("the account cannot be read: ")
                assert check.failure is not None
    assert calls == ["/account-info/v3/details"]


@pytest.mark.parametrize("said", ["x" * 201, " ", 7, None, ["a"]])
def test_an_odoo_that_says_nonsense_counts_by_its_place(said: Any) -> None:
    client = open_client("http://127.0.0.1:9", "odoo")
    assert client.product.read_account({"jsonrpc": "2.0", "result": said}) is None


def test_an_address_is_the_same_in_capitals_and_by_https() -> None:
    endpoints = [
        Endpoint(base_url=url, extra={"product": "mautic"})
        for url in ("https://M.example.com/mautic/", "http://m.example.com/mautic")
    ]
    clients = [ProductClient(add_product_settings(endpoint, SHIPPED.products)) for endpoint in endpoints]
    assert {client.place for client in clients} == {"m.example.com/mautic"}


def test_another_portal_behind_the_same_address_is_noticed(database_url: str, tmp_path: Path) -> None:
    """HubSpot has one host for all: only the token leads to another portal."""
    with serve_product(tmp_path, database_url, "hubspot", portal_id=4711) as (desk, stand_in):
        lead = desk.add(10)
        desk.push()
        calls = stand_in.calls()["GET /account-info/v3/details"]
        assert calls == 1
        desk.score(lead, 1)
        desk.push()
        assert stand_in.calls()["GET /account-info/v3/details"] == calls, "once is enough"
        stand_in.set(portal_id=8255)
        desk.extra = {"product": "hubspot", "token_of": "the test account"}
        desk.score(lead, 5)
        report = desk.push()
        assert report.is_paused
        assert "leads to hubspot 8255" in report.problem
        assert int(stand_in.leads()[desk.person(lead)]["score"]) == 11
        stand_in.set(portal_id=4711)
        desk.extra = {"product": "hubspot"}
        desk.push()
        assert int(stand_in.leads()[desk.person(lead)]["score"]) == 16


def test_while_the_account_cannot_be_asked_nothing_is_sent_and_the_target_rests(
    database_url: str, tmp_path: Path
) -> None:
    with serve_product(tmp_path, database_url, "hubspot", portal_id=4711) as (desk, stand_in):
        lead = desk.add(10)
        stand_in.fault("429", path="/account-info/*", retry_after=20, count=1)
        report = desk.push(seconds=4)
        assert (report.calls, stand_in.leads()) == (1, {})
        reason = desk.value("select pause_reason from delivery.targets where target = 'ma'")
        assert str(reason).startswith("asked to wait")
        desk.push(seconds=60)
        assert int(stand_in.leads()[desk.person(lead)]["score"]) == 10
