from collections import Counter

import pytest

from leadops.history.outcomes import ImportResult

from .conftest import Export

pytestmark = pytest.mark.uncommitted

CALLS = [
    ("c-1", "a-1", "Status", "taken", "r-1", "2026-01-07T11:00:00"),
    ("c-1", "a-2", "call", "", "r-1", "2026-01-07T12:00:00"),
    ("c-1", "a-3", "status", "won", "r-1", "2026-02-01T12:00:00"),
]


@pytest.fixture
def export(export: Export) -> Export:
    export.bring("leads", [("c-1", "ann@buyers.example", "2026-01-05", "ads", "", "")])
    export.bring("transitions", [("c-1", "mql", "2026-01-07T10:00:00", "", "")])
    return export


def test_what_sales_did_makes_the_stages_of_the_past_and_wakes_no_clock(export: Export) -> None:
    assert export.bring("activities", CALLS) == ImportResult(rows=3, new=3)
    assert export.query(
        "select stage, occurred_at::text from lifecycle.transitions order by occurred_at"
    ) == [
        ("mql", "2026-01-07 10:00:00+00"),
        ("sal", "2026-01-07 12:00:00+00"),
        ("won", "2026-02-01 12:00:00+00"),
    ]
    for table in ("lifecycle.inbox", "sla.clocks", "routing.inbox"):
        assert export.query(f"select * from {table}") == []
    assert export.bring("activities", CALLS) == ImportResult(rows=3, known=3)


def test_without_an_id_the_same_row_is_the_same_activity(export: Export) -> None:
    rows = [(lead, "", *others) for lead, _, *others in CALLS]
    assert export.bring("activities", [*rows, rows[0]]) == ImportResult(rows=4, new=3, known=1)
    assert export.bring("activities", rows) == ImportResult(rows=3, known=3)


def test_a_story_learned_later_gets_the_activities_that_are_its(export: Export) -> None:
    export.bring("activities", CALLS)
    again = [("c-1", "lost", "2026-01-06T00:00:00", "", ""), ("c-1", "mql", "2026-01-05T12:00:00", "", "")]
    export.bring("transitions", again)
    assert export.query("select cycle, stage from lifecycle.transitions order by occurred_at") == [
        (1, "mql"),
        (1, "lost"),
        (2, "mql"),
        (2, "sal"),
        (2, "won"),
    ]
    assert export.query("select distinct cycle from lifecycle.facts") == [(2,)]


def test_what_the_feed_told_already_stays(export: Export) -> None:
    export.connection.execute(
        "insert into crm.activities (activity_id, crm_lead_id, kind, kind_key, occurred_at, recorded_at)"
        " values ('a-2', 'c-1', 'mail', 'mail', '2026-01-07T13:00Z', '2026-01-07T13:00Z')"
    )
    assert export.bring("activities", CALLS[1:2]) == ImportResult(rows=1, known=1)
    assert export.query("select kind from crm.activities") == [("mail",)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            ("c-9", "a", "call", "", "", "2026-01-07"),
            "no lead of the CRM has this crm_id; import the leads first",
        ),
        (("c-1", "a", "", "", "", "2026-01-07"), "no kind"),
        (("c-1", "a", "call", "", "", ""), "no occurred_at"),
        (("", "a", "call", "", "", "2026-01-07"), "no crm_id"),
    ],
)
def test_a_bad_row(export: Export, row: tuple[str, ...], reason: str) -> None:
    counts = export.bring("activities", [row, CALLS[0]])
    assert (counts.new, counts.reasons) == (1, Counter([reason]))
