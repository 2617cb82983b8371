"""Leads that are deleted, merged and restored in a real MA, by hand-worked values."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from leadops.db import Connection
from leadops.delivery.align_leads import UNTRUE_DUPLICATE
from leadops.delivery.build_batches import build_batches
from leadops.delivery.compare_scores import LeadState, read_lead
from leadops.delivery.delivery_settings import Recreate
from leadops.delivery.external_ids import save_external_id
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.presence import LeadPresence, record_mqls, request_recreation
from leadops.delivery.reconcile import reconcile_scores
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from tests.delivery_fixture import DeliveryFixture, impatient
from tests.shipped import change


def recreate_on(desk: DeliveryFixture, recreate: Recreate, **audit: int) -> None:
    limits = change(desk.settings.audit, **audit)
    desk.settings = desk.settings.model_copy(update={"recreate": recreate, "audit": limits})


def scored_leads(desk: DeliveryFixture, *points: int) -> list[int]:
    leads = [desk.add_lead() for _ in points]
    for lead, value in zip(leads, points, strict=True):
        desk.score(lead, value)
    desk.push()
    assert [desk.ma_score(lead) for lead in leads] == list(points)
    return leads


def submit_form(desk: DeliveryFixture, lead: int, points: int, *, proof: str = "form") -> None:
    """Points of a form, live, as scoring writes them."""
    desk.score(lead, points)
    desk.value(
        "with form as (insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values (gen_random_uuid()::text, 'submit_form', now(), now(), '{}', %s) returning seq)"
        " update scoring.ledger set event_seq = form.seq from form"
        " where ledger.seq = (select max(seq) from scoring.ledger) returning 1",
        proof,
    )


def send_by_hand(desk: DeliveryFixture, lead: int, points: int, *, delta_id: str) -> None:
    update = {"deltaId": delta_id, "leadId": desk.ma_id(lead), "delta": points, "reason": "by hand"}
    headers = {"Authorization": "Bearer sandbox-ma-token"}
    requests.post(
        f"{desk.ma_url}/api/lead/score", json=update, headers=headers, timeout=60
    ).raise_for_status()


def reconcile(desk: DeliveryFixture) -> None:
    client = ProductClient(desk.endpoint)
    with desk.connect() as connection:
        reconcile_scores(
            connection,
            client,
            settings=desk.settings.audit,
            night=desk.clock().date(),
            audited_by="test",
            now=desk.clock(),
        )
    client.transport.close()


def letters(desk: DeliveryFixture) -> int:
    return int(desk.value("select count(*) from delivery.dead_letters where state = 'open'"))


def held(desk: DeliveryFixture) -> int:
    return int(desk.value("select count(*) from delivery.held_deltas"))


def assert_clean(desk: DeliveryFixture, *, gone: int = 0) -> None:
    audit = desk.audit()
    assert (audit.differences, audit.under_way, audit.gone) == ([], 0, gone)
    assert letters(desk) == 0


@pytest.mark.parametrize("batch_size", [1, 1000], ids=["single calls", "bulk calls"])
@pytest.mark.parametrize("recreate", [Recreate.NEVER, Recreate.FORM_OR_MQL])
def test_a_deleted_lead_is_gone_and_its_points_wait_in_silence(
    desk: DeliveryFixture, batch_size: int, recreate: Recreate
) -> None:
    desk.settings = impatient(batch_size=batch_size)
    recreate_on(desk, recreate)
    lost, kept = scored_leads(desk, 10, 20)
    desk.by_hand(desk.ma_id(lost), "delete")
    for lead in (lost, kept):
        desk.score(lead, 5)
    report = desk.push()
    assert (report.deltas, report.dead, report.problem) == (1, 0, "")
    assert desk.presence(lost) == LeadPresence.GONE
    assert desk.ma_score(kept) == 25
    assert held(desk) == 1
    calls = desk.state()["calls"]
    desk.score(lost, 3)
    assert desk.push().calls == 0, "nobody asks for it again"
    assert desk.state()["calls"] == calls
    assert_clean(desk, gone=1)


@pytest.mark.parametrize("manner", ["words", "bare", "redirect"])
def test_an_audit_notices_a_deleted_lead_once_and_then_leaves_it_out(
    desk: DeliveryFixture, manner: str
) -> None:
    desk.set_ma(ma_absence=manner)
    lost, kept = scored_leads(desk, 10, 20)
    desk.by_hand(desk.ma_id(lost), "delete")
    assert_clean(desk, gone=1)
    assert desk.presence(lost) == LeadPresence.GONE
    assert desk.presence(kept) == LeadPresence.PRESENT


def test_more_missing_leads_than_a_day_may_miss_are_differences(desk: DeliveryFixture) -> None:
    leads = scored_leads(desk, 1, 2, 3)
    recreate_on(desk, Recreate.ANY, max_missing=2)
    for lead in leads:
        desk.by_hand(desk.ma_id(lead), "delete")
    audit = desk.audit()
    assert [(each.lead_id, each.ma) for each in audit.differences] == [(lead, None) for lead in leads]
    assert audit.gone == 0
    recreate_on(desk, Recreate.ANY, max_missing=3)
    assert_clean(desk, gone=3)


@pytest.mark.parametrize("batch_size", [1, 1000], ids=["single calls", "bulk calls"])
def test_a_form_makes_the_lead_anew_with_all_its_points(desk: DeliveryFixture, batch_size: int) -> None:
    desk.settings = impatient(batch_size=batch_size)
    (lost,) = scored_leads(desk, 10)
    first_id = desk.ma_id(lost)
    desk.by_hand(first_id, "delete")
    desk.score(lost, 5)
    desk.push()
    assert desk.presence(lost) == LeadPresence.GONE, "a page view alone does not bring it back"
    submit_form(desk, lost, 20)
    desk.push()
    assert desk.presence(lost) == LeadPresence.PRESENT
    assert desk.ma_id(lost) != first_id
    assert desk.ma_score(lost) == 35
    assert held(desk) == 0
    desk.score(lost, -3)
    desk.push()
    assert desk.ma_score(lost) == 32
    assert_clean(desk)


def test_the_form_that_finds_out_that_the_lead_is_gone_brings_it_back(desk: DeliveryFixture) -> None:
    (lost,) = scored_leads(desk, 10)
    desk.by_hand(desk.ma_id(lost), "delete")
    submit_form(desk, lost, 20)
    desk.push()
    assert desk.ma_score(lost) == 30
    assert_clean(desk)


@pytest.mark.parametrize(
    ("recreate", "lane", "proof", "comes_back"),
    [
        (Recreate.NEVER, 0, "form", False),
        (Recreate.FORM_OR_MQL, 0, "form", True),
        (Recreate.FORM_OR_MQL, 0, "write_key", True),
        (Recreate.FORM_OR_MQL, 0, "claim", False),
        (Recreate.FORM_OR_MQL, 0, None, False),
        (Recreate.FORM_OR_MQL, 1, "form", False),  # an import
        (Recreate.ANY, 0, None, True),
        (Recreate.ANY, 0, "claim", True),
        (Recreate.ANY, 1, None, False),  # decay, changed rules
    ],
)
def test_the_setting_says_which_points_bring_a_lead_back(
    desk: DeliveryFixture, recreate: Recreate, lane: int, proof: str | None, comes_back: bool
) -> None:
    recreate_on(desk, recreate)
    (lost,) = scored_leads(desk, 10)
    desk.by_hand(desk.ma_id(lost), "delete")
    if proof:
        submit_form(desk, lost, 7, proof=proof)
        desk.value(
            "update scoring.ledger set lane = %s, is_live = %s where points = 7 returning 1", lane, lane == 0
        )
    else:
        desk.score(lost, 7, lane=lane)
    desk.push()
    expected = LeadPresence.PRESENT if comes_back else LeadPresence.GONE
    assert desk.presence(lost) == expected
    if comes_back:
        assert desk.ma_score(lost) == 17
    assert_clean(desk, gone=0 if comes_back else 1)


@pytest.mark.parametrize(("minutes", "comes_back"), [(1, True), (-1, False)])
def test_an_mql_after_the_points_brings_the_lead_back(
    desk: DeliveryFixture, minutes: int, comes_back: bool
) -> None:
    """It comes before the push that finds out that the lead is gone, or was known before these points."""
    (lost,) = scored_leads(desk, 10)
    desk.by_hand(desk.ma_id(lost), "delete")
    desk.score(lost, 50)
    with desk.connect() as connection:
        record_mqls(connection, [lost], now=datetime.now(UTC) + timedelta(minutes=minutes))
    desk.push()
    assert desk.presence(lost) == (LeadPresence.PRESENT if comes_back else LeadPresence.GONE)
    assert_clean(desk, gone=0 if comes_back else 1)


def test_while_many_leads_go_at_once_none_comes_back_by_itself(desk: DeliveryFixture) -> None:
    recreate_on(desk, Recreate.ANY, max_missing=1)
    leads = scored_leads(desk, 1, 2)
    for lead in leads:
        desk.by_hand(desk.ma_id(lead), "delete")
        desk.score(lead, 5)
    desk.push()
    assert [desk.presence(lead) for lead in leads] == [LeadPresence.GONE] * 2
    later = datetime.now(UTC) + timedelta(days=1, minutes=1)
    desk.clock = lambda: later
    desk.push()
    assert [desk.ma_score(lead) for lead in leads] == [6, 7]


def test_a_person_can_bring_leads_back(desk: DeliveryFixture) -> None:
    recreate_on(desk, Recreate.NEVER)
    lost, kept = scored_leads(desk, 10, 20)
    desk.by_hand(desk.ma_id(lost), "delete")
    assert_clean(desk, gone=1)
    with desk.connect() as connection:
        count = request_recreation(connection, [lost, kept], target="ma", identity=None, now=desk.clock())
    assert count == 1
    desk.push()
    assert [desk.ma_score(lead) for lead in (lost, kept)] == [10, 20]
    assert_clean(desk)


def test_a_restored_lead_is_found_again_and_gets_what_it_missed(desk: DeliveryFixture) -> None:
    recreate_on(desk, Recreate.NEVER)
    (lost,) = scored_leads(desk, 10)
    desk.by_hand(desk.ma_id(lost), "delete")
    desk.score(lost, 5)
    desk.push()
    desk.by_hand(desk.ma_id(lost), "restore")
    audit = desk.audit()
    assert (audit.differences, audit.gone, audit.under_way) == ([], 0, 1)
    desk.push()
    assert desk.ma_score(lost) == 15
    assert_clean(desk)


def test_points_that_are_held_while_a_lead_is_aligned_are_counted(
    desk: DeliveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 and 5 are one lead there, and 3 more are held by another worker just before it is present."""
    kept, merged = scored_leads(desk, 10, 5)
    desk.by_hand(desk.ma_id(merged), "merge", into=desk.ma_id(kept), score="sum")
    assert desk.audit().differences == []
    desk.score(merged, 3)
    desk.settings = impatient(connections=1)
    reads: list[LeadState] = []

    def read_lead_while_another_builds(connection: Connection, lead_id: int) -> LeadState:
        reads.append(read_lead(connection, lead_id))
        if len(reads) == 2:  # the last look before the total is settled
            with desk.connect() as other:
                build_batches(other, target="ma", lane=Lane.LIVE, batch_size=10, batches=1, now=desk.clock())
            assert desk.value("select count(*) from delivery.held_deltas") == 1
        return reads[-1]

    monkeypatch.setattr("leadops.delivery.align_leads.read_lead", read_lead_while_another_builds)
    desk.push()
    assert len(reads) >= 2
    assert desk.ma_score(kept) == 18
    assert desk.audit().differences == []


@pytest.mark.parametrize("manner", ["words", "redirect"])
@pytest.mark.parametrize("score", ["sum", "keep"])
@pytest.mark.parametrize("notices", ["push", "audit"])
def test_two_of_ours_that_are_merged_there_share_the_sum(
    desk: DeliveryFixture, manner: str, score: str, notices: str
) -> None:
    """10 and 5 points become one lead there; 3 more for the one and 4 more for the other make 22."""
    desk.set_ma(ma_absence=manner)
    kept, merged = scored_leads(desk, 10, 5)
    survivor = desk.ma_id(kept)
    desk.by_hand(desk.ma_id(merged), "merge", into=survivor, score=score)
    if notices == "audit":
        assert desk.audit().differences == []
    desk.score(merged, 3)
    desk.push()
    desk.audit()
    desk.score(kept, 4)
    desk.push()
    assert [desk.ma_id(lead) for lead in (kept, merged)] == [survivor, survivor]
    assert desk.ma_score(kept) == 22
    assert_clean(desk)


@pytest.mark.parametrize("score", ["sum", "keep"])
def test_a_lead_that_is_merged_into_one_that_is_not_ours_has_its_own_points_there(
    desk: DeliveryFixture, score: str
) -> None:
    merged, other = scored_leads(desk, 10, 7)
    survivor = desk.ma_id(other)
    desk.value("delete from delivery.external_ids where lead_id = %s returning 1", other)
    desk.value("delete from scoring.ledger where lead_id = %s returning 1", other)
    desk.value("delete from scoring.scores where lead_id = %s returning 1", other)
    desk.by_hand(desk.ma_id(merged), "merge", into=survivor, score=score)
    desk.score(merged, 3)
    desk.push()
    assert (desk.ma_id(merged), desk.ma_score(merged)) == (survivor, 13)
    assert_clean(desk)


def test_merges_are_followed_to_the_last_and_a_lead_deleted_there_is_gone(desk: DeliveryFixture) -> None:
    first, second, third = scored_leads(desk, 1, 2, 4)
    desk.by_hand(desk.ma_id(first), "merge", into=desk.ma_id(second))
    desk.by_hand(desk.ma_id(second), "merge", into=desk.ma_id(third))
    for lead in (first, second):
        desk.score(lead, 10)
    for _ in range(3):  # a second merge is followed a minute later
        desk.push()
        passed = desk.clock() + timedelta(minutes=2)
        desk.clock = lambda at=passed: at
    assert {desk.ma_id(lead) for lead in (first, second, third)} == {desk.ma_id(third)}
    assert desk.ma_score(third) == 27
    assert_clean(desk)
    desk.by_hand(desk.ma_id(third), "delete")
    desk.score(first, 1)
    desk.push()
    assert [desk.presence(lead) for lead in (first, second, third)] == [LeadPresence.GONE] * 3
    assert_clean(desk, gone=3)


def test_one_of_two_that_shared_a_deleted_lead_comes_back_with_its_own_points(desk: DeliveryFixture) -> None:
    kept, merged = scored_leads(desk, 10, 5)
    desk.by_hand(desk.ma_id(merged), "merge", into=desk.ma_id(kept))
    desk.score(merged, 3)
    desk.push()
    desk.by_hand(desk.ma_id(kept), "delete")
    submit_form(desk, merged, 20)
    desk.push()
    assert [desk.presence(lead) for lead in (kept, merged)] == [LeadPresence.GONE, LeadPresence.PRESENT]
    assert desk.ma_score(merged) == 28
    assert_clean(desk, gone=1)
    submit_form(desk, kept, 1)
    desk.push()
    assert [desk.ma_score(lead) for lead in (kept, merged)] == [11, 28]
    assert_clean(desk)


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before"])
@pytest.mark.parametrize("what", ["delete", "merge"])
def test_a_call_of_unknown_outcome_before_the_lead_went_is_counted_once(
    desk: DeliveryFixture, kind: str, what: str
) -> None:
    lost, other = scored_leads(desk, 10, 100)
    desk.timeout = 0.2
    desk.score(lost, 5)
    desk.fault(kind, path="/api/lead/score", seconds=1)
    desk.push_until_unknown()
    desk.heal()
    desk.timeout = 5.0
    desk.by_hand(desk.ma_id(lost), what, **({"into": desk.ma_id(other)} if what == "merge" else {}))
    submit_form(desk, lost, 20)
    desk.push()
    assert desk.ma_score(lost) == (35 if what == "delete" else 135)
    assert_clean(desk)


def _refuse(desk: DeliveryFixture, lead: int, points: int) -> None:
    """Let the points be a dead letter as before leads could be gone."""
    desk.score(lead, points)
    desk.fault("rejected_rows", share=1.0, count=1)
    desk.push()
    desk.heal()
    assert letters(desk) == 1


@pytest.mark.parametrize("notices", ["push", "audit"])
def test_dead_letters_follow_the_lead_that_is_gone_and_come_back_with_it(
    desk: DeliveryFixture, notices: str
) -> None:
    (lost,) = scored_leads(desk, 10)
    _refuse(desk, lost, 5)
    desk.by_hand(desk.ma_id(lost), "delete")
    if notices == "push":
        desk.score(lost, 1)
        desk.push()
    assert_clean(desk, gone=1)
    assert held(desk) == (2 if notices == "push" else 1)
    submit_form(desk, lost, 20)
    desk.push()
    assert desk.ma_score(lost) == (36 if notices == "push" else 35)
    assert_clean(desk)


def test_what_a_bare_404_refuses_is_a_dead_letter_until_the_audit_finds_the_lead_gone(
    desk: DeliveryFixture,
) -> None:
    desk.set_ma(ma_absence="bare")
    (lost,) = scored_leads(desk, 10)
    desk.by_hand(desk.ma_id(lost), "delete")
    submit_form(desk, lost, 20)
    desk.push()
    assert (letters(desk), desk.presence(lost)) == (1, LeadPresence.PRESENT)
    assert_clean(desk, gone=1)
    desk.push()
    assert desk.ma_score(lost) == 30
    assert_clean(desk)


def test_an_update_of_fields_waits_for_the_lead(desk: DeliveryFixture) -> None:
    (lost,) = scored_leads(desk, 10)
    desk.by_hand(desk.ma_id(lost), "delete")
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="set_fields",
            payload={"fields": {"owner": "ann"}},
            idempotency_key="fields-1",
            lead_id=lost,
            now=desk.clock(),
        )
    state = "select state from delivery.outbox where operation = 'set_fields'"
    desk.push()
    assert (desk.presence(lost), desk.value(state), letters(desk)) == ("gone", "pending", 0)
    submit_form(desk, lost, 20)
    desk.push()
    assert desk.value(state) == "done"
    assert_clean(desk)


def test_an_upsert_that_makes_the_lead_under_another_id_brings_all_points(desk: DeliveryFixture) -> None:
    """The proof of a lead that was only claimed asks for it again; somebody had deleted it meanwhile."""
    (lost,) = scored_leads(desk, 10)
    desk.by_hand(desk.ma_id(lost), "delete")
    with desk.connect() as connection:
        row = connection.execute("select email from identity.leads where lead_id = %s", [lost]).fetchone()
        assert row
        enqueue_effect(
            connection,
            target="ma",
            operation="upsert_lead",
            payload={"email": row[0]},
            idempotency_key=f"ma-lead-{lost}-proven",
            lead_id=lost,
            now=desk.clock(),
        )
    desk.push()
    assert desk.ma_score(lost) == 10
    assert_clean(desk)


def test_a_merged_lead_that_gets_an_id_of_its_own_again_takes_its_points_along(desk: DeliveryFixture) -> None:
    kept, merged, empty = scored_leads(desk, 10, 5, 2)
    own_id = desk.ma_id(empty)
    desk.value("update delivery.external_ids set state = 'gone' where lead_id = %s returning 1", empty)
    desk.by_hand(desk.ma_id(merged), "merge", into=desk.ma_id(kept))
    desk.score(merged, 3)
    desk.push()
    assert desk.ma_score(kept) == 18
    with desk.connect() as connection:
        save_external_id(connection, target="ma", lead_id=merged, external_id=str(own_id), now=desk.clock())
    desk.push()
    assert desk.ma_score(kept) == 10
    assert desk.ma_score(merged) == 10, "its 8, and the 2 of the lead that has the same id"
    assert_clean(desk)


def test_the_crms_ids_have_no_presence(desk: DeliveryFixture) -> None:
    with desk.connect() as connection:
        for external_id in ("L-1", "L-2"):
            save_external_id(connection, target="crm", lead_id=1, external_id=external_id, now=desk.clock())
    state: Any = desk.value("select state from delivery.external_ids where target = 'crm'")
    assert state == LeadPresence.PRESENT


def test_a_correction_that_the_ma_calls_a_duplicate_is_read_back(desk: DeliveryFixture) -> None:
    """The score is 3 too high. Another database used the correction's id, so that the MA leaves it out."""
    lead, other = scored_leads(desk, 10, 1)
    send_by_hand(desk, lead, 3, delta_id=f"hand-{desk.ma_id(lead)}")
    reconcile(desk)
    delta_id = desk.value(
        "select payload ->> 'delta_id' from delivery.outbox where operation = 'correct_score'"
    )
    send_by_hand(desk, other, 0, delta_id=delta_id)
    desk.push()
    assert desk.ma_score(lead) == 13
    assert desk.value("select reason from delivery.dead_letters where state = 'open'") == UNTRUE_DUPLICATE
    assert desk.value("select state from delivery.outbox where operation = 'correct_score'") == "dead"
    desk.push()
    reconcile(desk)
    assert desk.push().calls == 0, "a person decides, and nothing is asked in a circle"


def test_a_correction_that_arrived_before_is_settled_by_the_total(desk: DeliveryFixture) -> None:
    (lead,) = scored_leads(desk, 10)
    send_by_hand(desk, lead, 3, delta_id=f"hand-{desk.ma_id(lead)}")
    reconcile(desk)
    # The call took effect and its answer was lost; the key is forgotten, the deltaId is not.
    delta_id = desk.value(
        "select payload ->> 'delta_id' from delivery.outbox where operation = 'correct_score'"
    )
    send_by_hand(desk, lead, -3, delta_id=delta_id)
    desk.push()
    assert desk.ma_score(lead) == 10
    assert desk.presence(lead) == LeadPresence.PRESENT
    assert_clean(desk)
