import http.server
import threading
from datetime import UTC, datetime

import pytest

from leadops.errors import TransientError
from leadops_stack import health
from leadops_stack.home import Home
from leadops_stack.part import Part, Step
from leadops_stack.plan import make_plan, make_server
from leadops_stack.variables import prepare_variables


def find_step(home: Home, name: str, *, port: int) -> Step:
    values = prepare_variables(home, {"LEADOPS_PORT_AIRFLOW": str(port)})
    waves = make_plan(home, values, make_server(home, values), now=datetime.now(UTC))
    return next(step for wave in waves for step in wave.steps if step.name == name)


def list_parts(home: Home, environ: dict[str, str]) -> dict[str, Part]:
    values = prepare_variables(home, environ)
    waves = make_plan(home, values, make_server(home, values), now=datetime.now(UTC))
    return {part.name: part for wave in waves for part in wave.parts}


def test_the_first_call_of_the_execution_interface_may_take_longer_than_one_time_out(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server imports for long at its first call; it answers the second at once."""
    imported = threading.Event()
    calls: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            imported.wait(60)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    monkeypatch.setattr(health, "TIMEOUT", 0.2)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        step = find_step(home, "execution", port=server.server_port)
        with pytest.raises(TransientError, match="/execution/health"):
            step.act()
        imported.set()
        monkeypatch.setattr(health, "TIMEOUT", 60.0)
        assert step.act() == "answers"
        server.shutdown()
    assert calls == ["/execution/health"] * 2
    assert step.patience >= 120


def test_the_dead_mans_switch_is_the_supervisors_secret(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://hc-ping.com/5d1f8a0e-secret"
    values = {**prepare_variables(home, {}), "LEADOPS_HEARTBEAT_URL": url}
    monkeypatch.setenv("LEADOPS_HEARTBEAT_URL", url)
    waves = make_plan(home, values, make_server(home, values), now=datetime.now(UTC))
    parts = [part for wave in waves for part in wave.parts]
    assert len(parts) > 6
    assert [part.name for part in parts if url in part.env.values()] == []


def test_each_part_gets_its_own_role_and_no_password(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    values = prepare_variables(home, {})
    for name, value in values.items():  # as after `set -a; . ./.env`
        monkeypatch.setenv(name, value)
    waves = make_plan(home, values, make_server(home, values), now=datetime.now(UTC))
    parts = {part.name: part.env for wave in waves for part in wave.parts}
    roles = {
        name: {
            role
            for role in (
                *("leadops", "leadops_owner", "leadops_gateway", "leadops_reader", "leadops_page"),
                "leadops_admin",
            )
            if any(f"//{role}:" in value for value in env.values())
        }
        for name, env in parts.items()
    }
    assert roles == {name: set() if name == "postgres" else {"leadops"} for name in parts} | {
        "gateway": {"leadops_gateway"},
        "api-server": {"leadops", "leadops_page"},
    }
    secrets = {name: value for name, value in values.items() if name.endswith("_DATABASE_PASSWORD")}
    assert len(secrets) == 7
    for env in parts.values():
        assert not env.keys() & {*secrets, "LEADOPS_POSTGRES_PASSWORD"}
