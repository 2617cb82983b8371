"""Outbox workers of a gateway bring forms to a real MA and CRM at once, and recover from any fault."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from leadops.db import Connection
from leadops.delivery.outbox_worker import WorkerConfig
from leadops.events.admit_quarantined import RetryResult
from leadops.identity.resolve import resolve_events
from leadops.intake.admit_forms import retry_quarantined_forms
from leadops.migrations.rights import Part
from leadops_sandbox.serve import serve_in_thread
from tests.gateway.conftest import FORM_SECRETS, Serve
from tests.gateway.form_sender import FormSender
from tests.left_as_found import share_sandbox
from tests.outbox_workers import has_sent, make_worker_configs
from tests.roles import as_role
from tests.shipped import SHIPPED, change
from tests.waiting import wait_until as until


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sandbox")
    with serve_in_thread(folder, sales_work=False) as url, share_sandbox(url, fixture="sandbox"):
        yield url


@pytest.fixture
def worker_configs(sandbox: str, database_url: str) -> list[WorkerConfig]:
    return make_worker_configs(sandbox, as_role(database_url, Part.GATEWAY))


def leads(sandbox: str) -> tuple[int, int]:
    state = requests.get(f"{sandbox}/_state", timeout=60).json()
    return state["ma"]["leads"], state["crm"]["leads"]


def fill_in(sender: FormSender, name: str) -> None:
    assert sender.post({"email": f"{name}@worker.example"}).status_code == 202


def test_a_form_is_in_both_within_moments(
    serve: Serve,
    worker_configs: list[WorkerConfig],
    sandbox: str,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # They are notified: with this pause, none would just happen to look in time.
    monkeypatch.setattr("leadops.delivery.outbox_worker.POLL_SECONDS", 3600)
    client = serve(worker_configs=worker_configs)
    until(lambda: client.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "on"})
    before = leads(sandbox)
    for number in range(20):
        fill_in(FormSender(client, FORM_SECRETS[0]), f"moment{number}")
    until(lambda: has_sent(connection, 40))
    assert leads(sandbox) == (before[0] + 20, before[1] + 20)


def test_spam_reaches_neither_until_it_is_released(
    serve: Serve, worker_configs: list[WorkerConfig], sandbox: str, connection: Connection
) -> None:
    client = serve(worker_configs=worker_configs)
    sender, before = FormSender(client, FORM_SECRETS[0]), leads(sandbox)
    spam = {"email": "ann@spam.example", "properties": {"first_name": "Ann", "honeypot": "x"}}
    answer = sender.post(spam)
    assert (answer.status_code, answer.json()["quarantined"]["reason"]) == (202, "spam_honeypot")
    fill_in(sender, "free-mail")
    until(lambda: has_sent(connection, 2))
    assert leads(sandbox) == (before[0] + 1, before[1] + 1), "only the person's"
    released = retry_quarantined_forms(
        connection,
        now=datetime.now(UTC),
        events=SHIPPED.events,
        identity=SHIPPED.identity,
        ids=[1],
        vouched=True,
    )
    connection.commit()
    assert released == RetryResult(admitted=1)
    until(lambda: has_sent(connection, 4))
    assert leads(sandbox) == (before[0] + 2, before[1] + 2)
    again = sender.post(spam)
    assert (again.status_code, again.json()) == (202, {"id": answer.json()["id"], "changed": []})
    assert has_sent(connection, 4)


def test_our_own_reach_neither_and_get_there_when_the_entry_goes(
    serve: Serve, worker_configs: list[WorkerConfig], sandbox: str, connection: Connection
) -> None:
    def follow(*domains: str) -> None:
        company = change(SHIPPED.company, internal={"domains": domains})
        resolve_events(connection, now=datetime.now(UTC), settings=SHIPPED.identity.link(company))
        connection.commit()

    follow("ours.example")
    client = serve(worker_configs=worker_configs)
    sender, before = FormSender(client, FORM_SECRETS[0]), leads(sandbox)
    assert sender.post({"email": "ann@lab.ours.example"}).status_code == 202
    fill_in(sender, "buyer")
    until(lambda: has_sent(connection, 2))
    assert leads(sandbox) == (before[0] + 1, before[1] + 1), "only the buyer's"
    follow()
    until(lambda: has_sent(connection, 3))
    assert leads(sandbox) == (before[0] + 2, before[1] + 1), "the CRM gets it with its MQL"


def test_without_connections_they_are_off_and_health_says_so(
    serve: Serve, worker_configs: list[WorkerConfig]
) -> None:
    assert serve().get("/healthz").json()["delivery"] == {"ma": "off", "crm": "off"}
    client = serve(worker_configs=worker_configs[:1])
    until(lambda: client.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "off"})


def test_one_target_that_is_down_holds_the_other_up_in_nothing(
    serve: Serve, worker_configs: list[WorkerConfig], sandbox: str, connection: Connection
) -> None:
    client = serve(worker_configs=worker_configs)
    requests.post(f"{sandbox}/_faults", json={"target": "crm", "kind": "500"}, timeout=60).raise_for_status()
    try:
        for number in range(5):
            fill_in(FormSender(client, FORM_SECRETS[0]), f"down{number}")
        until(lambda: has_sent(connection, 5))
    finally:
        requests.delete(f"{sandbox}/_faults", timeout=60).raise_for_status()
    until(lambda: has_sent(connection, 10))


def test_a_lost_connection_is_made_again(
    serve: Serve, worker_configs: list[WorkerConfig], connection: Connection
) -> None:
    client = serve(worker_configs=worker_configs)
    until(lambda: client.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "on"})
    connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'leadops outbox worker'"
    )
    connection.commit()
    fill_in(FormSender(client, FORM_SECRETS[0]), "again")
    until(lambda: has_sent(connection, 2))
