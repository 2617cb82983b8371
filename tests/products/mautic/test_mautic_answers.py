"""What Mautic answers, as its controllers (mautic/mautic 5.1.1) write it, and what leadops sends."""

import json
from typing import Any

import pytest

from leadops.clients.call_outcomes import Answered, HttpAnswer, Outcome, Refused, TokenExpired, Unknown
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.mautic.mautic_codes import API_OFF, NO_RIGHT, NOT_FOUND, classify_mautic
from leadops.products.mautic.mautic_product import MauticPointsProduct, MauticProduct
from leadops.products.product_rows import (
    EffectRow,
    LeadReading,
    NothingToSendError,
    RowState,
    ScoreRow,
    TotalRow,
    UnsupportedCallError,
)
from tests.shipped import SHIPPED

SETTINGS = SHIPPED.products.mautic
FIELD, POINTS = MauticProduct(SETTINGS), MauticPointsProduct(SETTINGS)
ROWS = [TotalRow(9, 1, "50", 17), TotalRow(12, 2, "51", -3), TotalRow(4, 3, "52", 0)]
CHANGE = ScoreRow(9, 1, "50", -5, "r", "n-9")


def contact(number: int, score: Any = None, **values: Any) -> dict[str, Any]:
    every = {"id": number, "leadops_score": score, **values}
    return {"id": number, "points": 4, "fields": {"core": {}, "all": every}}


def effect(operation: str, external_id: str | None = None, **values: Any) -> EffectRow:
    return EffectRow("ma", operation, 7, external_id, values)


def states(body: Any) -> dict[int, RowState]:
    return {lead: result.state for lead, result in FIELD.read_total_answer(body, ROWS).items()}


def test_totals_are_set_by_patch_with_ids() -> None:
    call = FIELD.make_total_call(ROWS[:2])
    assert (call.method, call.path) == ("PATCH", "/api/contacts/batch/edit")
    assert json.loads(call.body) == [{"id": 50, "leadops_score": 17}, {"id": 51, "leadops_score": -3}]


def test_contacts_are_a_list_where_all_went_well_and_numbers_may_be_texts() -> None:
    body = {
        "contacts": [contact(50, 17), contact(51, "-3"), contact(52, 0.0)],
        "statusCodes": [200, 200, 200],
    }
    assert states(body) == dict.fromkeys((1, 2, 3), RowState.DONE)


def test_with_errors_contacts_are_an_object_by_place() -> None:
    body = {
        "contacts": {"0": contact(50, 17)},
        "statusCodes": [200, 404, 400],
        "errors": {
            "1": {"code": 404, "message": "Item was not found."},
            "2": {"code": 400, "message": "leadops_score: This value is not valid."},
        },
    }
    assert states(body) == {1: RowState.DONE, 2: RowState.MOVED, 3: RowState.DEAD}
    reason = FIELD.read_total_answer(body, ROWS)[3].reason
    assert reason == "Mautic 400: leadops_score: This value is not valid."


@pytest.mark.parametrize("code", [409, 429, 500, 503])
def test_a_row_that_is_written_by_somebody_else_right_now_goes_again(code: int) -> None:
    body = {
        "contacts": {"0": contact(50, 17), "2": contact(52, 0)},
        "statusCodes": [200, code, 200],
        "errors": {"1": {"code": code, "message": "busy"}},
    }
    assert states(body) == {1: RowState.DONE, 2: RowState.AGAIN, 3: RowState.DONE}


def test_a_200_with_another_score_is_not_done() -> None:
    """A deadlock that stays is swallowed there: success, and nothing is written."""
    body = {"contacts": [contact(50, 12), contact(51, -3), contact(52, None)], "statusCodes": [200] * 3}
    assert states(body) == {1: RowState.UNKNOWN, 2: RowState.DONE, 3: RowState.UNKNOWN}


def test_rows_that_are_mixed_up_are_not_done_and_another_contact_is_looked_for() -> None:
    body = {"contacts": [contact(51, 17), contact(50, -3), contact(99, 0)], "statusCodes": [200] * 3}
    assert states(body) == {1: RowState.UNKNOWN, 2: RowState.UNKNOWN, 3: RowState.MOVED}


@pytest.mark.parametrize("body", [None, [], {}, {"contacts": []}, {"contacts": [], "statusCodes": [200]}])
def test_an_answer_with_another_number_of_rows_says_nothing(body: Any) -> None:
    assert states(body) == {}


def classify(status: int, body: Any, outcome: Outcome | None = None) -> Outcome | TokenExpired:
    given = outcome or (Answered(status, body) if status < 300 else Refused(status, f"HTTP {status}"))
    return classify_mautic(HttpAnswer(status, {}, body), given, score_field="leadops_score")


def error(code: int, message: str) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message, "type": None}]}


def test_what_a_whole_answer_means() -> None:
    assert isinstance(classify(401, error(401, "The access token provided has expired.")), TokenExpired)
    disabled = classify(403, error(403, "API disabled. You need to enable the API in Mautic's settings"))
    assert isinstance(disabled, Refused)
    assert (disabled.concerns_caller, "switch the API on" in disabled.reason) == (True, True)
    denied = classify(403, error(403, "You do not have access to the requested area/action."))
    assert isinstance(denied, Refused)
    assert "give the role" in denied.reason
    gone = classify(404, error(404, "Item was not found."))
    assert gone == Refused(404, "Mautic 404: Item was not found.", LeadAbsence(AbsenceWord.NOT_FOUND))
    assert classify(404, None) == Refused(404, "HTTP 404"), "a proxy says so, too"
    invalid = classify(400, error(400, "email: The email address is not valid."))
    assert invalid == Refused(400, "Mautic 400: email: The email address is not valid.")
    assert classify(500, error(500, "x"), Unknown("HTTP 500", 500)) == Unknown("HTTP 500", 500)
    forbidden = classify(200, {"contacts": [], "statusCodes": [403, 403], "errors": {"0": {}, "1": {}}})
    assert isinstance(forbidden, Refused)
    assert forbidden.concerns_caller


def test_a_field_that_mautic_leaves_out_is_our_fault_not_that_of_the_rows() -> None:
    shown = {"id": 50, "fields": {"all": {"id": 50, "email": "a@b.example"}}}
    refused = classify(200, {"contacts": [shown], "statusCodes": [200]})
    assert isinstance(refused, Refused)
    assert (
        refused.reason == "Mautic has no field leadops_score; make it, or correct its alias in products.yaml"
    )
    assert isinstance(classify(200, {"contacts": [contact(50)], "statusCodes": [200]}), Answered)


def test_points_are_added_by_plus_under_the_name_of_the_change() -> None:
    call = POINTS.make_score_call([CHANGE])
    assert (call.method, call.path) == ("POST", "/api/contacts/50/points/plus/-5")
    assert json.loads(call.body) == {"eventName": "n-9", "actionName": "leadops"}
    assert POINTS.read_score_answer({"success": 1}, [CHANGE])["n-9"].state is RowState.DONE
    assert POINTS.read_score_answer({"success": 0}, [CHANGE]) == {}


def test_a_change_is_looked_up_by_its_name() -> None:
    call = POINTS.make_lookup_call(CHANGE)
    assert call.path == "/api/stats/lead_points_change_log"
    assert call.params == {
        "where[0][col]": "event_name",
        "where[0][expr]": "eq",
        "where[0][val]": "n-9",
    }
    assert POINTS.read_lookup({"total": 1, "stats": [{"event_name": "n-9", "delta": "-5"}]}, CHANGE) is True
    assert POINTS.read_lookup({"total": 0, "stats": []}, CHANGE) is False
    # Where the condition is not understood, the log answers with what it has.
    assert POINTS.read_lookup({"total": 1, "stats": [{"event_name": "n-8"}]}, CHANGE) is False
    assert POINTS.read_lookup({"availableTables": []}, CHANGE) is None


def test_a_contact_is_made_changed_and_erased() -> None:
    made = FIELD.make_effect_call(effect("upsert_lead", email="a@b.example", firstName="Ada", externalId="7"))
    assert (made.method, made.path) == ("POST", "/api/contacts/new")
    assert json.loads(made.body) == {"email": "a@b.example", "firstname": "Ada", "leadops_id": "7"}
    answer = FIELD.read_effect_answer({"contact": contact(50)}, effect("upsert_lead"))
    assert (answer.state, answer.external_id) == (RowState.DONE, "50")
    changed = FIELD.make_effect_call(effect("set_fields", "50", fields={"firstName": "Ada"}))
    assert (changed.method, changed.path) == ("PATCH", "/api/contacts/50/edit")
    moved = FIELD.read_effect_answer({"contact": contact(99)}, effect("set_fields", "50"))
    assert moved.state is RowState.MOVED
    erased = FIELD.make_effect_call(effect("erase_lead", "50"))
    assert (erased.method, erased.path) == ("DELETE", "/api/contacts/50/delete")
    with pytest.raises(NothingToSendError):
        FIELD.make_effect_call(effect("set_fields", "50", fields={"ml_score": 0.5}))
    for wrong in (effect("erase_lead", "00Q"), EffectRow("crm", "create_lead", 7, None, {})):
        with pytest.raises(UnsupportedCallError):
            FIELD.make_effect_call(wrong)


def test_a_contact_is_read_and_a_merge_is_seen_by_its_id() -> None:
    body = {"contact": contact(50, "17")}
    assert FIELD.read_lead(body, "50") == LeadReading(17)
    assert FIELD.read_lead({"contact": contact(50)}, "50") == LeadReading(0)
    assert POINTS.read_lead(body, "50") == LeadReading(4)
    merged = FIELD.read_lead(body, "49")
    assert merged.absence == LeadAbsence(AbsenceWord.MERGED, "50")


def test_pages_go_on_behind_the_highest_id_until_one_is_not_full() -> None:
    first = {str(number): contact(number, 1, email=f"{number}@b.example") for number in range(1, 201)}
    leads, cursor = FIELD.read_list({"total": "201", "contacts": first})
    assert (len(leads), leads[0].email, cursor) == (200, "1@b.example", "200")
    assert FIELD.make_list_call(cursor).params["where[0][val]"] == "200"
    assert FIELD.read_list({"total": "0", "contacts": []}) == ([], None)


@pytest.mark.parametrize(
    ("status", "errors", "outcome"),
    [
        (401, [], TokenExpired("Mautic 401: access denied")),
        (
            401,
            [{"message": "The access token has expired."}],
            TokenExpired("Mautic 401: The access token has expired."),
        ),
        (403, [], Refused(403, f"Mautic 403: no access; {NO_RIGHT}")),
        (
            403,
            [{"message": "API disabled. You need to enable the API"}],
            Refused(403, f"Mautic 403: API disabled. You need to enable the API; {API_OFF}", is_setup=True),
        ),
        (
            403,
            [{"message": "You do not have access"}],
            Refused(403, f"Mautic 403: You do not have access; {NO_RIGHT}"),
        ),
    ],
)
def test_a_refusal_of_the_caller_says_mautics_words_or_that_there_are_none(
    status: int, errors: list[dict[str, str]], outcome: Outcome | TokenExpired
) -> None:
    answer = HttpAnswer(status, {}, {"errors": errors})
    assert classify_mautic(answer, Refused(status, "HTTP"), score_field=None) == outcome


@pytest.mark.parametrize("contacts", [[contact(50, 17)], {"0": contact(50, 17)}, ["?"], [None]])
def test_a_field_that_no_contact_shows_is_ours_to_correct(contacts: Any) -> None:
    body = {"contacts": contacts, "statusCodes": [200]}
    outcome = classify_mautic(HttpAnswer(200, {}, body), Answered(200, body), score_field="other")
    assert outcome == Refused(
        403, "Mautic has no field other; make it, or correct its alias in products.yaml", is_setup=True
    )


@pytest.mark.parametrize("contacts", [[], {}, None, "?"])
def test_without_contacts_no_field_is_missing(contacts: Any) -> None:
    body = {"contacts": contacts, "statusCodes": [404]}
    outcome = classify_mautic(HttpAnswer(200, {}, body), Answered(200, body), score_field="other")
    assert outcome == Answered(200, body)


def test_the_errors_of_rows_are_not_those_of_the_call() -> None:
    body = {"errors": [{"message": "of a row"}], "statusCodes": [400]}
    refused = Refused(400, "HTTP 400")
    assert classify_mautic(HttpAnswer(400, {}, body), refused, score_field=None) is refused


def test_a_404_with_an_error_without_words_is_mautics_all_the_same() -> None:
    answer = HttpAnswer(404, {}, {"errors": [{}]})
    found = classify_mautic(answer, Refused(404, "HTTP 404"), score_field=None)
    assert found == Refused(404, "Mautic 404: no message", NOT_FOUND)


@pytest.mark.parametrize("codes", [[403, 403], {"0": 403, "1": 403}])
def test_a_right_that_is_missing_for_every_row_stops_the_target(codes: Any) -> None:
    body = {"statusCodes": codes}
    found = classify_mautic(HttpAnswer(200, {}, body), Answered(200, body), score_field=None)
    assert found == Refused(403, f"Mautic 403 for every row; {NO_RIGHT}")
