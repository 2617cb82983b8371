"""Marketo's codes, one line each, as its page "Error Codes" writes the answers."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

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
from leadops.products.marketo.marketo_codes import classify_code, find_missing_field, read_reason

CENTRAL = ZoneInfo("America/Chicago")
NOON = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)  # 12:00 in Chicago


def read(code: str, *, at: datetime | None = NOON) -> Outcome | TokenExpired:
    body = {
        "requestId": "e42b#14272d07d78",
        "success": False,
        "errors": [{"code": code, "message": "a message"}],
    }
    return classify(body, at=at)


def classify(body: Any, *, at: datetime | None = NOON) -> Outcome | TokenExpired:
    headers = {} if at is None else {"Date": format_datetime(at, usegmt=True)}
    return classify_code(HttpAnswer(200, headers, body), Answered(200, body), zone=CENTRAL)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("600", Refused),
        ("601", TokenExpired),
        ("602", TokenExpired),
        ("603", Refused),
        ("604", Unknown),
        ("605", Refused),
        ("606", Throttled),
        ("607", Throttled),
        ("608", Postponed),
        ("609", Refused),
        ("610", Refused),
        ("611", Unknown),
        ("612", Refused),
        ("614", Throttled),
        ("615", Throttled),
        ("701", Refused),
        ("702", Refused),
        ("709", Refused),
        ("713", Unknown),
        ("719", Postponed),
        ("1003", Refused),
        ("1006", Refused),
        ("799", Unknown),
        ("16", Unknown),
        ("2000", Unknown),
    ],
)
def test_each_code_has_its_outcome(code: str, outcome: type) -> None:
    assert type(read(code)) is outcome


@pytest.mark.parametrize("code", ["600", "603", "605", "610"])
def test_what_concerns_us_kills_no_row(code: str) -> None:
    refused = read(code)
    assert isinstance(refused, Refused)
    assert refused.concerns_caller


@pytest.mark.parametrize("code", ["609", "701", "702", "709", "1003"])
def test_what_the_call_holds_may_be_taken_in_parts(code: str) -> None:
    refused = read(code)
    assert isinstance(refused, Refused)
    assert (refused.is_splittable, refused.concerns_caller) == (True, False)


@pytest.mark.parametrize(("code", "seconds"), [("606", 20), ("615", 2), ("614", 60)])
def test_all_processes_rest_for_as_long_as_the_limit_says(code: str, seconds: float) -> None:
    throttled = read(code)
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after == seconds


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        (NOON, 12),
        (datetime(2026, 7, 15, 4, 59, tzinfo=UTC), 1 / 60),  # 23:59 of summer time, UTC-5
        (datetime(2026, 11, 1, 12, 0, tzinfo=UTC), 18),  # the day on which summer time ended
        (datetime(2026, 11, 30, 6, 1, tzinfo=UTC), 0.25),  # 00:01: perhaps still the day before
        (datetime(2026, 11, 30, 7, 59, tzinfo=UTC), 0.25),
        (datetime(2026, 11, 30, 8, 0, tzinfo=UTC), 22),
        (None, 0.5),
    ],
)
def test_a_used_up_day_rests_until_midnight_in_chicago(at: datetime | None, hours: float) -> None:
    throttled = read("607", at=at)
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after == pytest.approx(hours * 3600)


def test_an_answer_that_went_well_is_what_its_status_says() -> None:
    body = {"requestId": "1", "success": True, "result": [{"id": 50, "status": "updated"}]}
    assert classify(body) == Answered(200, body)
    assert isinstance(classify(None), Answered)


def skipped(code: str) -> dict[str, Any]:
    return {"status": "skipped", "reasons": [{"code": code, "message": "Field 'leadopsScore' not found"}]}


def test_a_field_that_is_missing_for_all_rows_is_our_fault_not_that_of_the_rows() -> None:
    refused = classify({"success": True, "result": [skipped("1006"), skipped("1006")]})
    assert isinstance(refused, Refused)
    assert refused.concerns_caller
    assert refused.reason == (
        "Marketo 1006: Field 'leadopsScore' not found; make the field, or correct its name in products.yaml"
    )
    mixed = {"success": True, "result": [skipped("1006"), skipped("1004")]}
    assert isinstance(classify(mixed), Answered)


@pytest.mark.parametrize("body", [{"success": False}, {"success": False, "errors": ["?"]}])
def test_an_error_without_a_code_is_unknown(body: Any) -> None:
    assert classify(body) == Unknown("Marketo without a code: no message", 200)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("606", Throttled(20.0, "more than 100 calls in 20 seconds (606)")),
        ("607", Throttled(43_200.0, "the quota of the day is used up (607)")),
        ("614", Throttled(60.0, "the subscription cannot be reached (614)")),
        ("615", Throttled(2.0, "more than 10 calls at once (615)")),
        ("609", Refused(422, "Marketo 609: a message")),
    ],
)
def test_the_reason_says_what_is_the_matter(code: str, outcome: Outcome) -> None:
    assert read(code) == outcome


@pytest.mark.parametrize("rows", [[], 5, None, "rows"])
def test_an_answer_without_rows_lacks_no_field(rows: Any) -> None:
    assert find_missing_field({"success": True, "result": rows}) is None


@pytest.mark.parametrize("reasons", [[], ["?"], None, "?", [{}]])
def test_a_row_that_is_skipped_without_a_reason_says_so(reasons: Any) -> None:
    assert read_reason({"status": "skipped", "reasons": reasons}) == ("without a code", "no message")
