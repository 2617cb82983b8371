"""Every metric of leadops. docs/metrics.md lists them, and a test compares the two."""

from leadops.metrics.metric import Metric

# Read from the database: the same at every gateway.

UP = Metric(
    "leadops_database_up",
    "gauge",
    "1: the database answered in time; 0: it did not, and what is read from it is missing",
)
READ_SECONDS = Metric(
    "leadops_database_read_seconds", "gauge", "how long the last reading of the database took"
)
HOP_WAITING = Metric(
    "leadops_hop_waiting", "gauge", "items that wait before a hop; counted up to 10,000", ("hop", "lane")
)
HOP_AGE = Metric(
    "leadops_hop_oldest_age_seconds",
    "gauge",
    "how long the oldest of them has waited since its event arrived (`resolve`, `score`) or its "
    "points were recorded (`queue`, `send`, `hold`); 0: nothing waits",
    ("hop", "lane"),
)
HOP_RECENT = Metric(
    "leadops_hop_recent_seconds",
    "gauge",
    "how long what arrived in the last 15 minutes took: `score` from the event to its points, "
    "`send` from the points to the answer of the MA; missing: nothing arrived",
    ("hop", "quantile"),
)
OUTBOX_WAITING = Metric(
    "leadops_outbox_waiting",
    "gauge",
    "effects (a lead, a task, an owner, a message) that wait for a target; counted up to 10,000",
    ("target", "lane"),
)
OUTBOX_AGE = Metric(
    "leadops_outbox_oldest_age_seconds",
    "gauge",
    "how long the oldest of them has waited; messages that keep their distance, or wait for their lead or "
    "for a right, and what waits for a lead that is gone do not count; 0: nothing else waits",
    ("target", "lane"),
)
OUTBOX_RECENT = Metric(
    "leadops_outbox_recent_seconds",
    "gauge",
    "how long the effects that arrived in the last 15 minutes took; missing: nothing arrived",
    ("target", "quantile"),
)
LAST_EVENT = Metric("leadops_last_event_timestamp_seconds", "gauge", "when the newest event was accepted")
QUARANTINE = Metric(
    "leadops_quarantine_waiting",
    "gauge",
    "refused events or forms that wait; counted up to 10,000",
    ("kind", "reason"),
)
CALLS = Metric(
    "leadops_calls_total",
    "counter",
    "calls to a target by how they ended, of tasks and gateways together",
    ("target", "outcome"),
)
DAY_CALLS = Metric("leadops_target_day_calls", "gauge", "calls to a target in the last 24 hours", ("target",))
DAY_LIMIT = Metric(
    "leadops_target_day_limit",
    "gauge",
    "calls a day that the target says it takes; missing: it says none",
    ("target",),
)
USED_UP = Metric("leadops_target_used_up", "gauge", "1: no call of the day is left", ("target",))
PAUSED = Metric(
    "leadops_target_paused",
    "gauge",
    "1: the target does not answer or asked for a pause, and gets no call",
    ("target",),
)
DEAD_LETTERS = Metric(
    "leadops_dead_letters_open",
    "gauge",
    "changes that a target rejected for good and that nobody has settled, without those of nurture;"
    " counted up to 10,000",
    ("target",),
)
ON_HOLD = Metric(
    "leadops_delivery_on_hold",
    "gauge",
    "1: nothing is sent, because the database went back or somebody said so",
)
FEED_AGE = Metric("leadops_feed_age_seconds", "gauge", "how far a feed of the CRM is behind", ("feed",))
INCIDENTS = Metric(
    "leadops_incidents_open",
    "gauge",
    "open incidents; each kind has a series, also without any",
    ("kind", "severity"),
)
LAST_SUCCESS = Metric(
    "leadops_last_success_timestamp_seconds",
    "gauge",
    "when a DAG (`task_id` is empty) or a task last succeeded; of tasks only those whose success "
    "is that of the run",
    ("dag_id", "task_id"),
)
LIVE_LANES = Metric("leadops_live_lanes", "gauge", "live lanes in which every stage worked within a minute")
LIVE_LAG = Metric(
    "leadops_live_lag_seconds",
    "gauge",
    "the longest way of an event to its points by a live lane, within the last quarter of a minute; "
    "missing: none came",
)
LIVE_LAST = Metric(
    "leadops_live_last_success_timestamp_seconds", "gauge", "when a live lane last worked; missing: never"
)
CANARY_SECONDS = Metric(
    "leadops_canary_hop_seconds",
    "gauge",
    "how long the canary that came through a hop last took there; missing: none has",
    ("hop",),
)
CANARY_WAITING = Metric(
    "leadops_canary_hop_waiting_seconds",
    "gauge",
    "how long the oldest canary that is at a hop has waited there; 0: none is",
    ("hop",),
)
CANARY_LAST = Metric(
    "leadops_canary_last_success_timestamp_seconds",
    "gauge",
    "when a canary last came through a hop; missing: none has",
    ("hop",),
)
SUCCESSES = Metric("leadops_successes_total", "counter", "how often it has succeeded", ("dag_id", "task_id"))

#: Those that are there whatever the database says.
ALWAYS = (UP, READ_SECONDS)
#: Those that need its answer.
FROM_DATABASE = (
    *(HOP_WAITING, HOP_AGE, HOP_RECENT, OUTBOX_WAITING, OUTBOX_AGE, OUTBOX_RECENT),
    *(LAST_EVENT, QUARANTINE, FEED_AGE),
    *(CALLS, DAY_CALLS, DAY_LIMIT, USED_UP, PAUSED, DEAD_LETTERS, ON_HOLD),
    *(INCIDENTS, LAST_SUCCESS, SUCCESSES),
    *(LIVE_LANES, LIVE_LAG, LIVE_LAST),
    *(CANARY_SECONDS, CANARY_WAITING, CANARY_LAST),
)

# Of one gateway since its start.

REQUESTS = Metric(
    "leadops_gateway_requests_total",
    "counter",
    "calls by route and HTTP status; `other`: a path that the gateway does not know",
    ("route", "status"),
)
REQUEST_SECONDS = Metric(
    "leadops_gateway_request_seconds",
    "histogram",
    "time from a call to the head of its answer",
    ("route",),
)
EVENTS = Metric(
    "leadops_gateway_events_total",
    "counter",
    "events by what became of them: `accepted`, `duplicate`, `quarantined`",
    ("result",),
)
FORMS = Metric(
    "leadops_gateway_forms_total",
    "counter",
    "signed forms by what became of them: `accepted`, `duplicate`, `quarantined`",
    ("result",),
)
WORKER_UP = Metric(
    "leadops_gateway_outbox_worker_up",
    "gauge",
    "1: an outbox worker of this gateway sends to the target; 0: it waits, or has ended",
    ("target",),
)
REFUSED_SETTINGS = Metric(
    "leadops_gateway_refused_settings",
    "gauge",
    "broken settings files in whose place the former settings are in force",
)
POOL_CONNECTIONS = Metric(
    "leadops_gateway_database_connections", "gauge", "connections to the database that are open"
)
POOL_WAITING = Metric(
    "leadops_gateway_database_waiting", "gauge", "calls that wait for a free connection to the database"
)
OF_GATEWAY = (
    *(REQUESTS, REQUEST_SECONDS, EVENTS, FORMS),
    *(WORKER_UP, REFUSED_SETTINGS, POOL_CONNECTIONS, POOL_WAITING),
)

KNOWN_METRICS = (*ALWAYS, *FROM_DATABASE, *OF_GATEWAY)
