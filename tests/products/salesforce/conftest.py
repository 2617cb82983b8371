"""Salesforce's stand-in, and deliveries to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.products.product_settings import add_product_settings
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from tests.delivery_fixture import SteppedDelivery, impatient
from tests.shipped import SHIPPED

SETTINGS = SHIPPED.products.salesforce
DATA = "/services/data/v66.0"


@dataclass
class SalesforceDesk(SteppedDelivery):
    """A delivery to Salesforce as MA and as CRM; time passes for both while it sleeps."""

    session: str = field(default="", init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        target = self.settings.targets["ma"].model_copy(update={"day_ends": "rolling"})
        self.settings = self.settings.model_copy(update={"targets": {"ma": target, "crm": target}})

    @property
    def endpoint(self) -> Endpoint:
        """The connection, with the shipped settings of Salesforce."""
        endpoint = Endpoint(
            base_url=self.ma_url,
            login="sandbox-client",
            token=self.token,
            timeout=self.timeout,
            extra={"product": "salesforce"},
        )
        return add_product_settings(endpoint, SHIPPED.products)

    def push_crm(self, *, seconds: float = 4) -> PushReport:
        """Push to the CRM until nothing is left to do, or for `seconds`."""
        return push_target(
            database_url=self.url,
            endpoint=self.endpoint,
            target="crm",
            pusher_type=EffectPusher,
            settings=self.settings,
            clock=self.clock,
            sleep=self._sleep,
            until=self.now + timedelta(seconds=seconds),
        )

    def enqueue(self, target: str, operation: str, lead: int, **payload: Any) -> None:
        """Ask for an effect."""
        with self.connect() as connection:
            enqueue_effect(
                connection,
                target=target,
                operation=operation,
                payload=payload,
                idempotency_key=f"{target}-{operation}-{lead}-{payload}",
                lead_id=lead,
                now=self.clock(),
            )

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call Salesforce as somebody else does, with a session of his own."""
        if not self.session:
            self.sign_in()
        headers = {"Authorization": f"Bearer {self.session}", "Sforce-Auto-Assign": "FALSE"}
        answer = requests.request(method, self.ma_url + path, headers=headers, timeout=30, **options)
        if answer.status_code == 401:
            self.sign_in()
            return self.call(method, path, **options)
        return answer

    def sign_in(self) -> None:
        """Get a session."""
        form = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-client",
            "client_secret": self.token,
        }
        answer = requests.post(f"{self.ma_url}/services/oauth2/token", data=form, timeout=30)
        self.session = answer.json()["access_token"]

    def rows(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Return the records of a query."""
        path = f"{DATA}/{'queryAll' if deleted else 'query'}"
        answer = self.call("GET", path, params={"q": soql})
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in row.items() if k != "attributes"} for row in answer.json()["records"]]

    def record_id(self, lead: int, target: str = "ma") -> str:
        """Return Salesforce's id of the lead, as far as we know."""
        query = "select external_id from delivery.external_ids where target = %s and lead_id = %s"
        return str(self.value(query, target, lead))

    def number(self, lead: int) -> int:
        """Return the stand-in's number of the lead."""
        number = 0
        for digit in self.record_id(lead)[3:15]:
            digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            number = number * 62 + digits.index(digit)
        return number

    def points(self, lead: int) -> float | None:
        """Return the score of the lead, or of the contact that it became."""
        record_id = self.record_id(lead)
        sobject = "Contact" if record_id.startswith("003") else "Lead"
        (row,) = self.rows(f"SELECT LeadOps_Score__c FROM {sobject} WHERE Id = '{record_id}'")
        value: float | None = row["LeadOps_Score__c"]
        return value

    def fault(self, kind: str, **rule: Any) -> None:
        """Let Salesforce meet a fault: of its own, or of the wire."""
        rule = {"target": "salesforce", "kind": kind} | rule
        requests.post(f"{self.ma_url}/_faults", json=rule, timeout=60).raise_for_status()

    def set_product(self, **settings: Any) -> None:
        """Change how Salesforce behaves."""
        body = {"product": settings}
        requests.post(f"{self.ma_url}/_settings", json=body, timeout=30).raise_for_status()

    def calls(self) -> dict[str, int]:
        """Return how often each route was called."""
        return dict(requests.get(f"{self.ma_url}/_state", timeout=60).json()["calls"])

    def letters(self) -> list[tuple[Any, ...]]:
        """Return the open dead letters."""
        with self.connect() as connection:
            return connection.execute(
                "select kind, reason from delivery.dead_letters where state = 'open' order by 1, 2"
            ).fetchall()


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[SalesforceDesk]:
    """A delivery to a Salesforce of its own; its batches are as large as Salesforce takes."""
    desk = SalesforceDesk(database_url, "", settings=impatient(batch_size=200), token="sandbox-ma-token")
    options: dict[str, Any] = {"product": "salesforce", "sales_work": False, "clock": lambda: desk.now}
    with serve_in_thread(tmp_path / "salesforce", **options) as url:
        desk.ma_url = url
        yield desk
