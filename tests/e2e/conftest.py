"""The whole stack, started once for all tests that need it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from tests.plain_http import NO_TLS
from tests.running_stack import PATIENCE, PROJECT, Stack, start_stack

__all__ = ["PATIENCE", "PROJECT", "Stack"]

#: The event of a visitor of ours.
VISIT_ID = "visit-of-the-tests"
RECEIVED_AT = """
    select to_char(date_trunc('minute', received_at at time zone 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    from cdp.events where event_id = %s
"""


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """The whole stack with its simulated visitors, ready; stopped after the last test that needs it."""
    with start_stack() as running:
        yield running


@pytest.fixture(scope="package", autouse=True)
def visited_minute(stack: Stack) -> str:
    """The minute in which a visit came in that earns points, by a person of whom nothing else is known.

    It comes with the first test: its points take a minute or two, in which other tests have their turn.
    """
    event = {
        "event_id": VISIT_ID,
        "event": "view_pricing",
        "ts": datetime.now(UTC).isoformat(),
        "anonymous_id": "visitor-of-the-tests",
        "email": "ann@visit.example",
        "context": {"page": "https://www.example.com/pricing"},
    }
    key = {"X-Write-Key": stack.values["LEADOPS_WRITE_KEY"]}
    answer = httpx.post(f"{stack.gateway_url}/collect", json=event, headers=key, timeout=60, verify=NO_TLS)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1), answer.text
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute(RECEIVED_AT, [VISIT_ID]).fetchone()
    assert row
    return str(row[0])
