"""Delivery to the stand-in of Marketo: leads are made once, codes are followed, merges too."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leadops.alerts.checks import CHECKS
from leadops.checkup.trial_lead import try_lead
from leadops.clients.call_outcomes import Answered, Refused
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.outbox import enqueue_effect
from leadops.incidents.run_checks import run_checks
from leadops.lanes import Lane
from leadops.products.check_line import CheckState
from leadops.products.marketo.marketo_calls import LEADS
from leadops.products.product_client import ProductClient
from leadops.sla.sla_policy import SlaCalendar
from tests.alerts.checking import incidents
from tests.products.stand_in import ProductDelivery, StandIn, serve_product
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

Running = tuple[ProductDelivery, StandIn]


@pytest.fixture
def running(database_url: str, tmp_path: Path) -> Iterator[Running]:
    with serve_product(tmp_path / "marketo", database_url, "marketo") as pair:
        yield pair


def enqueue(desk: ProductDelivery, lead: int, operation: str, **payload: Any) -> None:
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation=operation,
            payload=payload,
            idempotency_key=f"{operation}-{lead}-{payload}",
            lead_id=lead,
            now=desk.clock(),
        )


def test_a_lead_is_made_by_its_address_and_has_our_id(running: Running) -> None:
    desk, marketo = running
    lead = desk.add_lead()
    assert desk.push().effects == 1
    (made,) = marketo.leads().values()
    assert (desk.person(lead), made["fields"]["leadopsId"]) == (str(made["id"]), str(lead))


@pytest.mark.parametrize("fault", ["reset_after", "half_answer", "502", "611"])
def test_a_lost_answer_makes_no_second_lead(running: Running, fault: str) -> None:
    """Marketo does not find what it made a moment ago: a repetition that comes sooner makes another lead."""
    desk, marketo = running
    marketo.set(dedupe_lag_seconds=20)
    marketo.fault(fault, path="/rest/v1/leads.json")
    lead = desk.add_lead()
    desk.push(seconds=25)
    assert len(marketo.leads()) <= 1
    desk.push(seconds=60)
    (made,) = marketo.leads()
    assert desk.person(lead) == made
    assert desk.letters() == []


@pytest.mark.parametrize("fault", [None, "reset_after", "half_answer"])
def test_an_identify_and_a_form_of_one_second_make_one_lead(running: Running, fault: str | None) -> None:
    """What a page claims of a person makes the lead known; the form that proves it tells Marketo its name.

    Marketo does not find what it made a moment ago: the second call waits for the first, and rests.
    """
    desk, marketo = running
    marketo.set(dedupe_lag_seconds=20)
    if fault is not None:
        marketo.fault(fault, path=LEADS)
    with desk.connect() as connection:
        world = World(connection)
        world.accept([Happening("a", "identify", desk.now, email="ada@acme.example", proof="claim")])
        world.resolve(now=desk.now)
        named = {"firstName": "Ada", "form_name": "demo"}
        form = Happening("b", "submit_form", desk.now, email="ada@acme.example", properties=named)
        world.accept([form], received_at=desk.now)
        world.resolve(now=desk.now)
        ((lead,),) = world.rows("select lead_id from identity.leads")
        assert world.rows("select operation from delivery.outbox") == [("upsert_lead",)] * 2
        connection.commit()
    began = desk.now
    while desk.now - began < timedelta(seconds=20):
        desk.push(seconds=5)
        desk.now += timedelta(seconds=5)
    assert marketo.calls()[f"POST {LEADS}"] == 1
    for _ in range(6):
        desk.push(seconds=20)
        desk.now += timedelta(seconds=20)
    ((number, made),) = marketo.leads().items()
    assert (desk.person(lead), made["fields"]["first_name"]) == (number, "Ada")
    assert desk.value("select array_agg(distinct state) from delivery.outbox") == ["done"]


def test_two_processes_never_have_two_upserts_of_a_lead_under_way(running: Running) -> None:
    desk, _ = running
    lead, other = desk.add_lead(), desk.add_lead()
    enqueue(desk, lead, "upsert_lead", email="second@acme.example")
    client = desk.client()
    for _ in range(2):
        with desk.connect() as connection:
            claim_effects(
                connection, product=client.product, target="ma", lane=Lane.LIVE, limit=9, now=desk.clock()
            )
    client.close()
    with desk.connect() as connection:
        states = connection.execute("select lead_id, state from delivery.outbox order by 1, 2").fetchall()
    assert states == [(lead, "pending"), (lead, "sending"), (other, "sending")]


def test_too_many_calls_let_all_processes_rest_and_the_same_body_goes_out(running: Running) -> None:
    desk, marketo = running
    desk.add_lead()
    marketo.fault("606", path=LEADS)
    desk.push(seconds=1)
    body = desk.value("select body from delivery.outbox")
    assert body
    asked = marketo.calls()
    desk.now += timedelta(seconds=17)
    desk.push(seconds=1)
    assert marketo.calls() == asked, "another process, within the 20 seconds"
    desk.now += timedelta(seconds=4)
    assert desk.push().effects == 1
    assert desk.value("select body from delivery.outbox") == body
    assert len(marketo.leads()) == 1


def test_what_a_killed_process_may_have_sent_rests_too(running: Running) -> None:
    desk, marketo = running
    marketo.set(dedupe_lag_seconds=20)
    desk.add_lead()
    began = desk.now
    client = desk.client()
    with desk.connect() as connection:
        claim_effects(
            connection, product=client.product, target="ma", lane=Lane.LIVE, limit=5, now=desk.clock()
        )
    client.close()
    desk.now += timedelta(seconds=1)
    desk.push(seconds=20)
    assert marketo.leads() == {}
    desk.now += timedelta(minutes=1)
    desk.push()
    assert len(marketo.leads()) == 1
    assert desk.now - began < timedelta(seconds=80)


def test_facts_without_a_field_are_done_and_no_dead_letter(running: Running) -> None:
    desk, marketo = running
    lead = desk.add_lead()
    desk.push()
    enqueue(desk, lead, "set_fields", fields={"ml_score": 0.5})
    enqueue(desk, lead, "set_fields", fields={"firstName": "Ada", "ml_score": 0.5})
    desk.push()
    assert desk.letters() == []
    assert marketo.leads()[desk.person(lead)]["fields"]["first_name"] == "Ada"
    states = "select array_agg(state order by outbox_id) from delivery.outbox where operation = 'set_fields'"
    assert desk.value(states) == ["done", "done"]


def test_an_address_with_several_leads_is_a_dead_letter_that_says_what_to_do(running: Running) -> None:
    desk, marketo = running
    marketo.fault("several_match", share=1.0, path="/rest/v1/leads.json")
    desk.add_lead()
    desk.push()
    (letter,) = desk.letters()
    assert letter[1].endswith("several leads have this address: merge them in Marketo, then retry")


def test_a_token_that_ended_is_renewed_once(running: Running) -> None:
    desk, marketo = running
    desk.add_lead()
    marketo.fault("token_ended")
    assert desk.push().effects == 1
    assert desk.value("select pause_reason from delivery.targets") is None


def test_wrong_credentials_pause_the_target_and_say_where_the_right_ones_are(running: Running) -> None:
    desk, _ = running
    desk.token = "another-secret-of-no-use"
    desk.add_lead()
    desk.push(seconds=1)
    reason = desk.value("select pause_reason from delivery.targets")
    assert "Marketo gives no token (HTTP 401" in reason
    assert desk.letters() == []


def test_a_used_up_day_makes_no_call_before_it_ends(running: Running) -> None:
    desk, marketo = running
    marketo.set(day_limit=2)  # one call asks for the day
    desk.add_lead()
    desk.add_lead()
    desk.push(seconds=30)
    assert len(marketo.leads()) == 1
    until = desk.value("select used_up_until from delivery.quotas")
    assert until > desk.now
    assert "the quota of the day is used up (607)" in desk.value("select pause_reason from delivery.targets")
    marketo.set(day_limit=50_000)
    desk.now = until
    desk.push()
    assert len(marketo.leads()) == 2


def test_after_a_used_up_day_what_is_live_goes_first(running: Running) -> None:
    desk, marketo = running
    past, live = desk.add_lead(), desk.add_lead()
    desk.value("update delivery.outbox set lane = %s where lead_id = %s returning 1", Lane.BACKFILL, past)
    marketo.fault("607", path=LEADS)
    desk.push(seconds=30)
    assert marketo.leads() == {}
    with desk.connect() as connection:
        calendar = SlaCalendar(SHIPPED.sla)
        run_checks(connection, CHECKS, settings=SHIPPED.alerts, calendar=calendar, now=desk.now)
        opened = [one.kind for one in incidents(connection)]
    assert opened == ["quota_used_up"]
    desk.now = desk.value("select used_up_until from delivery.quotas")
    desk.push(seconds=30)
    assert list(marketo.leads()) == [desk.person(live), desk.person(past)]


def test_leads_are_read_by_our_ids_300_a_call(running: Running) -> None:
    desk, _ = running
    leads = [desk.add_lead() for _ in range(3)]
    desk.push()
    client = desk.client()
    try:
        asked = [desk.person(lead) for lead in leads]
        found = list(client.iterate_leads(["1", *asked, *map(str, range(2, 330))]))
    finally:
        client.close()
    assert [(lead.external_id, lead.score, lead.our_id) for lead in found] == [
        (external_id, 0, str(lead)) for external_id, lead in zip(asked, leads, strict=True)
    ]


def read_lead(client: ProductClient, external_id: str) -> LeadAbsence | None:
    answer = client.read_lead(external_id)
    assert answer.failure is None
    return answer.absence


def test_a_merged_lead_is_followed_over_merges_and_a_deleted_one_is_gone(running: Running) -> None:
    desk, marketo = running
    first, second, third, deleted = (desk.add_lead() for _ in range(4))
    desk.push()
    marketo.merge(desk.person(first), desk.person(second))
    marketo.merge(desk.person(second), desk.person(third))
    marketo.delete(desk.person(deleted))
    client = desk.client()
    try:
        for loser in (first, second):
            expected = LeadAbsence(AbsenceWord.MERGED, desk.person(third))
            assert read_lead(client, desk.person(loser)) == expected
        assert read_lead(client, desk.person(deleted)) == LeadAbsence(AbsenceWord.NOT_FOUND)
        assert read_lead(client, desk.person(third)) is None
    finally:
        client.close()


def test_a_lead_is_erased_once(running: Running) -> None:
    desk, marketo = running
    lead = desk.add_lead()
    desk.push()
    external_id = desk.person(lead)
    enqueue(desk, lead, "erase_lead")
    marketo.fault("reset_after", path="/rest/v1/leads/delete.json")
    desk.push(seconds=120)
    assert external_id not in marketo.leads()
    assert desk.value("select state from delivery.outbox where operation = 'erase_lead'") == "done"


@pytest.mark.parametrize("fate", ["merged", "deleted"])
def test_an_erasure_reaches_what_a_merge_left_and_ends_where_nothing_is_left(
    running: Running, fate: str
) -> None:
    desk, marketo = running
    lost, kept = desk.add_lead(), desk.add_lead()
    desk.push()
    if fate == "merged":
        marketo.merge(desk.person(lost), desk.person(kept))
    else:
        marketo.delete(desk.person(lost))
    enqueue(desk, lost, "erase_lead")
    desk.push(seconds=60)
    assert list(marketo.leads()) == ([] if fate == "merged" else [desk.person(kept)])
    assert desk.value("select state from delivery.outbox where operation = 'erase_lead'") == "done"


def test_an_erasure_waits_while_merges_may_not_be_read(running: Running) -> None:
    """Whether another lead stands for the one that is gone cannot be known."""
    desk, marketo = running
    lost, kept = desk.add_lead(), desk.add_lead()
    desk.push()
    marketo.merge(desk.person(lost), desk.person(kept))
    marketo.fault("603", path="/rest/v1/activities*", count=None)
    enqueue(desk, lost, "erase_lead")
    desk.push(seconds=5)
    query = "select state from delivery.outbox where operation = 'erase_lead'"
    assert desk.value(query) == "sending"
    assert "Read-Only Activity" in desk.value(query.replace("state", "error"))
    marketo.heal()
    desk.now += timedelta(minutes=10)
    desk.push(seconds=60)
    assert (desk.value(query), marketo.leads()) == ("done", {})


def test_a_lost_answer_to_a_trial_leaves_no_lead_behind(running: Running) -> None:
    desk, marketo = running
    marketo.set(dedupe_lag_seconds=20)
    marketo.fault("reset_after", path="/rest/v1/leads.json")

    def sleep(seconds: float) -> None:
        desk.now += timedelta(seconds=seconds)

    client = desk.client()
    lines = list(try_lead(client, "ma", now=desk.now, sleep=sleep))
    client.close()
    assert [line.text for line in lines if line.state is CheckState.CHANGE] == []
    assert marketo.leads() == {}


def test_the_day_is_read_by_the_quota_call(running: Running) -> None:
    desk, _ = running
    client = desk.client()
    try:
        outcome = client.send(client.product.make_quota_call())  # type: ignore[arg-type]
        reading = client.take_quota()
    finally:
        client.close()
    assert isinstance(outcome, Answered)
    assert reading is not None
    assert (reading.used, reading.limit) == (1, 50_000)


def test_the_calls_of_others_count_until_the_day_ends(running: Running) -> None:
    """They made all but 12 of the day's calls: ours end there, and none meets 607."""
    desk, marketo = running
    settings = desk.products.marketo.model_copy(update={"daily_calls": 20})
    desk.products = desk.products.model_copy(update={"marketo": settings})
    client = desk.client()
    for _ in range(8):
        client.send(client.product.make_ping_call("ma"))
    client.close()
    for _ in range(20):
        desk.add_lead()
    desk.push(seconds=30)
    made = len(marketo.leads())
    assert made == 12 - 1, "one call asks for the day"
    assert desk.value("select used_up_until from delivery.quotas") is None
    assert desk.value("select closed_until from delivery.quotas") > desk.now
    assert desk.value("select asked_at from delivery.quotas") is not None


def test_a_missing_field_pauses_the_target_and_kills_nothing(running: Running) -> None:
    desk, _ = running
    fields = desk.products.marketo.fields.model_copy(update={"external_id": "leadopsKey"})
    marketo_settings = desk.products.marketo.model_copy(update={"fields": fields})
    desk.products = desk.products.model_copy(update={"marketo": marketo_settings})
    desk.add_lead()
    desk.push(seconds=1)
    reason = desk.value("select pause_reason from delivery.targets")
    assert "Marketo 1006: Field 'leadopsKey' not found; make the field" in reason
    assert desk.letters() == []
    client = desk.client()
    try:
        call = client.product.make_lead_call("1")
        assert isinstance(client.send(call), Refused)
    finally:
        client.close()
