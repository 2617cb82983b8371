"""ml_score goes to a real MA: after the lead is known there, and the last value wins."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from leadops.db import Connection
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import ScorePusher
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.shipped import SHIPPED
from tests.training.conftest import DAY, World
from tests.training.test_points import NOW, activate_model, model, write


def clock() -> datetime:
    return datetime.now(UTC)


def test_ml_score_waits_for_the_lead_and_the_last_one_wins(
    world: World, connection: Connection, database_url: str, tmp_path: Path
) -> None:
    lead = world.lead()
    for days in (10, 20):
        world.event(lead, "view_pricing", NOW - days * DAY)
    activate_model(world, model())
    write(world)
    activate_model(world, model(weight=1.0), day=1)
    write(world)
    connection.commit()
    with serve_in_thread(tmp_path) as url:
        endpoint = Endpoint(base_url=url, token=Tokens().ma, timeout=60)

        def send() -> int:
            settings = SHIPPED.delivery
            until = clock() + timedelta(seconds=10)
            return push_target(
                database_url=database_url,
                endpoint=endpoint,
                target="ma",
                pusher_type=ScorePusher,
                settings=settings,
                clock=clock,
                sleep=time.sleep,
                until=until,
            ).effects

        assert send() == 0
        enqueue_effect(
            connection,
            target="ma",
            operation="upsert_lead",
            payload={"email": "ann@buyers.example", "externalId": str(lead)},
            idempotency_key="ma-lead-1",
            lead_id=lead,
            now=clock(),
        )
        connection.commit()
        sent = 0
        for _ in range(5):
            sent += send()
        assert sent == 3
        (external_id,) = world.rows("select external_id from delivery.external_ids where target = 'ma'")[0]
        answer = requests.get(
            f"{url}/api/leads/{external_id}",
            headers={"Authorization": f"Bearer {endpoint.token}"},
            timeout=60,
        ).json()
    assert answer["fields"]["ml_score"] == 0.5
    assert answer["score"] == 20
