"""Statements of the minute look up what they need, however much of others is on record."""

from typing import Any

import pytest

from leadops.db import Connection
from leadops.identity import event_chunk, link_identifiers
from leadops.lifecycle import decide_mqls

#: Rows of others: so many that reading them all is dearer than looking up a few.
OTHERS = 50_000


@pytest.fixture
def crowded(connection: Connection) -> Connection:
    """A database with many events of 1,000 leads, and many of visitors whom nobody knows."""
    connection.execute(
        "insert into cdp.events (event_id, proof, event, ts, received_at, anonymous_id, payload)"
        " select n::text, 'claim', 'page_view', now() - interval '1 day', now(), 'v-' || n / 10,"
        " jsonb_build_object('context', jsonb_build_object('utm', jsonb_build_object('campaign', 'c-' ||"
        " mod(n, 9)), 'user_agent', repeat('x', 200)))"
        " from generate_series(1, %(others)s) as n",
        {"others": OTHERS},
    )
    connection.execute(
        "insert into identity.resolved_events (event_seq, lead_id)"
        " select seq, 1 + mod(seq, 1000) from cdp.events where mod(seq, 2) = 0"
    )
    connection.execute(
        "insert into identity.unresolved_events (event_seq, anonymous_id, user_id)"
        " select seq, anonymous_id, case when mod(seq, 20) = 1 then 'u-' || seq end"
        " from cdp.events where mod(seq, 2) = 1"
    )
    connection.execute(
        "insert into identity.people (lead_id, person_id)"
        " select n, n - mod(n, 2) from generate_series(800, 999) as n"
    )
    connection.execute(
        "analyze cdp.events, identity.resolved_events, identity.unresolved_events, identity.people"
    )
    return connection


def find_scans(connection: Connection, statement: str, values: dict[str, Any]) -> set[str]:
    """Return the tables that the plan of `statement` reads from one end to the other."""
    row = connection.execute(f"explain (format json) {statement}".encode(), values).fetchone()
    assert row
    found, nodes = set(), [row[0][0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            found.add(node["Relation Name"])
    return found


def test_the_visits_of_a_new_mql_are_looked_up(crowded: Connection) -> None:
    statements = decide_mqls.queries.statements
    crowded.execute(statements["create_new_mqls"])
    crowded.execute("insert into new_mqls values (7, 1, 30, 40, 70, null, '{}', null, null)")
    crowded.execute(statements["analyze_new_mqls"])
    scans = find_scans(crowded, statements["list_visits"], {"now": "2099-01-01"})
    assert scans.isdisjoint({"events", "resolved_events"})
    rows = crowded.execute(statements["list_visits"], {"now": "2099-01-01"}).fetchall()
    assert {row[0] for row in rows} == {7}


def test_what_ties_the_identifiers_of_a_few_events_is_looked_up(crowded: Connection) -> None:
    statements = link_identifiers.queries.statements
    crowded.execute(event_chunk.queries.statements["create_chunk"])
    crowded.execute(
        "insert into chunk (event_seq, tells_traits, is_link, lane, anonymous_id, email)"
        " select 1000000 + n, true, n = 1, 0, 'v-' || 7 + n, case when n = 1 then 'a@x.example' end"
        " from generate_series(1, 30) as n"
    )
    crowded.execute(event_chunk.queries.statements["analyze_chunk"])
    assert "unresolved_events" not in find_scans(crowded, statements["list_links"], {})
