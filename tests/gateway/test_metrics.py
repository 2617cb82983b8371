from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.gateway.conftest import KEY, TOKEN, Serve


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
def test_it_is_not_for_everybody(serve: Serve, header: str | None) -> None:
    response = serve().get("/metrics/lag", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"
