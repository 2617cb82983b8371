"""A changed setting that concerns many leads looks them up: no table is searched once for each lead."""

from datetime import UTC, datetime

import pytest

from leadops.db import Connection
from leadops.identity import plan_merges
from leadops.identity.uncounted_leads import find_uncounted, refresh_uncounted
from tests.shipped import SHIPPED

LEADS = 2_000
#: A statement may search a table a few times, whatever the number of leads.
FEW = 10
NOW = datetime(2026, 6, 3, tzinfo=UTC)


@pytest.fixture
def crowded(connection: Connection) -> Connection:
    """Many leads, two of each mailbox, and statistics from when the other tables were empty."""
    connection.execute("analyze")
    connection.execute(
        "insert into identity.leads (email, created_at, first_event_seq)"
        " select 'p' || n / 2 || case when mod(n, 2) = 1 then '+x' else '' end || '@ours.example', now(), 0"
        " from generate_series(2, %(leads)s + 1) as n order by n",
        {"leads": LEADS},
    )
    connection.execute("analyze identity.leads")
    return connection


def count_searches(connection: Connection, table: str) -> int:
    """Return how often this transaction has read `table` from one end to the other."""
    row = connection.execute(
        "select seq_scan from pg_stat_xact_user_tables where relid = %s::regclass", [table]
    ).fetchone()
    assert row
    return int(row[0])


def test_leads_that_an_entry_names_are_looked_up(crowded: Connection) -> None:
    leads = list(range(1, LEADS + 1))
    crowded.execute("insert into identity.internal_entries values ('domain', 'ours.example')")
    before = count_searches(crowded, "identity.uncounted_leads")
    assert refresh_uncounted(crowded, leads, settings=SHIPPED.identity, now=NOW) == LEADS
    assert count_searches(crowded, "identity.uncounted_leads") - before <= FEW
    last = find_uncounted(crowded, LEADS)
    assert last
    assert (last.entry, last.since) == ("domain ours.example", NOW)


def test_leads_of_a_mailbox_are_looked_up(crowded: Connection) -> None:
    crowded.execute(
        "insert into identity.mailboxes (email, mailbox, lead_id)"
        " select email, replace(email, '+x', ''), lead_id from identity.leads"
    )
    statements = plan_merges.queries.statements
    crowded.execute(statements["create_related"])
    before = count_searches(crowded, "identity.mailboxes")
    every_second = {"lead_ids": list(range(1, LEADS, 2)), "kinds": SHIPPED.identity.merge_by}
    crowded.execute(statements["find_related"], every_second)
    assert count_searches(crowded, "identity.mailboxes") - before <= FEW
    related = crowded.execute("select lead_id from related order by lead_id").fetchall()
    assert [lead for (lead,) in related] == list(range(1, LEADS + 1))
