"""Salesforce's error answers, of whole calls and of rows."""

from typing import Any

from leadops_sandbox.products.face import VendorError


def refuse_call(status: int, code: str, message: str, **more: Any) -> VendorError:
    """Return the error answer of a whole call: a list with one error."""
    return VendorError(status, [{"message": message, "errorCode": code, **more}])


class RowError(Exception):
    """One record that is not written."""

    def __init__(self, code: str, message: str, *fields: str, match: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = list(fields)
        #: The record that an answer about duplicates names.
        self.match = match

    def show(self) -> dict[str, Any]:
        """Return the error as the answer to a collection has it."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}


ROLLED_BACK = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
