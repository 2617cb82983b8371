"""The bodies of the nightly tasks, on a real database."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests

from leadops.migrations.rights import Part
from leadops.orchestration.tasks import nightly
from tests.delivery_fixture import DeliveryFixture, desk, ma_url
from tests.own_log import own_messages
from tests.roles import as_role
from tests.runs import make_run
from tests.scoring.conftest import World, world
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

__all__ = ["desk", "ma_url", "world"]

#: Midnight of 1 September 2026 in Tokyo.
MIDNIGHT = datetime(2026, 8, 31, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _use_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))


def test_a_night_decays_to_the_end_of_the_local_day_that_its_run_ends(world: World) -> None:
    rules = SHIPPED.scoring
    happened = MIDNIGHT - timedelta(days=120)
    world.run(rules, [Happening("one", "request_document", happened, email="a@x.example")])
    run = make_run("decay", end=MIDNIGHT, clock=lambda: MIDNIGHT + timedelta(seconds=1))
    done = nightly.decay(run)
    # The event's day is 4 May, so at the end of 31 August it is 119 days old: 89 after the grace.
    assert done == {"day": "2026-08-31", "leads": 1, "rows": 1, "points": -10}
    assert nightly.decay(run)["rows"] == 0


def test_a_night_says_how_many_leads_have_values_without_a_rule(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    told = [{"industry": "Retail"}, {"industry": "Retail", "employees": "many"}, {"industry": "Software"}]
    world.accept(
        Happening(f"e{number}", "identify", MIDNIGHT, email=f"p{number}@x.example", properties=properties)
        for number, properties in enumerate(told)
    )
    world.resolve()
    world.connection.commit()
    with caplog.at_level("INFO"):
        nightly.decay(make_run("decay", end=MIDNIGHT, clock=lambda: MIDNIGHT + timedelta(seconds=1)))
    assert [message for message in own_messages(caplog) if message.startswith("no fit rule fits")] == [
        "no fit rule fits the industry of 2 leads; `leadops score --unmatched` lists them",
        "no fit rule fits the employees of 1 leads; `leadops score --unmatched` lists them",
    ]


def test_a_night_puts_the_ma_right_and_says_so(
    desk: DeliveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, port = desk.ma_url.rsplit(":", 1)
    connection = {"conn_type": "http", "host": host, "port": int(port), "password": desk.token}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(connection))
    lead = desk.add_lead()
    desk.score(lead, 10)
    desk.push()
    ma_id = desk.value("select external_id from delivery.external_ids")
    update = {"deltaId": f"hand-{ma_id}", "leadId": int(ma_id), "delta": 4, "reason": "by hand"}
    headers = {"Authorization": f"Bearer {desk.token}"}
    requests.post(
        f"{desk.ma_url}/api/lead/score", json=update, headers=headers, timeout=60
    ).raise_for_status()

    done = nightly.audit(make_run("audit", dag_id="audit_scores"))

    assert (done["differing"], done["corrected"], done["limit_exceeded"]) == (1, 1, False)
    assert desk.value("select audited_by from delivery.audits") == "audit_scores scheduled__1"
    desk.push()
    assert desk.ma_score(lead) == 10


def test_a_night_corrects_nothing_while_everything_is_on_hold(
    desk: DeliveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, port = desk.ma_url.rsplit(":", 1)
    connection = {"conn_type": "http", "host": host, "port": int(port), "password": desk.token}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(connection))
    desk.value("insert into delivery.holds (reason, held_at) values ('by hand', now()) returning 1")
    assert nightly.audit(make_run("audit")) == {"on_hold": True}
    assert desk.value("select count(*) from delivery.audits") == 0
