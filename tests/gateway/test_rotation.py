"""Each secret is replaced while its users go on: nothing is refused, lost or taken twice."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from threading import Thread
from typing import Any

import httpx
import pytest
import requests
from psycopg.conninfo import conninfo_to_dict

from leadops.db import Connection, connect
from leadops.delivery.outbox_worker import WorkerConfig
from leadops.errors import TransientError
from leadops.events.proof import sign_identity
from leadops.gateway.app import create_app
from leadops.gateway.serve import serve_in_thread
from leadops.intake.tool_secrets import ToolSecrets, name_tool_variable
from leadops.migrations.rights import Part
from leadops.migrations.roles import DatabaseRole, grant_rights, make_roles
from leadops.settings import postgres_url
from leadops_sandbox.app import create_app as create_sandbox
from leadops_sandbox.serve import listen, make_server
from leadops_sandbox.settings import Tokens
from tests.conftest import free_port
from tests.gateway.conftest import PATIENT, SECRETS, SITE
from tests.gateway.form_sender import FormSender
from tests.outbox_workers import has_sent, make_worker_configs
from tests.plain_http import NO_TLS
from tests.roles import as_role, name_role
from tests.shipped import SHIPPED, change
from tests.steady_senders import Send, SteadySender, sending
from tests.waiting import wait_until

FAST = {"events_per_second": 1e6, "burst": 1e6}
GATEWAY = change(
    SHIPPED.gateway,
    **PATIENT,
    browsers=FAST,
    senders=FAST,
    forms={"signers": FAST, "unauthenticated": FAST},
)
#: A form tool that proves itself by a bearer token.
TOOL = {
    "token": {"header": "Authorization", "prefix": "Bearer "},
    "answers": {"at": ["."]},
    "fields": {"email": ["email"]},
    "body": {"submission_id": ["id"]},
}
EVENTS = SHIPPED.events.link(change(SHIPPED.forms, tools={"own_forms": TOOL}))


def clock() -> datetime:
    return datetime.now(UTC)


class OneGateway:
    """A gateway that is stopped and started again with other secrets; in between its door is closed."""

    def __init__(self, url: str) -> None:
        self.url, self.address, self.running = as_role(url, Part.GATEWAY), "", ExitStack()

    def restart(
        self, secrets: dict[str, tuple[str, ...]], worker_configs: list[WorkerConfig] | None = None
    ) -> None:
        """Start it with these secrets in place of those that it had."""
        self.running.close()
        app = create_app(
            database_url=self.url,
            **secrets,  # type: ignore[arg-type]
            tools=ToolSecrets({"own_forms": secrets["form_secrets"]}),
            settings=GATEWAY,
            events=EVENTS,
            identity=SHIPPED.identity,
            clock=clock,
            worker_configs=worker_configs or [],
        )
        self.address = self.running.enter_context(serve_in_thread(app))


@pytest.fixture
def gateway(database_url: str) -> Iterator[OneGateway]:
    one = OneGateway(database_url)
    yield one
    one.running.close()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    agent = {"User-Agent": "Mozilla/5.0 (X11) Firefox/127.0"}
    with httpx.Client(timeout=60, trust_env=False, headers=agent, verify=NO_TLS) as client:
        yield client


def hold(*ages: str) -> dict[str, tuple[str, ...]]:
    """Return the secrets of a gateway, each of these ages."""
    return {name: tuple(f"the-{age}-one-of-{name}" for age in ages) for name in SECRETS}


def make_event(name: str, number: int, **more: Any) -> dict[str, Any]:
    event_id = f"{name}-{number}"
    return {"event_id": event_id, "event": "x", "ts": clock().isoformat(), "anonymous_id": event_id} | more


def make_users(client: httpx.Client, secrets: dict[str, str]) -> dict[str, Send]:
    """Return who uses each secret: `secrets` says which one it uses at the moment."""

    def server(address: str, number: int) -> httpx.Response:
        key = {"X-Write-Key": secrets["write_keys"]}
        return client.post(f"{address}/collect", json=make_event("server", number), headers=key)

    def library(address: str, number: int) -> httpx.Response:
        key = base64.b64encode(f"{secrets['public_write_keys']}:".encode()).decode()
        message = {"type": "track", "messageId": f"library-{number}", "userId": "u-1", "event": "x"}
        return client.post(f"{address}/v1/track", json=message, headers={"Authorization": f"Basic {key}"})

    def monitor(address: str, _: int) -> httpx.Response:
        token = {"Authorization": f"Bearer {secrets['metrics_tokens']}"}
        return client.get(f"{address}/metrics/lag", headers=token)

    def form(address: str, number: int) -> httpx.Response:
        with httpx.Client(base_url=address, timeout=60, trust_env=False, verify=NO_TLS) as own:
            return FormSender(own, secrets["form_secrets"]).post({"email": f"form{number}@buyer.example"})

    def tool(address: str, number: int) -> httpx.Response:
        body = {"id": f"tool-{number}", "email": f"tool{number}@buyer.example"}
        token = {"Authorization": f"Bearer {secrets['form_secrets']}"}
        return client.post(f"{address}/webhook/form/own_forms", json=body, headers=token)

    def browser(address: str, number: int) -> httpx.Response:
        email = f"browser{number}@buyer.example"
        signature = sign_identity(secrets["identity_secrets"], email=email)
        event = make_event("browser", number, email=email, signature=signature)
        return client.post(f"{address}/collect", json=event, headers={"Origin": SITE})

    return {one.__name__: one for one in (server, library, monitor, form, tool, browser)}


def list_rotations(gateway: OneGateway, token: str) -> dict[str, bool]:
    """Return the variables with two secrets, and whether the old one was used."""
    answer = httpx.get(
        f"{gateway.address}/metrics/secrets",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        verify=NO_TLS,
    )
    return {one["variable"]: one["old_used_at"] is not None for one in answer.json()["rotations"]}


def test_every_secret_of_the_gateway_is_replaced_while_its_users_go_on(
    gateway: OneGateway, client: httpx.Client, connection: Connection
) -> None:
    gateway.restart(hold("old"))
    used = {name: f"the-old-one-of-{name}" for name in SECRETS}
    senders = {
        name: SteadySender(send, lambda: gateway.address) for name, send in make_users(client, used).items()
    }

    def go_on() -> None:
        for sender in senders.values():
            sender.go_on()

    with sending(senders):
        go_on()
        gateway.restart(hold("new", "old"))
        go_on()
        rotations = list_rotations(gateway, "the-new-one-of-metrics_tokens")
        assert rotations == {
            name_tool_variable("own_forms"): True,
            "LEADOPS_FORM_SECRETS": True,
            "LEADOPS_METRICS_TOKEN": True,
            "LEADOPS_PUBLIC_WRITE_KEY": True,
            "LEADOPS_WRITE_KEY": True,
        }
        for name in used:  # one user after the other changes
            used[name] = f"the-new-one-of-{name}"
            go_on()
        gateway.restart(hold("new", "old"))
        go_on()
        assert not any(list_rotations(gateway, "the-new-one-of-metrics_tokens").values())
        gateway.restart(hold("new"))
        go_on()
    assert [refusal for sender in senders.values() for refusal in sender.refused] == []
    for name in ("server", "library", "browser"):
        found = connection.execute(
            "select event_id, proof from cdp.events where event_id like %s order by seq", [f"{name}-%"]
        ).fetchall()
        proof = {"server": "write_key", "library": "claim", "browser": "verified"}[name]
        assert found == [(f"{name}-{number}", proof) for number in range(senders[name].taken)]
    emails = [email for (email,) in connection.execute("select email from cdp.events where proof = 'form'")]
    assert sorted(emails) == sorted(
        f"{name}{number}@buyer.example" for name in ("form", "tool") for number in range(senders[name].taken)
    )


def test_the_old_secrets_are_worth_nothing_afterwards(gateway: OneGateway, client: httpx.Client) -> None:
    gateway.restart(hold("new"))
    old = make_users(client, {name: f"the-old-one-of-{name}" for name in SECRETS})
    answers = {name: send(gateway.address, 1).status_code for name, send in old.items()}
    assert answers == {
        "server": 403,
        "library": 401,
        "monitor": 401,
        "form": 401,
        "tool": 401,
        "browser": 202,  # taken as a claim
    }


def test_the_gateways_role_is_replaced_while_events_come_in(
    gateway: OneGateway, client: httpx.Client, connection: Connection, database_url: str
) -> None:
    """First its password, then the role itself: two roles of one part work side by side."""
    former, secrets = f"r_{token_hex(4)}", hold("old")
    users = make_users(client, {name: f"the-old-one-of-{name}" for name in SECRETS})
    server = SteadySender(users["server"], lambda: gateway.address)

    def prepare(role: str, password: str) -> str:
        """Do what `leadops migrate --roles` does, and return the URL."""
        make_roles(connection, [DatabaseRole(Part.GATEWAY, role, password)])
        grant_rights(connection)
        connection.commit()
        place = conninfo_to_dict(database_url)
        return postgres_url(
            user=role,
            password=password,
            host=str(place["host"]),
            port=int(str(place["port"])),
            database=str(place["dbname"]),
        )

    present = gateway.url
    gateway.url = prepare(former, "first")
    gateway.restart(secrets)
    try:
        with sending({"server": server}):
            server.go_on()
            gateway.url = prepare(former, "second")
            server.go_on(30)  # by the connections that are open
            gateway.restart(secrets)
            server.go_on()
            prepare(name_role(Part.GATEWAY), str(conninfo_to_dict(present)["password"]))
            server.go_on()
            gateway.url = present
            gateway.restart(secrets)
            server.go_on()
            connection.execute(f"drop owned by {former}".encode())
            connection.execute(f"drop role {former}".encode())
            connection.commit()
            server.go_on()
    finally:
        gateway.running.close()
        connection.rollback()
        if connection.execute("select from pg_roles where rolname = %s", [former]).fetchone() is not None:
            connection.execute(f"drop owned by {former}; drop role {former}".encode())
            connection.commit()
    assert server.refused == []
    found = connection.execute("select event_id from cdp.events order by seq").fetchall()
    assert found == [(f"server-{number}",) for number in range(server.taken)]


@contextmanager
def serve_sandbox(folder: Path, port: int, tokens: Tokens) -> Iterator[None]:
    """Serve a sandbox on `port` that takes these tokens."""
    app = create_sandbox(folder, tokens=tokens, sales_work=False)
    server, listener = make_server(app), listen("127.0.0.1", port)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=60)
        listener.close()
        app.world.journal.close()


def name_tokens(*ages: str) -> Tokens:
    return Tokens(
        ma=",".join(f"the-{age}-ma-token" for age in ages),
        crm=",".join(f"the-{age}-crm-token" for age in ages),
    )


def is_pausing(connection: Connection) -> bool:
    """Return whether the MA or the CRM is left alone; /readyz looks too rarely for a pause of a moment."""
    connection.rollback()
    return connection.execute("select from delivery.targets where paused_until > now()").rowcount > 0


@pytest.mark.parametrize("overlaps", [True, False])
def test_the_tokens_of_ma_and_crm_are_replaced_while_forms_come_in(
    gateway: OneGateway, client: httpx.Client, connection: Connection, tmp_path: Path, overlaps: bool
) -> None:
    """Where the other system takes only one, or the old one was revoked too early, calls wait meanwhile."""
    port = free_port()

    def start(age: str) -> None:
        configs = make_worker_configs(
            f"http://127.0.0.1:{port}",
            gateway.url,
            tokens=name_tokens(age),
            credentials_pause_seconds=0.3,
        )
        gateway.restart(hold("old"), configs)

    users = make_users(client, {name: f"the-old-one-of-{name}" for name in SECRETS})
    form = SteadySender(users["form"], lambda: gateway.address)
    with sending({"form": form}):
        with serve_sandbox(tmp_path, port, name_tokens("old")):
            start("old")
            form.go_on()
        with serve_sandbox(tmp_path, port, name_tokens("new", "old") if overlaps else name_tokens("new")):
            form.go_on()
            if not overlaps:
                wait_until(lambda: is_pausing(connection))
            start("new")
            form.go_on()
        with serve_sandbox(tmp_path, port, name_tokens("new")):
            form.go_on()
            form.end()
            wait_until(lambda: has_sent(connection, 2 * form.taken))
            state = requests.get(f"http://127.0.0.1:{port}/_state", timeout=60).json()
    assert form.refused == []
    assert (state["ma"]["leads"], state["crm"]["leads"]) == (form.taken, form.taken)
    assert connection.execute("select count(*) from delivery.dead_letters").fetchone() == (0,)


@pytest.mark.parametrize("part", Part)
def test_the_password_of_each_part_is_replaced_under_open_connections(
    part: Part, connection: Connection, database_url: str
) -> None:
    """What `leadops migrate --roles` does with another password in the URL of the part."""
    name, place = f"r_{token_hex(4)}", conninfo_to_dict(database_url)

    def prepare(password: str) -> str:
        make_roles(connection, [DatabaseRole(part, name, password)])
        grant_rights(connection)
        connection.commit()
        host, port, database = str(place["host"]), int(str(place["port"])), str(place["dbname"])
        return postgres_url(user=name, password=password, host=host, port=port, database=database)

    asks = "select current_user"
    try:
        old = prepare("the-old-one")
        with connect(old) as open_before:
            new = prepare("the-new-one")
            open_before.execute(asks)
            with pytest.raises(TransientError):
                connect(old)
            with connect(new) as opened:
                assert opened.execute(asks).fetchone() == (name,)
    finally:
        connection.rollback()
        connection.execute(f"drop owned by {name}".encode())
        connection.execute(f"drop role {name}".encode())
        connection.commit()
