"""A real MA to deliver to, and a ledger to deliver from."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.db import Connection, connect
from leadops.delivery.audit import AuditResult, audit_scores
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.effect_guard import EffectGuard
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import ScorePusher
from leadops.products.product_client import ProductClient
from leadops.products.registry import load_product
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from tests.left_as_found import share_sandbox
from tests.shipped import SHIPPED
from tests.waiting import wait_until

SERIAL = count(1)
#: The product of our own contract.
GENERIC = load_product("generic")


def clock() -> datetime:
    return datetime.now(UTC)


def start_at_first_look(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock that stands still until somebody looks at it.

    A push of half a second so makes its first call also where the connections before it took longer.
    """
    made, lost = clock(), list[timedelta]()

    def read() -> datetime:
        now = clock()
        lost.append(now - made)
        return now - lost[0]

    return read


def impatient(**changes: Any) -> DeliverySettings:
    """The default settings, but for `changes` to the MA's, and with hardly any back-off."""
    settings = SHIPPED.delivery
    target = settings.targets["ma"].model_copy(update={"calls_per_second": 10_000, "burst": 10_000} | changes)
    return settings.model_copy(update={"targets": {"ma": target}, "longest_backoff_seconds": 0.01})


@dataclass
class DeliveryFixture:
    """A database with leads and a ledger, and the MA they are delivered to."""

    url: str
    ma_url: str
    settings: DeliverySettings = field(default_factory=impatient)
    timeout: float = 30.0
    token: str = "sandbox-ma-token"
    clock: Any = clock
    #: What the connection says of the product: nothing by default.
    extra: dict[str, Any] = field(default_factory=dict)
    #: What is asked before an effect goes out.
    guards: tuple[EffectGuard, ...] = ()

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(base_url=self.ma_url, token=self.token, timeout=self.timeout, extra=self.extra)

    def connect(self) -> Connection:
        return connect(self.url)

    def add_lead(self, *, email: str | None = None) -> int:
        """A new lead, with the wish to have it in the MA; its address is new to the MA too."""
        address = email or f"lead{next(SERIAL)}.{time.time_ns()}@example.com"
        with self.connect() as connection:
            row = connection.execute(
                "insert into identity.leads (email, created_at, first_event_seq) values (%s, now(), 1)"
                " returning lead_id",
                [address],
            ).fetchone()
            assert row
            enqueue_effect(
                connection,
                target="ma",
                operation="upsert_lead",
                payload={"email": address, "externalId": str(row[0])},
                idempotency_key=f"ma-lead-{address}",
                lead_id=row[0],
                now=self.clock(),
            )
        return int(row[0])

    def score(self, lead: int, points: int, *, lane: int | None = 0) -> None:
        """Append to the ledger as scoring does, sums included."""
        with self.connect() as connection:
            connection.execute("select pg_advisory_xact_lock(7302002)")
            connection.execute(
                "insert into scoring.ledger"
                " (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason, is_live)"
                " values (%s, %s, 'behaviour', 'rule', 'view_pricing', now(), now(), %s, 'it\"s a \\ page',"
                " %s)",
                [lead, points, lane, lane == 0],
            )
            connection.execute(
                "insert into scoring.scores as s (lead_id, behaviour, updated_at) values (%s, %s, now())"
                " on conflict (lead_id) do update set behaviour = s.behaviour + excluded.behaviour",
                [lead, points],
            )

    def push(self, *, seconds: float = 20, may_grow: Callable[[], bool] = lambda: False) -> PushReport:
        until = self.clock() + timedelta(seconds=seconds)
        return push_target(
            database_url=self.url,
            endpoint=self.endpoint,
            target="ma",
            pusher_type=ScorePusher,
            settings=self.settings,
            clock=start_at_first_look(self.clock),
            sleep=time.sleep,
            until=until,
            guards=self.guards,
            may_grow=may_grow,
        )

    def push_until_unknown(self) -> None:
        """Push until the outcome of a call is unknown: a busy machine may make none in half a second."""

        def is_unknown() -> bool:
            self.push(seconds=0.5)
            return bool(self.value("select count(*) from delivery.batches where state = 'ready'"))

        wait_until(is_unknown)

    def audit(self) -> AuditResult:
        with self.connect() as connection:
            return audit_scores(
                connection,
                ProductClient(self.endpoint),
                max_missing=self.settings.audit.max_missing,
                now=self.clock(),
            )

    def ma_score(self, lead: int) -> int:
        with self.connect() as connection:
            row = connection.execute(
                "select external_id from delivery.external_ids where target = 'ma' and lead_id = %s", [lead]
            ).fetchone()
        assert row, "the MA does not know the lead"
        client = ProductClient(self.endpoint)
        try:
            return int(client.get_lead(row[0]).body["score"])  # type: ignore[union-attr]
        finally:
            client.transport.close()

    def value(self, query: str, *values: object) -> Any:
        with self.connect() as connection:
            row = connection.execute(query.encode(), values).fetchone()
        return row[0] if row else None

    def fault(self, kind: str, **rule: Any) -> None:
        rule = {"target": "ma", "kind": kind} | rule
        requests.post(f"{self.ma_url}/_faults", json=rule, timeout=60).raise_for_status()

    def heal(self) -> None:
        requests.delete(f"{self.ma_url}/_faults", timeout=60).raise_for_status()

    def ma_id(self, lead: int) -> int:
        """The lead's id in the MA, as far as we know."""
        query = "select external_id from delivery.external_ids where target = 'ma' and lead_id = %s"
        return int(self.value(query, lead))

    def presence(self, lead: int) -> str:
        """The state of the lead in the MA, as far as we know."""
        query = "select state from delivery.external_ids where target = 'ma' and lead_id = %s"
        return str(self.value(query, lead))

    def by_hand(self, ma_id: int, what: str, **body: Any) -> None:
        """Let somebody `delete`, `merge` or `restore` a lead in the MA."""
        response = requests.post(f"{self.ma_url}/_ma/leads/{ma_id}/{what}", json=body, timeout=60)
        response.raise_for_status()

    def set_ma(self, **behaviour: Any) -> None:
        """Change how the MA behaves."""
        requests.post(f"{self.ma_url}/_settings", json=behaviour, timeout=60).raise_for_status()

    def state(self) -> dict[str, Any]:
        return dict(requests.get(f"{self.ma_url}/_state", timeout=60).json())


@dataclass
class SteppedDelivery(DeliveryFixture):
    """A delivery whose time passes only while it sleeps, whatever the machine's speed."""

    now: datetime = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.clock = lambda: self.now
        target = self.settings.targets["ma"].model_copy(update={"connections": 1})
        self.settings = self.settings.model_copy(
            update={"targets": {"ma": target}, "longest_backoff_seconds": 1}
        )

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=max(seconds, 0.001))

    def push(self, *, seconds: float = 4) -> PushReport:
        """Push until nothing is left to do, or for `seconds`."""
        return push_target(
            database_url=self.url,
            endpoint=self.endpoint,
            target="ma",
            pusher_type=ScorePusher,
            settings=self.settings,
            clock=self.clock,
            sleep=self._sleep,
            until=self.now + timedelta(seconds=seconds),
            guards=self.guards,
        )


@pytest.fixture(scope="session")
def ma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = Path(tmp_path_factory.mktemp("ma"))
    with serve_in_thread(folder) as url, share_sandbox(url, fixture="ma_url"):
        yield url


@pytest.fixture
def desk(database_url: str, ma_url: str) -> Iterator[DeliveryFixture]:
    desk = DeliveryFixture(database_url, ma_url)
    desk.heal()
    yield desk
    desk.heal()
    desk.set_ma(ma_absence="words")
