"""A database that delivers to an Odoo and reads its feed: the stand-in, or a real one."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from leadops.crm.poll import PollResult, poll_crm
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import choose_pusher
from leadops.products.crm_client import CrmClient
from leadops.products.odoo.odoo_product import OdooProduct
from leadops.products.odoo.odoo_settings import OdooSettings
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import Call
from leadops.products.registry import are_one_system
from leadops.settings import Endpoint
from tests.delivery_fixture import DeliveryFixture, impatient
from tests.shipped import SHIPPED


def set_odoo(**changes: Any) -> OdooSettings:
    """Return the shipped settings of Odoo, but for `changes`."""
    return OdooSettings.model_validate(SHIPPED.products.odoo.model_dump() | changes)


def both_targets() -> DeliverySettings:
    """Return settings that hardly wait, for the MA and for the CRM."""
    settings = impatient()
    crm = SHIPPED.delivery.targets["crm"].model_copy(update={"calls_per_second": 10_000, "burst": 10_000})
    return settings.model_copy(update={"targets": {**settings.targets, "crm": crm}})


@dataclass
class OdooDesk(DeliveryFixture):
    """Odoo as MA and as CRM at once: one endpoint."""

    database: str = "leadops"
    login: str = "sandbox-client"
    odoo: OdooSettings = SHIPPED.products.odoo

    def __post_init__(self) -> None:
        self.settings = both_targets()

    @property
    def endpoint(self) -> Endpoint:
        """The connection to Odoo."""
        return Endpoint(
            base_url=self.ma_url,
            token=self.token,
            login=self.login,
            timeout=60,
            extra={"product": "odoo", "database": self.database},
            product_settings=self.odoo,
        )

    def ask(self, model: str, method: str, *, ids: list[int] | None = None, **named: Any) -> Any:
        """Call a method of Odoo's as leadops does; the answer has a result."""
        client = ProductClient(self.endpoint)
        product = client.product
        assert isinstance(product, OdooProduct)
        call: Call = product.calls.call(model, method, ids=ids, **named)
        outcome = client.send(call)
        client.close()
        body = getattr(outcome, "body", outcome)
        return body.get("result") if isinstance(body, dict) and "jsonrpc" in body else body

    def read(self, lead: int, field: str, *, target: str = "crm") -> Any:
        """Return a field of a lead of ours as it is in Odoo."""
        number = int(self.external_id(lead, target=target))
        (row,) = self.ask("crm.lead", "search_read", domain=[["id", "=", number]], fields=[field])
        return row[field]

    def external_id(self, lead: int, *, target: str = "crm") -> str:
        """Return Odoo's id of a lead of ours."""
        query = "select external_id from delivery.external_ids where target = %s and lead_id = %s"
        return str(self.value(query, target, lead))

    def wish(self, operation: str, lead: int, number: int = 1, **values: Any) -> None:
        """Enqueue an effect in the CRM."""
        with self.connect() as connection:
            enqueue_effect(
                connection,
                target="crm",
                operation=operation,
                payload=values,
                idempotency_key=f"{operation}-{lead}-{number}",
                lead_id=lead,
                now=self.clock(),
            )

    def wish_lead(self, lead: int) -> None:
        """Ask for the lead in the CRM, as an MQL does."""
        email = self.value("select email from identity.leads where lead_id = %s", lead)
        key = f"n-crm-lead-{lead}-1"
        self.wish("create_lead", lead, email=email, company="Acme", source="form", idempotency_key=key)

    def push_to(self, target: str, *, seconds: float = 20) -> PushReport:
        """Push until nothing is left to do, or for `seconds`."""
        return push_target(
            database_url=self.url,
            endpoint=self.endpoint,
            target=target,
            pusher_type=choose_pusher(target),
            settings=self.settings,
            clock=self.clock,
            sleep=time.sleep,
            until=self.clock() + timedelta(seconds=seconds),
        )

    def poll(self, *, page_size: int = 500, overlap: float = 300, at: datetime | None = None) -> PollResult:
        """Read the feed as watch_sla does."""
        client = CrmClient(self.endpoint)
        try:
            with self.connect() as connection:
                return poll_crm(
                    connection,
                    client,
                    now=at or datetime.now(UTC),
                    overlap=timedelta(seconds=overlap),
                    page_size=page_size,
                    is_ma_too=are_one_system(self.endpoint, self.endpoint),
                )
        finally:
            client.close()

    def activities(self, *fields: str) -> list[tuple[Any, ...]]:
        """Return these columns of the activities in the order of their ids."""
        with self.connect() as connection:
            query = f"select {', '.join(fields)} from crm.activities order by occurred_at, activity_id"
            return connection.execute(query.encode()).fetchall()
