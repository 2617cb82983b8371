"""Scores set in Salesforce: the promises, through delivery and the stand-in with its manners and faults."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadops.alerts.checks import CHECKS
from leadops.delivery.build_totals import LATE_CALLS
from leadops.delivery.reconcile import reconcile_scores
from leadops.incidents.run_checks import run_checks
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import Call, TotalRow
from leadops.products.salesforce.salesforce_product import SalesforceProduct
from leadops.sla.sla_policy import SlaCalendar
from tests.alerts.checking import incidents
from tests.products.salesforce.conftest import DATA, SETTINGS, SalesforceDesk
from tests.products.salesforce.test_effects_arrive import convert
from tests.promises import promise_examples
from tests.shipped import SHIPPED

COLLECTION = "PATCH /services/data/v{version}/composite/sobjects"
HOUR = timedelta(hours=1)


def make(desk: SalesforceDesk, *names: str) -> list[int]:
    """Make leads that Salesforce knows."""
    leads = [desk.add_lead(email=f"{name}@acme.example") for name in names]
    desk.push()
    return leads


def score(desk: SalesforceDesk, lead: int, *points: int) -> None:
    for each in points:
        desk.score(lead, each)


def undelivered(desk: SalesforceDesk) -> int:
    return int(desk.value("select count(*) from delivery.undelivered_deltas where why <> 'dropped'"))


def test_several_changes_of_several_leads_are_one_call_with_their_totals(desk: SalesforceDesk) -> None:
    first, second = make(desk, "first", "second")
    score(desk, first, 1, 2, 4)
    score(desk, second, -8, 16)
    before = desk.calls().get(COLLECTION, 0)
    desk.push()
    assert (desk.points(first), desk.points(second)) == (7.0, 8.0)
    assert desk.calls()[COLLECTION] - before == 1
    assert (undelivered(desk), desk.audit().differences) == (0, [])


def test_the_row_of_the_ledger_stands_beside_the_score_where_a_field_is_named(desk: SalesforceDesk) -> None:
    fields = SETTINGS.fields.model_copy(update={"seq": "LeadOps_Score_Seq__c"})
    product = SalesforceProduct(SETTINGS.model_copy(update={"fields": fields}))
    (lead,) = make(desk, "jane")
    record_id = desk.record_id(lead)
    call = product.make_total_call([TotalRow(99, lead, record_id, 7)])
    answer = desk.call(call.method, call.path, data=call.body.encode())
    assert product.read_total_answer(answer.json(), [TotalRow(99, lead, record_id, 7)])[lead].state == "done"
    body = desk.call("GET", f"{DATA}/queryAll", params=product.make_lead_call(record_id).params).json()
    reading = product.read_lead(body, record_id)
    assert (reading.score, reading.score_seq, reading.absence) == (7, 99, None)


def test_one_locked_row_of_200_goes_again_alone(desk: SalesforceDesk) -> None:
    """Gotcha 7: 199 are done; the locked one is sent again after a pause, and no other with it."""
    leads = make(desk, *(f"lead{number}" for number in range(200)))
    for number, lead in enumerate(leads):
        score(desk, lead, number + 1)
    locked = desk.record_id(leads[77])
    desk.fault("unable_to_lock_row", rows=[locked], path="*/composite/sobjects", count=1)
    before = desk.calls().get(COLLECTION, 0)
    report = desk.push()
    assert desk.calls()[COLLECTION] - before == 2
    assert (report.dead, desk.letters()) == (0, [])
    with desk.connect() as connection:
        rows = connection.execute(
            "select json_array_length(body::json -> 'records') from delivery.batches where body is not null"
            " order by batch_id desc limit 1"
        ).fetchone()
    assert rows == (1,)
    assert [desk.points(lead) for lead in (leads[0], leads[77], leads[199])] == [1.0, 78.0, 200.0]
    assert undelivered(desk) == 0


def test_a_trigger_that_met_a_limit_goes_again(desk: SalesforceDesk) -> None:
    (lead,) = make(desk, "jane")
    score(desk, lead, 5)
    desk.fault("too_many_soql", path="*/composite/sobjects", share=1, count=1)
    desk.push()
    assert (desk.points(lead), desk.letters()) == (5.0, [])


def test_the_score_of_a_converted_lead_goes_to_its_contact(desk: SalesforceDesk) -> None:
    """Gotcha 8: no dead letter, no new lead; the contact is remembered."""
    lead, other = make(desk, "jane", "other")
    score(desk, lead, 5)
    desk.push()
    contact = convert(desk, lead)
    score(desk, lead, 6)
    score(desk, other, 3)
    desk.push()
    assert desk.record_id(lead) == contact
    assert (desk.points(lead), desk.points(other)) == (11.0, 3.0)
    assert desk.letters() == []
    assert len(desk.rows("SELECT Id FROM Lead")) == 2
    assert (undelivered(desk), desk.audit().differences) == (0, [])
    before = desk.calls()[COLLECTION]
    score(desk, lead, 1)
    desk.push()
    assert (desk.points(lead), desk.calls()[COLLECTION] - before) == (12.0, 1)


def test_a_field_of_a_converted_lead_goes_to_its_contact(desk: SalesforceDesk) -> None:
    (lead,) = make(desk, "jane")
    contact = convert(desk, lead)
    desk.enqueue("ma", "upsert_lead", lead, email="jane@acme.example", lastName="Doe", externalId=str(lead))
    desk.push()
    assert desk.rows(f"SELECT LastName FROM Contact WHERE Id = '{contact}'") == [{"LastName": "Doe"}]
    assert (desk.record_id(lead), desk.letters()) == (contact, [])


def test_a_merged_lead_is_followed_with_the_total_of_both(desk: SalesforceDesk) -> None:
    kept, lost = make(desk, "kept", "lost")
    score(desk, kept, 10)
    score(desk, lost, 3)
    desk.push()
    desk.by_hand(desk.number(lost), "merge", into=desk.number(kept))
    score(desk, lost, 4)
    desk.push()
    assert desk.record_id(lost) == desk.record_id(kept)
    assert desk.points(kept) == 17.0
    assert (undelivered(desk), desk.letters(), desk.audit().differences) == (0, [], [])


def test_a_deleted_lead_is_gone_and_its_points_wait(desk: SalesforceDesk) -> None:
    (lead,) = make(desk, "jane")
    desk.call("DELETE", f"{DATA}/sobjects/Lead/{desk.record_id(lead)}")
    score(desk, lead, 4)
    desk.push()
    assert (desk.presence(lead), desk.letters()) == ("gone", [])
    assert desk.value("select count(*) from delivery.held_deltas") == 1


def test_a_field_that_may_not_be_written_stops_the_target_and_kills_nothing(desk: SalesforceDesk) -> None:
    (lead,) = make(desk, "jane")
    field = {"type": "number", "read_only": True}
    desk.set_product(fields={"LeadOps_Score__c": field})
    score(desk, lead, 5)
    report = desk.push()
    assert (report.is_paused, report.dead, desk.letters()) == (True, 0, [])
    reason = str(desk.value("select pause_reason from delivery.targets where target = 'ma'"))
    assert "LeadOps_Score__c: the field is missing in Salesforce, or leadops' user may not write it" in reason
    assert "credentials" not in reason
    desk.set_product(fields={"LeadOps_Score__c": field | {"read_only": False}})
    desk.now += timedelta(seconds=61)
    desk.push()
    assert (desk.points(lead), desk.letters()) == (5.0, [])


def test_a_version_that_salesforce_does_not_serve_stops_the_target_and_kills_nothing(
    desk: SalesforceDesk,
) -> None:
    (lead,) = make(desk, "ada")
    desk.set_product(versions=["70.0"])
    score(desk, lead, 5)
    new = desk.add_lead(email="bea@acme.example")
    desk.push()
    reason = desk.value("select pause_reason from delivery.targets where target = 'ma'")
    assert "correct api_version of salesforce in products.yaml" in reason
    assert (desk.letters(), undelivered(desk)) == ([], 1)
    desk.set_product(versions=["66.0", "70.0"])
    desk.now += timedelta(seconds=61)
    desk.push()
    assert (desk.points(lead), desk.letters()) == (5.0, [])
    assert desk.record_id(new).startswith("00Q")


def test_four_workers_that_meet_the_end_of_the_session_together_sign_in_once(desk: SalesforceDesk) -> None:
    """Gotcha 9."""
    clients = [ProductClient(desk.endpoint) for _ in range(4)]
    call = Call("GET", f"{DATA}/limits")
    for client in clients:
        assert client.send(call).status == 200  # type: ignore[union-attr]
    sign_ins = desk.calls()["POST /services/oauth2/token"]
    desk.now += timedelta(seconds=SESSION)
    together = Barrier(4)

    def send(client: ProductClient) -> Any:
        together.wait(timeout=30)
        return client.send(call)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(send, clients))
    assert [outcome.status for outcome in outcomes] == [200] * 4
    assert desk.calls()["POST /services/oauth2/token"] - sign_ins == 1
    for client in clients:
        client.close()


#: How long a session of the stand-in lives.
SESSION = 7_200


def test_sessions_that_always_end_pause_the_target_and_kill_nothing(desk: SalesforceDesk) -> None:
    (lead,) = make(desk, "jane")
    score(desk, lead, 5)
    desk.fault("invalid_session", path="/services/data/*")
    before = desk.calls()
    desk.push(seconds=30)
    after = desk.calls()
    assert after["POST /services/oauth2/token"] - before["POST /services/oauth2/token"] == 1
    assert after[COLLECTION] - before.get(COLLECTION, 0) == 2
    reason = "the target refuses our credentials (Salesforce's session has ended)"
    assert desk.value("select pause_reason from delivery.targets where target = 'ma'") == reason
    desk.heal()
    desk.now += timedelta(seconds=61)
    desk.push()
    assert (desk.points(lead), desk.letters()) == (5.0, [])


def test_a_sign_in_that_is_refused_is_a_matter_of_credentials(desk: SalesforceDesk) -> None:
    lead = desk.add_lead(email="jane@acme.example")
    desk.token = "guess"
    report = desk.push(seconds=5)
    assert report.is_paused
    reason = str(desk.value("select pause_reason from delivery.targets where target = 'ma'"))
    assert "correct the password of the connection: it is the consumer secret of the app" in reason
    assert "guess" not in reason
    desk.token = "sandbox-ma-token"
    desk.now += timedelta(seconds=61)
    desk.push()
    assert desk.record_id(lead).startswith("00Q")


def test_a_used_up_day_is_one_incident_and_salesforce_rests(desk: SalesforceDesk) -> None:
    (lead,) = make(desk, "jane")
    score(desk, lead, 5)
    used = sum(desk.calls().values())
    desk.set_product(day_limit=1)
    began = desk.now
    desk.push(seconds=60)
    asked = sum(desk.calls().values()) - used
    assert asked <= 3, "the call that is refused, and what the test itself does"
    until = desk.value("select used_up_until from delivery.quotas where target = 'ma'")
    assert until == began + timedelta(seconds=SETTINGS.used_up_seconds)
    calls = desk.calls()
    desk.now += timedelta(seconds=SETTINGS.used_up_seconds - 70)
    desk.push(seconds=60)
    assert desk.calls() == calls, "not one call before then"
    with desk.connect() as connection:
        calendar = SlaCalendar(SHIPPED.sla)
        run_checks(connection, CHECKS, settings=SHIPPED.alerts, calendar=calendar, now=desk.now)
        opened = [incident for incident in incidents(connection) if incident.kind == "quota_used_up"]
    assert len(opened) == 1
    desk.set_product(day_limit=100_000)
    desk.now += HOUR
    desk.push()
    assert (desk.points(lead), desk.letters()) == (5.0, [])


def test_what_others_use_of_the_day_counts(desk: SalesforceDesk) -> None:
    """Sforce-Limit-Info says the calls of all: others made most of 20, so leadops makes the rest."""
    leads = make(desk, *"abcdef")
    desk.set_product(day_limit=20)
    for _ in range(9):
        desk.call("GET", f"{DATA}/limits")
    refused = desk.calls()
    for lead in leads * 3:
        score(desk, lead, 1)
        desk.push(seconds=2)
    day = desk.value("select used from delivery.quotas where target = 'ma'")
    assert day is not None
    assert day <= 20
    assert desk.calls()[COLLECTION] - refused.get(COLLECTION, 0) <= 20 - 9
    answer = desk.call("GET", f"{DATA}/limits")
    assert answer.status_code in (200, 403)


def test_no_call_is_spent_on_what_each_answer_says(desk: SalesforceDesk) -> None:
    (lead,) = make(desk, "jane")
    desk.now += HOUR
    score(desk, lead, 1)
    desk.push()
    assert [route for route in desk.calls() if "limits" in route] == []
    assert desk.value("select used from delivery.quotas where target = 'ma'") is not None


@pytest.mark.parametrize("kind", ["unavailable", "edge_420", "concurrent", "500"])
def test_a_busy_salesforce_is_asked_again_and_loses_nothing(desk: SalesforceDesk, kind: str) -> None:
    (lead,) = make(desk, "jane")
    score(desk, lead, 5)
    desk.fault(kind, path="*/composite/sobjects", count=1)
    desk.push()
    desk.now += timedelta(seconds=15)
    desk.push()
    assert (desk.points(lead), desk.letters(), undelivered(desk)) == (5.0, [], 0)


WIRE = ["timeout_after", "reset_before", "reset_after"]
OWN = ["unavailable", "edge_420", "concurrent", "500", "invalid_session", "session_ended"]
ROWS = ["unable_to_lock_row", "too_many_soql"]
#: The calls of delivery; the test's own go elsewhere.
PATHS = ["*/composite/sobjects", "*/queryAll"]
step = st.one_of(
    st.tuples(st.just("score"), st.tuples(st.integers(0, 3), st.integers(-9, 20).filter(bool))),
    st.tuples(st.just("fault"), st.tuples(st.sampled_from([*OWN, *WIRE]), st.sampled_from(PATHS))),
    st.tuples(st.just("rows"), st.sampled_from(ROWS)),
    st.tuples(st.just("push"), st.none()),
    st.tuples(st.just("convert"), st.integers(0, 3)),
    st.tuples(st.just("merge"), st.tuples(st.integers(0, 3), st.integers(0, 3))),
    st.tuples(st.just("wait"), st.none()),
)


def play(desk: SalesforceDesk, leads: list[int], what: str, detail: Any) -> None:
    if what == "score":
        score(desk, leads[detail[0]], detail[1])
    elif what == "fault":
        kind, path = detail
        more = {"seconds": 0.05} if kind == "timeout_after" else {}
        desk.fault(kind, path=path, count=1, **more)
    elif what == "rows":
        desk.fault(detail, path="*/composite/sobjects", share=0.5, count=1)
    elif what == "push":
        desk.push()
    elif what == "convert":
        if desk.record_id(leads[detail]).startswith("00Q"):
            body = {"Status": "Closed - Converted"}
            desk.call("PATCH", f"{DATA}/sobjects/Lead/{desk.record_id(leads[detail])}", json=body)
    elif what == "merge":
        merge(desk, *(leads[place] for place in detail))
    else:
        desk.now += timedelta(minutes=2)


def reconcile(desk: SalesforceDesk) -> None:
    """Compare all leads with Salesforce, as every night: a lead that was merged is found elsewhere."""
    client = ProductClient(desk.endpoint)
    with desk.connect() as connection:
        reconcile_scores(
            connection,
            client,
            settings=desk.settings.audit,
            night=desk.now.date(),
            audited_by="test",
            now=desk.now,
        )
    client.close()


def follow(desk: SalesforceDesk, lead: int) -> tuple[str, int | None]:
    """Return the record that stands for the lead in the end, and its score.

    Of a lead that never had points, nobody noticed that it was merged.
    """
    client, record_id = ProductClient(desk.endpoint), desk.record_id(lead)
    while (answer := client.read_lead(record_id)).absence is not None:
        record_id = str(answer.absence.merged_into)
    client.close()
    return record_id, answer.score


def merge(desk: SalesforceDesk, lost: int, kept: int) -> None:
    """Merge two leads that are neither converted nor merged; Salesforce takes no others."""
    ids = [desk.record_id(lead) for lead in (lost, kept)]
    there = "', '".join(ids)
    rows = desk.rows(f"SELECT Id FROM Lead WHERE Id IN ('{there}') AND IsConverted = false")
    if len(rows) == 2:
        desk.by_hand(desk.number(lost), "merge", into=desk.number(kept))


@settings(
    deadline=None,
    max_examples=promise_examples(5),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=3, max_size=14))
@example(
    steps=[
        ("score", (0, 5)),
        ("score", (1, 7)),
        ("fault", ("reset_after", PATHS[0])),
        ("push", None),
        ("convert", 0),
        ("score", (0, 3)),
        ("fault", ("session_ended", PATHS[1])),
        ("rows", "unable_to_lock_row"),
        ("push", None),
        ("merge", (1, 2)),
        ("score", (1, 2)),
        ("push", None),
    ]
)
def test_whatever_happens_salesforce_has_the_ledgers_sums_in_the_end(
    desk: SalesforceDesk, steps: list[tuple[str, Any]]
) -> None:
    desk.heal()
    with desk.connect() as connection:  # what an earlier example left
        connection.execute(
            "truncate scoring.ledger, scoring.scores, delivery.batches, delivery.held_deltas,"
            " delivery.dead_letters, delivery.outbox, delivery.external_ids, delivery.targets,"
            " delivery.cursors, delivery.totals, delivery.quotas"
        )
    leads = [desk.add_lead() for _ in range(4)]
    desk.push()
    for what, detail in steps:
        play(desk, leads, what, detail)
    desk.heal()
    for _ in range(3):
        desk.push()
        desk.now += LATE_CALLS + HOUR
        reconcile(desk)
    desk.push()
    sums: dict[str, int] = {}
    shown: dict[str, int | None] = {}
    for lead in leads:
        record_id, points = follow(desk, lead)
        total = desk.value("select coalesce(sum(points), 0) from scoring.ledger where lead_id = %s", lead)
        sums[record_id] = sums.get(record_id, 0) + int(total)
        shown[record_id] = points
    assert shown == sums
    assert (undelivered(desk), desk.letters()) == (0, [])
    assert desk.audit().differences == []
