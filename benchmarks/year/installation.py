"""leadops beside its gateway and the simulated MA, CRM and Slack, all under one clock that can be set."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from slack_sdk import WebClient

from leadops.clients.chat import ApiChat
from leadops.configuration import Config
from leadops.db import Connection, connect
from leadops.gateway.app import create_app
from leadops.gateway.serve import serve_in_thread as serve_gateway
from leadops.intake.signature import sign
from leadops.orchestration.counts import Counts
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.run import SCHEDULED, TaskRun
from leadops.orchestration.tasks import (
    checks,
    delivery,
    funnel,
    housekeeping,
    nightly,
    nurture,
    scoring,
    sla,
    thresholds,
    training,
)
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread as serve_sandbox
from leadops_sandbox.settings import Tokens

FORM_SECRET, WRITE_KEY, METRICS_TOKEN = "year-form-secret-0123", "w" * 32, "m" * 32
SITE, BROWSER, BOT = "https://www.example.com", "Mozilla/5.0 (X11) Firefox/127.0", "Googlebot/2.1"


class YearClock:
    """The time of the year that is played: it can be set, and goes on from there as time does."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def __call__(self) -> datetime:
        """Return the time (UTC)."""
        return self._from + timedelta(seconds=time.perf_counter() - self._set_at)

    def set(self, now: datetime) -> None:
        """Make it `now` (with a zone)."""
        self._from, self._set_at = now, time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of the year pass at once."""
        self._from += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Verb:
    """A task of a DAG, and whether the success of the run hangs on it."""

    dag_id: str
    body: Callable[[TaskRun], Counts]
    decides: bool = False

    @property
    def name(self) -> str:
        """The id of the task."""
        return self.body.__name__


def push(run: TaskRun) -> Counts:
    """Push as one task does, of one shard."""
    return delivery.push(run, shard=0)


CHECK = Verb("check_alerts", checks.check, decides=True)
#: What the DAGs of every minute, or every few, run, in this order where they run one after the other.
MINUTE = (
    Verb("score_leads", scoring.resolve),
    Verb("score_leads", scoring.score),
    Verb("score_leads", push, decides=True),
    Verb("score_leads", scoring.qualify),
    Verb("score_leads", scoring.assign, decides=True),
    Verb("watch_sla", sla.poll),
    Verb("watch_sla", sla.clock, decides=True),
    Verb("send_nurture", nurture.enter),
    Verb("send_nurture", nurture.send, decides=True),
    Verb("deliver_outbox", delivery.deliver, decides=True),
    CHECK,
    Verb("check_alerts", checks.notify, decides=True),
)
FUNNEL = (
    Verb("refresh_funnel", funnel.refresh),
    Verb("refresh_funnel", funnel.check_quality, decides=True),
)
NIGHT = (
    Verb("decay_scores", nightly.decay, decides=True),
    Verb("audit_scores", nightly.audit, decides=True),
)
KEEP_HOUSE = Verb("keep_house", housekeeping.purge, decides=True)
FIGURES = (
    Verb("refresh_funnel", funnel.economics, decides=True),
    Verb("refresh_funnel", funnel.lift, decides=True),
)
#: The costly ones of a night; `approve` is left out, because nobody answers.
ATTRIBUTE = Verb("refresh_funnel", funnel.attribute, decides=True)
TRAINING = (
    Verb("retrain_thresholds", training.check_funnel),
    Verb("retrain_thresholds", training.retrain),
    Verb("retrain_thresholds", training.points),
    Verb("retrain_thresholds", thresholds.evaluate_rollback),
    Verb("retrain_thresholds", thresholds.propose),
    Verb("retrain_thresholds", thresholds.apply, decides=True),
)
ALL = (*MINUTE, *FUNNEL, *NIGHT, KEEP_HOUSE, *FIGURES, ATTRIBUTE, *TRAINING)
DECIDING = {
    dag: [verb.name for verb in ALL if verb.decides and verb.dag_id == dag] for dag in {v.dag_id for v in ALL}
}


@dataclass
class Installation:
    """leadops on the database `url`, with the addresses of what it calls.

    All tasks share one connection and one set of settings: to open and to read them costs the same in every
    minute of the year.
    """

    url: str
    clock: YearClock
    config: Config
    connection: Connection
    sandbox_url: str
    gateway: httpx.Client
    log_folder: Path
    _serial: int = field(default=0)

    @contextmanager
    def _lend_connection(self) -> Iterator[Connection]:
        """Yield the connection to one task, as if it was opened for it."""
        try:
            yield self.connection
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def run(self, verb: Verb, *, end: datetime | None = None) -> Counts:
        """Run a task now, as Airflow does: with the settings in force, and noting its success.

        `end`: where the run's interval ends, if not now.
        """
        with mock.patch.dict(os.environ, LEADOPS_DATABASE_URL=self.url):
            run = self._make_run(verb, end)
            counts = verb.body(run)
            if verb.decides:
                with run.open_database() as connection:
                    note_success(connection, run, deciding=DECIDING[verb.dag_id])
        return counts

    def _make_run(self, verb: Verb, end: datetime | None) -> TaskRun:
        now = self.clock()
        end = end or now
        return TaskRun(
            dag_id=verb.dag_id,
            task_id=verb.name,
            run_id=f"scheduled__{now:%Y-%m-%dT%H:%M}",
            run_type=SCHEDULED,
            started_at=now - timedelta(seconds=1),
            start=end - timedelta(days=1),
            end=end,
            config=self.config,
            clock=self.clock,
            sleep=self.clock.sleep,
            open_database=self._lend_connection,
            find_endpoint=self.find_endpoint,
            open_chat=self.open_chat,
            log_folder=self.log_folder,
        )

    def find_endpoint(self, system: str) -> Endpoint:
        """Return the endpoint of ma, crm or cdp."""
        if system == "cdp":
            return Endpoint(base_url=str(self.gateway.base_url).rstrip("/"), token=METRICS_TOKEN)
        return Endpoint(base_url=self.sandbox_url, token=getattr(Tokens(), system))

    def open_chat(self, alerts: Any) -> ApiChat:
        """Return the simulated Slack."""
        return ApiChat(WebClient(Tokens().slack, base_url=f"{self.sandbox_url}/api/"), alerts.channel)

    def send_form(self, body: bytes, *, secret: str = FORM_SECRET) -> int:
        """Send a form to the gateway; return the status of the answer."""
        timestamp = str(int(self.clock().timestamp()))
        headers = {"X-Timestamp": timestamp, "X-Signature": sign(secret, timestamp, body)}
        headers["Content-Type"] = "application/json"
        return self.gateway.post("/webhook/form", content=body, headers=headers).status_code

    def collect(self, count: int, *, event: str, user_agent: str = BROWSER) -> None:
        """Send `count` events of a browser to the gateway."""
        items = []
        for _ in range(count):
            self._serial += 1
            visitor = hashlib.sha256(f"{self.clock()} {self._serial}".encode()).hexdigest()[:32]
            context = {"page": f"{SITE}/pricing", "user_agent": user_agent}
            items.append({"event_id": visitor, "event": event, "ts": self.clock().isoformat()})
            items[-1] |= {"anonymous_id": visitor, "context": context}
        headers = {"Origin": SITE, "User-Agent": user_agent}
        self.gateway.post("/collect", json=items, headers=headers).raise_for_status()

    def collect_nothing(self) -> None:
        """Send what is no JSON, so that the gateway refuses the whole call."""
        self.gateway.post("/collect", content=b"[", headers={"Origin": SITE, "User-Agent": BROWSER})

    def add_activity(self, lead_id: str, **facts: Any) -> None:
        """Let a salesperson enter an activity in the CRM."""
        body = {"lead_id": lead_id, "kind": "call", **facts}
        httpx.post(f"{self.sandbox_url}/_crm/activities", json=body).raise_for_status()


@contextmanager
def open_installation(
    url: str, folder: Path, clock: YearClock, *, config: Config | None = None
) -> Iterator[Installation]:
    """Run gateway and sandbox beside the migrated database `url`; the sandbox's state lies in `folder`.

    `config`: the settings, if not those that are shipped.
    """
    config = config or Config()
    (folder / "logs").mkdir(exist_ok=True, parents=True)
    app = create_app(
        database_url=url,
        write_keys=(WRITE_KEY,),
        metrics_tokens=(METRICS_TOKEN,),
        form_secrets=(FORM_SECRET,),
        identity_secrets=(),
        settings=config.gateway,
        events=config.events,
        identity=config.identity,
        clock=clock,
        ticks=lambda: clock().timestamp(),
    )
    with ExitStack() as running:
        sandbox = running.enter_context(serve_sandbox(folder / "sandbox", clock=clock))
        address = running.enter_context(serve_gateway(app))
        gateway = running.enter_context(httpx.Client(base_url=address, timeout=60, trust_env=False))
        connection = running.enter_context(connect(url, application="leadops year"))
        yield Installation(url, clock, config, connection, sandbox, gateway, folder / "logs")
