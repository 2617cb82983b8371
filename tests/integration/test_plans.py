"""Statements of the minute look up what they need, however much of others is on record."""

from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.db import Connection
from leadops.identity import event_chunk, link_identifiers
from leadops.lifecycle import decide_mqls
from leadops.machines import classify_acts, find_signals, mail_acts
from leadops.queries import Queries
from leadops.scoring import differences
from leadops.scoring.rule_parameters import award_parameters
from tests.shipped import SHIPPED

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


def count_read(connection: Connection, statement: str, values: dict[str, Any], table: str) -> int:
    """Return how many rows of `table` the execution of `statement` looks at."""
    row = connection.execute(f"explain (analyze, format json) {statement}".encode(), values).fetchone()
    assert row
    rows, nodes = 0.0, [row[0][0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node.get("Relation Name") == table:
            rows += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return round(rows)


def test_the_visits_of_a_new_mql_are_looked_up(crowded: Connection) -> None:
    statements = decide_mqls.queries.statements
    crowded.execute(statements["create_new_mqls"])
    crowded.execute("insert into new_mqls values (7, 1, 30, 40, 70, null, '{}', null, null)")
    crowded.execute(statements["analyze_new_mqls"])
    scans = find_scans(crowded, statements["list_visits"], {"now": "2099-01-01"})
    assert scans.isdisjoint({"events", "resolved_events"})
    rows = crowded.execute(statements["list_visits"], {"now": "2099-01-01"}).fetchall()
    assert {row[0] for row in rows} == {7}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """The values with which each statement was run last."""
    asked: dict[str, dict[str, Any]] = {}
    run = Queries.run

    def keep_values(self: Queries, connection: Connection, statement: str, /, **values: object) -> int:
        asked[statement] = values
        return run(self, connection, statement, **values)

    monkeypatch.setattr(Queries, "run", keep_values)
    return asked


def test_each_event_of_an_import_that_statistics_do_not_know_is_read_once(
    crowded: Connection, asked: dict[str, dict[str, Any]]
) -> None:
    """A join would take the import for one event, and read all of it again for each of them."""
    crowded.execute(
        "insert into identity.inbox (event_seq) values (1)"
    )  # the statistics know of one that waits
    crowded.execute("analyze identity.inbox")
    rows = crowded.execute(
        "with arrived as (insert into cdp.events (event_id, proof, event, ts, received_at, payload)"
        " select 'late-' || n, 'claim', 'page_view', now(), now(), '{}' from generate_series(1, 500) as n"
        " returning seq) insert into identity.inbox (event_seq) select seq from arrived returning event_seq"
    ).fetchall()
    chunk = event_chunk.EventRange(min(rows)[0], max(rows)[0])
    settings = SHIPPED.identity
    assert event_chunk.take_events(crowded, chunk=chunk, settings=settings, suspects=()).events == 500
    crowded.execute("delete from taken")
    crowded.execute(
        "insert into identity.inbox (event_seq) select unnest(%s::bigint[])", [[row[0] for row in rows]]
    )
    statement = event_chunk.queries.statements["take_events"]
    assert count_read(crowded, statement, asked["take_events"], "events") == 500


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


def test_the_events_of_a_few_leads_are_looked_up_to_score_them(crowded: Connection) -> None:
    statements = differences.queries.statements
    differences.prepare_tables(crowded)
    crowded.execute("insert into members select n, n, true, false from generate_series(1, 20) as n")
    crowded.execute(statements["analyze_members"])
    values = {"behaviour": award_parameters(SHIPPED.scoring).behaviour, "zone": "Asia/Tokyo"}
    scans = find_scans(crowded, statements["award_behaviour"], values)
    assert scans.isdisjoint({"events", "resolved_events"})


def test_the_events_of_a_few_leads_are_looked_up_for_acts_of_machines(
    crowded: Connection, asked: dict[str, dict[str, Any]]
) -> None:
    differences.prepare_tables(crowded)
    classify_acts.create_classified(crowded)
    crowded.execute(
        "insert into classified (person_id, lead_id) select n, n from generate_series(1, 20) as n"
    )
    classify_acts.classify_acts(crowded, settings=SHIPPED.machines, now=datetime.now(UTC))
    find_signals.create_found(crowded)
    crowded.execute(
        "insert into found_acts select 2 * n, n, n, 'trap_link', 1, '' from generate_series(1, 9) as n"
    )
    assert SHIPPED.machines.signals.visit
    facts = mail_acts.ActFacts(clicks=True, traps=True)
    classify_acts.classify_visits(crowded, SHIPPED.machines, SHIPPED.machines.signals.visit, facts)
    for module, statement in ((mail_acts, "read_mail_acts"), (classify_acts, "read_site_acts")):
        scans = find_scans(crowded, module.queries.statements[statement], asked[statement])
        assert scans.isdisjoint({"events", "resolved_events"}), statement
    # Of the 500 page views of these leads none is looked at; of two that are acts through mails, two.
    read = mail_acts.queries.statements["read_mail_acts"]
    assert count_read(crowded, read, asked["read_mail_acts"], "events") == 0
    crowded.execute("update identity.resolved_events set is_mail_act = true where event_seq in (2002, 2004)")
    crowded.execute("delete from owned_acts")
    mail_acts.queries.run(crowded, "own_acts")
    assert count_read(crowded, read, asked["read_mail_acts"], "events") == 2
