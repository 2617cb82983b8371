"""The stages of leadops on one database, a gateway that listens, and a sandbox as MA and CRM."""

import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from leadops.canary.canary_settings import CanarySettings
from leadops.canary.knock import GatewayDoors
from leadops.canary.run_canary import CanaryResult, CanaryWay, run_canary
from leadops.crm.poll import poll_crm
from leadops.db import Connection, connect
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import choose_pusher
from leadops.identity.resolve import resolve_events
from leadops.products.crm_client import CrmClient
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_rules import RuleSet
from leadops.settings import Endpoint
from leadops_sandbox.settings import Tokens
from tests.gateway.conftest import FORM_SECRETS, KEY
from tests.shipped import SHIPPED

ZONE = SHIPPED.company.zone
SETTINGS: CanarySettings = SHIPPED.canary


@dataclass
class CanaryWorld:
    """What a canary flies through; `stages` are those that work while it is watched."""

    url: str
    gateway_url: str
    sandbox: str
    connection: Connection
    stages: tuple[str, ...] = ("resolve", "score", "ma", "crm", "poll")
    rules: RuleSet = SHIPPED.scoring
    offset: timedelta = field(default_factory=timedelta)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def way(self, *, writes_to: Collection[str] = ("ma", "crm"), **changes: Any) -> CanaryWay:
        given: dict[str, Any] = {
            "gateway": GatewayDoors(Endpoint(base_url=self.gateway_url), KEY, FORM_SECRETS[0]),
            "writes_to": writes_to,
            "can_erase": True,
            "has_feed": "crm" in writes_to and not self.offset,  # the sandbox has a clock of its own
            "warehouses": (),
        }
        return CanaryWay(**(given | changes))

    def fly(
        self,
        way: CanaryWay | None = None,
        *,
        settings: CanarySettings = SETTINGS,
        sleep: Callable[[float], None] | None = None,
    ) -> CanaryResult:
        """Run the canary; whenever it waits, the stages work."""
        with connect(self.url) as connection:
            return run_canary(
                connection,
                way or self.way(),
                settings=settings,
                clock=self.clock,
                sleep=sleep or (lambda _: self.work()),
            )

    def work(self) -> None:
        """Let each stage do what waits for it."""
        with connect(self.url) as connection:
            if "resolve" in self.stages:
                while resolve_events(connection, now=self.clock(), settings=SHIPPED.identity).remaining:
                    pass
            if "score" in self.stages:
                while score_leads(connection, rules=self.rules, zone=ZONE, now=self.clock()).remaining:
                    pass
            for target in ("ma", "crm"):
                if target in self.stages:
                    self.push(target)
            if "poll" in self.stages:
                with closing(CrmClient(self.endpoint("crm"))) as client:
                    poll_crm(connection, client, now=self.clock())

    def push(self, target: str) -> None:
        push_target(
            database_url=self.url,
            endpoint=self.endpoint(target),
            target=target,
            pusher_type=choose_pusher(target),
            settings=SHIPPED.delivery,
            clock=self.clock,
            sleep=time.sleep,
            until=self.clock() + timedelta(seconds=20),
            identity=SHIPPED.identity,
        )

    def endpoint(self, target: str) -> Endpoint:
        return Endpoint(base_url=self.sandbox, token=getattr(Tokens(), target))

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        found = self.connection.execute(query.encode(), list(arguments)).fetchall()
        self.connection.commit()
        return found

    def value(self, query: str, *arguments: object) -> Any:
        return self.rows(query, *arguments)[0][0]

    def hops(self) -> dict[str, bool]:
        """Which hops of the newest visit are done."""
        return dict(
            self.rows(
                "select hop, done_at is not null from canary.hops"
                " where visit_id = (select max(visit_id) from canary.visits)"
            )
        )

    def sandbox_state(self) -> dict[str, Any]:
        answer = requests.get(f"{self.sandbox}/_state", timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
