"""One Odoo for the session, with the field that leadops writes; each test's leads are its own."""

import itertools
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.plain_http import NO_TLS
from tests.real_odoo.build_root import ROOT, build_root, default_root
from tests.real_odoo.odoo_server import DATABASE, OdooServer

#: `make test-odoo` says where the folder is; no other run needs one.
collect_ignore_glob = [] if ROOT in os.environ else ["test_*.py"]

SESSION = "session"


class OdooError(Exception):
    """What Odoo answered in `error`: the name of its exception, and its message."""


class OdooCaller:
    """Calls Odoo by JSON-RPC as its administrator."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=NO_TLS)
        self.numbers = itertools.count(1)
        self.user = self.ask("common", "login", SESSION, "admin", "admin")

    def ask(self, service: str, method: str, *arguments: object) -> Any:
        """Return the result; raise OdooError where the answer holds an error. Odoo answers 200 to either."""
        answer = self.http.post(
            "/jsonrpc",
            json={
                "jsonrpc": "2.0",
                "method": "call",
                "id": next(self.numbers),
                "params": {"service": service, "method": method, "args": arguments},
            },
        )
        assert answer.status_code == 200
        body = answer.json()
        if "error" in body:
            raise OdooError(body["error"]["data"]["name"], body["error"]["data"]["message"])
        return body.get("result")

    def run(self, model: str, method: str, *arguments: object, **named: object) -> Any:
        """Call a method of a model."""
        return self.ask("object", "execute_kw", SESSION, self.user, "admin", model, method, arguments, named)


@pytest.fixture(scope="session")
def odoo_url() -> Iterator[str]:
    root = default_root()
    build_root(root)
    server = OdooServer(root)
    try:
        server.start_postgres()
        server.create_database(SESSION, DATABASE)
        server.start_odoo(SESSION)
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def odoo(odoo_url: str) -> OdooCaller:
    caller = OdooCaller(odoo_url)
    (model,) = caller.run("ir.model", "search", [["model", "=", "crm.lead"]])
    caller.run(
        "ir.model.fields",
        "create",
        {"name": "x_leadops_score", "model_id": model, "ttype": "integer", "field_description": "Score"},
    )
    return caller
