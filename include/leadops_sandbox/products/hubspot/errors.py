"""HubSpot's error answers, of whole calls and of rows."""

import json
from typing import TYPE_CHECKING, Any

from leadops_sandbox.products.face import VendorError

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot


def refuse_call(
    face: "HubSpot", status: int, message: str, *, category: str = "VALIDATION_ERROR", **more: Any
) -> VendorError:
    """Return the error answer of a whole call."""
    body = {"status": "error", "message": message, **face_correlation(face), "category": category, **more}
    return VendorError(status, body)


def face_correlation(face: "HubSpot") -> dict[str, str]:
    """Return the member by which support finds an answer."""
    return {"correlationId": face.fill_values()["correlation"]}


class RowError(Exception):
    """One input of a batch that is not written."""

    def __init__(self, category: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.category = category
        self.message = message
        self.more = more

    def refuse(self, face: "HubSpot") -> VendorError:
        """Return the error answer of the whole call, for this one row."""
        more = {"errors": self.more["errors"]} if "errors" in self.more else {}
        return refuse_call(face, 400, self.message, category=self.category, **more)

    def show(self, *, trace_id: str | None) -> dict[str, Any]:
        """Return the row's entry in `errors`; `trace_id` is the input's objectWriteTraceId."""
        context = dict(self.more.get("context", {}))
        if trace_id is not None:
            context["objectWriteTraceId"] = [trace_id]
        shown = {"status": "error", "category": self.category, "message": self.message, "context": context}
        return shown | ({"errors": self.more["errors"]} if "errors" in self.more else {})


def invalid_value(name: str, message: str, error: str) -> RowError:
    """Return the error of a property whose value does not fit."""
    detail = [{"isValid": False, "message": message, "error": error, "name": name}]
    text = f"Property values were not valid: {json.dumps(detail, separators=(',', ':'))}"
    entry = {"message": message, "code": error, "context": {"propertyName": [name]}}
    return RowError("VALIDATION_ERROR", text, errors=[entry])


def missing_objects(ids: list[str]) -> RowError:
    """Return the error about contacts that are not there; one entry names them all."""
    message = (
        "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
    )
    return RowError("OBJECT_NOT_FOUND", message, context={"ids": ids})
