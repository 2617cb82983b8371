"""Delivery to a product whose scores are set: the total of a lead is sent, never a change of it."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.delivery.batches import send_batch
from leadops.delivery.build_totals import LATE_CALLS, build_totals, forget_totals
from leadops.delivery.claim_totals import claim_totals, lock_claimed
from leadops.delivery.due_calls import TAKEOVER_PAUSE
from leadops.delivery.external_ids import save_external_id
from leadops.delivery.forecast_calls import forecast_calls
from leadops.delivery.realign_ma import realign_ma
from leadops.delivery.reconcile import ReconciliationResult, reconcile_scores
from leadops.delivery.settle_totals import settle_totals
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from leadops.products.registry import load_product
from tests.delivery_fixture import SteppedDelivery
from tests.products.acme_server import LATE, Acme

HOUR = timedelta(hours=1)


def person(till: SteppedDelivery, lead: int) -> str:
    query = "select external_id from delivery.external_ids where target = 'ma' and lead_id = %s"
    return str(till.value(query, lead))


def add(till: SteppedDelivery, *points: int, lane: int = 0) -> int:
    lead = till.add_lead()
    for each in points:
        till.score(lead, each, lane=lane)
    return lead


def newest(till: SteppedDelivery, lead: int) -> int:
    return int(till.value("select max(seq) from scoring.ledger where lead_id = %s", lead))


def undelivered(till: SteppedDelivery) -> int:
    return int(till.value("select count(*) from delivery.undelivered_deltas where why <> 'dropped'"))


def letters(till: SteppedDelivery) -> list[str]:
    with till.connect() as connection:
        found = connection.execute("select state from delivery.dead_letters order by dead_letter_id")
        return [state for (state,) in found]


def refusals(till: SteppedDelivery) -> dict[int, str]:
    """Return why the target refused the newest total of a lead, by lead."""
    with till.connect() as connection:
        found = connection.execute("select lead_id, refused from delivery.totals where refused is not null")
        return dict(found)


def reconcile(till: SteppedDelivery) -> ReconciliationResult:
    client = ProductClient(till.endpoint)
    try:
        with till.connect() as connection:
            return reconcile_scores(
                connection,
                client,
                settings=till.settings.audit,
                night=till.now.date(),
                audited_by="test",
                now=till.clock(),
            )
    finally:
        client.close()


def test_changes_of_a_lead_are_one_total_with_the_newest_row_beside_it(
    till: SteppedDelivery, acme: Acme
) -> None:
    first, second = add(till, 1, 2, 4, 8), add(till, -16, 32)
    report = till.push()
    assert (report.deltas, report.dead) == (6, 0)
    assert acme.total_calls() == [
        [
            {"person": person(till, first), "total": 15, "row": newest(till, first)},
            {"person": person(till, second), "total": 16, "row": newest(till, second)},
        ]
    ]
    assert undelivered(till) == 0
    assert till.audit().differences == []


def test_a_call_has_as_many_leads_as_the_product_takes(till: SteppedDelivery, acme: Acme) -> None:
    leads = [add(till, points, points) for points in range(1, 10)]
    till.push()
    assert [len(totals) for totals in acme.total_calls()] == [4, 4, 1]
    assert acme.totals == {person(till, lead): 2 * points for points, lead in enumerate(leads, 1)}


def test_a_total_is_read_when_its_call_is_claimed_and_covers_what_came_since(
    till: SteppedDelivery, acme: Acme
) -> None:
    lead = add(till)
    till.push()
    till.score(lead, 5)
    with till.connect() as connection:
        build_totals(connection, target="ma", lane=Lane.LIVE, batch_size=4, batches=1, now=till.now)
    till.score(lead, 3)
    till.score(lead, 2, lane=1)
    till.push()
    assert acme.total_calls() == [[{"person": person(till, lead), "total": 10, "row": newest(till, lead)}]]
    assert undelivered(till) == 0


def test_an_unknown_outcome_is_sent_again_with_the_total_of_that_time_and_once_more_later(
    till: SteppedDelivery, acme: Acme
) -> None:
    lead = add(till)
    till.push()
    till.score(lead, 5)
    acme.faults.append(LATE)
    till.push(seconds=0.5)
    till.score(lead, 3)
    till.push(seconds=4)
    assert acme.totals[person(till, lead)] == 8
    acme.land()
    assert acme.totals[person(till, lead)] == 5, "the older call came last"
    till.push()
    assert len(acme.total_calls()) == 2
    till.now += LATE_CALLS
    till.push()
    assert acme.totals[person(till, lead)] == 8
    assert [[row["total"] for row in call] for call in acme.total_calls()] == [[5], [8], [8]]
    till.now += HOUR
    till.push()
    assert len(acme.total_calls()) == 3, "nothing goes out without a reason"
    assert till.audit().differences == []


@pytest.mark.parametrize("is_sent", [True, False])
def test_what_a_killed_process_claimed_is_sent_with_a_new_total_after_a_minute(
    till: SteppedDelivery, acme: Acme, is_sent: bool
) -> None:
    lead = add(till)
    till.push()
    till.score(lead, 5)
    with till.connect() as connection:
        product = load_product("tally")
        build_totals(connection, target="ma", lane=Lane.LIVE, batch_size=4, batches=1, now=till.now)
        assert claim_totals(connection, product=product, target="ma", lane=Lane.LIVE, limit=9, now=till.now)
        if is_sent:
            acme.late.append({"totals": [{"person": person(till, lead), "total": 5, "row": 1}]})
    till.score(lead, 3)
    till.push()
    assert acme.total_calls() == []
    till.now += TAKEOVER_PAUSE
    till.push()
    assert acme.totals[person(till, lead)] == 8
    acme.land()
    till.now += LATE_CALLS
    till.push()
    assert acme.totals[person(till, lead)] == 8
    assert len(acme.total_calls()) == 2


def test_two_leads_with_one_id_are_one_row_with_the_sum_of_both(till: SteppedDelivery, acme: Acme) -> None:
    first, second, third = add(till, 1), add(till, 2), add(till, 64)
    till.push()
    loser, winner = person(till, first), person(till, second)
    acme.merged[loser] = winner
    del acme.totals[loser]
    till.score(first, 4)
    till.score(second, 8)
    till.score(third, 128)
    till.push()
    till.now += HOUR
    till.push()
    assert person(till, first) == winner
    assert acme.totals == {winner: 15, person(till, third): 192}
    till.score(first, 16)
    till.score(second, 32)
    till.push()
    assert acme.totals[winner] == 63
    assert acme.total_calls()[-1] == [
        {"person": winner, "total": 63, "row": max(newest(till, first), newest(till, second))}
    ]
    assert (till.audit().differences, undelivered(till)) == ([], 0)


@pytest.mark.parametrize("is_named", [True, False])
def test_a_lead_that_is_elsewhere_is_looked_for_and_both_totals_become_one(
    till: SteppedDelivery, acme: Acme, is_named: bool
) -> None:
    kept, lost = add(till, 10), add(till, 3)
    till.push()
    old, new = person(till, lost), person(till, kept)
    acme.is_tight_lipped, acme.merged[old] = not is_named, new
    del acme.totals[old]
    till.score(lost, 4)
    till.push()
    till.push()
    assert (person(till, lost), acme.totals) == (new, {new: 17})
    assert (letters(till), undelivered(till)) == ([], 0)


@pytest.mark.parametrize("sharers", [0, 1])
def test_an_answer_that_the_reading_belies_costs_two_calls_a_minute(
    till: SteppedDelivery, acme: Acme, sharers: int
) -> None:
    others = [add(till) for _ in range(sharers)]
    lead = add(till, 10)
    till.push()
    with till.connect() as connection:
        for other in others:
            save_external_id(
                connection, target="ma", lead_id=other, external_id=person(till, lead), now=till.now
            )
    till.push()
    acme.calls.clear()
    till.score(lead, 4)
    acme.row_faults.extend(["ELSEWHERE"] * 3)
    till.push(seconds=50)
    assert len(acme.calls) == 2
    for _ in range(3):
        till.now += timedelta(minutes=2)
        till.push()
    assert (acme.totals[person(till, lead)], undelivered(till)) == (14, 0)


def test_after_a_quarter_of_an_hour_a_person_looks_at_a_total_that_the_reading_belies(
    till: SteppedDelivery, acme: Acme
) -> None:
    lead = add(till, 10)
    till.push()
    till.score(lead, 4)
    acme.row_faults.extend(["ELSEWHERE"] * 40)
    began = till.now
    while till.now < began + timedelta(minutes=14):
        till.push(seconds=50)
        till.now += timedelta(minutes=1)
    assert letters(till) == []
    while till.now < began + timedelta(minutes=18):
        till.push(seconds=50)
        till.now += timedelta(minutes=1)
    assert letters(till) == ["open"]
    acme.calls.clear()
    till.push(seconds=600)
    assert acme.calls == [], "nobody asks any more"
    till.score(lead, 1)
    till.push()
    assert letters(till) == ["open"] * 2, "a new change is tried once"
    acme.row_faults.clear()
    till.score(lead, 1)
    till.push()
    assert (acme.totals[person(till, lead)], letters(till)) == (16, ["applied"] * 2)
    acme.row_faults.append("ELSEWHERE")
    till.score(lead, 1)
    till.push()
    assert letters(till) == ["applied"] * 2, "once it was taken, the patience is new"


def test_leads_that_are_merged_in_a_circle_cost_a_call_a_minute(till: SteppedDelivery, acme: Acme) -> None:
    first, second = add(till, 1), add(till, 2)
    till.push()
    one, other = person(till, first), person(till, second)
    acme.merged |= {one: other, other: one}
    acme.totals.clear()
    acme.calls.clear()
    till.score(first, 4)
    till.push(seconds=50)
    assert len(acme.total_calls()) <= 3


@pytest.mark.parametrize("fault", ["LOCKED", "unnamed", "unnamed and lost"])
def test_a_row_that_is_not_done_goes_again_and_the_others_do_not(
    till: SteppedDelivery, acme: Acme, fault: str
) -> None:
    leads = [add(till) for _ in range(3)]
    till.push()
    for points, lead in enumerate(leads, 1):
        till.score(lead, points)
    acme.row_faults.extend(["", fault, ""])
    till.push()
    assert [[row["total"] for row in call] for call in acme.total_calls()] == [[1, 2, 3], [2]]
    assert (letters(till), undelivered(till)) == ([], 0)
    till.now += LATE_CALLS
    till.push()
    # A row that nobody named may have been on its way; one that was locked was not.
    assert len(acme.total_calls()) == (2 if fault == "LOCKED" else 3)


def test_a_refused_total_is_a_dead_letter_for_each_change_until_a_later_total_is_taken(
    till: SteppedDelivery, acme: Acme
) -> None:
    lead, other = add(till), add(till)
    till.push()
    till.score(lead, 5)
    till.score(lead, 2)
    till.score(other, 1)
    acme.row_faults.extend(["INVALID", ""])
    assert till.push().dead == 2
    assert letters(till) == ["open", "open"]
    assert refusals(till) == {lead: "the row is not taken"}
    assert acme.totals[person(till, other)] == 1
    assert till.audit().differences == []
    till.score(lead, 1)
    till.push()
    assert acme.totals[person(till, lead)] == 8
    assert letters(till) == ["applied", "applied"]
    assert refusals(till) == {}
    assert (till.audit().differences, undelivered(till)) == ([], 0)


def test_a_refused_call_is_halved_until_the_one_total_that_is_refused_is_alone(
    till: SteppedDelivery, acme: Acme
) -> None:
    leads = [add(till) for _ in range(4)]
    till.push()
    for lead in leads:
        till.score(lead, 3)
        till.score(lead, 4)
    # The four; leads 1 and 2; leads 3 and 4; lead 1; lead 2.
    acme.faults.extend(["422", "422", "", "422", ""])
    report = till.push()
    assert [len(totals) for totals in acme.total_calls()] == [4, 2, 2, 1, 1]
    assert (report.deltas, report.dead, letters(till)) == (6, 2, ["open", "open"])
    assert [acme.totals[person(till, lead)] for lead in leads] == [0, 7, 7, 7]
    assert refusals(till) == {leads[0]: "HTTP 422: refused"}
    assert undelivered(till) == 2


@pytest.mark.parametrize("status", ["405", "501"])
def test_a_refusal_that_no_smaller_call_would_change_kills_every_total_of_the_call(
    till: SteppedDelivery, acme: Acme, status: str
) -> None:
    leads = [add(till) for _ in range(2)]
    till.push()
    for lead in leads:
        till.score(lead, 3)
    acme.faults.append(status)
    assert till.push().dead == 2
    assert [len(totals) for totals in acme.total_calls()] == [2]
    assert refusals(till) == dict.fromkeys(leads, f"HTTP {status}: refused")


def test_points_of_a_lead_that_is_gone_wait_and_come_as_its_total(till: SteppedDelivery, acme: Acme) -> None:
    lead = add(till, 5)
    till.push()
    who = person(till, lead)
    del acme.totals[who]
    till.score(lead, 3)
    till.push()
    assert (till.presence(lead), undelivered(till)) == ("gone", 1)
    acme.totals[who] = 77
    assert till.audit().differences == []
    till.push()
    assert (acme.totals[who], till.presence(lead), undelivered(till)) == (8, "present", 0)


def test_the_audit_sends_the_total_of_a_lead_that_somebody_changed(till: SteppedDelivery, acme: Acme) -> None:
    lead, empty = add(till, 10), add(till)
    till.push()
    acme.totals[person(till, lead)] = 13
    acme.totals[person(till, empty)] = 4
    found = till.audit()
    assert [(one.lead_id, one.ma) for one in found.differences] == [(lead, 13), (empty, 4)]
    assert reconcile(till).corrected == 2
    again = reconcile(till)
    assert (again.corrected, again.differing, again.under_way) == (0, 0, 2)
    till.push()
    assert acme.totals == {person(till, lead): 10, person(till, empty): 0}
    assert till.value("select count(*) from delivery.outbox where operation = 'correct_score'") == 0
    assert till.audit().differences == []
    assert reconcile(till).under_way == 0


def test_a_correction_that_is_refused_is_left_to_a_person(till: SteppedDelivery, acme: Acme) -> None:
    lead = add(till, 10)
    till.push()
    acme.totals[person(till, lead)] = 13
    reconcile(till)
    acme.row_faults.append("INVALID")
    till.push()
    result = reconcile(till)
    assert (result.differing, result.corrected, result.uncorrected) == (1, 0, [lead])
    till.score(lead, 1)
    till.push()
    assert acme.totals[person(till, lead)] == 11
    assert reconcile(till).differing == 0


def test_each_night_a_refused_correction_goes_out_once_more_and_stays_on_the_list(
    till: SteppedDelivery, acme: Acme
) -> None:
    """Nothing else sends it: no dead letter can be retried, and the lead may never earn a point again."""
    lead = add(till, 10)
    till.push()
    acme.totals[person(till, lead)] = 13
    reconcile(till)
    for _ in range(2):
        acme.row_faults.append("INVALID")
        till.push()
        result = reconcile(till)
        assert (result.differing, result.corrected, result.uncorrected) == (1, 0, [lead])
    till.push()
    assert acme.totals[person(till, lead)] == 10
    assert reconcile(till).differing == 0


def test_live_points_of_a_lead_in_a_backfill_call_take_that_call_along(
    till: SteppedDelivery, acme: Acme
) -> None:
    lead = add(till)
    till.push()
    till.score(lead, 5, lane=1)
    with till.connect() as connection:
        build_totals(connection, target="ma", lane=Lane.BACKFILL, batch_size=4, batches=1, now=till.now)
    # The day has calls for the live lane only.
    target = till.settings.targets["ma"].model_copy(update={"daily_calls": 10, "live_reserve": 0.99})
    till.settings = till.settings.model_copy(update={"targets": {"ma": target}})
    till.score(lead, 3)
    till.push()
    assert acme.totals[person(till, lead)] == 8


def test_a_call_that_has_too_many_bytes_is_split_before_it_is_sent(till: SteppedDelivery, acme: Acme) -> None:
    leads = [add(till) for _ in range(4)]
    till.push()
    for lead in leads:
        for _ in range(2):
            till.score(lead, 1_000_000_000)
    product: Any = load_product("tally")
    product.__class__.byte_limit, before = 150, product.byte_limit
    try:
        till.push()
    finally:
        product.__class__.byte_limit = before
    assert [len(totals) for totals in acme.total_calls()] == [2, 2]
    assert set(acme.totals.values()) == {2_000_000_000}


def test_a_forecast_counts_leads_and_not_their_changes(till: SteppedDelivery) -> None:
    leads = [add(till) for _ in range(5)]
    till.push()
    for lead in leads:
        for _ in range(3):
            till.score(lead, 1)
    target, product = till.settings.targets["ma"], load_product("tally")
    with till.connect() as connection:
        live, _ = forecast_calls(connection, "ma", target, product=product, now=till.now)
        own, _ = forecast_calls(connection, "ma", target, product=load_product("acme"), now=till.now)
    # Five leads, four a call; fifteen changes, three a call.
    assert ((live.deltas, live.calls), (own.deltas, own.calls)) == ((15, 2), (15, 5))


def test_after_a_restored_backup_the_ledgers_totals_are_sent(till: SteppedDelivery, acme: Acme) -> None:
    """The product has points of the lost time; those that wait are sent with the totals."""
    ahead, waiting, same = add(till, 10), add(till, 20), add(till, 30)
    till.push()
    acme.totals[person(till, ahead)] = 17
    till.score(waiting, 4)
    with till.connect() as connection:
        build_totals(connection, target="ma", lane=Lane.LIVE, batch_size=4, batches=1, now=till.now)
    client = ProductClient(till.endpoint)
    with till.connect() as connection:
        found = realign_ma(connection, client, now=till.now)
    client.close()
    assert (found.ahead, found.points_ahead, found.differing_leads) == (1, 7, [ahead])
    acme.calls.clear()
    till.push()
    assert [acme.totals[person(till, lead)] for lead in (ahead, waiting, same)] == [10, 24, 30]
    assert (till.audit().differences, undelivered(till)) == ([], 0)
    till.push()
    assert sum(len(totals) for totals in acme.total_calls()) == 2, "who is right gets no call"


def test_nothing_is_sent_about_a_lead_after_it_was_forgotten(till: SteppedDelivery, acme: Acme) -> None:
    lead, other = add(till, 10), add(till, 1)
    till.push()
    acme.totals[person(till, lead)] = 13
    reconcile(till)
    with till.connect() as connection:
        forget_totals(connection, [lead])
    assert till.value("select array_agg(lead_id) from delivery.totals") == [other]
    till.push()
    assert len(acme.total_calls()) == 1


def test_the_row_beside_a_score_tells_an_older_total_from_a_number_that_somebody_typed(
    till: SteppedDelivery, acme: Acme
) -> None:
    older, typed = add(till, 5), add(till, 5)
    till.push()
    first = newest(till, older)
    for lead in (older, typed):
        till.score(lead, 3)
    till.push()
    acme.totals |= {person(till, older): 5, person(till, typed): 99}
    acme.rows[person(till, older)] = first
    causes = {one.lead_id: one.cause for one in till.audit().differences}
    assert causes == {
        older: f"an older total: row {first} of {newest(till, older)}",
        typed: "changed in the MA",
    }


def test_a_lead_that_gets_the_id_of_a_call_under_way_is_not_in_its_total(
    till: SteppedDelivery, acme: Acme
) -> None:
    first = add(till)
    till.push()
    second = add(till, 7)
    till.score(first, 5)
    shared, client = person(till, first), ProductClient(till.endpoint)
    with till.connect() as connection:
        values = {"target": "ma", "lane": Lane.LIVE, "now": till.now}
        build_totals(connection, batch_size=4, batches=1, **values)
        claimed = claim_totals(connection, product=client.product, limit=9, **values)
    with till.connect() as connection:
        connection.execute("update delivery.outbox set state = 'dropped' where lead_id = %s", [second])
        save_external_id(connection, target="ma", lead_id=second, external_id=shared, now=till.now)
    with till.connect() as connection:
        (batch,) = lock_claimed(connection, claimed, claimed_at=till.now)
        outcome = send_batch(client, batch)
        settle_totals(
            connection,
            batch,
            outcome,
            product=client.product,
            target="ma",
            settings=till.settings,
            now=till.now,
            read_lead=client.read_lead,
        )
    client.close()
    assert acme.totals[shared] == 5
    assert undelivered(till) == 1
    till.push()
    assert acme.totals[shared] == 12
    assert till.audit().differences == []
