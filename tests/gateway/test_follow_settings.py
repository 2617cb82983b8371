"""The gateway takes changed files while it serves; while a file is broken, the former settings stay."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from leadops.cli.gateway import SettingsReader
from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.gateway.app import create_app
from leadops.gateway.gateway_parts import GatewayConfig
from leadops.gateway.serve import serve_in_thread
from leadops.migrations.rights import Part
from tests.cluster import free_port
from tests.config.own_files import BREAKAGES, HEADER
from tests.gateway.conftest import FORM_SECRETS, IDENTITY_SECRETS, KEY, TOKEN
from tests.plain_http import NO_TLS
from tests.roles import as_role
from tests.shipped import SHIPPED
from tests.waiting import wait_until

Start = Callable[[], httpx.Client]
GOOD = f"{HEADER}max_addresses: 900\nmax_events: 3\n"


@pytest.fixture
def folder(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.GATEWAY))
    nowhere = {"conn_type": "http", "host": f"http://127.0.0.1:{free_port()}"}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(nowhere))
    return tmp_path


@pytest.fixture
def start(database_url: str) -> Iterator[Start]:
    """Start a gateway that looks at its files all the time."""
    with ExitStack() as running:

        def start() -> httpx.Client:
            reader = SettingsReader()
            config = reader.read()
            app = create_app(
                database_url=database_url,
                write_keys=(KEY,),
                metrics_tokens=(TOKEN,),
                form_secrets=FORM_SECRETS,
                identity_secrets=IDENTITY_SECRETS,
                settings=config.settings,
                events=config.events,
                identity=config.identity,
                clock=lambda: datetime.now(UTC),
                worker_configs=config.worker_configs,
                refused=config.refused,
                read_changes=reader.read_changes,
                look_seconds=0.05,
            )
            url = running.enter_context(serve_in_thread(app))
            client = httpx.Client(
                base_url=url, timeout=60, trust_env=False, headers={"X-Write-Key": KEY}, verify=NO_TLS
            )
            return running.enter_context(client)

        yield start


def make_events(count: int, **fields: Any) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "event_id": f"e-{now.timestamp()}-{number}",
            "event": "x",
            "ts": now.isoformat(),
            "anonymous_id": "a",
        }
        | fields
        for number in range(count)
    ]


def is_taken(client: httpx.Client, count: int, **fields: Any) -> bool:
    """Whether the gateway takes a batch of `count` events whole."""
    answer = client.post("/collect", json=make_events(count, **fields))
    return answer.status_code == 202 and answer.json()["accepted"] == count


def refused_of(client: httpx.Client) -> list[str]:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    refused: list[str] = answer.json()["refused_settings"]
    return refused


def readers(connection: Connection) -> list[tuple[Any, ...]]:
    connection.rollback()
    return connection.execute(
        "select section, cause from config.readers where refused_hash is not null and reader like '% gateway'"
    ).fetchall()


def test_a_changed_file_takes_effect_without_a_restart(folder: Path, start: Start) -> None:
    client = start()
    assert is_taken(client, 4)
    (folder / "gateway.yaml").write_text("max_events: 3\n")
    wait_until(lambda: not is_taken(client, 4))
    old = {"ts": (datetime.now(UTC) - timedelta(hours=30)).isoformat()}
    assert is_taken(client, 3, **old)
    (folder / "events.yaml").write_text("max_age_hours: 20\n")
    wait_until(lambda: not is_taken(client, 1, **old))
    assert refused_of(client) == []
    wait_until(lambda: client.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "off"})


#: One of each sort; tests/config tries every breakage.
SORTS = ("0 bytes", "[]", "an unknown key", "broken YAML", "cut in a line", "gone")


@pytest.mark.parametrize("name", SORTS)
def test_a_broken_file_leaves_the_gateway_as_it_is(
    folder: Path, start: Start, connection: Connection, name: str
) -> None:
    file = folder / "gateway.yaml"
    file.write_text(GOOD)
    client = start()
    damage, cause = BREAKAGES[name]
    damage(file)
    wait_until(lambda: refused_of(client) == ["gateway.yaml"])
    assert is_taken(client, 3)
    assert not is_taken(client, 4)
    ((section, said),) = readers(connection)
    assert section == "gateway"
    assert cause in said

    again = start()
    assert not is_taken(again, 4), "a restart changes nothing either"
    assert refused_of(again) == ["gateway.yaml"]

    if file.is_dir():
        file.rmdir()
    file.unlink(missing_ok=True)
    file.write_text("max_events: 4\n# corrected\n")
    wait_until(lambda: is_taken(client, 4))
    wait_until(lambda: refused_of(client) == [])
    wait_until(lambda: readers(connection) == [])


def test_each_of_its_files_is_followed(folder: Path, start: Start) -> None:
    client = start()
    for number, section in enumerate(["delivery", "events", "gateway", "identity"], start=1):
        (folder / f"{section}.yaml").write_text("")
        wait_until(lambda: len(refused_of(client)) == number)  # noqa: B023  it is called before the next turn
    assert refused_of(client) == ["delivery.yaml", "events.yaml", "gateway.yaml", "identity.yaml"]
    assert is_taken(client, 4)


def test_a_request_that_began_before_a_change_is_answered(folder: Path, start: Start) -> None:
    client = start()

    def body() -> Iterator[bytes]:
        content = json.dumps(make_events(4)).encode()
        yield content[:10]
        (folder / "gateway.yaml").write_text("max_events: 3\n")
        with httpx.Client(
            base_url=client.base_url, trust_env=False, headers=client.headers, verify=NO_TLS
        ) as other:
            wait_until(lambda: not is_taken(other, 4))
        time.sleep(0.2)
        yield content[10:]

    answer = client.post("/collect", content=body(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 4)


def test_a_first_start_with_a_broken_file_is_refused(folder: Path) -> None:
    (folder / "gateway.yaml").write_text("")
    with pytest.raises(ConfigError, match=rf"^{folder}/gateway\.yaml:1: the file is empty[^\n]*$"):
        SettingsReader().read()


def test_the_settings_of_products_reach_the_workers_without_a_restart(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = {"conn_type": "http", "host": "http://127.0.0.1:9", "extra": {"product": "hubspot"}}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(hubspot))
    reader = SettingsReader()
    assert name_score(reader.read()) == "leadops_score"
    (folder / "products.yaml").write_text("hubspot: {properties: {score: acme_score}}\n")
    config = reader.read_changes()
    assert config
    assert name_score(config) == "acme_score"


def test_consent_is_asked_for_by_the_settings_of_now(folder: Path, connection: Connection) -> None:
    unsaid = "select unsaid_may_mail from consent.settings"
    reader = SettingsReader()
    reader.read()
    assert connection.execute(unsaid).fetchall() == [(SHIPPED.consent.unsaid_may_mail,)]
    connection.commit()
    (folder / "consent.yaml").write_text("unsaid_may_mail: false\n")
    assert reader.read_changes()
    assert connection.execute(unsaid).fetchall() == [(False,)]


def name_score(config: GatewayConfig) -> str:
    (worker,) = config.worker_configs
    assert worker.endpoint.product_settings is not None
    return str(worker.endpoint.product_settings.model_dump()["properties"]["score"])


def test_changes_wait_while_the_database_is_away(
    folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it nobody knows that the file that is gone, or empty, was in force."""
    file = folder / "gateway.yaml"
    file.write_text(GOOD)
    reader = SettingsReader()
    assert reader.read().settings.max_events == 3
    monkeypatch.setenv("LEADOPS_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none")
    file.unlink()
    assert reader.read_changes() is None
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.GATEWAY))
    config = reader.read_changes()
    assert config
    assert (config.settings.max_events, config.refused) == (3, ("gateway.yaml",))
    monkeypatch.setenv("LEADOPS_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none")
    file.write_text("")
    config = reader.read_changes()
    assert config
    assert (config.settings.max_events, config.refused) == (3, ("gateway.yaml",))


def test_it_starts_with_a_database_that_is_away_or_takes_no_writes(
    folder: Path, database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "gateway.yaml").write_text(GOOD)
    name = database_url.rsplit("/", 1)[1]
    connection.execute(f"alter database {name} set default_transaction_read_only = on")
    connection.commit()
    reader = SettingsReader()
    assert reader.read().settings.max_events == 3
    monkeypatch.setenv("LEADOPS_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none")
    assert SettingsReader().read().settings.max_events == 3
