"""A target whose errors repeat the request, as firewalls do: no secret and no person is kept or told."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from leadops import mask
from leadops.alerts.checks import CHECKS
from leadops.alerts.render import render_incident
from leadops.cli.app import app
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import ScorePusher
from leadops.incidents.run_checks import run_checks
from leadops.migrations.rights import Part
from leadops.notifications.messages import Messages
from leadops.sla.sla_policy import SlaCalendar
from tests.alerts.checking import incidents
from tests.delivery_fixture import DeliveryFixture
from tests.roles import as_role
from tests.scripted_server import ScriptedServer, serve_script
from tests.shipped import SHIPPED

TOKEN = "the-ma-token-of-this-test"
ADDRESS, NAME, PHONE = "hanako.yamada@buyer.example", "Hanako Yamada", "+81 90 1234 5678"
PRIVATE = (TOKEN, ADDRESS, "hanako", "yamada", PHONE, "1234 5678")
#: What is ours to keep whole: the requests themselves.
REQUESTS = {"payload", "body", "idempotency_key"}


@pytest.fixture
def script() -> Iterator[ScriptedServer]:
    with serve_script() as server:
        yield server


def repeat(sent: bytes) -> str:
    return f"WAF 17: blocked. Authorization: Bearer {TOKEN}, tel {PHONE}, body {sent.decode()} for {NAME}"


def answer(status: int, sent: bytes) -> tuple[int, bytes]:
    """Refuse as the status says; with 200, refuse each row."""
    if status != 200:
        return status, json.dumps({"detail": repeat(sent)}).encode()
    updates = json.loads(sent)["updates"]
    rows = [{"deltaId": row["deltaId"], "status": "rejected", "error": repeat(sent)} for row in updates]
    return 200, json.dumps({"results": rows}).encode()


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503])
def test_nothing_private_is_kept_logged_or_told(
    database_url: str,
    script: ScriptedServer,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setattr(mask, "_secrets", set())
    desk = DeliveryFixture(database_url, script.url, token=TOKEN)
    lead = desk.add_lead(email=ADDRESS)
    with desk.connect() as connection:
        connection.execute(
            "update delivery.outbox set payload = payload || %s", [json.dumps({"name": NAME, "phone": PHONE})]
        )
        if status == 200:
            connection.execute("update delivery.outbox set state = 'done', settled_at = now()")
            connection.execute("insert into delivery.external_ids values ('ma', %s, '4711', now())", [lead])
    desk.score(lead, 5)
    desk.score(lead, 7)
    script.respond = lambda _method, _path, sent: answer(status, sent)
    with caplog.at_level("INFO"):
        push_target(
            database_url=database_url,
            endpoint=desk.endpoint,
            target="ma",
            pusher_type=ScorePusher,
            settings=desk.settings,
            clock=desk.clock,
            sleep=lambda _: None,
            until=desk.clock(),
        )
        desk.push(seconds=0.5)
    with desk.connect() as connection:
        calendar = SlaCalendar(SHIPPED.sla)
        run_checks(connection, CHECKS, settings=SHIPPED.alerts, calendar=calendar, now=datetime.now(UTC))
        kept = [
            json.dumps(
                {name: value for name, value in row.items() if name not in REQUESTS}, ensure_ascii=False
            )
            for table in ("outbox", "batches", "dead_letters", "targets")
            for (row,) in connection.execute(f"select to_jsonb(t) from delivery.{table} as t").fetchall()
        ]
        told = incidents(connection)
    shown = [
        render_incident(one, messages=Messages(SHIPPED.company), settings=SHIPPED.alerts) for one in told
    ]
    listed = CliRunner().invoke(app, ["dead-letters", "list"], env=dict(os.environ))
    assert listed.exit_code == 0
    everything = [*kept, *map(str, told), *map(str, shown), listed.output, caplog.text]
    for text in everything:
        for private in PRIVATE:
            assert private.casefold() not in text.casefold()
    if status in (200, 400, 413, 422):
        assert any("WAF 17: blocked. Authorization: Bearer [secret], tel [" in text for text in kept)
