from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.delivery_fixture import DeliveryFixture


def _forget(desk: DeliveryFixture) -> None:
    """Let a day pass: the MA has forgotten all keys."""
    later = datetime.now(UTC) + timedelta(hours=25)
    desk.clock = lambda: later
    requests.post(f"{desk.ma_url}/_settings", json={"ma_remember_seconds": 0}, timeout=60).raise_for_status()


def _remember(desk: DeliveryFixture) -> None:
    requests.post(
        f"{desk.ma_url}/_settings", json={"ma_remember_seconds": 86_400}, timeout=60
    ).raise_for_status()


def _leave_unknown(desk: DeliveryFixture, kind: str) -> list[int]:
    leads = [desk.add_lead() for _ in range(3)]
    desk.push()
    for lead in leads:
        desk.score(lead, 10)
    desk.timeout = 0.2
    desk.fault(kind, path="/api/bulk/*", seconds=1)
    desk.push_until_unknown()
    desk.heal()
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
    requests.post(
        f"{desk.ma_url}/api/lead/score", json=update, headers=headers, timeout=60
    ).raise_for_status()
    _forget(desk)
    try:
        done = desk.push()
    finally:
        _remember(desk)

    assert done.dead == 1
    assert desk.value("select lead_id from delivery.dead_letters where state = 'open'") == leads[0]
    assert [desk.ma_score(lead) for lead in leads[1:]] == [10, 10]


def _open_correction(desk: DeliveryFixture, lead: int, points: int) -> None:
    desk.value(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state, not_before) values ('ma', 'correct_score', %s, jsonb_build_object('points', %s::integer),"
        " 'open', now(), 'sending', now() + interval '30 days')"
        " returning 1",
        lead,
        points,
    )


@pytest.mark.parametrize(("correction", "dead"), [(10, 1), (3, 0)])
def test_a_correction_on_its_way_makes_a_score_ambiguous_only_if_it_is_as_large(
    desk: DeliveryFixture, correction: int, dead: int
) -> None:
    """The MA has 10 points: those of this batch, or those of the correction, unless that is 3 points."""
    leads = _leave_unknown(desk, "timeout_after")
    _open_correction(desk, leads[0], correction)
    _forget(desk)
    try:
        done = desk.push(seconds=3)
    finally:
        _remember(desk)

    assert (done.dead, done.deltas) == (dead, 3 - dead)
    letters = "select array_agg(lead_id) from delivery.dead_letters where state = 'open'"
    assert desk.value(letters) == ([leads[0]] if dead else None)


def test_a_lead_has_one_open_call_so_that_its_score_decides(desk: DeliveryFixture) -> None:
    """What a lead earns while the outcome of a call is unknown waits for that call; other leads go on."""
    leads = _leave_unknown(desk, "timeout_after")
    hold = "update delivery.batches set not_before = now() + %s::interval where state = 'ready' returning 1"
    desk.value(hold, "30 days")
    desk.score(leads[0], 10)
    other = desk.add_lead()
    desk.push()
    desk.score(other, 7)
    desk.push()
    assert desk.ma_score(other) == 7
    assert desk.value("select array_agg(lead_id) from delivery.held_deltas") == [leads[0]]
    assert desk.value("select count(*) from delivery.batches where state = 'ready'") == 1
    desk.value(hold, "0 days")
    _forget(desk)
    try:
        done = desk.push()
    finally:
        _remember(desk)

    assert (done.dead, done.deltas) == (0, 4)
    assert [desk.ma_score(lead) for lead in leads] == [20, 10, 10]
    assert desk.audit().differences == []


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "reset_after", "half_answer"])
def test_an_ma_that_forgets_keys_sooner_than_the_settings_say_gets_each_point_once(
    desk: DeliveryFixture, kind: str
) -> None:
    """An outage of minutes, in which leads earn more; then the MA has forgotten the keys, before 24 hours."""
    passed = timedelta()
    desk.clock = lambda: datetime.now(UTC) + passed
    leads = [desk.add_lead() for _ in range(4)]
    desk.push()
    desk.timeout = 0.2
    desk.fault(kind, path="/api/*", seconds=1)
    for minute in range(3):
        passed = timedelta(minutes=minute)
        for lead in leads[minute:]:
            desk.score(lead, 10)
        desk.push(seconds=0.5)
    desk.heal()
    assert desk.value("select count(*) from delivery.batches where state = 'ready'") > 0
    passed = timedelta(minutes=30)
    desk.timeout = 5.0
    requests.post(f"{desk.ma_url}/_settings", json={"ma_remember_seconds": 0}, timeout=60).raise_for_status()
    try:
        desk.push(seconds=60)
    finally:
        _remember(desk)

    assert [desk.ma_score(lead) for lead in leads] == [10, 20, 30, 30]
    assert desk.value("select count(*) from delivery.dead_letters") == 0
    audit = desk.audit()
    assert (audit.differences, audit.under_way) == ([], 0)
