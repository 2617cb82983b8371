from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from psycopg.types.json import Jsonb

from leadops.history.outcomes import ImportResult
from leadops.lifecycle.qualify import qualify_leads
from leadops.subscribers import SUBSCRIBERS
from tests.shipped import SHIPPED

from .conftest import NOW, Export

pytestmark = pytest.mark.uncommitted

LEADS = [
    ("c-1", "ann@buyers.example", "2026-01-05", "ads", "spring", ""),
    ("c-2", "", "2026-01-06", "fair", "", ""),
]
STORY = [
    ("c-1", "mql", "2026-01-07", "", ""),
    ("c-1", "won", "2026-02-01", "d-1", "1200000.50"),
    ("c-2", "mql", "2026-01-08", "", ""),
]


@pytest.fixture
def export(export: Export) -> Export:
    export.bring("leads", LEADS)
    return export


def stages(export: Export) -> list[tuple[object, ...]]:
    return export.query(
        "select aliases.value, cycle, stage, occurred_at::date::text from lifecycle.transitions"
        " inner join identity.aliases using (lead_id) where kind = 'crm_id' order by 1, 2, 4, 3"
    )


def test_a_stage_has_its_evidence_and_what_the_lead_came_from(export: Export) -> None:
    assert export.bring("transitions", STORY) == ImportResult(rows=3, new=3)
    assert export.query(
        "select stage, campaign, source, value, kpi_version, evidence from lifecycle.transitions"
        " where campaign = 'spring' order by occurred_at"
    ) == [
        ("mql", "spring", "ads", None, "2026-Q1", {"imported": "export.csv", "line": 2, "backfill": True}),
        (
            "won",
            "spring",
            "ads",
            Decimal("1200000.50"),
            "2026-Q1",
            {"imported": "export.csv", "line": 3, "backfill": True},
        ),
    ]
    assert export.bring("transitions", STORY, name="again.csv") == ImportResult(rows=3, known=3)


def test_nobody_is_alarmed_told_or_given_a_lead(export: Export) -> None:
    export.connection.execute("delete from delivery.outbox")
    export.bring("transitions", STORY)
    for table in ("delivery.outbox", "routing.inbox", "sla.clocks", "lifecycle.unlinked"):
        assert export.query(f"select * from {table}") == []


def score(export: Export, email: str, at: datetime, points: int) -> None:
    for dimension in ("fit", "behaviour"):
        export.connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " rule_set_id, lane, is_live, reason) select lead_id, %s, %s, 'rule', 'r', %s, %s, 1, 0, true, ''"
            " from identity.leads where email = %s",
            [points, dimension, at, at, email],
        )
    export.connection.execute(
        "insert into scoring.scores (lead_id, fit, behaviour, updated_at) select lead_id, %(p)s, %(p)s, %(t)s"
        " from identity.leads where email = %(e)s on conflict (lead_id) do update"
        " set fit = scores.fit + %(p)s, behaviour = scores.behaviour + %(p)s",
        {"p": points, "t": at, "e": email},
    )


def test_an_open_imported_mql_does_not_become_mql_again(export: Export) -> None:
    export.bring("transitions", STORY[:1])
    score(export, "ann@buyers.example", NOW, 100)
    assert (
        qualify_leads(
            export.connection,
            contract=SHIPPED.kpi,
            subscribers=SUBSCRIBERS,
            fold_case=True,
            now=NOW,
        ).mql
        == 0
    )


@pytest.mark.parametrize("past", [STORY[:2], STORY[1:2]], ids=["with its MQL", "without"])
def test_after_the_end_a_new_mql_is_the_next_cycle_and_no_second_lead_in_the_crm(
    export: Export, past: list[tuple[str, ...]]
) -> None:
    export.bring("transitions", past)
    score(export, "ann@buyers.example", NOW, 100)
    assert (
        qualify_leads(
            export.connection,
            contract=SHIPPED.kpi,
            subscribers=SUBSCRIBERS,
            fold_case=True,
            now=NOW,
        ).mql
        == 1
    )
    assert ("c-1", 2, "mql", "2026-06-01") in stages(export)
    assert export.query("select * from delivery.outbox where target = 'crm'") == []


def test_a_past_learned_later_goes_before_the_live_cycle(export: Export) -> None:
    score(export, "ann@buyers.example", NOW, 100)
    qualify_leads(
        export.connection,
        contract=SHIPPED.kpi,
        subscribers=SUBSCRIBERS,
        fold_case=True,
        now=NOW,
    )
    export.bring("transitions", STORY, now=NOW + timedelta(days=1))
    assert stages(export) == [
        ("c-1", 0, "mql", "2026-01-07"),
        ("c-1", 0, "won", "2026-02-01"),
        ("c-1", 1, "mql", "2026-06-01"),
        ("c-2", 1, "mql", "2026-01-08"),
    ]


def test_an_earlier_story_learned_later_moves_the_others_on(export: Export) -> None:
    export.bring("transitions", STORY)
    export.bring("transitions", [("c-1", "mql", "2026-01-05", "", ""), ("c-1", "lost", "2026-01-06", "", "")])
    assert [each for each in stages(export) if each[0] == "c-1"] == [
        ("c-1", 1, "mql", "2026-01-05"),
        ("c-1", 1, "lost", "2026-01-06"),
        ("c-1", 2, "mql", "2026-01-07"),
        ("c-1", 2, "won", "2026-02-01"),
    ]


def test_won_before_the_first_contact_is_in_and_told(export: Export) -> None:
    rows = [STORY[2], ("c-2", "won", "2026-01-04", "", "")]
    assert export.bring("transitions", rows) == ImportResult(rows=2, new=2, impossible=1)
    assert export.query("select stage, cycle, evidence -> 'line' from history.impossible_orders") == [
        ("won", 1, 3)
    ]


def test_a_first_contact_learned_later_puts_the_order_right(export: Export) -> None:
    export.bring("transitions", [("c-2", "won", "2026-01-04", "", ""), STORY[2]])
    assert {cycle for _, cycle, *_ in stages(export)} == {1}
    export.bring("leads", [("c-2", "", "2026-01-01", "fair", "june", "")])
    assert export.query("select * from history.impossible_orders") == []
    assert [(cycle, stage) for _, cycle, stage, _ in stages(export)] == [(1, "won"), (2, "mql")]
    assert export.query("select distinct campaign from lifecycle.transitions") == [("june",)]


def test_two_deals_of_one_day_are_two(export: Export) -> None:
    rows = [("c-2", "won", "2026-03-01", "d-1", "10"), ("c-2", "won", "2026-03-01", "d-2", "20")]
    assert export.bring("transitions", rows).new == 2
    assert sorted(export.query("select cycle, value from lifecycle.transitions")) == [(1, 10), (2, 20)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("c-9", "won", "2026-01-07", "", ""), "no lead has this crm_id or email; import the leads first"),
        (("", "won", "2026-01-07", "", ""), "no crm_id and no email: the row names no lead"),
        (
            ("c-1", "closed", "2026-01-07", "", ""),
            "the stage must be one of mql, sal, sql, won, lost; give values in the mapping",
        ),
        (("c-1", "won", "07.01.2026", "", ""), "at: is not a time in iso"),
        (
            ("c-1", "won", "2026-01-07", "", "1.234"),
            "value: has more than two digits after the point, or is too large",
        ),
        (("c-1", "won", "2026-01-07", "", "much"), "value: not a number"),
    ],
)
def test_a_bad_row(export: Export, row: tuple[str, ...], reason: str) -> None:
    counts = export.bring("transitions", [row, STORY[2]])
    assert (counts.new, counts.refused, counts.reasons) == (1, 1, Counter([reason]))


def test_a_row_with_a_column_for_each_stage(export: Export) -> None:
    mapping = {
        "transitions": [
            {"stage": "mql", "at": {"column": "at", "zone": "UTC"}},
            {
                "stage": "won",
                "when": {"column": "deal", "equals": 1},
                "at": {"constant": "2026-02-02T00:00:00Z"},
            },
        ]
    }
    rows = [("c-1", "", "2026-01-07", 1, ""), ("c-2", "", "2026-01-08", 0, ""), ("c-2", "", "", 0, "")]
    assert export.bring("transitions", rows, mapping=mapping) == ImportResult(rows=3, new=2, empty=1)
    assert [stage for _, _, stage, _ in stages(export)] == ["mql", "won", "mql"]
    assert export.query("select evidence ->> 'time' from lifecycle.transitions where stage = 'won'") == [
        ("constant",)
    ]


def test_a_stage_that_leadops_saw_itself_stays(export: Export) -> None:
    lead = export.query("select lead_id from identity.leads where email is not null")[0][0]
    export.connection.execute(
        "insert into lifecycle.transitions"
        " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
        " values (%s, 1, 'mql', '2026-01-06Z', %s, %s, 'own')",
        [lead, NOW, Jsonb({"total": 70})],
    )
    export.bring("transitions", STORY[:2])
    assert export.query(
        "select cycle, stage, kpi_version, evidence ? 'imported' from lifecycle.transitions"
        " order by occurred_at"
    ) == [(1, "mql", "own", False), (1, "won", "2026-Q1", True)]


KNOWN = {
    "transitions": [
        {
            "stage": {"column": "stage"},
            "at": {"column": "at", "zone": "UTC"},
            "recorded_at": {"column": "deal", "zone": "UTC"},
            "total": "value",
        }
    ]
}


def test_an_export_may_say_when_its_system_learned_of_a_stage_and_with_how_many_points(
    export: Export,
) -> None:
    rows = [
        ("c-1", "mql", "2026-01-07", "2026-01-09", "72"),
        ("c-1", "sql", "2026-01-08", "2026-01-08", "99"),
        ("c-2", "mql", "2026-01-08", "", ""),
    ]
    assert export.bring("transitions", rows, mapping=KNOWN) == ImportResult(rows=3, new=3)
    assert export.query(
        "select stage, recorded_at::date::text, evidence ->> 'total' from lifecycle.transitions"
        " order by occurred_at, lead_id"
    ) == [
        ("mql", "2026-01-09", "72"),
        ("sql", "2026-01-08", None),  # points are those of an MQL
        ("mql", NOW.date().isoformat(), None),
    ]
    assert export.bring("transitions", rows, mapping=KNOWN) == ImportResult(rows=3, known=3)


@pytest.mark.parametrize(
    ("recorded", "total", "reason"),
    [
        ("2026-01-06", "72", "deal: is before the stage itself"),
        ("2027-01-01", "72", "deal: is in the future"),
        ("2026-01-09", "72.5", "value: is not a whole number of points"),
        ("2026-01-09", "many", "value: not a number"),
    ],
)
def test_what_cannot_be_known_so_is_refused(export: Export, recorded: str, total: str, reason: str) -> None:
    counts = export.bring("transitions", [("c-1", "mql", "2026-01-07", recorded, total)], mapping=KNOWN)
    assert counts.refused == 1
    assert export.refused[-1].reason.startswith(reason)
    assert export.query("select * from lifecycle.transitions") == []
