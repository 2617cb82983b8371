"""A target keeps to the account that gave its ids: in another one the same numbers are other people's."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.db import Connection
from leadops.delivery.account_guard import (
    AccountRecord,
    OtherAccountError,
    accept_account,
    find_known_problem,
    find_record,
    holding_account,
    holding_own_account,
    list_held,
)
from leadops.delivery.backlog_checks import check_backlogs, check_outbox
from leadops.delivery.begin_account import begin_account
from leadops.delivery.build_batches import build_batches
from leadops.delivery.checks import check_accounts
from leadops.delivery.claim_calls import claim_batches, claim_effects
from leadops.delivery.external_ids import save_external_id
from leadops.delivery.outbox import enqueue_effect
from leadops.errors import PermanentError
from leadops.incidents.check import CheckInput
from leadops.lanes import Lane
from leadops.made_up.made_up_past import begin_past
from leadops.migrations.rights import Part
from leadops.products.product_client import ProductClient
from leadops.settings import Endpoint
from leadops.sla.sla_policy import SlaCalendar
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.delivery_fixture import GENERIC, DeliveryFixture, SteppedDelivery
from tests.roles import as_role
from tests.scripted_server import serve_script
from tests.shipped import SHIPPED
from tests.waiting import wait_until

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
KNOWN = AccountRecord(
    "ma", "hubspot", "4711", "api.hubapi.com", NOW, "", NOW, None, None, None, None, None, None
)


class Two:
    """Two accounts of our own contract, and a delivery that begins with the first."""

    def __init__(self, database_url: str, first: str, second: str) -> None:
        self.desk = SteppedDelivery(database_url, first)
        self.first, self.second = first, second

    def scores(self, url: str) -> dict[str, int]:
        """Address and score of every lead of an account."""
        headers = {"Authorization": f"Bearer {Tokens().ma}"}
        answer = requests.get(f"{url}/api/leads", params={"limit": 1000}, headers=headers, timeout=30)
        return {lead["email"]: lead["score"] for lead in answer.json()["items"]}

    def make_there(self, email: str) -> int:
        """A lead that somebody else made in the second account."""
        headers = {"Authorization": f"Bearer {Tokens().ma}"}
        answer = requests.post(f"{self.second}/api/leads", json={"email": email}, headers=headers, timeout=30)
        return int(answer.json()["leadId"])

    def switch(self) -> None:
        """Put the second account into the connection."""
        self.desk.ma_url = self.second

    def run(self, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
        """Run a command as a person does; return what it says."""
        monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(self.desk.url, Part.TASKS))
        monkeypatch.setenv("COLUMNS", "200")
        result = CliRunner().invoke(app, words)
        if result.exception is not None:
            raise result.exception
        return " ".join(result.output.split())


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Two]:
    with serve_in_thread(tmp_path / "a") as first, serve_in_thread(tmp_path / "b") as second:
        yield Two(database_url, first, second)


def look(desk: DeliveryFixture) -> dict[str, list[dict[str, Any]]]:
    """What the checks on delivery find."""
    given = CheckInput(settings=SHIPPED.alerts, calendar=SlaCalendar(SHIPPED.sla), now=desk.clock())
    with desk.connect() as connection:
        return {
            check.__name__: [dict(finding.facts) for finding in check(connection, given)]
            for check in (check_accounts, check_backlogs, check_outbox)
        }


@pytest.mark.parametrize(
    ("product", "account", "place", "is_same"),
    [
        ("hubspot", "4711", "api.hubapi.com", True),
        ("hubspot", "4711", "eu.hubapi.com", True),
        ("hubspot", "8255", "api.hubapi.com", False),
        ("salesforce", "4711", "api.hubapi.com", False),
        # One of both does not say its id: the place decides.
        ("hubspot", None, "api.hubapi.com", True),
        ("hubspot", None, "eu.hubapi.com", False),
    ],
)
def test_an_account_is_its_own_id_and_else_its_place(
    product: str, account: str | None, place: str, is_same: bool
) -> None:
    assert KNOWN.is_same(product=product, account=account, place=place) is is_same
    nameless = replace(KNOWN, account=None)
    assert nameless.is_same(product=product, account=account, place=place) is (
        product == "hubspot" and place == "api.hubapi.com"
    )


def test_nothing_is_sent_to_another_account_and_one_incident_says_so(two: Two) -> None:
    desk = two.desk
    lead = desk.add_lead(email="ours@a.example")
    desk.score(lead, 10)
    desk.push()
    there = two.make_there("somebody@b.example")
    assert desk.value("select external_id from delivery.external_ids") == str(there), "somebody else's number"
    two.switch()
    desk.score(lead, 5)
    desk.add_lead(email="new@a.example")
    report = desk.push()
    assert report.is_paused
    assert "nothing is sent until `leadops products accept ma`" in report.problem
    desk.now += timedelta(minutes=20)
    desk.push()
    assert two.scores(two.second) == {"somebody@b.example": 0}
    found = look(desk)
    (facts,) = found.pop("check_accounts")
    assert facts["target"] == "ma"
    assert facts["other"] == f"generic at {two.second.removeprefix('http://')}"
    assert facts["waiting"] >= 1
    assert found == {"check_backlogs": [], "check_outbox": []}, "one incident is enough"
    with (
        desk.connect() as connection,
        closing(ProductClient(desk.endpoint)) as client,
        pytest.raises(OtherAccountError),
        holding_own_account(connection, client, target="ma", now=desk.now),
    ):
        raise AssertionError("the audit must not compare with others' scores")
    desk.ma_url = two.first
    desk.push()
    assert two.scores(two.first) == {"ours@a.example": 15, "new@a.example": 0}
    desk.now += timedelta(minutes=6)
    assert look(desk)["check_accounts"] == []


def test_a_host_that_stands_for_the_right_account_again_is_noticed(database_url: str) -> None:
    """One connection all the time: the copy of a database stood behind its address for a while."""
    with serve_script() as script:
        answers = {"account": "one"}

        def respond(_: str, path: str, __: bytes) -> tuple[int, bytes]:
            if "account-info" in path:
                return 200, json.dumps({"portalId": answers["account"]}).encode()
            return 200, b"{}"

        script.respond = respond
        endpoint = Endpoint(
            base_url=script.url,
            timeout=30,
            token="t",
            extra={"product": "hubspot"},
            product_settings=SHIPPED.products.hubspot,
        )
        desk = SteppedDelivery(database_url, script.url)
        with desk.connect() as connection, closing(ProductClient(endpoint)) as client:

            def is_known(minutes: int) -> bool:
                now = NOW + timedelta(minutes=minutes)
                return find_known_problem(connection, client, target="ma", now=now) is not None

            def may_send(minutes: int) -> bool:
                now = NOW + timedelta(minutes=minutes)
                with holding_account(connection, client, target="ma", now=now) as check:
                    return not check.reason

            def is_open(minutes: int) -> bool:
                return bool(list_held(connection, since=NOW + timedelta(minutes=minutes - 5)))

            assert may_send(0)
            lead = desk.add_lead()
            save_external_id(connection, target="ma", lead_id=lead, external_id="7", now=NOW)
            connection.commit()
            answers["account"] = "two"
            assert may_send(14), "asked a quarter of an hour ago at most"
            assert not may_send(15)
            assert not may_send(19), "as a gateway does, which does not look for obstacles first"
            assert is_open(23), "one incident, and not one each quarter of an hour"
            answers["account"] = "one"
            assert is_known(29), "asked a quarter of an hour ago at most"
            assert not is_known(30), "whoever sends next asks again"
            assert is_open(34), "until somebody asked, nothing was sent"
            assert may_send(30)
            assert not is_known(31)
            assert not is_open(31)
            answers["account"] = "two"
            assert not may_send(45)
            assert is_known(46)


def test_a_mistyped_address_of_the_first_day_binds_nobody(two: Two) -> None:
    desk = two.desk
    desk.ma_url = "http://127.0.0.1:9"
    lead = desk.add_lead(email="ours@a.example")
    desk.score(lead, 10)
    desk.push()
    desk.ma_url = two.first
    desk.push()
    assert two.scores(two.first) == {"ours@a.example": 10}


def test_an_account_that_moved_is_accepted_with_its_ids(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = two.desk
    lead = desk.add_lead(email="ours@a.example")
    desk.score(lead, 10)
    desk.push()
    desk.ma_url = two.first.replace("127.0.0.1", "localhost")
    desk.score(lead, 5)
    assert desk.push().is_paused
    assert "localhost" in two.run(monkeypatch, "products", "show")
    assert "with the ids that are known" in two.run(monkeypatch, "products", "accept", "ma")
    desk.push()
    assert two.scores(two.first) == {"ours@a.example": 15}
    with pytest.raises(Exception, match="no connection of ma led to another account"):
        two.run(monkeypatch, "products", "begin", "ma", "--yes")


@pytest.mark.parametrize("decision", [("accept", "ma"), ("begin", "ma", "--yes")])
def test_a_simulated_company_goes_to_no_real_system(
    two: Two, monkeypatch: pytest.MonkeyPatch, decision: tuple[str, ...]
) -> None:
    desk = two.desk
    desk.score(desk.add_lead(email="invented@a.example"), 10)
    desk.push()
    with desk.connect() as connection:
        begin_past(connection, first_day=date(2026, 1, 1), last_day=date(2026, 5, 31), seed=1, now=NOW)
    two.switch()
    desk.score(desk.add_lead(email="invented.too@a.example"), 10)
    desk.push()
    with serve_script() as real:
        monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps({"host": real.url}))
        with pytest.raises(PermanentError, match="nothing invented may reach a real system"):
            two.run(monkeypatch, "products", *decision)
    assert two.scores(two.second) == {}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps({"host": two.second}))
    assert "from now on" in two.run(monkeypatch, "products", *decision)


def kill_after_claim(desk: SteppedDelivery) -> None:
    """A process claims effects and changes, and is killed before it sends them."""
    with desk.connect() as connection:
        values: dict[str, Any] = {"target": "ma", "lane": Lane.LIVE, "now": desk.now}
        claim_effects(connection, product=GENERIC, limit=9, **values)
        build_batches(connection, batch_size=9, batches=1, **values)
        claim_batches(connection, product=GENERIC, limit=9, **values)


def test_a_new_account_gets_every_lead_with_its_whole_total_after_a_kill(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = two.desk
    old, other = desk.add_lead(email="old@a.example"), desk.add_lead(email="other@a.example")
    desk.score(old, 10)
    desk.score(other, 1)
    desk.push()
    two.make_there("somebody@b.example")
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="erase_lead",
            payload={},
            idempotency_key="erase",
            lead_id=other,
            now=desk.now,
        )
    desk.score(old, 5)
    new = desk.add_lead(email="new@a.example")
    desk.score(new, 3)
    kill_after_claim(desk)
    two.switch()
    desk.push()
    said = two.run(monkeypatch, "products", "begin", "ma", "--yes")
    assert "2 ids forgotten" in said
    assert "erasures to make in the former account by hand (`leadops dead-letters list`): 1" in said
    desk.now += timedelta(minutes=2)
    for _ in range(4):
        desk.push()
        desk.now += timedelta(minutes=1)
    assert two.scores(two.second) == {
        "somebody@b.example": 0,
        "old@a.example": 15,
        "other@a.example": 1,
        "new@a.example": 3,
    }
    assert two.scores(two.first) == {"old@a.example": 10, "other@a.example": 1}
    assert desk.audit().differences == []
    assert desk.value("select count(*) from delivery.dead_letters") == 1
    assert "erase the lead there" in desk.value("select reason from delivery.dead_letters")


def test_only_the_account_that_a_person_saw_is_decided_about_and_once(two: Two) -> None:
    """Two people run the command at once, or a third account is met while one reads the question."""
    desk = two.desk
    desk.score(desk.add_lead(email="ours@a.example"), 10)
    desk.push()
    two.switch()
    desk.score(desk.add_lead(email="new@a.example"), 5)
    desk.push()
    with desk.connect() as connection:
        seen = find_record(connection, target="ma")
        assert seen
        connection.commit()
        with connection.transaction():
            begin_account(connection, seen, identity=SHIPPED.identity, now=desk.now)
    desk.now += timedelta(minutes=2)
    for _ in range(3):
        desk.push()
        desk.now += timedelta(minutes=1)
    known = desk.value("select array_agg(external_id order by lead_id) from delivery.external_ids")
    assert len(known) == 2
    assert all(known), "both leads have ids of the new account"
    with desk.connect() as connection:
        with pytest.raises(PermanentError, match="changed in the meantime"), connection.transaction():
            begin_account(connection, seen, identity=SHIPPED.identity, now=desk.now)
        with pytest.raises(PermanentError, match="changed in the meantime"), connection.transaction():
            accept_account(connection, seen, now=desk.now)
        third = replace(seen, other_place="third.example")
        with pytest.raises(PermanentError, match="changed in the meantime"), connection.transaction():
            accept_account(connection, third, now=desk.now)
    assert desk.value("select array_agg(external_id order by lead_id) from delivery.external_ids") == known
    assert set(two.scores(two.second).values()) == {10, 5}


def test_under_traffic_the_old_connection_sends_nothing_once_the_new_account_began(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway still has the old connection; the tasks have the new one; leads and points keep coming."""
    with serve_in_thread(tmp_path / "a") as first, serve_in_thread(tmp_path / "b") as second:
        old, new = DeliveryFixture(database_url, first), DeliveryFixture(database_url, second)
        two = Two(database_url, first, second)
        expected: dict[str, int] = {}
        stop = Event()

        def come(number: int) -> None:
            address = f"lead{number}@traffic.example"
            lead = old.add_lead(email=address)
            for points in (number + 1, 7):
                old.score(lead, points)
            expected[address] = number + 8

        def traffic() -> None:
            number = 0
            while not stop.is_set():
                come(number := number + 1)

        def push(desk: DeliveryFixture) -> None:
            while not stop.is_set():
                desk.push(seconds=1)

        come(0)
        old.push()
        threads = [Thread(target=traffic), *(Thread(target=push, args=[desk]) for desk in (old, new))]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: find_other(database_url))
            wait_until(lambda: len(two.scores(first)) >= 5)
            assert two.scores(second) == {}
            two.run(monkeypatch, "products", "begin", "ma", "--yes")
            before = two.scores(first)
            wait_until(lambda: len(two.scores(second)) >= 3)
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)
        assert two.scores(first) == before, "nothing went to the former account any more"
        wait_until(lambda: new.push(seconds=5) and two.scores(second) == expected)
        assert new.audit().differences == []
        assert new.value("select count(*) from delivery.dead_letters") == 0


def find_other(database_url: str) -> bool:
    """Whether the new connection was met."""
    desk = DeliveryFixture(database_url, "")
    return bool(desk.value("select other_place from delivery.accounts where target = 'ma'"))


def test_a_connection_is_kept_as_a_hash_alone(two: Two, connection: Connection) -> None:
    two.desk.add_lead()
    two.desk.push()
    record = find_record(connection, target="ma")
    assert record
    assert (record.product, record.account) == ("generic", None)
    assert record.place == two.first.removeprefix("http://")
    assert len(record.connection) == 32
    assert two.desk.token not in json.dumps(record.connection)
