"""The next event of a page, worked out by hand for every state."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from leadops.alerts.page import Page, PageState
from leadops.alerts.page_step import STATE_AFTER, PageStep, decide_page_step
from leadops.db import Connection
from leadops.incidents.incident import Incident
from tests.enum_checks import allowed_values

NOW = datetime(2026, 7, 30, 17, tzinfo=UTC)
OPEN = Incident(1, "cdp_lag", "cdp", NOW, None, None, {})
OVER = replace(OPEN, resolved_at=NOW)
TAKEN = replace(OPEN, acknowledged_at=NOW)


@pytest.mark.parametrize(
    ("state", "is_unknown", "incidents", "step"),
    [
        ("pending", False, [OPEN], "trigger"),
        ("pending", True, [OPEN], "trigger"),
        ("pending", False, [TAKEN], "trigger"),
        ("pending", False, [OVER], "drop"),
        ("pending", True, [OVER], "resolve"),
        ("pending", True, [], "resolve"),
        ("triggered", False, [OPEN], "nothing"),
        ("triggered", False, [TAKEN], "acknowledge"),
        ("triggered", True, [TAKEN], "acknowledge"),
        ("triggered", False, [TAKEN, OPEN], "nothing"),
        ("triggered", False, [TAKEN, OVER], "acknowledge"),
        ("triggered", False, [OPEN, OVER], "nothing"),
        ("triggered", False, [OVER, OVER], "resolve"),
        ("acknowledged", False, [TAKEN], "nothing"),
        ("acknowledged", False, [TAKEN, OPEN], "nothing"),
        ("acknowledged", True, [OVER], "resolve"),
    ],
)
def test_the_next_step(state: str, is_unknown: bool, incidents: list[Incident], step: str) -> None:
    page = Page(1, "k", state, 0, None, NOW if is_unknown else None)
    assert decide_page_step(page, incidents).value == step


def test_the_table_knows_the_states(connection: Connection) -> None:
    assert allowed_values(connection, "alerts.pages", "state") == {state.value for state in PageState}
    assert set(STATE_AFTER) == set(PageStep) - {PageStep.NOTHING, PageStep.DROP}
