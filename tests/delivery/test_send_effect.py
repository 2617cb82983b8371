"""One effect and each answer: done, dead or sent again; the key is remembered up to its last moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.clients.call_outcomes import Answered, Outcome, Postponed, Refused, Throttled, Unknown
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.db import Connection
from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.effect_try import find_lead_id, read_result
from leadops.delivery.operations import find_operation
from leadops.delivery.outbox import Effect, enqueue_effect, lock_due_effects
from leadops.delivery.push_report import PushReport
from leadops.delivery.send_effect import send_effect
from leadops.delivery.take_over_effect import KEY_FORGOTTEN, NO_KEYS
from leadops.lanes import Lane
from leadops.products.generic.generic_product import ANOTHER_LEAD, GenericProduct
from leadops.products.product import Product
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import Call, RowState
from leadops.settings import Endpoint
from tests.delivery_fixture import GENERIC
from tests.shipped import SHIPPED

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
CORRECTION = {"external_id": "7", "points": 1, "reason": "r", "delta_id": "d"}
MEMORY = SHIPPED.delivery.targets["ma"].key_memory


class Answers(ProductClient):
    """A client of the generic product that always has the same outcome, and keeps what was sent."""

    def __init__(self, outcome: Outcome, product: Product = GENERIC) -> None:
        super().__init__(Endpoint(base_url="http://127.0.0.1:1"))
        self.product = product
        self.outcome, self.sent = outcome, list[tuple[str, str, str]]()

    def send(self, call: Call, *, key: str | None = None) -> Outcome:
        self.sent.append((call.method, call.path, key or ""))
        return self.outcome


def lock_effect(
    connection: Connection,
    operation: str = "upsert_lead",
    *,
    lead: int = 1,
    more: dict[str, Any] | None = None,
) -> Effect:
    enqueue_effect(
        connection,
        target="ma",
        operation=operation,
        payload=(CORRECTION if operation == "correct_score" else {"email": "a@b.example"}) | (more or {}),
        idempotency_key="key",
        lead_id=lead,
        now=NOW,
    )
    claim_effects(connection, product=GENERIC, target="ma", lane=Lane.LIVE, limit=1, now=NOW)
    (effect,) = lock_due_effects(connection, target="ma", lane=Lane.LIVE, limit=1, now=NOW)
    return effect


def send(
    connection: Connection, effect: Effect, outcome: Outcome, *, now: datetime = NOW
) -> tuple[PushReport, Answers]:
    client = Answers(outcome)
    report = send_effect(connection, client, effect, target="ma", settings=SHIPPED.delivery, now=now)
    return report, client


def state(connection: Connection) -> tuple[Any, ...]:
    row = connection.execute("select state, attempts, not_before, error from delivery.outbox").fetchone()
    assert row
    return row


@pytest.mark.parametrize("answer", [None, {}, {"leadId": None}, {"leadId": "7"}, [7]])
def test_an_answer_without_the_id_that_was_asked_for_is_sent_again(
    connection: Connection, answer: Any
) -> None:
    report, _ = send(connection, lock_effect(connection), Answered(200, answer))
    assert (report.calls, report.effects, report.failed) == (1, 0, 1)
    assert state(connection) == ("sending", 1, NOW + timedelta(seconds=1), "the answer has no id")


def test_an_answer_with_the_id_is_done_and_the_id_is_known(connection: Connection) -> None:
    report, transport = send(connection, lock_effect(connection), Answered(200, {"leadId": 7}))
    assert report == PushReport(calls=1, effects=1)
    ((method, path, key),) = transport.sent
    assert (method, path) == ("POST", "/api/leads")
    assert key.endswith("-key"), "unique, whatever other database counts its leads from 1"
    assert state(connection)[0] == "done"
    assert connection.execute("select lead_id, external_id from delivery.external_ids").fetchall() == [
        (1, "7")
    ]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Refused(400, "bad"), ("dead", 1, None, "bad")),
        (Refused(401, "no"), ("sending", 1, NOW + timedelta(seconds=60), "no")),
        (Throttled(17, "busy"), ("sending", 1, NOW + timedelta(seconds=17), "busy")),
        (Postponed("HTTP 425", 3), ("sending", 1, NOW + timedelta(seconds=3), "HTTP 425")),
        (Unknown("HTTP 409: busy", 409), ("sending", 1, NOW + timedelta(seconds=1), "HTTP 409: busy")),
        (Unknown("500"), ("sending", 1, NOW + timedelta(seconds=1), "500")),
    ],
)
def test_what_each_failure_leads_to(
    connection: Connection, outcome: Outcome, expected: tuple[Any, ...]
) -> None:
    send(connection, lock_effect(connection), outcome)
    assert state(connection) == expected


@pytest.mark.parametrize(
    ("operation", "late", "is_dead"),
    [
        ("correct_score", timedelta(), False),
        ("correct_score", timedelta(microseconds=1), True),
        ("upsert_lead", timedelta(days=9), False),  # a repetition does no harm
    ],
)
def test_what_may_do_harm_twice_is_not_sent_once_its_key_is_forgotten(
    connection: Connection, operation: str, late: timedelta, is_dead: bool
) -> None:
    effect = lock_effect(connection, operation)
    answer = {"leadId": 7, "deltaId": "d", "status": "applied"}
    report, transport = send(connection, effect, Answered(200, answer), now=NOW + MEMORY + late)
    assert (report.dead, len(transport.sent)) == ((1, 0) if is_dead else (0, 1))
    assert state(connection)[0::3] == (("dead", KEY_FORGOTTEN) if is_dead else ("done", None))


@pytest.mark.parametrize(
    ("operation", "outcome", "reason"),
    [
        (
            "correct_score",
            Answered(200, {"deltaId": "d", "status": "rejected", "error": "too many"}),
            "too many",
        ),
        ("correct_score", Answered(200, {"deltaId": "d", "status": "rejected"}), "rejected by the target"),
        (
            "correct_score",
            Answered(200, {"deltaId": "d", "status": "rejected", "error": "x" * 300}),
            "x" * 199 + "…",
        ),
        ("correct_score", Answered(200, {"deltaId": "d", "status": "applied"}), None),
        ("correct_score", Answered(200, {"deltaId": "another", "status": "rejected"}), None),
        ("correct_score", Answered(200, ["rejected"]), None),
        ("correct_score", Refused(400, "rejected"), None),
        ("upsert_lead", Answered(200, {"deltaId": "d", "status": "rejected"}), None),
    ],
)
def test_a_rejection_is_read_only_where_the_operation_may_reject(
    connection: Connection, operation: str, outcome: Outcome, reason: str | None
) -> None:
    effect = lock_effect(connection, operation)
    result = read_result(GENERIC, find_operation("ma", operation), effect, outcome, target="ma")
    is_answered = isinstance(outcome, Answered)
    assert (result.reason if is_answered and result.state is RowState.DEAD else None) == reason


@pytest.mark.parametrize(
    ("answer", "is_done"),
    [
        ({"deltaId": "d", "status": "applied"}, True),
        ({"deltaId": "d", "status": "duplicate"}, True),
        ({"results": [{"deltaId": "d", "status": "applied"}]}, True),
        ({"deltaId": "another", "status": "applied"}, False),
        ({"deltaId": "d", "status": "queued"}, False),
        ({"status": "applied"}, False),
        (None, False),
        ([1], False),
    ],
)
def test_a_correction_is_done_when_the_answer_names_it(
    connection: Connection, answer: Any, is_done: bool
) -> None:
    send(connection, lock_effect(connection, "correct_score"), Answered(200, answer))
    expected = ("done", None) if is_done else ("sending", "the answer does not name the delta")
    assert state(connection)[0::3] == expected


@pytest.mark.parametrize(
    ("late", "is_dead"), [(timedelta(minutes=15), False), (timedelta(minutes=15, microseconds=1), True)]
)
def test_a_conflict_that_lasts_is_for_a_person(
    connection: Connection, late: timedelta, is_dead: bool
) -> None:
    """The first call with a key may be in progress for a while; a later conflict is for good."""
    outcome = Unknown("HTTP 409: exists", 409)
    report, _ = send(connection, lock_effect(connection), outcome, now=NOW + late)
    assert (report.dead, report.failed) == ((1, 0) if is_dead else (0, 1))
    assert state(connection)[0::3] == ("dead" if is_dead else "sending", "HTTP 409: exists")


GONE = LeadAbsence(AbsenceWord.DELETED)
ROW = {"deltaId": "d", "status": "deleted"}


@pytest.mark.parametrize(
    ("name", "values", "outcome", "lost"),
    [
        ("correct_score", {"delta_id": "d", "external_id": "7"}, Answered(200, ROW), "7"),
        ("correct_score", {"delta_id": "d", "external_id": "7"}, Refused(410, "gone", GONE), "7"),
        ("correct_score", {"delta_id": "d", "external_id": "7"}, Refused(404, "no route"), None),
        ("correct_score", {"delta_id": "d"}, Answered(200, ROW), None),
        ("correct_score", {"delta_id": "e", "external_id": "7"}, Answered(200, ROW), None),
        ("correct_score", {"delta_id": "d", "external_id": "7"}, Answered(200, {}), None),
        ("set_fields", {}, Refused(410, "gone", GONE), "12"),
        ("set_fields", {}, Refused(422, "no"), None),
        ("set_fields", {}, Answered(200, ROW), None),
        ("set_fields", {}, Unknown("no answer"), None),
    ],
)
def test_which_lead_an_answer_says_is_gone(
    name: str, values: dict[str, Any], outcome: Any, lost: str | None
) -> None:
    effect = Effect(1, name, 1, "key", values, {"external_id": "12"}, "{}", 0, NOW)
    operation = find_operation("ma", name)
    result = read_result(GENERIC, operation, effect, outcome, target="ma")
    found = (find_lead_id(operation, effect), result.absence) if result.state is RowState.GONE else None
    assert found == (None if lost is None else (lost, GONE))


@pytest.mark.parametrize(
    ("named", "is_another"),
    [
        ({}, False),
        ({"email": "A@B.example"}, False),
        ({"email": "c@d.example"}, True),
        ({"externalId": "1"}, False),
        ({"externalId": 1}, False),
        ({"externalId": "2"}, True),
        ({"email": "c@d.example", "externalId": "1"}, False),
        ({"email": None, "externalId": ""}, False),
    ],
)
def test_an_answer_about_somebody_else_gives_no_id(
    connection: Connection, named: dict[str, Any], is_another: bool
) -> None:
    effect = lock_effect(connection, more={"externalId": "1"})
    report, _ = send(connection, effect, Answered(200, {"leadId": 7} | named))
    ids = connection.execute("select external_id from delivery.external_ids").fetchall()
    if is_another:
        assert (report.dead, report.problem, ids) == (1, ANOTHER_LEAD, [])
    else:
        assert (report.effects, ids) == (1, [("7",)])


class NoKeys(GenericProduct):
    """A product that takes each call as a new one."""

    remembers_keys = False


@pytest.mark.parametrize(
    ("operation", "outcome", "expected"),
    [
        ("correct_score", Unknown("HTTP 500"), ("dead", f"{NO_KEYS} (HTTP 500)")),
        (
            "correct_score",
            Answered(200, None),
            ("dead", f"{NO_KEYS} (the answer does not name the delta)"),
        ),
        ("correct_score", Throttled(17, "busy"), ("sending", "busy")),
        ("correct_score", Refused(401, "no"), ("sending", "no")),
        ("upsert_lead", Unknown("HTTP 500"), ("sending", "HTTP 500")),  # a repetition does no harm
    ],
)
def test_without_keys_an_unknown_outcome_is_for_a_person_and_no_other(
    connection: Connection, operation: str, outcome: Outcome, expected: tuple[str, str]
) -> None:
    client = Answers(outcome, NoKeys())
    effect = lock_effect(connection, operation)
    report = send_effect(connection, client, effect, target="ma", settings=SHIPPED.delivery, now=NOW)
    assert state(connection)[0::3] == expected
    assert (report.calls, report.dead) == (1, int(expected[0] == "dead"))
    letters = connection.execute("select reason from delivery.dead_letters").fetchall()
    assert letters == ([(expected[1],)] if expected[0] == "dead" else [])


@pytest.mark.parametrize(
    ("late", "is_own", "expected"),
    [
        (timedelta(), True, ("done", 1)),
        (timedelta(minutes=1), False, ("sending", 0)),
        (timedelta(minutes=1, microseconds=1), False, ("dead", 0)),
    ],
)
def test_without_keys_what_another_process_claimed_is_never_sent(
    connection: Connection, late: timedelta, is_own: bool, expected: tuple[str, int]
) -> None:
    """It may be about to send it, or was killed after it did."""
    client = Answers(Answered(200, {"deltaId": "d", "status": "applied"}), NoKeys())
    effect, now = lock_effect(connection, "correct_score"), NOW + late
    send_effect(
        connection,
        client,
        effect,
        target="ma",
        settings=SHIPPED.delivery,
        now=now,
        claimed_at=NOW if is_own else now,
    )
    assert (state(connection)[0], len(client.sent)) == expected


def test_a_lead_with_another_id_gets_another_call_under_another_key(connection: Connection) -> None:
    connection.execute("insert into delivery.external_ids values ('ma', 1, '12', now())")
    first = lock_effect(connection, "set_fields")
    send(connection, first, Refused(410, "gone", GONE))
    assert state(connection)[0] == "pending"
    connection.execute("update delivery.external_ids set state = 'present', external_id = '13'")
    second = lock_effect(connection, "set_fields")
    assert (first.call.path, second.call.path) == ("/api/leads/12", "/api/leads/13")
    assert first.idempotency_key != second.idempotency_key
