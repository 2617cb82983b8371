"""Delivery to a product that answers 200 for everything, row by row, with ids of its own kind."""

import json
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.delivery.audit import audit_scores
from leadops.delivery.build_batches import build_batches
from leadops.delivery.claim_calls import claim_batches, claim_effects
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.reconcile import reconcile_scores
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from leadops.products.registry import load_product
from tests.delivery.letters import resolve_letters
from tests.delivery_fixture import SteppedDelivery
from tests.products.acme_server import FAULTS, ROW_FAULTS, Acme
from tests.promises import promise_examples


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
    max_examples=promise_examples(15),
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
