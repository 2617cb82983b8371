"""What one gateway counts of its own work, for Prometheus: in memory, since its start."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadops.delivery.outbox_worker import OutboxWorkers
from leadops.events.event_store import AcceptResult
from leadops.gateway.database import Pool
from leadops.metrics.known_metrics import (
    EVENTS,
    FORMS,
    POOL_CONNECTIONS,
    POOL_WAITING,
    REFUSED_SETTINGS,
    REQUEST_SECONDS,
    REQUESTS,
    WORKER_UP,
)

# When a counter began is in process_start_time_seconds; a second series for each counter would say it again.
disable_created_metrics()  # type: ignore[no-untyped-call]

#: Seconds by which the times of answers are counted.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
#: The route of a path that the gateway does not know: anybody may ask for any path.
OTHER = "other"


class GatewayMetrics:
    """Counts calls, events and forms; a process has one for each gateway in it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(REQUESTS.name, REQUESTS.help, REQUESTS.labels, registry=self.registry)
        self._seconds = Histogram(
            REQUEST_SECONDS.name,
            REQUEST_SECONDS.help,
            REQUEST_SECONDS.labels,
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._events = Counter(EVENTS.name, EVENTS.help, EVENTS.labels, registry=self.registry)
        self._forms = Counter(FORMS.name, FORMS.help, FORMS.labels, registry=self.registry)

    def count_request(self, route: str, status: int, *, seconds: float) -> None:
        """Count a call and the time until the head of its answer."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_events(self, result: AcceptResult) -> None:
        """Count the events of a call by what became of them."""
        for name, number in (
            ("accepted", result.accepted),
            ("duplicate", result.duplicates),
            ("quarantined", len(result.quarantined)),
        ):
            if number:
                self._events.labels(name).inc(number)

    def count_form(self, *, is_new: bool, is_quarantined: bool) -> None:
        """Count a signed form by what became of it."""
        kept = "quarantined" if is_quarantined else "accepted"
        self._forms.labels(kept if is_new else "duplicate").inc()


class GatewayState(Collector):
    """What a gateway is like at this moment: its workers, refused settings and connections."""

    def __init__(self, workers: OutboxWorkers, pool: Pool, refused_settings: tuple[str, ...]) -> None:
        self._workers, self._pool, self._refused = workers, pool, refused_settings

    def collect(self) -> Iterator[Family]:
        """Yield each metric with its values."""
        up = GaugeMetricFamily(WORKER_UP.name, WORKER_UP.help, labels=WORKER_UP.labels)
        states = self._workers.states()
        for target in self._workers.list_targets():
            up.add_metric((target,), float(states[target] == "on"))
        yield up
        pool = self._pool.get_stats()
        for metric, value in (
            (REFUSED_SETTINGS, len(self._refused)),
            (POOL_CONNECTIONS, pool.get("pool_size", 0)),
            (POOL_WAITING, pool.get("requests_waiting", 0)),
        ):
            yield GaugeMetricFamily(metric.name, metric.help, value=value)


class CountRequests:
    """Counts every call of an ASGI app by the route that answered it; as light as a middleware can be."""

    def __init__(self, app: ASGIApp, metrics: GatewayMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a call of the app, and count it when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = time.perf_counter() - began
                self._metrics.count_request(_name_route(scope), message["status"], seconds=seconds)
            await send(message)

        await self._app(scope, receive, send_counted)


def _name_route(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else OTHER
