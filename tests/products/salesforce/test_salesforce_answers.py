"""What whole answers mean, written as Salesforce's guide has them."""

from typing import Any

import pytest

from leadops.clients.call_outcomes import (
    Answered,
    HttpAnswer,
    Outcome,
    Refused,
    Throttled,
    TokenExpired,
    Unknown,
)
from leadops.products.product_rows import QuotaReading
from leadops.products.salesforce.salesforce_answers import (
    classify_salesforce,
    read_salesforce_quota,
    read_usage,
)

DAY = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
AT_ONCE = [{"message": "ConcurrentPerOrgLongTxn Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
ENDED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
BUSY = [{"message": "Server too busy", "errorCode": "SERVER_UNAVAILABLE"}]
API_OFF = [{"message": "The REST API is not enabled", "errorCode": "API_DISABLED_FOR_ORG"}]
OWN = ("Score__c", "Id__c")
NO_FIELD = [{"message": "No such column 'X' on Lead", "errorCode": "INVALID_FIELD"}]
USED_UP = "the calls of the last 24 hours are used up"
STRANGE = [{"errorCode": "UNKNOWN_EXCEPTION", "message": "?"}]
CORRECT = "correct api_version of salesforce in products.yaml, or `host` of the connection"
NO_PATH = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
NO_PATH_WORDS = f"The requested resource does not exist; {CORRECT}"
RETIRED = [{"errorCode": "GONE", "message": "The version is retired"}]
RETIRED_WORDS = f"The version is retired; {CORRECT}"
GONE = [{"errorCode": "ENTITY_IS_DELETED", "message": "entity is deleted"}]


@pytest.mark.parametrize(
    ("status", "body", "outcome", "meaning"),
    [
        (200, [], Answered(200, []), Answered(200, [])),
        (401, ENDED, Refused(401, "x"), TokenExpired("Salesforce's session has ended")),
        (401, None, Refused(401, "x"), TokenExpired("Salesforce's session has ended")),
        (401, {"error": "invalid_client"}, Refused(401, "x"), Refused(401, "x")),
        (403, DAY, Refused(403, "x"), Throttled(900, USED_UP)),
        (403, AT_ONCE, Refused(403, "x"), Throttled(10, "ConcurrentPerOrgLongTxn Limit exceeded.")),
        (
            403,
            API_OFF,
            Refused(403, "x"),
            Refused(403, "HTTP 403: API_DISABLED_FOR_ORG: The REST API is not enabled"),
        ),
        (503, BUSY, Unknown("HTTP 503", 503), Throttled(10, "Server too busy")),
        (503, BUSY, Unknown("HTTP 503", 503, 77), Throttled(77, "Server too busy")),
        (503, None, Unknown("HTTP 503", 503), Unknown("HTTP 503", 503)),
        (420, None, Refused(420, "x"), Throttled(10, "asked to wait (420)")),
        (400, NO_FIELD, Refused(400, "x"), Answered(400, NO_FIELD)),
        (404, GONE, Refused(404, "x"), Answered(404, GONE)),
        (404, None, Refused(404, "x"), Refused(404, "x")),
        (
            404,
            NO_PATH,
            Refused(404, "x"),
            Refused(403, f"HTTP 404: NOT_FOUND: {NO_PATH_WORDS}", is_setup=True),
        ),
        (410, RETIRED, Refused(410, "x"), Refused(403, f"HTTP 410: GONE: {RETIRED_WORDS}", is_setup=True)),
        (500, STRANGE, Unknown("HTTP 500", 500), Unknown("HTTP 500", 500)),
    ],
)
def test_each_answer(status: int, body: Any, outcome: Outcome, meaning: Any) -> None:
    answer = HttpAnswer(status, {}, body)
    assert classify_salesforce(answer, outcome, busy_seconds=10, used_up_seconds=900) == meaning


#: Rows of a collection: one is written, the next is a contact, whose object lacks the field of the score.
HALF_THERE = [
    {"id": "00Q1", "success": True, "errors": []},
    {
        "success": False,
        "errors": [{"statusCode": "INVALID_FIELD", "message": "No such column 'Score__c' on Contact"}],
    },
]
MAY_NOT = [
    {
        "errorCode": "INVALID_FIELD_FOR_INSERT_UPDATE",
        "message": "Unable to create/update fields: Id__c",
        "fields": ["Id__c"],
    }
]


@pytest.mark.parametrize(
    ("status", "body", "named"),
    [
        (200, HALF_THERE, "No such column 'Score__c' on Contact; Score__c: the field is missing"),
        (400, MAY_NOT, "Unable to create/update fields: Id__c; Id__c: the field is missing"),
        (400, NO_FIELD, None),
        (400, [NO_FIELD[0] | {"message": "No such column 'Their_Score__c' on Lead"}], None),
        (200, HALF_THERE[:1], None),
    ],
)
def test_a_field_of_leadops_that_is_missing_stops_the_target_as_in_every_product(
    status: int, body: Any, named: str | None
) -> None:
    outcome = Answered(200, body) if status == 200 else Refused(status, "x")
    answer = HttpAnswer(status, {}, body)
    meaning = classify_salesforce(answer, outcome, busy_seconds=10, used_up_seconds=900, own_fields=OWN)
    if named is None:
        assert isinstance(meaning, Answered)
        return
    assert isinstance(meaning, Refused)
    assert (meaning.concerns_caller, meaning.is_setup) == (True, True)
    assert named in meaning.reason


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/5000", (18, 5000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=leadops)", (25, 5000)),
        ("per-app-api-usage=17/250(appName=leadops); api-usage=25/5000", (25, 5000)),
        ("per-app-api-usage=17/250(appName=leadops)", (None, None)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_the_header_of_the_quota(header: str | None, usage: tuple[int | None, int | None]) -> None:
    assert read_usage({} if header is None else {"Sforce-Limit-Info": header}) == usage


def test_the_quota_is_that_of_the_whole_day_alone() -> None:
    header = {"Sforce-Limit-Info": "api-usage=5000/5000"}

    def read(status: int, body: Any, headers: dict[str, str] = header) -> QuotaReading | None:
        return read_salesforce_quota(HttpAnswer(status, headers, body), used_up_seconds=900)

    assert read(200, []) == QuotaReading(5000, 5000)
    assert read(403, DAY) == QuotaReading(5000, 5000, 900)
    assert read(403, DAY, {}) == QuotaReading(None, None, 900)
    assert read(403, AT_ONCE) == QuotaReading(5000, 5000)
    assert read(200, [], {}) is None


@pytest.mark.parametrize(("status", "code"), [(403, "API_DISABLED_FOR_ORG"), (410, "GONE")])
@pytest.mark.parametrize(("length", "kept"), [(200, 200), (201, 199)])
def test_a_long_reason_is_cut_at_two_hundred_characters(
    status: int, code: str, length: int, kept: int
) -> None:
    begin = f"HTTP {status}: {code}: "
    message = "w" * (length - len(begin))
    body = [{"errorCode": code, "message": message}]
    outcome = classify_salesforce(
        HttpAnswer(status, {}, body), Refused(status, "x"), used_up_seconds=900, busy_seconds=10
    )
    assert isinstance(outcome, Refused)
    text = outcome.reason.removesuffix(f"; {CORRECT}")
    assert text == f"{begin}{message}"[:kept] + ("" if kept == length else "…")
