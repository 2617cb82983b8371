"""Delivery to a product that answers 200 for everything, row by row, with ids of its own kind."""

import json
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.alerts.checks import CHECKS
from leadops.db import Connection
from leadops.delivery.audit import audit_scores
from leadops.delivery.build_batches import build_batches
from leadops.delivery.claim_calls import claim_batches, claim_effects
from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.reconcile import reconcile_scores
from leadops.delivery.score_pusher import ScorePusher
from leadops.delivery.take_over_effect import NO_KEYS
from leadops.incidents.run_checks import run_checks
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from leadops.products.registry import load_product
from leadops.sla.sla_policy import SlaCalendar
from tests.alerts.checking import incidents
from tests.delivery.letters import resolve_letters
from tests.delivery_fixture import SteppedDelivery, impatient
from tests.products.acme_server import FAULTS, ROW_FAULTS, Acme
from tests.promises import promise_examples
from tests.shipped import SHIPPED


def person(desk: SteppedDelivery, lead: int) -> str:
    query = "select external_id from delivery.external_ids where target = 'ma' and lead_id = %s"
    return str(desk.value(query, lead))


def add(desk: SteppedDelivery, *points: int) -> int:
    lead = desk.add_lead()
    for each in points:
        desk.score(lead, each)
    return lead


def set_fields(desk: SteppedDelivery, lead: int, **values: Any) -> None:
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="set_fields",
            payload=values,
            idempotency_key=f"fields-{lead}-{values}",
            lead_id=lead,
            now=desk.clock(),
        )


def effects(desk: SteppedDelivery, operation: str = "set_fields") -> list[tuple[Any, ...]]:
    with desk.connect() as connection:
        return connection.execute(
            "select state, attempts, error from delivery.outbox where operation = %s order by outbox_id",
            [operation],
        ).fetchall()


def open_letters(desk: SteppedDelivery) -> list[tuple[Any, ...]]:
    with desk.connect() as connection:
        return connection.execute(
            "select kind, reason from delivery.dead_letters where state = 'open' order by 1, 2"
        ).fetchall()


def test_seven_changes_are_three_calls_in_the_words_of_the_product(desk: SteppedDelivery, acme: Acme) -> None:
    first, second = add(desk, 1, 2, 4, 8), add(desk, -16, 32, 64)
    assert desk.push().deltas == 7
    assert acme.totals == {person(desk, first): 15, person(desk, second): 80}
    assert person(desk, first).startswith("00Q")
    sizes = [len(json.loads(call.body)["changes"]) for call in acme.changes()]
    assert sizes == [3, 3, 1]
    assert {(call.path, call.version, call.key) for call in acme.changes()} == {
        ("/acme/changes?mode=add", "3", None)
    }
    assert desk.value("select count(*) from delivery.undelivered_deltas") == 0


def test_a_locked_row_goes_again_and_the_others_of_its_call_do_not(desk: SteppedDelivery, acme: Acme) -> None:
    lead = add(desk, 1)
    desk.push()
    acme.calls.clear()
    acme.row_faults.extend(["", "LOCKED", ""])
    for points in (2, 4, 8):
        desk.score(lead, points)
    desk.push()
    sent = [[row["plus"] for row in json.loads(call.body)["changes"]] for call in acme.changes()]
    assert sent == [[2, 4, 8], [4]]
    refs = [json.loads(call.body)["changes"] for call in acme.changes()]
    assert refs[1][0]["ref"] == refs[0][1]["ref"], "the product would know it again"
    assert acme.totals == {person(desk, lead): 15}
    assert open_letters(desk) == []
    states = "select array_agg(state order by batch_id) from delivery.batches"
    assert desk.value(states) == ["done", "done", "done"]


def test_a_row_that_stays_locked_waits_longer_each_time_and_kills_nothing(
    desk: SteppedDelivery, acme: Acme
) -> None:
    desk.settings = desk.settings.model_copy(update={"longest_backoff_seconds": 100})
    lead = add(desk, 5)
    acme.row_faults.extend(["LOCKED"] * 4)
    desk.push(seconds=1 + 2 + 4 + 1)
    assert len(acme.changes()) == 4
    desk.push(seconds=9)
    assert (len(acme.changes()), acme.totals[person(desk, lead)], open_letters(desk)) == (5, 5, [])


def test_a_row_that_stays_locked_is_a_backlog_after_its_minutes(desk: SteppedDelivery, acme: Acme) -> None:
    """It goes out again every minute, each time in a new batch: the row itself is six minutes old."""
    desk.settings = desk.settings.model_copy(update={"longest_backoff_seconds": 60})
    add(desk)
    lead = add(desk)
    desk.push()
    start = desk.now
    desk.score(lead, 5)
    desk.value("update scoring.ledger set recorded_at = %s returning 1", start)
    acme.row_faults.extend(["LOCKED"] * 99)
    calendar, backlogs = SlaCalendar(SHIPPED.sla), []
    for minute in (0, 1, 2, 3, 4, 5, 6):
        desk.now = max(desk.now, start + timedelta(minutes=minute))
        desk.push(seconds=59)
        desk.now = max(desk.now, start + timedelta(minutes=minute))
        with desk.connect() as connection:
            run_checks(connection, CHECKS, settings=SHIPPED.alerts, calendar=calendar, now=desk.now)
            backlogs.append([one.kind for one in incidents(connection) if one.kind == "ma_backlog"])
    assert (backlogs[0], backlogs[-1]) == ([], ["ma_backlog"])
    assert desk.value("select error from delivery.batches where state = 'ready'").startswith("1 of 1 deltas")


def test_after_a_pause_only_what_may_have_arrived_is_read_back(desk: SteppedDelivery, acme: Acme) -> None:
    """Ten changes are four calls. One is answered with a used-up quota, three are never made."""
    lead = add(desk)
    desk.push()
    for points in range(1, 11):
        desk.score(lead, points)
    acme.quota_ends_in = 3600
    acme.calls.clear()
    desk.push()
    assert [call.method for call in acme.calls] == ["POST"]
    refused = acme.calls[0].body
    acme.quota_ends_in = None
    acme.calls.clear()
    desk.now += timedelta(minutes=61)
    desk.push()
    assert [call.method for call in acme.calls] == ["POST"] * 4
    assert refused in [call.body for call in acme.calls], "the same call, byte for byte"
    assert acme.totals == {person(desk, lead): 55}


@pytest.mark.parametrize("kind", ["unknown before", "killed"])
def test_what_may_have_arrived_before_a_pause_is_read_back_after_it(
    desk: SteppedDelivery, acme: Acme, kind: str
) -> None:
    """Its points are there: it is not sent again, whatever was refused since."""
    lead = add(desk)
    desk.push()
    desk.score(lead, 5)
    if kind == "unknown before":
        acme.faults.append("lost after")
        desk.push(seconds=0.5)
    else:
        product = load_product("acme")
        with desk.connect() as connection:
            build_batches(connection, target="ma", lane=Lane.LIVE, batch_size=3, batches=1, now=desk.now)
            claim_batches(connection, product=product, target="ma", lane=Lane.LIVE, limit=5, now=desk.now)
        acme.totals[person(desk, lead)] = 5
    desk.now += timedelta(seconds=2)
    acme.quota_ends_in = 3600
    desk.push(seconds=5)
    acme.quota_ends_in = None
    acme.calls.clear()
    desk.now += timedelta(minutes=61)
    desk.push()
    assert [call.method for call in acme.calls] == ["GET"]
    assert acme.totals == {person(desk, lead): 5}
    assert desk.value("select count(*) from delivery.undelivered_deltas") == 0


class CountingMark:
    """A mark that counts how often it is raised."""

    raised = 0

    def advance(self, _: Connection, *, now: datetime) -> bool:
        assert now.tzinfo
        self.raised += 1
        return True

    def find_start(self, _: Connection) -> None:
        """It has no start."""


def test_the_mark_is_raised_before_a_row_goes_again_under_a_new_key(
    desk: SteppedDelivery, acme: Acme
) -> None:
    lead = add(desk)
    desk.push()
    desk.score(lead, 5)
    acme.row_faults.append("LOCKED")
    mark, client, raised = CountingMark(), ProductClient(desk.endpoint), []
    with desk.connect() as connection:
        pusher = ScorePusher(
            connection,
            client,
            "ma",
            desk.settings,
            desk.clock,
            desk.now + timedelta(minutes=1),
            mark=cast(DatabaseMark, mark),
        )
        for _ in range(3):
            report = pusher.send_batches(Lane.LIVE, 10)
            raised.append((report.calls, mark.raised))
            desk.now += timedelta(seconds=5)
    client.close()
    assert raised == [(1, 1), (1, 2), (0, 2)]
    assert acme.totals == {person(desk, lead): 5}


def correct(desk: SteppedDelivery, lead: int, *, name: str = "c") -> None:
    """Wish for a correction of 3 points."""
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="correct_score",
            payload={"external_id": person(desk, lead), "points": 3, "reason": "r", "delta_id": name},
            idempotency_key=name,
            lead_id=lead,
            now=desk.clock(),
        )


def test_without_keys_a_correction_of_unknown_outcome_is_not_sent_again(
    desk: SteppedDelivery, acme: Acme
) -> None:
    lead = add(desk)
    desk.push()
    correct(desk, lead)
    acme.faults.append("lost after")
    desk.push()
    desk.push()
    assert (len(acme.changes()), acme.totals) == (1, {person(desk, lead): 3})
    assert open_letters(desk) == [("effect", f"{NO_KEYS} (the connection broke)")]


def test_without_keys_a_correction_that_had_to_wait_is_sent_after_the_pause(
    desk: SteppedDelivery, acme: Acme
) -> None:
    """The quota is used up for three days: nothing of it arrived, so nobody has to look."""
    lead = add(desk)
    desk.push()
    correct(desk, lead)
    set_fields(desk, lead, size="large")
    acme.quota_ends_in = 3 * 86_400
    desk.push()
    acme.quota_ends_in = None
    desk.now += timedelta(days=4)
    desk.push()
    assert (acme.totals, open_letters(desk)) == ({person(desk, lead): 3}, [])


def test_after_a_lost_answer_a_locked_row_is_read_back(desk: SteppedDelivery, acme: Acme) -> None:
    """The first call took effect behind a lost answer: that its row is locked now says nothing of it."""
    lead = add(desk, 5)
    desk.push(seconds=0.001)
    acme.faults.append("lost after")
    original = acme._change
    acme._change = lambda change: (  # type: ignore[method-assign]
        [{"ref": change["ref"], "code": "LOCKED"}] if change["ref"] in acme.refs else original(change)
    )
    desk.push()
    desk.now += timedelta(minutes=16)
    desk.push()
    assert acme.totals[person(desk, lead)] == 5
    assert desk.value("select count(*) from delivery.undelivered_deltas") == 0


def test_a_rejected_row_dies_alone_with_the_words_of_the_product(desk: SteppedDelivery, acme: Acme) -> None:
    lead = add(desk, 1, 2, 4)
    acme.row_faults.extend(["", "INVALID", ""])
    assert desk.push().dead == 1
    assert acme.totals == {person(desk, lead): 5}
    assert open_letters(desk) == [("delta", "the row is not taken")]


def test_a_field_that_is_refused_with_200_is_a_dead_letter(desk: SteppedDelivery, acme: Acme) -> None:
    lead = add(desk)
    desk.push()
    set_fields(desk, lead, size="large")
    acme.person_codes.append("INVALID")
    assert desk.push().dead == 1
    assert acme.fields == {}
    assert effects(desk) == [("dead", 1, "INVALID for [e-mail]")]
    assert open_letters(desk) == [("effect", "INVALID for [e-mail]")]


def test_a_field_that_is_locked_with_200_is_sent_again_until_it_is_there(
    desk: SteppedDelivery, acme: Acme
) -> None:
    lead = add(desk)
    desk.push()
    set_fields(desk, lead, size="large")
    acme.person_codes.extend(["LOCKED", "WHATEVER"])
    desk.push()
    assert acme.fields == {person(desk, lead): {"size": "large"}}
    assert effects(desk) == [("done", 3, None)]
    assert len({(call.path, call.body) for call in acme.calls if call.method == "PUT"}) == 1


def test_what_the_product_has_no_call_for_is_a_dead_letter(desk: SteppedDelivery) -> None:
    lead = add(desk)
    desk.push()
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="erase_lead",
            payload={},
            idempotency_key="e",
            lead_id=lead,
            now=desk.clock(),
        )
    desk.push()
    assert open_letters(desk) == [("effect", "acme has no 'erase_lead'")]


def test_a_merged_person_is_followed(desk: SteppedDelivery, acme: Acme) -> None:
    kept, lost = add(desk, 10), add(desk, 3)
    desk.push()
    old, new = person(desk, lost), person(desk, kept)
    acme.merged[old] = new
    del acme.totals[old]
    set_fields(desk, lost, size="small")
    desk.score(lost, 4)
    desk.push()
    assert person(desk, lost) == new
    assert acme.totals == {new: 17}, "the total of both, whatever the product did with the score"
    assert acme.fields == {new: {"size": "small"}}


def test_a_person_who_is_elsewhere_is_looked_for_and_followed(desk: SteppedDelivery, acme: Acme) -> None:
    """The refusal does not say where: neither points nor fields are lost, and nothing dies."""
    kept, lost = add(desk, 10), add(desk, 3)
    desk.push()
    old, new = person(desk, lost), person(desk, kept)
    acme.is_tight_lipped = True
    acme.merged[old] = new
    del acme.totals[old]
    set_fields(desk, lost, size="small")
    desk.score(lost, 4)
    desk.push()
    assert person(desk, lost) == new
    assert acme.totals == {new: 17}
    assert acme.fields == {new: {"size": "small"}}
    assert open_letters(desk) == []


def test_a_field_of_somebody_who_is_elsewhere_waits_for_the_look(desk: SteppedDelivery, acme: Acme) -> None:
    kept, lost = add(desk, 10), add(desk, 3)
    desk.push()
    old, new = person(desk, lost), person(desk, kept)
    acme.is_tight_lipped = True
    acme.merged[old] = new
    set_fields(desk, lost, size="small")
    desk.push()
    assert (acme.fields, effects(desk)) == ({new: {"size": "small"}}, [("done", 2, None)])


def test_an_answer_that_asks_for_another_call_gets_it_at_once(desk: SteppedDelivery, acme: Acme) -> None:
    lead = add(desk)
    desk.push()
    set_fields(desk, lead, size="large")
    acme.person_codes.extend(["ASK", "ASK"])
    acme.calls.clear()
    report = desk.push(seconds=0.5)
    assert [call.body for call in acme.calls] == [b'{"size": "large"}', b"{}", b"{}"]
    assert (report.calls, effects(desk)) == (3, [("done", 1, None)])


def test_answers_that_ask_for_ever_another_call_end_in_a_pause(desk: SteppedDelivery, acme: Acme) -> None:
    lead = add(desk)
    desk.push()
    set_fields(desk, lead, size="large")
    acme.person_codes.extend(["ASK"] * 4)
    acme.calls.clear()
    desk.push(seconds=0.5)
    assert len(acme.calls) == 4
    assert effects(desk) == [("sending", 1, "the target asks to send it again")]
    desk.push()
    assert len(acme.calls) == 5
    assert effects(desk) == [("done", 2, None)]


@pytest.mark.parametrize("left", [5, 6])
def test_calls_that_an_answer_asks_for_count_as_calls_of_the_day(
    desk: SteppedDelivery, acme: Acme, left: int
) -> None:
    """Four effects of two calls each: a day of five or six calls ends with the third, with six on record."""
    leads = [add(desk) for _ in range(4)]
    desk.push()
    for lead in leads:
        set_fields(desk, lead, size="large")
    desk.settings = impatient(daily_calls=4 + left, day_ends="UTC", connections=1)
    acme.person_codes.extend(["ASK", ""] * 4)
    acme.calls.clear()
    report = desk.push()
    assert (len(acme.calls), report.calls, report.effects) == (6, 6, 3)
    assert desk.value("select sum(calls) from delivery.call_counts") == 4 + 6
    desk.now += timedelta(days=1)
    assert (desk.push().effects, len(acme.calls)) == (1, 8)


def test_calls_that_an_answer_asks_for_keep_to_the_rate(desk: SteppedDelivery, acme: Acme) -> None:
    leads = [add(desk) for _ in range(4)]
    desk.push()
    for lead in leads:
        set_fields(desk, lead, size="large")
    desk.settings = impatient(calls_per_second=0.001, burst=3, connections=1)
    acme.person_codes.extend(["ASK", ""] * 4)
    acme.calls.clear()
    desk.push()
    assert len(acme.calls) == 4, "two effects of two calls: three were permitted"
    assert desk.value("select round(tokens) from delivery.targets where target = 'ma'") == -1


def test_a_worker_leaves_what_another_has_just_claimed_to_it_where_a_repetition_has_to_rest(
    desk: SteppedDelivery, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two workers that wake at once, the second let the call of the first rest: nobody made it."""
    product = load_product("acme")
    monkeypatch.setattr(type(product), "repeat_pause", timedelta(seconds=30))
    lead, other = add(desk), add(desk)
    desk.push()
    set_fields(desk, lead, size="large")
    acme.calls.clear()
    with desk.connect() as first:
        claim_effects(first, product=product, target="ma", lane=Lane.LIVE, limit=3, now=desk.now)
    desk.now += timedelta(milliseconds=1)
    set_fields(desk, other, size="small")
    desk.settings = impatient(burst=3, connections=1)
    desk.push()
    assert ([call.path for call in acme.calls], effects(desk)) == (
        [f"/acme/people/{person(desk, other)}"],
        [("sending", 0, None), ("done", 1, None)],
    )
    # The first was killed.
    desk.now += timedelta(minutes=1)
    desk.push()
    assert (len(acme.calls), effects(desk)) == (2, [("done", 1, None)] * 2)


def test_what_a_round_does_not_send_it_does_not_claim_either(desk: SteppedDelivery, acme: Acme) -> None:
    """What was claimed and not sent would look like the call of a process that was killed."""
    leads = [add(desk) for _ in range(6)]
    desk.push()
    for lead in leads:
        correct(desk, lead, name=f"c{lead}")
    desk.settings = impatient(calls_per_second=1, burst=6, connections=1)

    def tick() -> datetime:
        desk.now += timedelta(milliseconds=1)
        return desk.now

    desk.clock = tick
    for _ in range(3):
        desk.now += timedelta(minutes=5)
        desk.push()
    assert effects(desk, "correct_score") == [("done", 1, None)] * 6
    assert (open_letters(desk), sorted(acme.totals.values())) == ([], [3] * 6)


def test_after_a_lost_answer_to_the_second_call_the_first_is_made_again(
    desk: SteppedDelivery, acme: Acme
) -> None:
    lead = add(desk)
    desk.push()
    set_fields(desk, lead, size="large")
    acme.person_codes.append("ASK")
    acme.calls.clear()
    acme.faults.extend(["", "lost before"])
    desk.push()
    assert [call.body for call in acme.calls] == [b'{"size": "large"}', b"{}", b'{"size": "large"}']
    assert effects(desk) == [("done", 2, None)]


def test_an_expired_token_is_renewed_once_and_the_same_call_goes_out(
    desk: SteppedDelivery, acme: Acme
) -> None:
    lead = add(desk, 5)
    desk.push(seconds=0.001)
    acme.faults.append("TOKEN")
    desk.score(lead, 6)
    desk.push()
    assert acme.totals[person(desk, lead)] == 11
    expired, renewed = acme.changes()[-2:]
    assert (expired.path, expired.body) == (renewed.path, renewed.body)
    assert expired.token != renewed.token
    assert desk.value("select pause_reason from delivery.targets") is None


def test_a_token_that_expires_at_once_pauses_the_target_and_kills_nothing(
    desk: SteppedDelivery, acme: Acme
) -> None:
    add(desk, 5)
    acme.faults.extend(["TOKEN"] * 2)
    report = desk.push(seconds=1)
    assert (report.dead, open_letters(desk)) == (0, [])
    reason = "the target refuses our credentials (its token has expired)"
    assert desk.value("select pause_reason from delivery.targets") == reason


def test_a_used_up_quota_is_not_asked_again_before_it_ends(desk: SteppedDelivery, acme: Acme) -> None:
    lead = add(desk, 5)
    acme.quota_ends_in = 7200
    began = desk.now
    desk.push(seconds=60)
    asked = len(acme.calls)
    desk.now += timedelta(seconds=7000)
    desk.push(seconds=60)
    assert len(acme.calls) == asked
    assert desk.value("select pause_reason from delivery.targets") == "the quota of the day is used up"
    assert desk.value("select used_up_until from delivery.quotas") == began + timedelta(seconds=7200)
    acme.quota_ends_in = None
    desk.now += timedelta(seconds=200)
    desk.push()
    assert acme.totals[person(desk, lead)] == 5


def test_what_others_use_of_the_account_counts_until_its_day_ends(desk: SteppedDelivery, acme: Acme) -> None:
    """Ten calls a day for all: others make six of them, so leadops makes four, until midnight."""
    acme.day_limit, acme.day_calls = 10, 6
    lead = add(desk, 1)
    assert desk.push().calls == 2
    for points in (2, 4, 8, 16):
        desk.score(lead, points)
        desk.push()
    assert (len(acme.calls), acme.totals[person(desk, lead)]) == (4, 7)
    midnight = desk.now.replace(hour=0, minute=0) + timedelta(days=1)
    assert desk.value("select closed_until from delivery.quotas") == midnight
    desk.now, acme.day_calls = midnight, 0
    desk.push()
    assert acme.totals[person(desk, lead)] == 31


def test_a_call_that_was_stored_and_not_sent_goes_out_as_it_was_stored(
    desk: SteppedDelivery, acme: Acme
) -> None:
    """A process is killed between the commit and the call."""
    lead = add(desk)
    desk.push()
    desk.score(lead, 5)
    set_fields(desk, lead, size="large")
    product = load_product("acme")
    with desk.connect() as connection:
        claim_effects(connection, product=product, target="ma", lane=Lane.LIVE, limit=5, now=desk.clock())
        build_batches(connection, target="ma", lane=Lane.LIVE, batch_size=3, batches=1, now=desk.clock())
        claim_batches(connection, product=product, target="ma", lane=Lane.LIVE, limit=5, now=desk.clock())
        stored = connection.execute("select body from delivery.batches").fetchone()
        fields = connection.execute(
            "select body from delivery.outbox where operation = 'set_fields'"
        ).fetchone()
        # The values of a row and of an effect change; the call that may be on its way does not.
        connection.execute("update scoring.ledger set reason = 'another'")
        connection.execute("update delivery.outbox set payload = '{}' where operation = 'set_fields'")
    assert stored is not None
    assert fields is not None
    acme.calls.clear()
    desk.push()
    assert [call.body.decode() for call in acme.changes()] == [stored[0]]
    assert [call.body.decode() for call in acme.calls if call.method == "PUT"] == [fields[0]]
    assert acme.totals[person(desk, lead)] == 5


def test_the_audit_corrects_a_total_of_a_person_with_such_an_id(desk: SteppedDelivery, acme: Acme) -> None:
    lead = add(desk, 10)
    desk.push()
    acme.totals[person(desk, lead)] += 3
    client = ProductClient(desk.endpoint)
    with desk.connect() as connection:
        found = audit_scores(connection, client, max_missing=9, now=desk.clock())
        assert [(one.lead_id, one.ma) for one in found.differences] == [(lead, 13)]
        reconcile_scores(
            connection,
            client,
            settings=desk.settings.audit,
            night=desk.now.date(),
            audited_by="test",
            now=desk.clock(),
        )
    client.close()
    desk.push()
    assert acme.totals[person(desk, lead)] == 10
    assert effects(desk, "correct_score") == [("done", 1, None)]
    row = json.loads(acme.changes()[-1].body)["changes"][0]
    assert (row["person"], row["plus"]) == (person(desk, lead), -3)


@settings(
    deadline=None,
    max_examples=promise_examples(6),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    faults=st.lists(st.sampled_from(["", *FAULTS]), max_size=6),
    row_faults=st.lists(st.sampled_from(["", *ROW_FAULTS]), max_size=10),
    # Every sum says which changes it is made of; others can be for a person, and for the audit.
    points=st.lists(
        st.lists(st.sampled_from([1, 2, 4, 8, 16]), min_size=1, max_size=5, unique=True),
        min_size=1,
        max_size=4,
    ),
)
def test_in_the_end_totals_agree_and_no_open_call_ever_changes(
    desk: SteppedDelivery, acme: Acme, faults: list[str], row_faults: list[str], points: list[list[int]]
) -> None:
    with desk.connect() as connection:  # what an earlier example left
        connection.execute(
            "truncate scoring.ledger, scoring.scores, delivery.batches, delivery.held_deltas,"
            " delivery.dead_letters, delivery.outbox, delivery.external_ids, delivery.targets,"
            " delivery.cursors"
        )
    for state in (acme.totals, acme.mails, acme.refs, acme.calls, acme.faults, acme.row_faults):
        state.clear()
    leads = [add(desk, *changes) for changes in points]
    acme.faults.extend(faults)
    acme.row_faults.extend(row_faults)
    stored = dict[tuple[str, int], tuple[Any, ...]]()

    def look() -> None:
        with desk.connect() as connection:
            calls = connection.execute(
                "select 'batch', batch_id, idempotency_key, request, body from delivery.batches"
                " where state = 'ready' and body is not null"
                " union all"
                " select 'effect', outbox_id, idempotency_key, request, body from delivery.outbox"
                " where state = 'sending'"
            ).fetchall()
        for kind, number, *call in calls:
            assert stored.setdefault((kind, number), tuple(call)) == tuple(call)

    for _ in range(len(faults) + len(row_faults) + 2):
        for _ in range(3):
            desk.push(seconds=1)
            look()
        if not desk.value("select count(*) from delivery.undelivered_deltas where why <> 'dropped'"):
            break
        desk.now += timedelta(hours=1)
        if not desk.value("select count(*) from delivery.batches where state = 'ready'"):
            resolve_letters(desk)

    wanted = {person(desk, lead): sum(changes) for lead, changes in zip(leads, points, strict=True)}
    assert acme.totals == wanted
    assert sum(acme.refs.values()) == sum(wanted.values()), "each change counts once"
    with desk.connect() as connection:
        client = ProductClient(desk.endpoint)
        found = audit_scores(connection, client, max_missing=9, now=desk.clock())
        client.close()
    assert (found.differences, found.under_way) == ([], 0)
    assert open_letters(desk) == []
