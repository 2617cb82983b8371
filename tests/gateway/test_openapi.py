"""The gateway against its own OpenAPI, under what schemathesis thinks of: no 5xx, no undocumented answer."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from leadops.gateway.app import create_app
from leadops.gateway.serve import serve_in_thread
from leadops.intake.signature import sign
from tests.gateway.conftest import FORM_SECRETS, IDENTITY_SECRETS, KEY, TOKEN
from tests.promises import promise_examples
from tests.shipped import SHIPPED, change

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ROUTES = {
    ("POST", "/collect"),
    ("POST", "/webhook/form"),
    ("GET", "/leadops.js"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/metrics/lag"),
    ("GET", "/metrics/secrets"),
    ("GET", "/schema/event.json"),
}
FAST = {"events_per_second": 1e6, "burst": 1e6}


@pytest.fixture
def served(database_url: str) -> Iterator[tuple[str, Any]]:
    """A gateway without limits on rates: its address and its OpenAPI."""
    changes = {"browsers": FAST, "senders": FAST, "forms": {"signers": FAST, "unauthenticated": FAST}}
    app = create_app(
        database_url=database_url,
        write_keys=(KEY,),
        metrics_tokens=(TOKEN,),
        form_secrets=FORM_SECRETS,
        identity_secrets=IDENTITY_SECRETS,
        settings=change(SHIPPED.gateway, **changes),
        events=SHIPPED.events,
        identity=SHIPPED.identity,
        clock=lambda: datetime.now(UTC),
    )
    with serve_in_thread(app) as url:
        yield url, schemathesis.openapi.from_dict(app.openapi())


class Proof(AuthBase):
    """Signs what is really sent, and gives the keys, so that what a case says is looked at too."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        raw = body if isinstance(body, bytes) else str(body).encode()
        timestamp = str(int(time.time()))
        request.headers["X-Timestamp"] = timestamp
        request.headers["X-Signature"] = sign(FORM_SECRETS[0], timestamp, raw)
        request.headers["X-Write-Key"] = KEY
        request.headers["Authorization"] = f"Bearer {TOKEN}"
        return request


# Schemathesis draws one number of its own; nothing here depends on it.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@pytest.mark.parametrize("route", sorted(ROUTES), ids=lambda route: route[1])
@pytest.mark.parametrize("is_heard", [True, False], ids=["heard", "unknown"])
def test_the_gateway_does_what_its_openapi_says(
    served: tuple[str, Any], route: tuple[str, str], is_heard: bool
) -> None:
    url, schema = served
    assert {(found.ok().method.upper(), found.ok().path) for found in schema.get_all_operations()} == ROUTES
    operation = schema[route[1]][route[0]]
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))
    statuses = set()

    @settings(
        max_examples=promise_examples(30) if route[0] == "POST" else 8,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def run(case: Any) -> None:
        response = case.call(base_url=url, **({"auth": Proof()} if is_heard else {}))
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    run()
    if is_heard:
        assert statuses & {200, 202}, "none was taken, so nothing was tried"
