import json
from pathlib import Path

from leadops.events.event_contract import event_schema
from tests.gateway.conftest import Serve

PUBLISHED = Path(__file__).parents[2] / "docs" / "event.schema.json"


def test_the_schema_is_published(serve: Serve) -> None:
    answer = serve().get("/schema/event.json")
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.json() == event_schema() == json.loads(PUBLISHED.read_text(encoding="utf-8"))


def test_nothing_else_is_there(serve: Serve) -> None:
    client = serve()
    for method, path, status in [
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/", 404),
        ("GET", "/collect", 405),
    ]:
        response = client.request(method, path)
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert "POST /collect" in response.json()["detail"]
