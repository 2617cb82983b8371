"""A score that somebody changed in the MA behind our back is put right; a flood of them is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import requests

from leadops.delivery import reconcile
from leadops.delivery.reconcile import ReconciliationResult, reconcile_scores
from leadops.errors import TransientError
from leadops.products.product_client import ProductClient
from tests.delivery_fixture import DeliveryFixture
from tests.shipped import SHIPPED, change

NIGHT = date(2026, 7, 1)
TOKEN = {"Authorization": "Bearer sandbox-ma-token"}


def run_reconciliation(
    desk: DeliveryFixture, *, max_corrections: int = 10, max_missing: int = 0, night: date = NIGHT
) -> ReconciliationResult:
    client = ProductClient(desk.endpoint)
    try:
        with desk.connect() as connection:
            return reconcile_scores(
                connection,
                client,
                settings=change(
                    SHIPPED.delivery.audit, max_corrections=max_corrections, max_missing=max_missing
                ),
                night=night,
                audited_by="test",
                now=desk.clock(),
            )
    finally:
        client.transport.close()


def scored_leads(desk: DeliveryFixture, count: int, points: int = 10) -> list[int]:
    leads = [desk.add_lead() for _ in range(count)]
    for lead in leads:
        desk.score(lead, points)
    desk.push()
    return leads


def tamper(desk: DeliveryFixture, lead: int, points: int) -> None:
    """Change a score in the MA as somebody there would."""
    ma_id = desk.value("select external_id from delivery.external_ids where lead_id = %s", lead)
    serial = desk.state()["ma"]["deltas_applied"]
    update = {"deltaId": f"hand-{ma_id}-{serial}", "leadId": int(ma_id), "delta": points, "reason": "by hand"}
    requests.post(f"{desk.ma_url}/api/lead/score", json=update, headers=TOKEN, timeout=60).raise_for_status()


def test_a_changed_score_is_put_right_once_and_recorded(desk: DeliveryFixture) -> None:
    first, second, third = scored_leads(desk, 3)
    tamper(desk, first, 7)
    tamper(desk, second, -25)
    ledger = desk.value("select count(*) from scoring.ledger")

    done = run_reconciliation(desk)

    assert (done.differing, done.corrected, done.uncorrected, done.limit_exceeded) == (2, 2, [], False)
    again = run_reconciliation(desk)
    assert (again.corrected, again.differing, again.under_way) == (0, 0, 2), "on its way already"
    assert desk.push().effects == 2
    assert [desk.ma_score(lead) for lead in (first, second, third)] == [10, 10, 10]
    assert run_reconciliation(desk).corrected == 0
    assert desk.audit().differences == []
    assert desk.value("select count(*) from scoring.ledger") == ledger
    with desk.connect() as connection:
        kept = connection.execute(
            "select c.lead_id, c.ledger, c.ma, a.audited_by, a.night, a.differing, a.corrected, o.lane"
            " from delivery.score_corrections c join delivery.audits a using (audit_id)"
            " join delivery.outbox o using (outbox_id) order by correction_id"
        ).fetchall()
    assert kept == [
        (first, 10, 17, "test", NIGHT, 2, 2, 1),
        (second, 10, -15, "test", NIGHT, 2, 2, 1),
    ]


def test_a_heal_of_unknown_outcome_goes_again_under_its_key_and_counts_once(desk: DeliveryFixture) -> None:
    (lead,) = scored_leads(desk, 1)
    tamper(desk, lead, 7)
    run_reconciliation(desk)
    desk.timeout = 0.2
    desk.fault("timeout_after", path="/api/lead/score", seconds=1)
    desk.push(seconds=0.5)
    assert desk.value("select state from delivery.outbox where operation = 'correct_score'") == "sending"
    assert run_reconciliation(desk).corrected == 0, "nobody knows what the MA says before that is settled"
    desk.heal()
    desk.push()
    assert desk.ma_score(lead) == 10
    assert desk.audit().differences == []


def test_beyond_the_limit_nothing_is_healed(desk: DeliveryFixture) -> None:
    leads = scored_leads(desk, 4)
    for lead in leads:
        tamper(desk, lead, 1)
    done = run_reconciliation(desk, max_corrections=3)
    assert (done.corrected, done.limit_exceeded, sorted(done.uncorrected)) == (0, True, leads)
    assert desk.value("select count(*) from delivery.score_corrections") == 0
    assert run_reconciliation(desk, max_corrections=4).corrected == 4


def test_the_limit_is_one_nights_however_often_it_runs(desk: DeliveryFixture) -> None:
    leads = scored_leads(desk, 3)
    tamper(desk, leads[0], 1)
    tamper(desk, leads[1], 1)
    assert run_reconciliation(desk, max_corrections=2).corrected == 2
    desk.push()
    tamper(desk, leads[2], 1)
    assert run_reconciliation(desk, max_corrections=2).limit_exceeded
    assert run_reconciliation(desk, max_corrections=2, night=date(2026, 7, 2)).corrected == 1


def test_a_lead_with_anything_under_way_is_left_alone(desk: DeliveryFixture) -> None:
    held, moved = scored_leads(desk, 2)
    tamper(desk, held, 3)
    desk.score(held, 5)
    desk.score(held, -5)  # nothing in sum, but two rows are on their way
    done = run_reconciliation(desk)
    assert (done.corrected, done.differing) == (0, 0)
    desk.push()
    assert run_reconciliation(desk).corrected == 1
    desk.push()
    assert [desk.ma_score(lead) for lead in (held, moved)] == [10, 10]


def test_a_lead_that_moves_right_before_it_is_healed_is_left_alone(
    desk: DeliveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lead,) = scored_leads(desk, 1)
    tamper(desk, lead, 3)
    read = reconcile.read_lead

    def read_late(connection: Any, lead_id: int, **values: Any) -> Any:
        desk.score(lead, 4)
        return read(connection, lead_id, **values)

    monkeypatch.setattr(reconcile, "read_lead", read_late)
    done = run_reconciliation(desk)
    assert (done.corrected, done.differing) == (0, 0)
    monkeypatch.undo()
    desk.push()
    assert run_reconciliation(desk).corrected == 1
    desk.push()
    assert desk.ma_score(lead) == 14


def test_two_comparisons_at_once_heal_once(desk: DeliveryFixture) -> None:
    leads = scored_leads(desk, 3)
    for lead in leads:
        tamper(desk, lead, 9)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run_reconciliation, desk) for _ in range(2)]
        healed = sum(run.result().corrected for run in runs)
    assert healed == 3
    desk.push()
    assert [desk.ma_score(lead) for lead in leads] == [10, 10, 10]


def test_an_ma_that_goes_down_in_the_middle_heals_nothing_wrong(desk: DeliveryFixture) -> None:
    leads = scored_leads(desk, 3)
    for lead in leads:
        tamper(desk, lead, 2)
    second = desk.value("select external_id from delivery.external_ids where lead_id = %s", leads[1])
    desk.fault("500", path=f"/api/leads/{second}")
    with pytest.raises(TransientError):
        run_reconciliation(desk)
    assert desk.value("select count(*) from delivery.score_corrections") == 0
    assert desk.value("select count(*) from delivery.audits where ended_at is null") == 1
    desk.heal()
    desk.fault("500", path="/api/leads")
    with pytest.raises(TransientError):
        run_reconciliation(desk)
    desk.heal()
    assert run_reconciliation(desk).corrected == 3
    desk.push()
    assert [desk.ma_score(lead) for lead in leads] == [10, 10, 10]


def test_what_the_ma_refuses_is_a_dead_letter_and_not_tried_again_each_night(desk: DeliveryFixture) -> None:
    (lead,) = scored_leads(desk, 1)
    tamper(desk, lead, 2)
    run_reconciliation(desk)
    desk.fault("rejected_rows", share=1.0, count=1, path="/api/lead/score")
    assert desk.push().dead == 1
    desk.heal()
    done = run_reconciliation(desk, night=date(2026, 7, 2))
    assert (done.differing, done.corrected, done.uncorrected) == (1, 0, [lead])


def test_a_score_of_ours_that_is_not_the_ledgers_is_nothing_to_heal_in_the_ma(desk: DeliveryFixture) -> None:
    (lead,) = scored_leads(desk, 1)
    desk.value("update scoring.scores set behaviour = 3 returning 1")
    done = run_reconciliation(desk)
    assert (done.inconsistent, done.corrected, done.uncorrected) == (1, 0, [lead])


def _lose(desk: DeliveryFixture, lead: int) -> None:
    desk.value("update delivery.external_ids set external_id = '4' where lead_id = %s returning 1", lead)


def test_leads_that_the_ma_lost_are_counted_and_too_many_stop_the_healing(desk: DeliveryFixture) -> None:
    lost, wrong = scored_leads(desk, 2)
    _lose(desk, lost)
    tamper(desk, wrong, 2)
    done = run_reconciliation(desk, max_missing=0)
    assert (done.missing_in_ma, done.limit_exceeded) == (1, True)
    done = run_reconciliation(desk, max_missing=1)
    assert (done.missing_in_ma, done.gone, done.corrected, done.uncorrected) == (1, 1, 1, [])
    done = run_reconciliation(desk, max_missing=0)
    assert (done.missing_in_ma, done.gone, done.limit_exceeded, done.uncorrected) == (0, 1, False, [])
    assert desk.value("select array_agg(gone order by audit_id) from delivery.audits") == [0, 1, 1]


def test_leads_of_the_ma_that_are_not_ours_are_listed_by_their_id(
    desk: DeliveryFixture, run_audit: Callable
) -> None:
    stranger = requests.post(
        f"{desk.ma_url}/api/leads", json={"email": f"{desk.url[-12:]}@x.example"}, headers=TOKEN, timeout=60
    ).json()["leadId"]
    audited = run_audit()
    assert audited.unmatched >= 1
    listed = {lead.ma_id for lead in audited.unmatched_leads}
    assert str(stranger) in listed or audited.unmatched > len(listed)
    (lead,) = scored_leads(desk, 1)
    own = desk.value("select external_id from delivery.external_ids where lead_id = %s", lead)
    assert own not in {lead.ma_id for lead in run_audit().unmatched_leads}


@pytest.fixture
def run_audit(desk: DeliveryFixture) -> Callable:
    return desk.audit
