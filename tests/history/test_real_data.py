"""Real exports go in by the mappings of the docs, and come out as they were counted by hand."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from leadops.db import Connection, connect
from leadops.history.outcomes import ImportResult
from leadops_stack.postgres import PostgresServer
from tests.cluster import database_of
from tests.history.real_data import OLIST_DEALS, XEDUCATION, bring_in, bring_in_olist
from tests.left_as_found import count_rows, share

NOW = datetime(2026, 6, 1, tzinfo=UTC)

#: Won deals and MQLs by origin.
BY_ORIGIN = {
    "unknown": (179, 1099),
    "paid_search": (195, 1586),
    "organic_search": (271, 2296),
    "direct_traffic": (56, 499),
    "referral": (24, 284),
    "social": (75, 1350),
    "display": (6, 118),
    "email": (15, 493),
    "other_publicities": (3, 65),
    "other": (4, 150),
    None: (14, 60),
}

pytestmark = pytest.mark.real_data


class Olist(NamedTuple):
    """A database with Olist's files, and what their first import said."""

    connection: Connection
    said: list[ImportResult]


@pytest.fixture(scope="module")
def olist(postgres: PostgresServer) -> Iterator[Olist]:
    with database_of(postgres, f"olist_{secrets.token_hex(4)}") as url, connect(url) as connection:
        said = bring_in_olist(connection, now=NOW)
        connection.commit()
        with share("Olist's leads", lambda: count_rows(url), fixture="olist"):
            yield Olist(connection, said)


def test_olist_by_origin(olist: Olist) -> None:
    assert olist.said == [
        ImportResult(rows=8000, new=8000),
        ImportResult(rows=8000, new=8000),
        ImportResult(rows=842, new=842, impossible=1),
    ]
    rows = olist.connection.execute(
        "select source, count(*) filter (where stage = 'won'), count(*) filter (where stage = 'mql')"
        " from lifecycle.current_transitions group by source"
    ).fetchall()
    assert {source: (won, mqls) for source, won, mqls in rows} == BY_ORIGIN
    days = olist.connection.execute(
        "select percentile_cont(0.5) within group (order by days), round(avg(days), 1), max(days) from ("
        " select (won.occurred_at at time zone 'America/Sao_Paulo')::date"
        " - (mql.occurred_at at time zone 'America/Sao_Paulo')::date as days"
        " from lifecycle.transitions as won inner join lifecycle.transitions as mql using (lead_id, cycle)"
        " where won.stage = 'won' and mql.stage = 'mql') as closed"
    ).fetchone()
    assert days is not None
    assert (days[0], float(days[1]), days[2]) == (14, 48.4, 427)


def test_the_deal_won_before_its_first_contact_is_in_and_listed(olist: Olist) -> None:
    (found,) = olist.connection.execute(
        "select stage, created_at - occurred_at > interval '1 day', evidence ->> 'imported',"
        " (evidence ->> 'line')::integer from history.impossible_orders"
    ).fetchall()
    assert found == ("won", True, OLIST_DEALS.name, 669)


def test_again_it_adds_nothing(olist: Olist) -> None:
    again = bring_in_olist(olist.connection, now=NOW)
    olist.connection.commit()
    assert again[0] == ImportResult(rows=8000, known=8000)
    assert [each.known for each in again] == [8000, 8000, 842]


def test_xeducation(connection: Connection) -> None:
    assert bring_in(connection, "leads", XEDUCATION, "xeducation_leads", now=NOW) == ImportResult(
        rows=9240, new=9240
    )
    stages = bring_in(connection, "transitions", XEDUCATION, "xeducation_transitions", now=NOW)
    assert stages == ImportResult(rows=9240, new=9240)
    assert dict(
        connection.execute("select stage, count(*) from lifecycle.current_transitions group by 1").fetchall()
    ) == {"mql": 9240, "won": 3561}
    after = connection.execute(
        "select distinct attribute from history.attributes where known_at is null order by 1"
    ).fetchall()
    assert [name for (name,) in after] == [
        "asymmetrique_activity_index",
        "asymmetrique_activity_score",
        "asymmetrique_profile_index",
        "asymmetrique_profile_score",
        "lead_profile",
        "lead_quality",
        "tags",
    ]
    assert connection.execute("select from history.attributes where value = '\"Select\"'").fetchall() == []
    assert connection.execute(
        "select count(*) from history.attributes where attribute = 'tags'"
    ).fetchone() == (5887,)
