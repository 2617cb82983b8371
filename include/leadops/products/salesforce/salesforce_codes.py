"""What each error code of Salesforce says of a row, or of a call: one line for each, with what to do.

The codes are those of the REST API's StatusCode. A row with an error had no effect, since calls say
allOrNone:false. A code that is not listed kills its row, with Salesforce's own words.
"""

from typing import Any, NamedTuple

from leadops.products.product_rows import RowResult, RowState


class SalesforceError(NamedTuple):
    """An error of an answer; `fields` are those that it names."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


class RowRule(NamedTuple):
    """What a code means for its row, and in words of ours what to do about it."""

    state: RowState
    words: str


def _again(words: str) -> RowRule:
    return RowRule(RowState.AGAIN, words)


def _dead(words: str) -> RowRule:
    return RowRule(RowState.DEAD, words)


#: Codes of a field that is missing, or that our user may not write. A field of leadops' own stops the target.
FIELD_CODES = frozenset({"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"})
FIELD_ADVICE = (
    "the field is missing in Salesforce, or leadops' user may not write it: create it, and allow it to the"
    " user (field-level security)"
)
_FIELD = _dead(FIELD_ADVICE)
_RULE = _dead("a rule of your Salesforce refuses the value: change the rule or the record, then retry")
_ACCESS = _dead("leadops' user may not write this record: give it the right to edit all leads and contacts")
_BUSY = _again("Salesforce is busy")

ROW_RULES: dict[str, RowRule] = {
    "UNABLE_TO_LOCK_ROW": _again("somebody else is changing the record"),
    "SERVER_UNAVAILABLE": _BUSY,
    "REQUEST_RUNNING_TOO_LONG": _BUSY,
    "QUERY_TIMEOUT": _BUSY,
    "TXN_SECURITY_METERING_ERROR": _BUSY,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": _again("another row failed"),
    "PROCESSING_HALTED": _again("another row failed"),
    "ENTITY_IS_DELETED": RowRule(RowState.MOVED, "the record was deleted, or merged into another"),
    "INVALID_CROSS_REFERENCE_KEY": RowRule(RowState.MOVED, "there is no such record"),
    "MALFORMED_ID": _dead("the id is not one of Salesforce"),
    "CANNOT_UPDATE_CONVERTED_LEAD": RowRule(RowState.MOVED, "the lead was converted"),
    "INVALID_FIELD": _FIELD,
    "INVALID_FIELD_FOR_INSERT_UPDATE": _FIELD,
    "INVALID_TYPE_ON_FIELD_IN_RECORD": _dead("the field has another type: the score needs a number field"),
    "NUMBER_OUTSIDE_VALID_RANGE": _dead("the number field is too small for the score: give it 18 digits"),
    "REQUIRED_FIELD_MISSING": _dead("your Salesforce demands a field that leadops does not send"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": _RULE,
    "FIELD_FILTER_VALIDATION_EXCEPTION": _RULE,
    "FIELD_INTEGRITY_EXCEPTION": _RULE,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _dead("a trigger of your Salesforce fails"),
    "CANNOT_EXECUTE_FLOW_TRIGGER": _dead("a flow of your Salesforce fails"),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _dead("the picklist does not have the value"),
    "STRING_TOO_LONG": _dead("the field is too short for the value"),
    "INVALID_EMAIL_ADDRESS": _dead("Salesforce does not take the address"),
    "INSUFFICIENT_ACCESS_OR_READONLY": _ACCESS,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _ACCESS,
    "INACTIVE_OWNER_OR_USER": _dead("the owner is not active in Salesforce"),
    "DUPLICATE_VALUE": _dead("another record has the same unique value"),
    "DUPLICATE_EXTERNAL_ID": _dead("several records have this external id: merge them, then retry"),
    "DUPLICATES_DETECTED": _dead("a duplicate rule refuses the lead: merge the records, then retry"),
    "STORAGE_LIMIT_EXCEEDED": _dead("the storage of your Salesforce is full: free some, then retry"),
}
#: What a trigger or a flow ran into says in its message that the same row may pass later.
PASSING = (
    "UNABLE_TO_LOCK_ROW",
    "unable to obtain exclusive access",
    "Too many SOQL queries",
    "Too many DML",
    "CPU time limit",
    "LimitException",
)
#: Codes that speak of the owner where they name this field: the record itself is there.
OWNER_FIELD = "OwnerId"
#: Salesforce hides this field until somebody allows it.
OPT_OUT_FIELD = "HasOptedOutOfEmail"
NO_OWNER = "Salesforce has no such user, or leadops' user does not see him"


def read_errors(value: Any) -> list[SalesforceError]:
    """Return the errors of a row (`errors`) or of a refused call (a list of them); none for another value."""
    listed = value.get("errors") if isinstance(value, dict) else value
    return [
        SalesforceError(
            str(error.get("statusCode") or error.get("errorCode")),
            str(error.get("message") or ""),
            tuple(str(name) for name in error.get("fields") or ()),
        )
        for error in (listed if isinstance(listed, list) else [])
        if isinstance(error, dict) and (error.get("statusCode") or error.get("errorCode"))
    ]


def judge_error(error: SalesforceError) -> RowResult:
    """Return what an error says of its row, with a reason for a person."""
    rule = ROW_RULES.get(error.code, _dead("Salesforce refuses it"))
    if rule.state is RowState.DEAD and any(word in error.message for word in PASSING):
        rule = _again("a trigger or a flow met a limit of the moment")
    if rule.state is RowState.MOVED and OWNER_FIELD in error.fields:
        rule = _dead(NO_OWNER)
    named = f"{', '.join(error.fields)}: " if error.fields else ""
    return RowResult(rule.state, f"{named}{rule.words} ({error.code}: {error.message})")
