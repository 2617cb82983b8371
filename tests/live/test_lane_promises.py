"""Lanes, the minute and kill -9 in any order: every event counts once, in the ledger and in the MA."""

import signal
import time
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from leadops.identity.resolve import resolve_events
from leadops.scoring.score import score_leads
from tests.delivery.test_promises import fault
from tests.delivery_fixture import DeliveryFixture
from tests.gateway.conftest import KEY, Serve
from tests.live.lanes import clock, start_lane
from tests.promises import promise_examples
from tests.shipped import SHIPPED
from tests.waiting import outlive_sessions, wait_until

SERIAL = count(1)
POINTS = next(rule.points for rule in SHIPPED.scoring.behaviour if rule.name == "request_document")

step = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 4)),
    st.tuples(st.just("start a lane"), st.none()),
    st.tuples(st.just("kill a lane"), st.floats(0, 0.2)),
    st.tuples(st.just("minute"), st.integers(1, 3)),
    st.tuples(st.just("fault"), fault),
)


class Story:
    """One example: lanes that run, and who was sent."""

    def __init__(self, desk: DeliveryFixture, gateway: httpx.Client) -> None:
        self.desk, self.gateway = desk, gateway
        self.lanes: list[Any] = []
        self.sent: list[str] = []

    def do(self, what: str, detail: Any) -> None:
        match what:
            case "send":
                self.send(detail)
            case "start a lane":
                if len(self.lanes) < 3:
                    self.lanes.append(start_lane(self.desk, name=f"lane-{next(SERIAL)}"))
            case "kill a lane":
                self.send(1)
                time.sleep(detail)  # the moment of death is the test
                self.kill()
            case "minute":
                self.run_minute(limit=detail)
            case "fault":
                self.desk.fault(**detail)

    def send(self, people: int) -> None:
        addresses = [f"p{next(SERIAL)}-{time.time_ns()}@lane.example" for _ in range(people)]
        now = datetime.now(UTC).isoformat()
        events = [
            {"event_id": one, "event": "request_document", "ts": now, "email": one} for one in addresses
        ]
        assert self.gateway.post("/collect", json=events).json()["accepted"] == people
        self.sent += addresses

    def run_minute(self, *, limit: int) -> None:
        """Do what score_leads does, in small chunks."""
        with self.desk.connect() as connection:
            while resolve_events(connection, now=clock(), settings=SHIPPED.identity, limit=limit).remaining:
                pass
            while score_leads(
                connection,
                rules=SHIPPED.scoring,
                zone=SHIPPED.company.zone,
                now=clock(),
                limit_leads=limit,
                source="here",
                machines=SHIPPED.machines,
            ).remaining:
                pass
        self.desk.push(seconds=1.5)

    def kill(self) -> None:
        if self.lanes:
            lane = self.lanes.pop(0)
            lane.kill()
            lane.join()
            assert lane.exitcode == -signal.SIGKILL

    def count_points(self) -> dict[str, tuple[int, int]]:
        """Return the points of everybody, in the ledger and in the MA."""
        with self.desk.connect() as connection:
            rows = connection.execute(
                "select lead_id, email, sum(points) from identity.leads"
                " inner join scoring.ledger using (lead_id) group by lead_id, email"
            ).fetchall()
        return {
            email: (int(points), self.desk.ma_score(lead))
            for lead, email, points in rows
            if email in self.sent
        }


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@settings(
    max_examples=promise_examples(4),
    deadline=None,
    # No shrinking: what hangs on the moment of a death does not happen again the same way.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=6, max_size=16))
def test_whatever_happens_every_event_counts_once(
    desk: DeliveryFixture, serve: Serve, steps: list[tuple[str, Any]]
) -> None:
    gateway = serve()
    gateway.headers["X-Write-Key"] = KEY
    desk.heal()
    desk.timeout = 0.25
    story = Story(desk, gateway)
    with outlive_sessions(desk.url):
        story.do("start a lane", None)
        for what, detail in steps:
            story.do(what, detail)
        while story.lanes:
            story.kill()
    desk.heal()
    desk.timeout = 30.0
    # A lane may have died between resolving and scoring: the minute does what is left, whoever left it.
    story.run_minute(limit=500)
    while desk.push().calls:
        pass
    wait_until(lambda: story.count_points() == dict.fromkeys(story.sent, (POINTS, POINTS)))
    audit = desk.audit()
    assert (audit.differences, audit.under_way) == ([], 0)
    assert desk.value("select count(*) from delivery.dead_letters") == 0
