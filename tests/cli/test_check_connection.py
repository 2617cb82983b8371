"""`leadops check ma|crm|slack|cdp` against running systems: its lines and its exit code."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import psycopg
import pytest
import requests
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.scripted_server import ScriptedServer, serve_script
from tests.shipped import SHIPPED

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    with serve_in_thread(tmp_path / "sandbox", sales_work=False) as url:
        yield url


@pytest.fixture
def script() -> Iterator[ScriptedServer]:
    with serve_script() as running:
        yield running


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `leadops check TARGET`; return the exit code and the lines."""
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)

    def check(
        target: str, url: str, *words: str, token: str = "t" * 20, **extra: object
    ) -> tuple[int, list[str]]:
        kind = "slack" if target == "slack" else "http"
        extra |= {"base_url": f"{url}/api/"} if target == "slack" else {}
        connection = {"conn_type": kind, "host": url, "password": token, "extra": extra}
        monkeypatch.setenv(f"AIRFLOW_CONN_LEADOPS_{target.upper()}", json.dumps(connection))
        result = CliRunner().invoke(app, ["check", target, *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout.splitlines()

    return check


def subjects(lines: list[str]) -> list[str]:
    """The state and the subject of each line."""
    return [" ".join(line.split(":")[0].split()) for line in lines]


def list_ma_leads(url: str) -> list[dict[str, object]]:
    headers = {"Authorization": f"Bearer {Tokens().ma}"}
    return list(requests.get(f"{url}/api/leads", headers=headers, timeout=10).json()["items"])


def test_an_ma_that_works_is_ok_line_by_line_and_nothing_is_written(sandbox: str, run: Run) -> None:
    code, lines = run("ma", sandbox, token=Tokens().ma)
    steps = [f"ok step {place}" for place in SHIPPED.nurture.list_places()]
    assert steps
    reached = ["ok product", "ok reached", "ok token", "ok clock"]
    assert (code, subjects(lines)) == (0, [*reached, *steps, "note quota"])
    assert lines[0] == f"ok      product: generic at {sandbox}"
    assert lines[-1].startswith("note    quota: what waits takes 0 calls; the day has no limit here")
    assert list_ma_leads(sandbox) == []


def test_a_test_lead_is_made_twice_scored_read_back_and_removed(sandbox: str, run: Run) -> None:
    code, lines = run("ma", sandbox, "--write", token=Tokens().ma)
    assert code == 0
    assert [line.split(": ", 1)[1] for line in lines[-3:]] == [
        "made twice, it is one lead, 48211",
        "sent and read back: 7",
        "removed again, 48211",
    ]
    assert list_ma_leads(sandbox) == []


def test_a_token_that_is_refused_is_said_and_nothing_behind_it_is_tried(sandbox: str, run: Run) -> None:
    code, lines = run("ma", sandbox, "--write", token="another-token-altogether")
    assert code == 1
    assert lines[2].startswith("change  token: refused (HTTP 401")
    assert lines[2].endswith("correct the password of the connection leadops_ma")
    assert lines[-1] == "note    test lead: not made: change the above first"
    assert list_ma_leads(sandbox) == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://nowhere.invalid", "has no address in DNS; correct `host` of the connection"),
        ("http://127.0.0.1:9", "refuses connections at port 9; a firewall may be in the way"),
        ("https://127.0.0.1:9", "refuses connections at port 9"),
        ("ftp://files.example.com", "is not an address such as https://ma.example.com"),
    ],
)
def test_what_cannot_be_reached_is_said_with_the_place_to_change(run: Run, url: str, says: str) -> None:
    code, lines = run("ma", url)
    assert code == 1
    assert says in lines[1]
    assert len([line for line in lines if line.startswith("change")]) == 1


def test_a_proxy_is_connected_to_in_place_of_the_host(sandbox: str, run: Run) -> None:
    code, lines = run("ma", "http://ma.invalid", proxy="http://me:pass-word-1@127.0.0.1:9")
    assert code == 1
    assert lines[1] == (
        "change  reached: the proxy 127.0.0.1:9 refuses connections; correct `proxy` in the connection's"
        " extra"
    )


def test_another_place_than_the_api_is_told_from_a_refused_token(script: ScriptedServer, run: Run) -> None:
    script.respond = lambda *_: (404, b"{}")
    code, lines = run("ma", script.url)
    assert code == 1
    assert lines[2].startswith("change  address: the first call is refused (HTTP 404")


@pytest.mark.parametrize(
    ("ahead", "says"),
    [(61 + 60, "behind"), (-(61 + 60), "ahead of"), (5, None)],
)
def test_clocks_that_differ_by_more_than_a_minute_are_said(
    script: ScriptedServer, run: Run, ahead: int, says: str | None
) -> None:
    script.respond = lambda *_: (200, b'{"items": [], "cursor": null}')
    script.date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    code, lines = run("ma", script.url)
    clock = next(line for line in lines if " clock: " in line)
    assert (f"s {says} the other one" in clock) if says else clock.startswith("ok")
    assert code == (1 if says else 0)


def test_a_day_that_has_too_few_calls_left_is_said(
    sandbox: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        for key in "ab":
            connection.execute(
                "insert into delivery.outbox (target, operation, payload, idempotency_key, lane, created_at)"
                " values ('ma', 'upsert_lead', '{}', %s, 0, now())",
                [key],
            )
    own = tmp_path / "config"
    own.mkdir()
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(own))
    for calls, state, code in ((1, "change", 1), (2, "ok", 0)):
        (own / "delivery.yaml").write_text(f"targets: {{ma: {{daily_calls: {calls}, day_ends: UTC}}}}\n")
        exit_code, lines = run("ma", sandbox, token=Tokens().ma)
        assert (exit_code, lines[-1].split()[0]) == (code, state)
        assert f"{calls} calls left to leadops until" in lines[-1]
        assert "what waits takes 2 calls" in lines[-1]


def test_without_a_database_the_connection_is_checked_all_the_same(
    sandbox: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", "postgresql://127.0.0.1:9/none")
    code, lines = run("ma", sandbox, token=Tokens().ma)
    assert code == 0
    assert lines[-1].startswith("note    quota: not compared with what waits: the database does not answer")


def test_a_crm_says_its_feed_and_its_owners(
    sandbox: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, lines = run("crm", sandbox, "--write", token=Tokens().crm)
    assert code == 0
    assert subjects(lines)[5:] == ["ok test lead", "ok test lead", "ok feed", "ok owners"]
    assert "made twice, it is one lead" in lines[5]
    assert lines[7] == "ok      feed: readable, complete up to 0.0 min ago"
    users = [
        {"id": "u-1", "email": "aoi@example.com"},
        {"id": "u-2", "email": "ben@example.com"},
        {"id": "u-3", "regions": ["EMEA"], "capacity_per_day": "many"},
        {"id": "u-4", "active": False},
    ]
    headers = {"Authorization": f"Bearer {Tokens().crm}"}
    requests.put(
        f"{sandbox}/_crm/reps", json={"items": users}, headers=headers, timeout=10
    ).raise_for_status()
    own = tmp_path / "config"
    own.mkdir()
    (own / "reps.yaml").write_text("reps: {aoi@example.com: {regions: [Kanto]}}\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(own))
    (own / "alerts.yaml").write_text("{crm_feed_minutes: 0.0000001, crm_feed_clear_minutes: 0}\n")
    requests.post(f"{sandbox}/_settings", json={"crm_feed_late": True}, timeout=10).raise_for_status()
    code, lines = run("crm", sandbox, token=Tokens().crm)
    assert code == 1
    assert [line.split(": ", 1)[1] for line in lines[-4:]] == [
        "readable, complete up to 0.0 min ago: more than crm_feed_minutes allows, so the SLA clocks"
        " are held; ask the CRM's team",
        "4 users, 1 get leads, 1 inactive in the CRM",
        "no profile of their own: u-2; add each to reps.yaml, and those who do not sell with"
        " gets_leads: false",
        "u-3: capacity_per_day is not a number of leads; correct it in the CRM or in reps.yaml",
    ]


def test_slack_says_workspace_scopes_and_channel(sandbox: str, script: ScriptedServer, run: Run) -> None:
    code, lines = run("slack", sandbox, token=Tokens().slack)
    assert (code, subjects(lines)) == (0, ["ok reached", "ok token", "ok clock", "note scopes", "ok channel"])
    assert "of leadops in the workspace sandbox" in lines[1]
    code, lines = run("slack", sandbox, token="xoxb-another-token")
    assert code == 1
    assert lines[-1].startswith("change  token: Slack refused with invalid_auth")

    def answer(_method: str, path: str, _body: bytes) -> tuple[int, bytes]:
        if path.startswith("/api/auth.test"):
            return 200, b'{"ok": true, "user": "bot", "team": "acme"}'
        return 200, b'{"ok": false, "error": "not_in_channel"}'

    script.respond = answer
    script.headers["X-OAuth-Scopes"] = "chat:write,groups:history,files:write"
    code, lines = run("slack", script.url, token="xoxb-some-token")
    assert code == 1
    assert [line.split("; ")[0] for line in lines[-2:]] == [
        "change  scopes: files:read is missing, for the pictures of reports",
        "change  channel: C0LEADOPS: Slack refused with not_in_channel: invite the app to the channel"
        " (/invite @app)",
    ]


def test_the_cdp_says_how_far_it_is_behind(script: ScriptedServer, run: Run) -> None:
    script.respond = lambda *_: (200, b'{"minutes_lag": 0.4}')
    code, lines = run("cdp", script.url)
    assert (code, subjects(lines)) == (0, ["ok reached", "ok token", "ok clock", "ok lag"])
    script.respond = lambda *_: (200, b'{"minutes_lag": 12}')
    assert run("cdp", script.url)[1][-1] == (
        "change  lag: 12.0 min behind, more than cdp_lag_minutes allows: see docs/runbooks/cdp_lag.md"
    )
    script.respond = lambda *_: (401, b"{}")
    code, lines = run("cdp", script.url)
    assert (code, lines[-1].split(";")[1]) == (
        1,
        " correct the password of the connection leadops_cdp: it is the token for /metrics/lag",
    )
    script.respond = lambda *_: (200, b'{"lag": 1}')
    assert run("cdp", script.url)[1][-1].startswith("change  lag: the answer cannot be read: CDP lag")
