"""A real CRM over HTTP, with salespeople who do only what the test says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.products.crm_client import CrmClient
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens


@dataclass
class Crm:
    url: str
    clock: Callable[[], datetime]
    client: CrmClient

    def post(self, path: str, body: dict[str, Any], token: str = Tokens().crm) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        requests.post(self.url + path, json=body, headers=headers, timeout=60).raise_for_status()

    def did(self, crm_lead_id: str = "L-1", kind: str = "call", **facts: Any) -> None:
        self.post("/_crm/activities", {"lead_id": crm_lead_id, "kind": kind, "rep_id": "rep-01", **facts})

    def faults(self, **fault: Any) -> None:
        self.post("/_faults", fault, token="")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, minutes: float) -> datetime:
        self.now += timedelta(minutes=minutes)
        return self.now


@contextmanager
def _serve(folder: Path) -> Iterator[Crm]:
    clock = Clock()
    with serve_in_thread(folder, clock=clock, sales_work=False) as url:
        client = CrmClient(Endpoint(base_url=url, token=Tokens().crm, timeout=60))
        yield Crm(url, clock, client)
        client.close()


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[Crm]:
    with _serve(tmp_path) as running:
        yield running
