"""The body of run_canary, as the role of tasks: through real doors, and off where nothing is set."""

from typing import Any

import pytest

from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.marts.publish_changes import publish_changes
from leadops.migrations.rights import Part
from leadops.orchestration.tasks import canary, scoring, warehouse
from leadops.settings import endpoint_from_connection
from leadops.warehouse.warehouse_settings import WAREHOUSE_URL
from tests.gateway.conftest import FORM_SECRETS, KEY, Serve, serve
from tests.roles import as_role
from tests.runs import make_run
from tests.shipped import SHIPPED, change

__all__ = ["serve"]


@pytest.fixture(autouse=True)
def _use_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))


def connect_to(url: str, **extra: str) -> Any:
    fields = {"host": url, "password": KEY, "extra": {"form_secret": FORM_SECRETS[0]} | extra}
    return lambda name: fields if name == "leadops_canary" else {}


def test_a_visit_reaches_points_and_warehouse(
    connection: Connection, serve: Serve, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WAREHOUSE_URL, str(tmp_path))
    find = connect_to(str(serve().base_url).rstrip("/"))

    def work(_: float) -> None:
        for body in (scoring.resolve, scoring.score):
            body(make_run(body.__name__))

    run = make_run("visit", find_connection=find, sleep=work)
    assert canary.visit(run) == {"hops": 2, "removed": 0, "problem": "", "is_busy": False}
    warehouse.export(make_run("export"))
    assert canary.visit(make_run("visit", find_connection=find, sleep=work))["hops"] == 3, "export, too"
    hops = connection.execute(
        "select hop from canary.hops where visit_id = 1 and done_at is not null order by 1"
    ).fetchall()
    assert [hop for (hop,) in hops] == ["collect", "export", "form", "resolve", "score"]
    assert publish_changes(connection, now=make_run("x").clock()) == 0, "nothing of it is published"


def test_it_is_off_without_a_connection_or_by_its_settings(connection: Connection) -> None:
    assert canary.visit(make_run("visit")) == {"off": "leadops_canary"}
    off = make_run("visit", find_connection=connect_to("http://127.0.0.1:9"))
    off.config.__dict__["canary"] = change(SHIPPED.canary, enabled=False)
    assert canary.visit(off) == {"off": "canary.yaml"}
    assert connection.execute("select count(*) from canary.visits").fetchall() == [(0,)]


SANDBOX = {"conn_type": "http", "host": "http://127.0.0.1", "port": 9, "password": "x"}
OTHER = {"conn_type": "http", "host": "https://crm.example.com", "password": "x"}


@pytest.mark.parametrize(
    ("ma", "crm", "named", "reaches"),
    [
        (SANDBOX, SANDBOX, (), (True, True)),
        (SANDBOX, OTHER, (), (True, False)),
        (OTHER, {}, (), (False, False)),
        (OTHER, SANDBOX, ("ma",), (True, True)),
    ],
)
def test_it_writes_where_it_may_and_to_the_sandbox(
    connection: Connection, ma: Any, crm: Any, named: tuple[str, ...], reaches: tuple[bool, bool]
) -> None:
    canarys = connect_to("http://127.0.0.1:9", sandbox="http://127.0.0.1:9/")
    found = {"leadops_ma": ma, "leadops_crm": crm}
    run = make_run(
        "visit",
        find_connection=lambda name: found.get(name) or canarys(name),
        find_endpoint=lambda name: endpoint_from_connection(found[f"leadops_{name}"]),
    )
    run.config.__dict__["canary"] = change(SHIPPED.canary, writes_to=frozenset(named))
    assert "collect" in canary.visit(run)["problem"]
    assert connection.execute("select reaches_ma, reaches_crm from cdp.canaries").fetchall() == [reaches]


def test_without_a_sandbox_it_writes_to_nobody(connection: Connection) -> None:
    canarys = connect_to("http://127.0.0.1:9")
    run = make_run("visit", find_connection=lambda name: canarys(name) or SANDBOX)
    canary.visit(run)
    assert connection.execute("select reaches_ma, reaches_crm from cdp.canaries").fetchall() == [
        (False, False)
    ]


def test_a_connection_without_a_secret_is_told_in_one_line() -> None:
    with pytest.raises(ConfigError, match="form_secret"):
        canary.visit(make_run("visit", find_connection=connect_to("http://127.0.0.1:9", form_secret="")))
