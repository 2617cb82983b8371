from datetime import UTC, datetime, timedelta

import requests

from tests.delivery_fixture import DeliveryFixture


def _forget(desk: DeliveryFixture) -> None:
    """Let a day pass: the MA has forgotten all keys."""
    later = datetime.now(UTC) + timedelta(hours=25)
    desk.clock = lambda: later
    requests.post(f"{desk.ma_url}/_settings", json={"ma_remember_seconds": 0}, timeout=5).raise_for_status()


def _remember(desk: DeliveryFixture) -> None:
    requests.post(
        f"{desk.ma_url}/_settings", json={"ma_remember_seconds": 86_400}, timeout=5
    ).raise_for_status()


def _leave_unknown(desk: DeliveryFixture, kind: str) -> list[int]:
    desk.timeout = 0.2
    leads = [desk.add_lead() for _ in range(3)]
    desk.push()
    for lead in leads:
        desk.score(lead, 10)
    desk.fault(kind, path="/api/bulk/*", seconds=1)
    desk.push(seconds=0.5)
    desk.heal()
    assert desk.value("select count(*) from delivery.batches where state = 'ready'") == 1
    return leads


def test_an_applied_call_is_settled_without_sending_it_again(desk: DeliveryFixture) -> None:
    leads = _leave_unknown(desk, "timeout_after")
    _forget(desk)
    try:
        desk.push()
    finally:
        _remember(desk)

    assert [desk.ma_score(lead) for lead in leads] == [10, 10, 10]
    assert desk.audit().differences == []


def test_a_call_that_never_arrived_goes_out_under_a_new_key(desk: DeliveryFixture) -> None:
    leads = _leave_unknown(desk, "timeout_before")
    _forget(desk)
    try:
        desk.push()
    finally:
        _remember(desk)

    assert [desk.ma_score(lead) for lead in leads] == [10, 10, 10]
    assert desk.audit().differences == []


def test_a_score_that_fits_neither_is_for_a_person_to_judge(desk: DeliveryFixture) -> None:
    leads = _leave_unknown(desk, "timeout_before")
    external = desk.value("select external_id from delivery.external_ids where lead_id = %s", leads[0])
    update = {"deltaId": f"by-hand-{external}", "leadId": int(external), "delta": 3, "reason": "by hand"}
    headers = {"Authorization": "Bearer sandbox-ma-token", "Idempotency-Key": f"by-hand-{external}"}
    requests.post(f"{desk.ma_url}/api/lead/score", json=update, headers=headers, timeout=5).raise_for_status()
    _forget(desk)
    try:
        done = desk.push()
    finally:
        _remember(desk)

    assert done.dead == 1
    assert desk.value("select lead_id from delivery.dead_letters where state = 'open'") == leads[0]
    assert [desk.ma_score(lead) for lead in leads[1:]] == [10, 10]


def test_another_open_call_on_the_lead_makes_its_score_ambiguous(desk: DeliveryFixture) -> None:
    """The score equals what this batch alone would give, but a correction is on its way."""
    leads = _leave_unknown(desk, "timeout_after")
    desk.value(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state, not_before) values ('ma', 'correct_score', %s, '{}', 'open', now(), 'sending',"
        " now() + interval '30 days')"
        " returning 1",
        leads[0],
    )
    _forget(desk)
    try:
        done = desk.push(seconds=3)
    finally:
        _remember(desk)

    assert (done.dead, done.deltas) == (1, 2)
    assert desk.value("select lead_id from delivery.dead_letters where state = 'open'") == leads[0]


def test_another_open_batch_with_the_lead_makes_its_score_ambiguous(desk: DeliveryFixture) -> None:
    """The score equals what this batch alone would give, but another batch may have changed it too."""
    leads = _leave_unknown(desk, "timeout_after")
    hold = "update delivery.batches set not_before = now() + %s::interval where state = 'ready' returning 1"
    desk.value(hold, "30 days")
    desk.score(leads[0], 5)
    desk.fault("timeout_before", path="/api/lead/*", seconds=1)
    desk.push(seconds=0.5)
    desk.heal()
    desk.value(hold.replace("where", "where deltas = 1 and"), "30 days")
    desk.value(hold.replace("where", "where deltas = 3 and"), "0 days")
    _forget(desk)
    try:
        done = desk.push(seconds=3)
    finally:
        _remember(desk)

    assert (done.dead, done.deltas) == (1, 2)
    assert desk.value("select lead_id from delivery.dead_letters where state = 'open'") == leads[0]
