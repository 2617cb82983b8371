"""Odoo's errors: the name of a Python exception and a message, inside HTTP 200 or as a status of its own."""

from typing import Any

ACCESS_DENIED = "odoo.exceptions.AccessDenied"
ACCESS_ERROR = "odoo.exceptions.AccessError"
MISSING = "odoo.exceptions.MissingError"
USER_ERROR = "odoo.exceptions.UserError"
VALIDATION = "odoo.exceptions.ValidationError"

#: What the faults of the table say.
FAULTS = {
    "serialization_failure": (
        "psycopg2.errors.SerializationFailure",
        "could not serialize access due to concurrent update\n",
    ),
    "access_denied": (ACCESS_DENIED, "Access Denied"),
    "access_error": (ACCESS_ERROR, "You are not allowed to modify 'Lead/Opportunity' (crm.lead) records."),
    "rejected_rows": (VALIDATION, "A rule of this company refused the record"),
}


class OdooError(Exception):
    """A call that fails: the name of Odoo's exception and its message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name = name
        self.message = message

    def show(self) -> dict[str, Any]:
        """Return the error as both ways in show it."""
        debug = f"Traceback (most recent call last):\n{self.name}: {self.message}"
        return {
            "name": self.name,
            "message": self.message,
            "arguments": [self.message],
            "context": {},
            "debug": debug,
        }
