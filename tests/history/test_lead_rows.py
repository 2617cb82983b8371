from collections import Counter

import pytest

from leadops.consent.read_consent import read_consent
from leadops.db import Connection
from leadops.delivery import compare_scores
from leadops.history.outcomes import ImportResult
from leadops.identity.explain_identity import explain_identity
from leadops.identity.import_leads import ImportedLead, import_leads
from tests.identity.test_apply_merges import persons
from tests.identity.test_resolve import seen
from tests.scoring.conftest import World
from tests.shipped import SHIPPED

from .conftest import NOW, Export

pytestmark = pytest.mark.uncommitted

ANN = ("c-1", "Ann@Buyers.example ", "2026-01-05T10:00:00", "ads", "spring", 20)
BEN = ("c-2", "", "2026-01-06T10:00:00", "fair", "", "")


def test_a_lead_with_an_address_is_wanted_in_the_ma_behind_live_ones(export: Export) -> None:
    assert export.bring("leads", [ANN]) == ImportResult(rows=1, new=1)
    assert export.query(
        "select email, created_at::text, campaign, source, first_event_seq from identity.leads"
    ) == [("ann@buyers.example", "2026-01-05 10:00:00+00", "spring", "ads", None)]
    assert export.query("select target, operation, lane, payload ->> 'email' from delivery.outbox") == [
        ("ma", "upsert_lead", 1, "ann@buyers.example")
    ]
    assert export.query("select trait, value from identity.traits") == [("email_domain", "buyers.example")]
    assert export.query("select attribute, value, known_at::text from history.attributes") == [
        ("size", 20, "2026-01-05 10:00:00+00")
    ]


def test_a_lead_without_an_address_wants_nothing_anywhere(export: Export) -> None:
    assert export.bring("leads", [BEN]) == ImportResult(rows=1, new=1)
    assert export.query("select email, source from identity.leads") == [(None, "fair")]
    for table in ("delivery.outbox", "routing.inbox", "sla.inbox", "scoring.inbox", "identity.traits"):
        assert export.query(f"select * from {table}") == []


def test_only_new_leads_that_stay_take_a_number(export: Export) -> None:
    export.bring("leads", [ANN])
    (first,) = export.query("select lead_id from identity.leads")[0]
    for _ in range(2):
        assert export.bring("leads", [ANN, BEN], dry_run=True) == ImportResult(rows=2, new=1, known=1)
        assert export.bring("leads", [ANN]) == ImportResult(rows=1, known=1)
    export.bring("leads", [BEN])
    assert export.query("select lead_id from identity.leads order by 1") == [(first,), (first + 1,)]


def test_the_crm_has_it_already_so_no_second_one_is_made(export: Export) -> None:
    export.bring("leads", [ANN])
    (lead,) = export.query("select lead_id from identity.leads")[0]
    assert export.query("select external_id from delivery.external_ids where target = 'crm'") == [("c-1",)]
    assert export.query("select crm_lead_id, lead_id from lifecycle.links") == [("c-1", lead)]
    assert (lead,) in export.query("select lead_id from lifecycle.leads_in_crm")


def test_ids_of_another_system_are_not_taken_for_the_crms(export: Export) -> None:
    export.bring("leads", [ANN], mapping={"in_crm": False})
    assert export.query("select * from delivery.external_ids") == []
    assert export.query("select * from lifecycle.links") == []
    assert len(export.query("select from identity.aliases where kind = 'crm_id'")) == 1


def test_again_and_in_another_export_it_is_the_same_lead(export: Export) -> None:
    export.bring("leads", [ANN, BEN])
    assert export.bring("leads", [BEN, ANN], name="later.csv") == ImportResult(rows=2, known=2)
    later = export.bring("leads", [("c-2", "ben@buyers.example", "2026-01-06T10:00:00", "fair", "", "")])
    assert (later.new, later.refused) == (0, 0)
    assert export.query("select email from identity.leads order by lead_id") == [
        ("ann@buyers.example",),
        ("ben@buyers.example",),
    ]
    assert len(export.query("select from delivery.outbox")) == 2


def test_the_earliest_first_contact_counts(export: Export) -> None:
    rows = [ANN, ("c-1", "", "2025-11-01T00:00:00", "mail", "autumn", ""), ANN]
    assert export.bring("leads", rows) == ImportResult(rows=3, new=1, known=2)
    assert export.query("select created_at::date::text, campaign, source from identity.leads") == [
        ("2025-11-01", "autumn", "mail")
    ]
    earlier = ("c-1", "", "2025-10-01T00:00:00", "fair", "", "")
    assert export.bring("leads", [earlier]) == ImportResult(rows=1, changed=1)


def test_a_lead_that_visitors_events_made_is_found_by_its_address(export: Export) -> None:
    export.connection.execute(
        "insert into identity.leads (email, created_at, first_event_seq)"
        " values ('ann@buyers.example', now(), 1)"
    )
    export.connection.execute(
        "insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)"
        " select 'email', email, lead_id, 1, now() from identity.leads"
    )
    assert export.bring("leads", [ANN]) == ImportResult(rows=1, changed=1)
    assert export.query("select created_at::date::text, source from identity.leads") == [
        ("2026-01-05", "ads")
    ]
    assert export.query("select * from delivery.outbox") == []


def test_a_lead_that_leadops_made_in_the_crm_is_found_by_the_crms_id(export: Export) -> None:
    export.connection.execute(
        "insert into identity.leads (lead_id, email, created_at, first_event_seq) overriding system value"
        " values (900, 'ann@buyers.example', '2025-01-01Z', 1)"
    )
    export.connection.execute("insert into lifecycle.links values ('c-2', 900, now())")
    assert export.bring("leads", [BEN]) == ImportResult(rows=1, known=1)
    assert export.query("select lead_id from identity.aliases where kind = 'crm_id'") == [(900,)]


def test_a_row_of_two_leads_is_refused(export: Export) -> None:
    export.bring("leads", [ANN, BEN])
    both = ("c-2", "ann@buyers.example", "2026-01-06T10:00:00", "", "", "")
    assert export.bring("leads", [both, ANN]) == ImportResult(
        rows=2,
        known=1,
        refused=1,
        reasons=Counter(["crm_id and email belong to two leads; correct one of them"]),
    )
    assert [(each.row, each.values["id"]) for each in export.refused] == [(2, "c-2")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", "", "2026-01-05", "", "", ""), "no crm_id and no email: the row names no lead"),
        (("", "no address", "2026-01-05", "", "", ""), "mail: is not an email address"),
        (("c-1", "", "", "", "", ""), "made: no first contact (created_at)"),
        (("c-1", "", "2026-02-30", "", "", ""), "made: is not a time in iso"),
        (("c-1", "", "2027-01-05", "", "", ""), "made: is in the future"),
        (("c-1", "", "1900-01-01", "", "", ""), "made: is before 1970"),
        (("c-1", "", "2026-01-05", "", "", "many"), "size: not a number"),
        (("c-1", "", "2026-01-05", "=1+1", "", ""), "source: is a formula; export values in its place"),
        (("x" * 201, "", "2026-01-05", "", "", ""), "id: is longer than 200 characters"),
    ],
)
def test_a_bad_row_is_told_and_the_others_go_in(export: Export, row: tuple[object, ...], reason: str) -> None:
    counts = export.bring("leads", [row, BEN])
    assert (counts.new, counts.refused, dict(counts.reasons)) == (1, 1, {reason: 1})
    assert export.refused[0].row == 2


def test_a_good_id_with_a_bad_address_is_a_lead_and_the_address_is_named(export: Export) -> None:
    counts = export.bring("leads", [("c-1", "no address", "2026-01-05", "", "", ""), BEN])
    remark = "mail: is not an email address; the row is in without it"
    assert counts == ImportResult(rows=2, new=2, remarks=Counter([remark]))
    assert [(each.row, each.reason, each.is_in) for each in export.refused] == [(2, remark, True)]
    assert export.query("select kind, value from identity.aliases order by value") == [
        ("crm_id", "c-1"),
        ("crm_id", "c-2"),
    ]


def test_attributes_without_a_value_are_counted(export: Export) -> None:
    row = ("c-1", "", "2026-01-05", "", "", "N/A")
    assert export.bring("leads", [row, BEN, ANN]).without == Counter(size=2)


def test_a_file_without_ids_and_dates_takes_them_from_its_row_numbers(export: Export) -> None:
    mapping = {
        "lead": {"crm_id": {"row_number": "fair-2026-"}},
        "in_crm": False,
        "created_at": {
            "derived": {"row_number": True, "first": 2, "start": "2026-01-05T00:00:00Z", "step_minutes": 1}
        },
    }
    rows = [("", "", "", "fair", "", 5), ("", "", "", "fair", "", 7)]
    assert export.bring("leads", rows, mapping=mapping) == ImportResult(rows=2, new=2)
    assert export.bring("leads", rows, mapping=mapping) == ImportResult(rows=2, known=2)
    assert export.query(
        "select value, created_at::text from identity.leads inner join identity.aliases using (lead_id)"
        " order by value"
    ) == [("fair-2026-2", "2026-01-05 00:00:00+00"), ("fair-2026-3", "2026-01-05 00:01:00+00")]


def test_an_address_of_many_ties_nothing(export: Export, connection: Connection) -> None:
    rows = [ImportedLead(f"c-{number}", "test@example.com", NOW) for number in range(3)]
    with connection.transaction():
        found = import_leads(connection, rows, now=NOW, blocked={"test@example.com"})
    assert len(set(found.lead_ids)) == 3
    assert export.query("select * from delivery.outbox") == []


def test_a_lead_without_an_address_is_explained_and_not_missed_in_the_ma(export: Export) -> None:
    export.bring("leads", [BEN])
    (lead,) = export.query("select lead_id from identity.leads")[0]
    person = explain_identity(export.connection, lead, settings=SHIPPED.identity)
    assert (person.email_kind, [(each.kind, each.value) for each in person.identifiers]) == (
        None,
        [("crm_id", "c-2")],
    )
    export.connection.execute(
        "insert into scoring.ledger"
        " (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason)"
        " values (%s, 5, 'model', 'model', 'model', now(), now(), null, '')",
        [lead],
    )
    export.connection.execute(
        "insert into scoring.scores (lead_id, model, updated_at) values (%s, 5, now())", [lead]
    )
    compare_scores.queries.run(export.connection, "create_ma_scores")
    suspects = compare_scores.queries.all(
        export.connection, "compare_scores", compare_scores.Suspect, sets_totals=False
    )
    assert suspects == []


def test_the_oldest_survives_whenever_the_import_ran(export: Export) -> None:
    world = World(export.connection)
    world.accept(
        [
            seen("a", email="ann@buyers.example", user_id="u"),
            seen("b", email="ben@buyers.example", user_id="u"),
        ]
    )
    world.resolve(now=NOW)
    assert persons(world) == {"ben@buyers.example": "ann@buyers.example"}
    export.connection.execute("delete from scoring.inbox")
    export.bring("leads", [("c-2", "ben@buyers.example", "2026-01-06T10:00:00", "fair", "", "")])
    assert persons(world) == {"ann@buyers.example": "ben@buyers.example"}
    held = "select older_lead_id, younger_lead_id from identity.lead_merges where undone_at is null"
    assert world.rows(held) == [(2, 1)]
    assert world.rows("select distinct lane from scoring.inbox") == [(1,)]
    assert world.rows("select distinct lead_id from lifecycle.merge_changes order by 1") == [(1,), (2,)]


def test_an_id_that_stands_for_nobody_is_not_an_id(export: Export) -> None:
    rows = [
        ("N/A", "ann@buyers.example", "2026-01-05T10:00:00", "ads", "spring", 20),
        ("0", "ben@buyers.example", "2026-01-05T10:00:00", "ads", "spring", 20),
        ("N/A", "不明", "2026-01-05T10:00:00", "ads", "spring", 20),
        ("c-3", "-", "2026-01-05T10:00:00", "ads", "spring", 20),
    ]
    nobody = "no crm_id and no email: the row names no lead"
    assert export.bring("leads", rows) == ImportResult(rows=4, new=3, refused=1, reasons=Counter([nobody]))
    assert export.query("select kind, value from identity.aliases order by 1, 2") == [
        ("crm_id", "c-3"),
        ("email", "ann@buyers.example"),
        ("email", "ben@buyers.example"),
    ]


def test_an_opt_out_is_noted_once_and_a_no_says_nothing(export: Export) -> None:
    """Of the column that else is a size: 1 is yes, 0 is no."""
    mapping = {"attributes": {}, "opted_out": "size"}
    out, kept = (*ANN[:5], 1), ("c-2", "ben@buyers.example", *BEN[2:5], 0)
    assert export.bring("leads", [out, kept], mapping=mapping) == ImportResult(rows=2, new=2)
    noted = "select lead_id, word, said_at, noted_by from consent.statements"
    ((lead, *said),) = export.query(noted)
    assert said == ["opt_out", NOW, "import"]
    assert (1,) in export.query("select lane from consent.inbox where lead_id = %s", lead)
    assert read_consent(export.connection, [lead])[lead].may_mail is False
    assert export.bring("leads", [kept, out], mapping=mapping) == ImportResult(rows=2, known=2)
    assert len(export.query(noted)) == 1
    at = {"opted_out_at": {"column": "made", "zone": "UTC"}}
    export.bring("leads", [("c-3", "cy@buyers.example", *ANN[2:5], 1)], mapping=mapping | at)
    assert export.query(f"{noted} order by 1")[-1][2].isoformat() == "2026-01-05T10:00:00+00:00"


def test_an_opt_out_that_was_said_after_the_imported_one_counts(export: Export) -> None:
    mapping = {"attributes": {}, "opted_out": "size", "opted_out_at": {"column": "made", "zone": "UTC"}}
    noted = "select count(*) from consent.statements"
    early, late = (*ANN[:5], 1), (*ANN[:2], "2026-01-09 10:00", *ANN[3:5], 1)
    for row, times in ((early, 1), (early, 1), (late, 2), (early, 2), (late, 2)):
        export.bring("leads", [row], mapping=mapping)
        assert export.query(noted) == [(times,)]
