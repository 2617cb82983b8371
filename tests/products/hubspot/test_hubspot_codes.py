"""Each of HubSpot's answers for a whole call, as its guides and its own callers report them."""

from typing import Any

import pytest

from leadops.clients.call_outcomes import (
    Answered,
    HttpAnswer,
    Outcome,
    Postponed,
    Refused,
    Throttled,
    Unknown,
)
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.hubspot.hubspot_codes import (
    WRONG_WAY,
    classify_hubspot,
    find_property_fault,
    read_hubspot_quota,
)
from leadops.products.product_rows import QuotaReading

CORRELATION = {"status": "error", "correlationId": "aaaa"}


def classify(
    status: int, body: Any = None, headers: dict[str, str] | None = None, *, outcome: Outcome | None = None
) -> Outcome:
    return classify_hubspot(
        HttpAnswer(status, headers or {}, body), outcome or Refused(status, f"HTTP {status}: refused")
    )


@pytest.mark.parametrize(
    ("policy", "headers", "seconds"),
    [
        ("DAILY", {}, 60),
        ("TEN_SECONDLY_ROLLING", {}, 10),
        ("SECONDLY", {}, 1),
        (None, {}, 10),
        ("SECONDLY", {"Retry-After": "7"}, 7),
        ("SECONDLY", {"Retry-After": "soon"}, 1),
        ("TEN_SECONDLY_ROLLING", {"Retry-After": "9999999"}, 10),
    ],
)
def test_a_429_waits_by_its_policy(policy: str | None, headers: dict[str, str], seconds: float) -> None:
    body = {"errorType": "RATE_LIMIT", "policyName": policy, **CORRELATION}
    outcome = classify(429, body, headers, outcome=Throttled(30))
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after == seconds


@pytest.mark.parametrize(("policy", "name"), [("Daily", "DAILY"), (None, "without a policy")])
def test_a_429_says_which_policy_it_is(policy: str | None, name: str) -> None:
    outcome = classify(429, {"policyName": policy}, {"Retry-After": "3"}, outcome=Throttled(30))
    assert outcome == Throttled(3.0, f"asked to wait (429 {name})")


def test_a_locked_record_makes_only_its_call_wait() -> None:
    assert classify(423, {"category": "LOCKED"}) == Postponed("the record is locked (423)", 2.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "600"}, 600), ({}, 3_600), ({"Retry-After": "200000"}, 86_400)],
)
def test_a_move_of_the_account_makes_all_calls_wait(headers: dict[str, str], seconds: float) -> None:
    outcome = classify(477, {"category": "MIGRATION_IN_PROGRESS"}, headers)
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after == seconds


@pytest.mark.parametrize("status", [502, 504, 521, 522, 523, 524, 525, 526])
def test_an_edge_that_failed_leaves_the_outcome_unknown(status: int) -> None:
    unknown = Unknown(f"HTTP {status}", status)
    assert classify(status, None, outcome=unknown) is unknown


@pytest.mark.parametrize("status", [409, 400])
def test_a_conflict_that_names_the_contact_is_an_answer(status: int) -> None:
    body = {"message": "Contact already exists. Existing ID: 151", "category": "CONFLICT", **CORRELATION}
    assert classify(status, body) == Answered(status, body)


def test_a_property_by_which_no_contact_can_be_found_is_ours_to_correct() -> None:
    message = "Unable to perform update/upsert by non-unique 0-1 property: leadops_key"
    outcome = classify(400, {"message": message, "category": "VALIDATION_ERROR", **CORRELATION})
    assert isinstance(outcome, Refused)
    assert outcome.concerns_caller
    assert "property leadops_key does not exist, or its values are not unique" in outcome.reason


def test_another_conflict_is_refused() -> None:
    assert isinstance(classify(409, {"message": "conflict", **CORRELATION}), Refused)


@pytest.mark.parametrize(
    ("body", "absence"),
    [
        ({"message": "resource not found", **CORRELATION}, True),
        ({"message": "x", "category": "OBJECT_NOT_FOUND"}, True),
        # A proxy, or a wrong host: nothing is said of the contact.
        ({"message": "resource not found"}, False),
        ("<html>", False),
        (None, False),
        ({"message": "No route was found", **CORRELATION}, False),
    ],
)
def test_a_404_counts_for_the_contact_only_in_the_words_of_hubspot(body: Any, absence: bool) -> None:
    outcome = classify(404, body)
    assert isinstance(outcome, Refused)
    assert outcome.absence == (LeadAbsence(AbsenceWord.NOT_FOUND) if absence else None)
    # Of another path every call would be refused: it is ours to correct, and kills nothing.
    assert outcome.concerns_caller is not absence


@pytest.mark.parametrize("code", ["PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"])
@pytest.mark.parametrize("status", [400, 207])
def test_a_property_that_we_cannot_write_is_no_fault_of_a_row(status: int, code: str) -> None:
    detail = {"code": code, "message": "…", "context": {"propertyName": ["leadops_score"]}}
    error = {"category": "VALIDATION_ERROR", "message": "Property values were not valid", "errors": [detail]}
    outcome = classify(status, error if status == 400 else {"results": [], "errors": [error]})
    assert isinstance(outcome, Refused)
    assert outcome.concerns_caller
    assert "leadops_score" in outcome.reason


def test_a_long_name_of_a_property_is_said_whole() -> None:
    name = "p" * 100
    detail = {"code": "READ_ONLY_VALUE", "context": {"propertyName": [name]}}
    outcome = classify(400, {"category": "VALIDATION_ERROR", "errors": [detail]})
    reason = f"HTTP 400: the contact's property {name} is read only (docs/products/hubspot.md)"
    assert outcome == Refused(403, reason, is_setup=True)


def test_the_same_said_in_the_message_alone() -> None:
    text = (
        'Property values were not valid: [{"isValid":false,"message":"Property \\"x\\" does not exist",'
        '"error":"PROPERTY_DOESNT_EXIST","name":"lead_x","localizedErrorMessage":"…"}]'
    )
    outcome = classify(400, {"message": text, "category": "VALIDATION_ERROR"})
    assert isinstance(outcome, Refused)
    assert outcome.concerns_caller
    assert "lead_x does not exist" in outcome.reason


def test_a_value_that_is_wrong_is_a_fault_of_its_row() -> None:
    text = 'Property values were not valid: [{"error":"INVALID_OPTION","name":"hs_lead_status"}]'
    outcome = classify(400, {"message": text, "category": "VALIDATION_ERROR"})
    assert isinstance(outcome, Refused)
    assert not outcome.concerns_caller
    assert outcome.is_splittable


def test_a_missing_right_says_which_and_hides_addresses() -> None:
    body = {"message": "This app hasn't been granted crm.objects.contacts.write for a@b.example"}
    outcome = classify(403, body | CORRELATION)
    assert isinstance(outcome, Refused)
    assert outcome.concerns_caller
    assert outcome.reason.endswith("granted crm.objects.contacts.write for [e-mail]")


@pytest.mark.parametrize(
    ("status", "headers", "body", "reading"),
    [
        (
            200,
            {"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": "249990"},
            {},
            QuotaReading(10, 250_000),
        ),
        (
            200,
            {"X-HubSpot-RateLimit-Daily": "250000000", "X-HubSpot-RateLimit-Daily-Remaining": "250000000"},
            {},
            QuotaReading(0, 250_000_000),
        ),
        (
            200,
            {"X-HubSpot-RateLimit-Daily": "2500000000", "X-HubSpot-RateLimit-Daily-Remaining": "1"},
            {},
            None,
        ),
        # With OAuth, and on search, the headers are missing.
        (200, {"X-HubSpot-RateLimit-Max": "100"}, {}, None),
        (200, {"X-HubSpot-RateLimit-Daily": "lots", "X-HubSpot-RateLimit-Daily-Remaining": "1"}, {}, None),
        (429, {}, {"policyName": "DAILY"}, QuotaReading(0, 0)),
        (429, {"X-HubSpot-RateLimit-Daily": "500"}, {"policyName": "DAILY"}, QuotaReading(500, 500)),
        (429, {}, {"policyName": "SECONDLY"}, None),
        (429, {}, "<html>", None),
    ],
)
def test_what_is_left_of_the_day(
    status: int, headers: dict[str, str], body: Any, reading: QuotaReading | None
) -> None:
    assert read_hubspot_quota(HttpAnswer(status, headers, body)) == reading


@pytest.mark.parametrize("body", [{}, {"category": "RATE"}, {"message": None}])
def test_a_refusal_without_words_is_what_its_status_says(body: dict[str, Any]) -> None:
    refused = Refused(400, "HTTP 400: refused")
    assert classify(400, body, outcome=refused) is refused


@pytest.mark.parametrize(("length", "kept"), [(200, 200), (201, 199)])
def test_long_words_are_cut_at_two_hundred_characters(length: int, kept: int) -> None:
    words = "w" * length
    outcome = classify(400, {"message": words, "category": "VALIDATION_ERROR"})
    assert outcome == Refused(400, f"HTTP 400: {words[:kept]}" + ("" if kept == length else "…"))


@pytest.mark.parametrize(("length", "kept"), [(200, 200), (201, 199)])
def test_a_fault_of_a_property_is_cut_there_too(length: int, kept: int) -> None:
    begin, end = "the contact's property ", " is read only (docs/products/hubspot.md)"
    text = begin + "p" * (length - len(begin + end)) + end
    detail = {"code": "READ_ONLY_VALUE", "context": {"propertyName": [text[len(begin) : -len(end)]]}}
    outcome = classify(400, {"errors": [detail]})
    reason = f"HTTP 400: {text[:kept]}" + ("" if kept == length else "…")
    assert outcome == Refused(403, reason, is_setup=True)


def test_a_move_says_why_all_calls_wait() -> None:
    assert classify(477, {}, {"Retry-After": "5"}) == Throttled(
        5.0, "the account is being moved to another data centre (477)"
    )


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (
            404,
            {"message": "resource not found", **CORRELATION},
            Refused(404, "HTTP 404: resource not found", LeadAbsence(AbsenceWord.NOT_FOUND)),
        ),
        (404, {"message": "no scope", "category": "MISSING_SCOPES"}, Refused(404, "HTTP 404: no scope")),
        (404, {}, Refused(403, f"HTTP 404: nothing is there; {WRONG_WAY}", is_setup=True)),
        (410, {"message": "retired"}, Refused(403, f"HTTP 410: retired; {WRONG_WAY}", is_setup=True)),
        (411, {"message": "length"}, Refused(411, "HTTP 411: length")),
    ],
)
def test_what_is_not_there_is_the_contact_or_the_way_to_it(
    status: int, body: dict[str, Any], outcome: Outcome
) -> None:
    assert classify(status, body) == outcome


def test_the_words_of_a_refusal_leave_what_its_status_says_of_the_lead() -> None:
    gone = Refused(400, "HTTP 400", LeadAbsence(AbsenceWord.NOT_FOUND))
    assert classify(400, {"message": "words"}, outcome=gone) == Refused(400, "HTTP 400: words", gone.absence)


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ({"propertyName": ["x"]}, "x"),
        ({"propertyName": []}, "of products.yaml"),
        ({"propertyName": "x"}, "of products.yaml"),
        ({}, "of products.yaml"),
        (None, "of products.yaml"),
    ],
)
@pytest.mark.parametrize(
    ("code", "fault"), [("PROPERTY_DOESNT_EXIST", "does not exist"), ("READ_ONLY_VALUE", "is read only")]
)
def test_a_fault_names_the_property_or_where_to_look_for_it(
    context: Any, name: str, code: str, fault: str
) -> None:
    found = find_property_fault({"errors": [{"code": code, "context": context}]})
    assert found == f"the contact's property {name} {fault} (docs/products/hubspot.md)"
