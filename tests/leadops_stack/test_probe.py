import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from leadops_stack.health import airflow_beats, answers, get_json
from leadops_stack.probe import is_well

from ..conftest import free_port
from .test_minute import NOW, ago

HEALTH = {
    "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": NOW.isoformat()},
    "triggerer": {"status": "unhealthy", "latest_triggerer_heartbeat": None},
}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers /health as Airflow does, /text with words, and anything else with 503."""

    def do_GET(self) -> None:
        body = {"/health": json.dumps(HEALTH), "/api/v2/monitor/health": json.dumps(HEALTH), "/text": "well"}
        self.send_response(200 if self.path in body else 503)
        self.end_headers()
        self.wfile.write(body.get(self.path, "ill").encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server that is partly well."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "component", "well"),
    [
        ("/text", None, True),
        ("/none", None, False),
        ("/health", "scheduler", True),
        ("/health", "triggerer", False),
        ("/health", "dag_processor", False),
        ("/text", "scheduler", False),
    ],
)
def test_a_container_is_well_when_its_answer_says_so(
    port: int, path: str, component: str | None, *, well: bool
) -> None:
    assert is_well(f"http://127.0.0.1:{port}{path}", component) is well


def test_silence_is_not_well() -> None:
    closed = free_port()
    assert not is_well(f"http://127.0.0.1:{closed}/text")
    assert get_json(closed, "/text") is None


def test_a_part_answers_with_json(port: int) -> None:
    assert answers(port, "/health")()
    assert not answers(port, "/text")()
    assert not answers(port, "/none")()


def test_only_a_sign_of_this_start_counts(port: int) -> None:
    assert airflow_beats(port, "scheduler", since=ago(1))()
    assert not airflow_beats(port, "scheduler", since=ago(-1))()
    assert not airflow_beats(port, "triggerer", since=ago(1))()
    assert not airflow_beats(port, "dag_processor", since=ago(1))()
