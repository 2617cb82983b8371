"""The table of Odoo's errors, each as it comes by either way in; names and messages are those of Odoo 14."""

from typing import Any

import pytest

from leadops.clients.call_outcomes import (
    Answered,
    HttpAnswer,
    Outcome,
    Postponed,
    Refused,
    Throttled,
    TokenExpired,
    Unknown,
)
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.odoo.odoo_errors import (
    NO_WAY_IN,
    classify_odoo_answer,
    find_row_faults,
    is_passing,
)

GONE = "Record does not exist or has been deleted.\n(Record: crm.lead(14,), User: 2)"
NOBODY = "Record does not exist or has been deleted.\n(Record: res.users(99,), User: 2)"


def classify(name: str, message: str, *, status: int | None = None) -> Outcome | TokenExpired:
    """Return what an error means, in JSON-RPC, or in JSON-2 with a `status`."""
    data = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback"}
    if status is None:
        body: Any = {
            "jsonrpc": "2.0",
            "id": 1,
            "error": {"code": 200, "message": "Odoo Server Error", "data": data},
        }
        return classify_odoo_answer(
            HttpAnswer(200, {}, body), Answered(200, body), needed=["x_leadops_score"]
        )
    outcome: Outcome = Unknown("HTTP 500", 500) if status >= 500 else Refused(status, f"HTTP {status}")
    return classify_odoo_answer(HttpAnswer(status, {}, data), outcome, needed=["x_leadops_score"])


@pytest.mark.parametrize("status", [None, 500])
@pytest.mark.parametrize(
    ("name", "message", "kind", "refused_with"),
    [
        ("odoo.exceptions.AccessDenied", "Access Denied", TokenExpired, None),
        ("odoo.http.SessionExpiredException", "Session expired", TokenExpired, None),
        ("odoo.exceptions.AccessError", "You are not allowed to modify", Refused, 403),
        ("odoo.exceptions.MissingError", GONE, Refused, 404),
        ("odoo.exceptions.MissingError", NOBODY, Refused, 501),
        ("odoo.exceptions.ValidationError", "A rule refuses the record", Refused, 422),
        ("odoo.exceptions.UserError", "Object crm.nothing doesn't exist", Refused, 422),
        ("builtins.ValueError", "Invalid field 'x_a' on model 'crm.lead'", Refused, 501),
        ("builtins.KeyError", "x_a", Refused, 501),
        ("builtins.KeyError", "x_leadops_score", Refused, 403),
        ("builtins.ValueError", "invalid literal for int()", Refused, 501),
        ("builtins.AttributeError", "type object 'crm.lead' has no attribute 'a'", Refused, 501),
        ("builtins.ValueError", "x_a", Refused, 501),
        ("builtins.KeyError", "'the key' of 3", Refused, 501),
        ("builtins.TypeError", "write() got an unexpected keyword argument", Refused, 501),
        ("builtins.NameError", "name 'x' is not defined", Refused, 501),
        ("odoo.exceptions.RedirectWarning", "Set up the sales team first", Refused, 422),
        ("werkzeug.exceptions.Unauthorized", "401", TokenExpired, None),
        ("werkzeug.exceptions.Forbidden", "403", Refused, 403),
        ("proxy.RateLimitExceeded", "slow down", Throttled, None),
        ("psycopg2.OperationalError", "FATAL:  the database system is starting up\n", Postponed, None),
        ("psycopg2.OperationalError", 'FATAL:  database "nodb" does not exist\n', Refused, 403),
        ("psycopg2.errors.SerializationFailure", "could not serialize access", Postponed, None),
        ("psycopg2.errors.LockNotAvailable", "could not obtain lock", Postponed, None),
        ("psycopg2.errors.DeadlockDetected", "deadlock detected", Postponed, None),
        ("werkzeug.exceptions.TooManyRequests", "429", Throttled, None),
        ("builtins.ZeroDivisionError", "division by zero", Postponed, None),
    ],
)
def test_each_error_by_either_way_in(
    name: str, message: str, kind: type[Any], refused_with: int | None, status: int | None
) -> None:
    found = classify(name, message, status=status)
    assert isinstance(found, kind)
    assert getattr(found, "status", None) == refused_with


def test_a_limit_of_calls_waits_half_a_minute_and_says_why() -> None:
    assert classify("werkzeug.exceptions.TooManyRequests", "429 a minute") == Throttled(
        30.0, "asked to wait: 429 a minute"
    )


def test_only_a_lead_can_be_gone() -> None:
    gone, nobody = (classify("odoo.exceptions.MissingError", text) for text in (GONE, NOBODY))
    assert isinstance(gone, Refused)
    assert isinstance(nobody, Refused)
    assert gone.absence == LeadAbsence(AbsenceWord.NOT_FOUND)
    assert nobody.absence is None


def test_a_reason_holds_no_person() -> None:
    found = classify("odoo.exceptions.ValidationError", "ada@buyer.example is taken by +81 90 1234 5678")
    assert isinstance(found, Refused)
    assert found.reason == "[e-mail] is taken by [phone]"


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize(
    "body", [None, {"jsonrpc": "2.0", "error": {"data": {"name": "werkzeug.exceptions.NotFound"}}}]
)
def test_a_way_in_that_is_not_there_stops_the_target_and_kills_nothing(status: int, body: Any) -> None:
    found = classify_odoo_answer(HttpAnswer(status, {}, body), Refused(status, "HTTP"))
    assert found == Refused(403, NO_WAY_IN, is_setup=True)
    assert found.concerns_caller


@pytest.mark.parametrize(
    "body",
    [None, [], [{"id": 1}], True, {"jsonrpc": "2.0", "result": {"error": 1}}, {"name": "a lead", "id": 1}],
)
def test_what_is_no_error_is_what_its_status_says(body: Any) -> None:
    assert classify_odoo_answer(HttpAnswer(200, {}, body), Answered(200, body)) == Answered(200, body)


def test_an_answer_without_json_is_what_its_status_says() -> None:
    outcome = Unknown("HTTP 502", 502)
    assert classify_odoo_answer(HttpAnswer(502, {}, None), outcome) is outcome


def test_the_faults_of_a_load_are_those_of_its_rows() -> None:
    """As Odoo 14 says it of two unknown ids; a warning is no fault."""
    unknown = {
        "rows": {"from": 2, "to": 2},
        "type": "error",
        "record": 2,
        "field": ".id",
        "message": "Unknown",
    }
    without_record = {"rows": {"from": 0, "to": 0}, "type": "error", "message": "Missing required value"}
    warning = {"rows": {"from": 1, "to": 1}, "type": "warning", "record": 1, "message": "odd"}
    found = find_row_faults([warning, None, "text", unknown, without_record])
    assert found == {2: [unknown], 0: [without_record]}
    assert find_row_faults(None) == {}


def test_a_fault_that_names_its_record_needs_no_rows_and_one_without_either_is_nobodys() -> None:
    of_three = {"type": "error", "record": 3, "message": "Unknown"}
    of_nobody = {"type": "error", "message": "Unknown"}
    assert find_row_faults([of_three, of_nobody]) == {3: [of_three]}


@pytest.mark.parametrize(
    ("message", "passes"),
    [
        ("The values for the fields 'module, name' already exist", True),
        ("could not serialize access due to concurrent update", True),
        ("'many' does not seem to be an integer for field 'Score'", False),
        ("The lead is blocked", False),
    ],
)
def test_what_passes_is_sent_again(message: str, passes: bool) -> None:
    assert is_passing(message) is passes


@pytest.mark.parametrize(
    ("name", "message", "reason"),
    [
        (
            "builtins.ValueError",
            "x_a",
            "a field does not exist in Odoo; make it, or name another in products.yaml: x_a",
        ),
        ("builtins.KeyError", "'the key' of 3", "KeyError: 'the key' of 3"),
        ("odoo.exceptions.MissingError", GONE, "the lead is gone"),
        ("odoo.exceptions.UserError", "", "odoo.exceptions.UserError"),
        ("odoo.exceptions.UserError", "w" * 200, "w" * 200),
        ("odoo.exceptions.UserError", "w" * 201, "w" * 199 + "…"),
    ],
)
def test_the_reason_is_what_a_person_can_act_on(name: str, message: str, reason: str) -> None:
    found = classify(name, message)
    assert isinstance(found, Refused)
    assert found.reason == reason


@pytest.mark.parametrize("status", [400, 422])
def test_json_2_says_errors_with_statuses_from_400(status: int) -> None:
    found = classify("odoo.exceptions.ValidationError", "a rule", status=status)
    assert found == Refused(422, "a rule")


@pytest.mark.parametrize("status", [404, 405])
def test_odoos_own_words_with_a_404_are_about_the_record(status: int) -> None:
    assert classify("odoo.exceptions.MissingError", GONE, status=status) == Refused(
        404, "the lead is gone", LeadAbsence(AbsenceWord.NOT_FOUND)
    )


def test_an_error_without_a_name_has_none() -> None:
    assert classify("", "words") == Postponed(": words")
