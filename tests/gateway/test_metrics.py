from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from leadops.db import Connection
from leadops.metrics.known_metrics import KNOWN_METRICS
from tests.gateway.conftest import FORM_SECRETS, KEY, TOKEN, Serve
from tests.gateway.form_sender import FormSender


def test_the_lag_of_the_data(serve: Serve, item: dict[str, Any]) -> None:
    client = serve()
    late = (datetime.now(UTC) - timedelta(minutes=9)).isoformat()
    items = [item | {"event_id": str(n), "anonymous_id": f"a{n}", "ts": late} for n in range(4)]
    client.post("/collect", json=items, headers={"X-Write-Key": KEY})
    lag = client.get("/metrics/lag", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert lag["minutes_lag"] == lag["transport_minutes"] == pytest.approx(9.0, abs=0.5)
    assert lag["quiet_minutes"] == pytest.approx(0.0, abs=0.5)
    assert lag["waiting_minutes"] == pytest.approx(0.0, abs=0.5)
    assert lag["senders"] == 4
    assert abs(datetime.fromisoformat(lag["as_of"]) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("header", [None, "Bearer wrong", f"Basic {TOKEN}", TOKEN])
@pytest.mark.parametrize("path", ["/metrics", "/metrics/lag"])
def test_it_is_not_for_everybody(serve: Serve, header: str | None, path: str) -> None:
    response = serve().get(path, headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"


AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


def scrape(client: httpx.Client, **headers: str) -> dict[str, dict[tuple[str, ...], float]]:
    """The values of each metric by those of its labels, in the order of the labels' names."""
    answer = client.get("/metrics", headers=AUTHORIZED | headers)
    assert answer.status_code == 200
    values: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            values.setdefault(sample.name, {})[labels] = sample.value
    return values


def test_a_gateway_counts_what_it_does(serve: Serve, item: dict[str, Any]) -> None:
    client = serve(metrics_cache_seconds=0)
    key = {"X-Write-Key": KEY}
    assert client.post("/collect", json=[item, item, {"event_id": "x"}], headers=key).status_code == 202
    batch = {"batch": [{"type": "track", "event": "Seen", "messageId": "m-1", "anonymousId": "a-1"}]}
    assert client.post("/v1/batch", json=batch, auth=(KEY, "")).json()["accepted"] == 1
    sender = FormSender(client, FORM_SECRETS[0])
    for body in ({"email": "ann@forms.example"}, {"email": "ann@forms.example"}, {"email": "ann"}):
        assert sender.post(body).status_code == 202
    assert client.post("/collect", json=item).status_code == 403
    assert client.get("/ann@forms.example?token=secret").status_code == 404
    assert client.post("/webhook/form/nobody-knows-me", content=b"{}").status_code == 404
    values = scrape(client)
    assert values["leadops_gateway_events_total"] == {
        ("accepted",): 2,
        ("duplicate",): 1,
        ("quarantined",): 1,
    }
    assert values["leadops_gateway_forms_total"] == {("accepted",): 1, ("duplicate",): 1, ("quarantined",): 1}
    assert values["leadops_gateway_requests_total"] == {
        ("/collect", "202"): 1,
        ("/collect", "403"): 1,
        ("/v1/{call}", "200"): 1,
        ("/webhook/form", "202"): 3,
        ("/webhook/form/{name}", "404"): 1,
        ("other", "404"): 1,
    }
    seconds = values["leadops_gateway_request_seconds_count"]
    assert seconds[("/collect",)] == 2
    assert scrape(client)["leadops_gateway_requests_total"][("/metrics", "200")] == 1
    # What the database says is in the same answer.
    assert values["leadops_hop_waiting"][("resolve", "live")] == 3
    assert values["leadops_outbox_waiting"][("live", "crm")] == 1
    assert values["leadops_quarantine_waiting"] == {
        ("event", "missing_field"): 1,
        ("form", "invalid_email"): 1,
    }
    assert values["leadops_gateway_refused_settings"] == {(): 0}
    assert values["leadops_gateway_database_connections"][()] >= 1
    assert values["process_resident_memory_bytes"][()] > 1e7


def test_all_that_is_documented_is_exported_and_nothing_else(serve: Serve) -> None:
    client = serve()
    text = client.get("/metrics", headers=AUTHORIZED).text
    said = {family.name for family in text_string_to_metric_families(text) if "leadops_" in family.name}
    assert said == {metric.name.removesuffix("_total") for metric in KNOWN_METRICS}
    assert "_created" not in text


def test_it_speaks_openmetrics_to_whoever_asks(serve: Serve) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    answer = serve().get("/metrics", headers=AUTHORIZED | {"Accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    assert list(openmetrics_families(answer.text))


def test_without_the_database_a_gateway_says_so_and_what_it_did(serve: Serve) -> None:
    client = serve(url="postgresql://nobody@127.0.0.1:1/none", connection_seconds=0.2, health_seconds=0.5)
    assert client.get("/healthz").status_code == 503
    values = scrape(client)
    assert values["leadops_database_up"] == {(): 0}
    assert values["leadops_gateway_requests_total"] == {("/healthz", "503"): 1}
    assert "leadops_hop_waiting" not in values


def test_a_reading_is_kept_and_many_that_ask_at_once_share_it(serve: Serve, connection: Connection) -> None:
    client = serve(metrics_cache_seconds=60)
    assert scrape(client)["leadops_delivery_on_hold"] == {(): 0}
    connection.execute("insert into delivery.holds (reason, held_at) values ('by hand', now())")
    connection.commit()
    assert scrape(client)["leadops_delivery_on_hold"] == {(): 0}
    assert scrape(serve(metrics_cache_seconds=0))["leadops_delivery_on_hold"] == {(): 1}


def test_each_gateway_counts_alone_and_says_the_same_of_the_database(
    serve: Serve, item: dict[str, Any]
) -> None:
    first, second = serve(metrics_cache_seconds=0), serve(metrics_cache_seconds=0)
    first.post("/collect", json=item, headers={"X-Write-Key": KEY})
    both = scrape(first), scrape(second)
    assert [one.get("leadops_gateway_events_total", {}) for one in both] == [{("accepted",): 1}, {}]
    assert [one["leadops_hop_waiting"][("resolve", "live")] for one in both] == [1, 1]
