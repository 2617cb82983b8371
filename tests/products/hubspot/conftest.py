"""HubSpot as leadops speaks to it: answers written by hand, and the stand-in."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

from leadops.products.hubspot.hubspot_calls import HubSpotCalls
from leadops.products.hubspot.hubspot_product import HubSpotProduct
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import Call
from leadops.products.reading import ReadAnswer, Reading
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.shipped import SHIPPED

SETTINGS = SHIPPED.products.hubspot
CALLS = HubSpotCalls(SETTINGS)
PRODUCT = HubSpotProduct(SETTINGS)
T = TypeVar("T")


def answer_by_hand(reading: Reading[T], answer: Callable[[Call], Any]) -> tuple[T, list[Call]]:
    """Make the calls of `reading`, answered by `answer`; return what they come to, and the calls."""
    calls = []
    try:
        call = next(reading)
        while True:
            calls.append(call)
            call = reading.send(ReadAnswer(answer(call)))
    except StopIteration as end:
        return end.value, calls


class Portal:
    """A stand-in of HubSpot that runs, as a test sets it up."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(
            base_url=self.url,
            token=Tokens().ma,
            timeout=30,
            extra={"product": "hubspot"},
            product_settings=SETTINGS,
        )

    def open(self) -> ProductClient:
        return ProductClient(self.endpoint)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        response = requests.request(method, self.url + path, json=body, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None

    def set(self, **settings: Any) -> None:
        """Change the product's settings."""
        self.admin("POST", "/_settings", {"product": settings})

    def fault(self, kind: str, **rule: Any) -> None:
        """Let calls meet a fault of HubSpot's."""
        self.admin("POST", "/_faults", {"target": "hubspot", "kind": kind} | rule)

    def heal(self) -> None:
        """Take all faults away."""
        self.admin("DELETE", "/_faults")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call a route of HubSpot by hand, as another program would."""
        headers = {"Authorization": f"Bearer {Tokens().crm}"}
        response = requests.request(method, self.url + path, json=body, headers=headers, timeout=30)
        assert response.ok, response.text
        return response.json() if response.content else None

    def make(self, number: int | str, **properties: str) -> str:
        """Make a contact by leadops' id of the lead; return HubSpot's."""
        entry = {"id": str(number), "idProperty": "leadops_id", "properties": properties}
        made = self.call("POST", CALLS.find_path("contacts", "/batch/upsert"), {"inputs": [entry]})
        return str(made["results"][0]["id"])

    def read(self, contact_id: str, *names: str) -> dict[str, Any]:
        """Return properties of a contact."""
        path = CALLS.find_path("contacts", f"/{contact_id}?properties={','.join(names)}")
        return dict(self.call("GET", path)["properties"])

    def count_calls(self) -> int:
        """Return the calls of the account's day so far, this one included."""
        usage = self.call("GET", "/account-info/v3/api-usage/daily/private-apps")
        return int(usage["results"][0]["currentUsage"])


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with serve_in_thread(tmp_path / "hubspot", product="hubspot", sales_work=False) as url:
        running = Portal(url)
        running.set(feed_lag_seconds=0, search_limit=10_000, burst_limit=100_000)
        yield running
