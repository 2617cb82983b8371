"""Salesforce's codes, one by one; the messages are those of the REST API guide and of public bug reports."""

from typing import Any

import pytest

from leadops.products.product_rows import RowState
from leadops.products.salesforce.salesforce_codes import (
    ROW_RULES,
    SalesforceError,
    judge_error,
    read_errors,
)

AGAIN = {
    *("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT"),
    *("ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED", "TXN_SECURITY_METERING_ERROR"),
}
ELSEWHERE = {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "CANNOT_UPDATE_CONVERTED_LEAD"}


def test_every_code_of_the_table_has_the_state_that_is_meant() -> None:
    for code, rule in ROW_RULES.items():
        wanted = RowState.AGAIN if code in AGAIN else RowState.MOVED if code in ELSEWHERE else RowState.DEAD
        assert rule.state is wanted, code
        result = judge_error(SalesforceError(code, "its message", ("Field__c",)))
        assert (result.state, result.reason) == (wanted, f"Field__c: {rule.words} ({code}: its message)")


@pytest.mark.parametrize(
    ("code", "message", "fields", "state", "words"),
    [
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "LeadTrigger: System.LimitException: Too many SOQL queries: 101",
            (),
            RowState.AGAIN,
            "a trigger or a flow met a limit of the moment",
        ),
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "LeadTrigger: execution of BeforeUpdate caused by: System.NullPointerException",
            (),
            RowState.DEAD,
            "a trigger of your Salesforce fails",
        ),
        (
            "CANNOT_EXECUTE_FLOW_TRIGGER",
            "UNABLE_TO_LOCK_ROW: unable to obtain exclusive access to this record",
            (),
            RowState.AGAIN,
            "a trigger or a flow met a limit of the moment",
        ),
        (
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            ("OwnerId",),
            RowState.DEAD,
            "Salesforce has no such user",
        ),
        (
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: LeadOps_Score__c",
            ("LeadOps_Score__c",),
            RowState.DEAD,
            "LeadOps_Score__c: the field is missing in Salesforce, or leadops' user may not write it",
        ),
        ("SOMETHING_NEW", "what nobody has seen", (), RowState.DEAD, "Salesforce refuses it (SOMETHING_NEW"),
    ],
)
def test_what_else_an_error_says(
    code: str, message: str, fields: tuple[str, ...], state: RowState, words: str
) -> None:
    result = judge_error(SalesforceError(code, message, fields))
    assert result.state is state
    assert words in result.reason


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        (
            {"success": False, "errors": [{"statusCode": "A", "message": "b", "fields": ["C"]}]},
            [("A", "b", ("C",))],
        ),
        ([{"errorCode": "A", "message": "b"}], [("A", "b", ())]),
        ([{"errorCode": "A", "message": None, "fields": None}], [("A", "", ())]),
        ({"success": True, "errors": []}, []),
        ({"error": "invalid_grant"}, []),
        ([["A"], {"message": "without a code"}], []),
        ("text", []),
        (None, []),
    ],
)
def test_errors_are_read_from_rows_and_from_calls(value: Any, errors: list[tuple[Any, ...]]) -> None:
    assert [tuple(error) for error in read_errors(value)] == errors


def test_an_unknown_code_without_fields_says_salesforces_words_alone() -> None:
    result = judge_error(SalesforceError("NEW_CODE", "what it is"))
    assert (result.state, result.reason) == (RowState.DEAD, "Salesforce refuses it (NEW_CODE: what it is)")


def test_the_reason_names_every_field_and_says_that_a_limit_passes() -> None:
    error = SalesforceError("CANNOT_EXECUTE_FLOW_TRIGGER", "CPU time limit", ("A__c", "B__c"))
    assert judge_error(error).reason == (
        "A__c, B__c: a trigger or a flow met a limit of the moment"
        " (CANNOT_EXECUTE_FLOW_TRIGGER: CPU time limit)"
    )
