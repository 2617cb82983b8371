"""A product's stand-in and a delivery to it: one clock for both, which passes only while the push sleeps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from leadops.products.product_client import ProductClient
from leadops.products.product_settings import ProductsSettings, add_product_settings
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.delivery_fixture import SteppedDelivery, impatient
from tests.shipped import SHIPPED


@dataclass
class StandIn:
    """The stand-in that runs. Truth is read by the sandbox's own routes, not by those of the product."""

    url: str
    product: str

    def set(self, **settings: Any) -> None:
        """Change settings of the product's table."""
        self._post("/_settings", {"product": settings})

    def fault(self, kind: str, **fault: Any) -> None:
        """Let calls meet a fault, one unless `count` says otherwise."""
        self._post("/_faults", {"target": self.product, "kind": kind, "count": 1} | fault)

    def heal(self) -> None:
        """End all faults."""
        requests.delete(f"{self.url}/_faults", timeout=10).raise_for_status()

    def leads(self) -> dict[str, dict[str, Any]]:
        """Every lead that is there, by its id."""
        found: dict[str, dict[str, Any]] = {}
        after = ""
        while after is not None:
            headers = {"Authorization": f"Bearer {Tokens().ma}"}
            answer = requests.get(
                f"{self.url}/api/leads", params={"after": after, "limit": 1000}, headers=headers, timeout=10
            )
            answer.raise_for_status()
            found |= {str(lead["id"]): lead for lead in answer.json()["items"]}
            after = answer.json()["cursor"]
        return found

    def enrolments(self) -> list[dict[str, Any]]:
        """What the product's automations did with leads, in order; what was done twice is there twice."""
        answer = requests.get(f"{self.url}/_state/ma/enrolments", timeout=10)
        return list(answer.json()["items"])

    def calls(self) -> dict[str, int]:
        """How often each route was called, by method and path."""
        return dict(requests.get(f"{self.url}/_state", timeout=10).json()["calls"])

    def merge(self, loser: str, winner: str) -> None:
        """Merge two leads, as a marketer does."""
        self._post(f"/_ma/leads/{loser}/merge", {"into": int(winner)})

    def delete(self, lead: str) -> None:
        """Delete a lead, as a marketer does."""
        self._post(f"/_ma/leads/{lead}/delete", {})

    def edit_score(self, lead: str, score: int, kind: str) -> None:
        """Set the score of a lead, as somebody who edits the field does, by the product's own API."""
        token = self._token()
        headers = {"Authorization": f"Bearer {token}"}
        if kind == "marketo":
            row = {"id": int(lead), "leadopsScore": score}
            body = {"action": "updateOnly", "lookupField": "id", "input": [row]}
            answer = requests.post(f"{self.url}/rest/v1/leads.json", json=body, headers=headers, timeout=10)
        else:
            name = "points" if kind == "points" else "leadops_score"
            path = f"/api/contacts/{lead}/edit"
            answer = requests.patch(self.url + path, json={name: score}, headers=headers, timeout=10)
        assert answer.ok, answer.text

    def _token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-client",
            "client_secret": Tokens().ma,
        }
        path = "/identity/oauth/token" if self.product == "marketo" else "/oauth/v2/token"
        answer = requests.post(self.url + path, data=form, timeout=10)
        return str(answer.json()["access_token"])

    def _post(self, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {Tokens().ma}"}
        answer = requests.post(self.url + path, json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text


@dataclass
class ProductDelivery(SteppedDelivery):
    """A delivery to a product, with its settings of products.yaml."""

    products: ProductsSettings = field(default_factory=lambda: SHIPPED.products)
    login: str = "sandbox-client"
    #: The Date of an answer is the time of the machine, so both begin there.
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def endpoint(self) -> Endpoint:
        endpoint = Endpoint(
            base_url=self.ma_url,
            login=self.login,
            token=self.token,
            timeout=self.timeout,
            extra=self.extra,
        )
        return add_product_settings(endpoint, self.products)

    def person(self, lead: int) -> str:
        """The product's id of a lead."""
        query = "select external_id from delivery.external_ids where target = 'ma' and lead_id = %s"
        return str(self.value(query, lead))

    def add(self, *points: int) -> int:
        """A new lead with these points, one row of the ledger each."""
        lead = self.add_lead()
        for each in points:
            self.score(lead, each)
        return lead

    def letters(self) -> list[tuple[Any, ...]]:
        """The open dead letters: kind and reason."""
        with self.connect() as connection:
            return connection.execute(
                "select kind, reason from delivery.dead_letters where state = 'open' order by 1, 2"
            ).fetchall()

    def client(self) -> ProductClient:
        """A client of the product; close it."""
        return ProductClient(self.endpoint)


@contextmanager
def serve_product(
    folder: Path, database_url: str, product: str, *, extra: dict[str, Any] | None = None, **settings: Any
) -> Iterator[tuple[ProductDelivery, StandIn]]:
    """Run the stand-in of `product`, whose clock is that of the delivery."""
    desks: list[ProductDelivery] = []
    began = datetime.now(UTC)

    def clock() -> datetime:
        return desks[0].now if desks else began

    with serve_in_thread(folder, product=product, clock=clock, sales_work=False) as url:
        stand_in = StandIn(url, product)
        if settings:
            stand_in.set(**settings)
        desk = ProductDelivery(
            database_url,
            url,
            now=began,
            settings=impatient(batch_size=1000),
            extra={"product": product} | (extra or {}),
        )
        desks.append(desk)
        yield desk, stand_in
