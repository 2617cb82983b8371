"""What the gateway consists of under one set of settings: pool, rate limits, outbox workers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import FastAPI

from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.outbox_worker import OutboxWorkers, WorkerConfig
from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_settings import EventSettings
from leadops.events.quarantine import add_refused_calls
from leadops.gateway.database import make_pool
from leadops.gateway.event_mark import EventMark
from leadops.gateway.forms import FormState
from leadops.gateway.gateway_metrics import GatewayMetrics
from leadops.gateway.gateway_settings import GatewaySettings, RateSettings
from leadops.gateway.gateway_state import Gateway
from leadops.gateway.rate_limiter import RateLimiter
from leadops.gateway.refusal_counter import RefusalCounter
from leadops.gateway.shared_limits import SharedLimits
from leadops.gateway.shared_secrets import SharedSecrets
from leadops.gateway.state_reader import StateReader
from leadops.gateway.store_probe import StoreProbe
from leadops.gateway.work_notifier import EVENTS, OUTBOX, WorkNotifier
from leadops.identity.identity_settings import IdentitySettings
from leadops.intake.tool_secrets import ToolSecrets

#: Seconds that calls of the outbox workers have to end when the gateway stops.
WORKER_SECONDS = 12.0


@dataclass(frozen=True)
class GatewayConfig:
    """The settings of a gateway; `refused` names the files in whose place the former settings are in force.

    An outbox worker sends to each target in `worker_configs`.
    """

    settings: GatewaySettings
    events: EventSettings
    identity: IdentitySettings
    worker_configs: tuple[WorkerConfig, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class GatewayWiring:
    """What does not change while the gateway serves: database, secrets, and its two clocks.

    `clock` returns the time in UTC, `ticks` counts the seconds of the rate limits. `mark` notices when the
    database goes back. `limits_secret` hashes the addresses of the rate limits: all gateways have it.
    `metrics` counts on when settings change.
    """

    database_url: str = field(repr=False)
    secrets: SharedSecrets = field(repr=False)
    form_secrets: tuple[str, ...] = field(repr=False)
    identity_secrets: tuple[str, ...] = field(repr=False)
    limits_secret: str = field(repr=False)
    clock: Callable[[], datetime]
    tools: ToolSecrets = field(default_factory=ToolSecrets)
    ticks: Callable[[], float] = time.monotonic
    erased: ErasedFilter = field(default_factory=ErasedFilter)
    mark: DatabaseMark | None = None
    metrics: GatewayMetrics = field(default_factory=GatewayMetrics)


@dataclass(frozen=True)
class GatewayParts:
    """The gateway under one set of settings; `serve` makes an app use it from its next request on."""

    config: GatewayConfig
    gateway: Gateway
    forms: FormState
    workers: OutboxWorkers
    limits: SharedLimits

    async def start(self) -> None:
        """Open the pool and start the workers; the database may be away."""
        await self.gateway.pool.open(wait=False)
        self.workers.start()

    def serve(self, app: FastAPI) -> None:
        """Make `app` use these parts."""
        app.state.gateway, app.state.forms, app.state.outbox_workers = self.gateway, self.forms, self.workers

    async def drain(self) -> None:
        """Wait until requests that began under these settings are answered."""
        settings = self.config.settings
        await asyncio.sleep(settings.body_seconds + settings.answer_seconds)

    async def stop(self) -> None:
        """Write what is pending, end the workers and close the pool."""
        await self.forms.notifier.close()
        await self.gateway.notifier.close()
        await self.forms.refusals.close()
        await self.gateway.refusals.close()
        await self.gateway.event_mark.close()
        await self.limits.close()
        await asyncio.to_thread(self.workers.stop, seconds=WORKER_SECONDS)
        await self.gateway.pool.close(timeout=self.config.settings.database_seconds)


def make_parts(config: GatewayConfig, wiring: GatewayWiring) -> GatewayParts:
    """Return the parts of a gateway with these settings, not yet started."""
    settings = config.settings

    pool = make_pool(wiring.database_url, settings)
    limits = SharedLimits(pool, secret=wiring.limits_secret, clock=wiring.clock, ticks=wiring.ticks)

    def limiter(name: str, rate: RateSettings) -> RateLimiter:
        return limits.add(name, rate, max_addresses=settings.max_addresses)

    internal = config.identity.internal
    gateway = Gateway(
        settings=settings,
        events=config.events,
        pool=pool,
        secrets=wiring.secrets,
        identity_secrets=wiring.identity_secrets,
        browsers=limiter("browsers", settings.browsers),
        senders=limiter("senders", settings.senders),
        clock=wiring.clock,
        refusals=RefusalCounter(pool, clock=wiring.clock, add=add_refused_calls),
        probe=StoreProbe(
            pool,
            settings,
            config.events,
            clock=wiring.clock,
            ticks=wiring.ticks,
            erased=wiring.erased,
        ),
        metrics=wiring.metrics,
        state_reader=StateReader(pool, settings, clock=wiring.clock, ticks=wiring.ticks),
        event_mark=EventMark(wiring.mark, wiring.database_url, clock=wiring.clock),
        notifier=WorkNotifier(pool, EVENTS),
        erased=wiring.erased,
        own_networks=internal.list_networks() if internal else (),
    )
    forms = FormState(
        secrets=wiring.form_secrets,
        identity=config.identity,
        signers=limiter("signers", settings.forms.signers),
        unauthenticated=limiter("unauthenticated", settings.forms.unauthenticated),
        refusals=RefusalCounter(pool, clock=wiring.clock),
        notifier=WorkNotifier(pool, OUTBOX),
        tools=wiring.tools,
    )
    return GatewayParts(config, gateway, forms, OutboxWorkers(config.worker_configs), limits)
