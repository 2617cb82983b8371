"""The metrics that are read from the database, which are the same at every gateway."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import product

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from leadops.incidents.kinds import KINDS
from leadops.lanes import Lane
from leadops.metrics.database_state import DatabaseState, HopSpan
from leadops.metrics.known_metrics import (
    CALLS,
    CANARY_LAST,
    CANARY_SECONDS,
    CANARY_WAITING,
    DAY_CALLS,
    DAY_LIMIT,
    DEAD_LETTERS,
    FEED_AGE,
    HOP_AGE,
    HOP_RECENT,
    HOP_WAITING,
    INCIDENTS,
    LAST_EVENT,
    LAST_SUCCESS,
    LIVE_LAG,
    LIVE_LANES,
    LIVE_LAST,
    ON_HOLD,
    OUTBOX_AGE,
    OUTBOX_RECENT,
    OUTBOX_WAITING,
    PAUSED,
    QUARANTINE,
    READ_SECONDS,
    SUCCESSES,
    UP,
    USED_UP,
)
from leadops.metrics.metric import Metric

#: The hops of an event to the MA, in order; in `hold` are changes of leads that the MA does not have yet.
HOPS = ("resolve", "score", "queue", "send", "hold")

Samples = Iterable[tuple[Sequence[str], float]]


class DatabaseMetrics(Collector):
    """The metrics of one reading of the database; `state` None: it did not answer."""

    def __init__(self, state: DatabaseState | None, *, read_seconds: float) -> None:
        self._state, self._read_seconds = state, read_seconds

    def collect(self) -> Iterator[Family]:
        """Yield each metric with its values."""
        yield _form_family(UP, [((), float(self._state is not None))])
        yield _form_family(READ_SECONDS, [((), self._read_seconds)])
        if self._state is not None:
            for metric, samples in list_samples(self._state).items():
                yield _form_family(metric, samples)


def list_samples(state: DatabaseState) -> Mapping[Metric, Samples]:
    """Return the values of each metric, with those of its labels."""
    now, waits = state.read_at, {(wait.hop, wait.lane): wait for wait in state.waits}
    hops = [((hop, _name_lane(lane)), waits.get((hop, lane))) for hop, lane in product(HOPS, Lane)]
    outbox = [((wait.target, _name_lane(wait.lane)), wait) for wait in state.outbox]
    kinds = {incident.kind: incident.items for incident in state.incidents}
    successes = [(_split_name(success.name), success) for success in state.successes]
    newest = state.newest_event_at
    return {
        HOP_WAITING: [(labels, wait.items if wait else 0) for labels, wait in hops],
        HOP_AGE: [(labels, _find_age(wait.oldest_at if wait else None, now)) for labels, wait in hops],
        HOP_RECENT: _list_quantiles(state.spans),
        OUTBOX_WAITING: [(labels, wait.items) for labels, wait in outbox],
        OUTBOX_AGE: [(labels, _find_age(wait.oldest_at, now)) for labels, wait in outbox],
        OUTBOX_RECENT: _list_quantiles(state.outbox_spans),
        LAST_EVENT: [((), newest.timestamp())] if newest else [],
        QUARANTINE: [((each.kind, each.reason), each.items) for each in state.quarantined],
        CALLS: [((each.target, each.outcome), each.calls) for each in state.outcomes],
        DAY_CALLS: [((target.target,), target.day_calls) for target in state.targets],
        DAY_LIMIT: [
            ((target.target,), target.day_limit) for target in state.targets if target.day_limit is not None
        ],
        USED_UP: [((target.target,), target.is_used_up) for target in state.targets],
        PAUSED: [((target.target,), target.is_paused) for target in state.targets],
        DEAD_LETTERS: [((target.target,), target.dead_letters) for target in state.targets],
        ON_HOLD: [((), state.is_on_hold)],
        FEED_AGE: [((feed.feed,), _find_age(feed.complete_until, now)) for feed in state.feeds],
        INCIDENTS: [((kind.name, kind.severity), kinds.get(kind.name, 0)) for kind in KINDS.values()],
        LAST_SUCCESS: [(labels, success.succeeded_at.timestamp()) for labels, success in successes],
        SUCCESSES: [(labels, success.beats) for labels, success in successes],
        LIVE_LANES: [((), state.live.working)],
        LIVE_LAG: [] if state.live.lag_seconds is None else [((), state.live.lag_seconds)],
        LIVE_LAST: [((), state.live.worked_at.timestamp())] if state.live.worked_at else [],
        CANARY_SECONDS: [((each.hop,), each.seconds) for each in state.canary if each.seconds is not None],
        CANARY_WAITING: [((each.hop,), _find_age(each.waits_since, now)) for each in state.canary],
        CANARY_LAST: [((each.hop,), each.done_at.timestamp()) for each in state.canary if each.done_at],
    }


def _list_quantiles(spans: Sequence[HopSpan]) -> Samples:
    return [
        ((span.hop, quantile), seconds)
        for span in spans
        for quantile, seconds in (("0.5", span.median), ("0.95", span.high))
    ]


def _name_lane(lane: int) -> str:
    return Lane(lane).name.lower()


def _find_age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _split_name(name: str) -> tuple[str, str]:
    """Return the ids of DAG and task; a backfill's DAG has a name of its own."""
    dag_id, _, task_id = name.partition(".")
    return dag_id, task_id


def _form_family(metric: Metric, samples: Samples) -> Family:
    form = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = form(metric.name, metric.help, labels=metric.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
