import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from leadops.errors import ConfigError, PermanentError, TransientError
from leadops.products.crm_client import CrmClient
from leadops.products.crm_side import CrmLead
from leadops.settings import Endpoint
from tests.products.acme_server import Acme


@pytest.fixture
def answers() -> dict[str, Any]:
    """What the server below answers: status and body; it notes what it was asked."""
    return {"status": 200, "body": b"{}", "asked": []}


@pytest.fixture
def client(answers: dict[str, Any]) -> Iterator[CrmClient]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers["asked"].append((self.path, self.headers["Authorization"]))
            self.send_response(answers["status"])
            self.send_header("Content-Length", str(len(answers["body"])))
            self.end_headers()
            self.wfile.write(answers["body"])

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    opened = CrmClient(Endpoint(base_url=f"http://127.0.0.1:{server.server_port}", token="secret", timeout=2))
    yield opened
    opened.close()
    server.shutdown()
    server.server_close()


def test_a_page_is_asked_for_by_cursor_and_the_cursor_is_text(
    client: CrmClient, answers: dict[str, Any]
) -> None:
    answers["body"] = b'{"items": [], "cursor": 12, "as_of": "2026-06-01T10:00:00Z"}'
    assert client.activities(after=None, limit=5)["cursor"] == "12"
    client.activities(after="12", limit=5)
    assert answers["asked"] == [
        ("/v1/activities?limit=5", "Bearer secret"),
        ("/v1/activities?limit=5&after=12", "Bearer secret"),
    ]


@pytest.mark.parametrize("body", [b'{"items": [{"id": "r1"}]}', b'[{"id": "r1"}]'])
def test_salespeople_come_as_a_page_or_as_a_list(
    client: CrmClient, answers: dict[str, Any], body: bytes
) -> None:
    answers["body"] = body
    assert client.reps() == [{"id": "r1"}]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b'{"items": 3}', TransientError),
        (200, b'"text"', TransientError),
        (200, b'{"ite', TransientError),
        (429, b"", TransientError),
        (503, b"", TransientError),
        (403, b"", PermanentError),
    ],
)
def test_what_is_no_page_raises_by_what_to_do_about_it(
    client: CrmClient, answers: dict[str, Any], status: int, body: bytes, error: type[Exception]
) -> None:
    answers.update(status=status, body=body)
    with pytest.raises(error, match="CRM"):
        client.reps()


def test_a_connection_to_what_is_not_a_crm_is_refused(acme: Acme) -> None:
    with pytest.raises(ConfigError, match="acme is not a CRM"):
        CrmClient(Endpoint(base_url=acme.url, extra={"product": "acme"}))


def test_the_list_of_leads_goes_on_to_its_end_and_a_crm_without_one_is_no_error(
    client: CrmClient, answers: dict[str, Any]
) -> None:
    answers["body"] = json.dumps(
        {
            "items": [
                {"id": 7, "email": "a@b.example", "idempotency_key": "k", "owner_id": "r1"},
                {"id": True, "email": 5},
                None,
            ],
            "cursor": None,
        }
    ).encode()
    assert list(client.iterate_leads() or []) == [
        CrmLead("7", "a@b.example", "k", "r1"),
        CrmLead(None),
        CrmLead(None),
    ]
    assert answers["asked"] == [("/v1/leads?after=&limit=1000", "Bearer secret")]
    for status in (404, 405, 501):
        answers["status"] = status
        assert client.iterate_leads() is None
    answers["status"] = 403
    with pytest.raises(PermanentError, match=r"^CRM leads: HTTP 403"):
        client.iterate_leads()
    answers.update(status=200, body=b'{"items": [], "cursor": "c"}')
    with pytest.raises(TransientError, match="leads to no other page"):
        list(client.iterate_leads() or [])
