"""Marketo's answers: a request id, whether it went well, and results or errors."""

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from leadops_sandbox.products.face import VendorError, respond

if TYPE_CHECKING:
    from leadops_sandbox.products.marketo.face import Marketo


def answer_call(face: "Marketo", result: list[Any] | None = None, **more: Any) -> Response:
    """Return the answer of a call that went well, whatever became of its rows."""
    body = {"requestId": face.fill_values()["request"], "success": True, **more}
    return respond(body if result is None else body | {"result": result})


def refuse_call(face: "Marketo", code: str, message: str) -> VendorError:
    """Return the error answer of a whole call: HTTP 200, success false."""
    errors = [{"code": code, "message": message}]
    return VendorError(200, {"requestId": face.fill_values()["request"], "success": False, "errors": errors})


class RowError(Exception):
    """A row that is skipped."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def show(self) -> dict[str, Any]:
        """Return the row's result."""
        return {"status": "skipped", "reasons": [{"code": self.code, "message": self.message}]}
