"""From a library that knows nothing of leadops to points: Segment's and RudderStack's, over HTTP, scored."""

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from leadops.db import Connection
from leadops.identity.resolve import resolve_events
from leadops.scoring.score import score_leads
from tests.gateway.conftest import KEY, Serve, serve
from tests.shipped import SHIPPED, make_rules

__all__ = ["serve"]

RULES = make_rules(
    behaviour=[
        {
            "name": "pricing",
            "event": "page_view",
            "when": {"context.page": {"path": "/pricing"}},
            "points": 15,
        },
        {"name": "demo", "event": "demo_requested", "points": 30},
    ],
    fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 7}],
)


@pytest.mark.parametrize("library", [SegmentClient, RudderClient], ids=["segment", "rudderstack"])
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow")
def test_what_a_library_sends_earns_points(
    serve: Serve, connection: Connection, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "NO_PROXY", "127.0.0.1")
    client = library(KEY, host=str(serve().base_url), gzip=True)
    try:
        # What the visitor did before anybody knew them counts as well: 15 points.
        client.page(anonymous_id="a-1", properties={"url": "https://www.example.com/pricing/team"})
        # The call ties the visitor to the member, whom the next one names: 7 points.
        client.track("u-1", "Demo Requested", anonymous_id="a-1")  # 30 points
        client.identify("u-1", {"email": "ann@buyers.example"})
        client.group("u-1", "g-1", {"name": "Buyers", "industry": "Mining"})
        client.flush()
    finally:
        client.join()
    now = datetime.now(UTC)
    resolve_events(connection, now=now, settings=SHIPPED.identity)
    score_leads(connection, rules=RULES, zone=SHIPPED.company.zone, now=now)
    scores = connection.execute(
        "select leads.email, scores.total from scoring.scores inner join identity.leads using (lead_id)"
    ).fetchall()
    assert [(email, int(score)) for email, score in scores] == [("ann@buyers.example", 15 + 30 + 7)]
