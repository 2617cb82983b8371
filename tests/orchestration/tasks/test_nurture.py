"""From a visit of the pricing page to the message in the MA: every task on the way, in a real MA."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.db import Connection, connect
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import ScorePusher
from leadops.effect_guards import EFFECT_GUARDS
from leadops.orchestration.tasks import nurture
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.delivery_fixture import impatient
from tests.runs import make_run
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

#: Noon in Tokyo.
NOON = datetime(2026, 6, 2, 3, 0, tzinfo=UTC)


class Journey:
    """One database and one MA; the clock is moved by hand."""

    def __init__(self, connection: Connection, database_url: str, url: str) -> None:
        self.world, self.database_url, self.url, self.now = World(connection), database_url, url, NOON
        nobody = {
            name: programme.model_copy(update={"holdout_share": 0.0})
            for name, programme in SHIPPED.nurture.programmes.items()
        }
        self.config = SHIPPED.replace(nurture=SHIPPED.nurture.model_copy(update={"programmes": nobody}))

    def endpoint(self, target: str) -> Endpoint:
        return Endpoint(base_url=self.url, token=getattr(Tokens(), target), timeout=60)

    def visit(self, email: str) -> None:
        """Somebody looks at the pricing page now, and scoring takes it."""
        act = Happening(f"v {email}", "view_pricing", self.now, email=email)
        self.world.accept([act], received_at=self.now)
        self.world.resolve(now=self.now)
        self.world.score(SHIPPED.scoring, now=self.now)

    def run(self) -> dict[str, Any]:
        """One run of send_nurture, then a push."""
        run = make_run(
            config=self.config,
            clock=lambda: self.now,
            open_database=lambda: connect(self.database_url),
            find_endpoint=self.endpoint,
        )
        counts = nurture.enter(run) | nurture.send(run)
        push_target(
            database_url=self.database_url,
            endpoint=self.endpoint("ma"),
            target="ma",
            pusher_type=ScorePusher,
            settings=impatient(),
            clock=lambda: self.now,
            sleep=lambda seconds: None,
            until=self.now + timedelta(minutes=1),
            identity=SHIPPED.identity,
            guards=EFFECT_GUARDS,
        )
        return counts

    def enrolled(self) -> list[tuple[str, str]]:
        found = requests.get(f"{self.url}/_state/ma/enrolments", timeout=60).json()["items"]
        return [(item["program"], item["step"]) for item in found]


@pytest.fixture
def journey(connection: Connection, database_url: str, tmp_path: Path) -> Iterator[Journey]:
    with serve_in_thread(tmp_path / "sandbox", sales_work=False) as url:
        yield Journey(connection, database_url, url)


def test_a_visit_becomes_a_message_an_hour_later_and_once(journey: Journey) -> None:
    journey.run()  # the programmes are in force from here on
    journey.now += timedelta(minutes=1)
    journey.visit("ann@buyer.example")
    assert journey.run()["entered"] == 1
    journey.now += timedelta(minutes=59)
    assert (journey.run()["queued"], journey.enrolled()) == (0, [])
    journey.now += timedelta(minutes=1)
    assert journey.run()["queued"] == 1
    journey.run()
    assert journey.enrolled() == [("pricing_page", "comparison")]
