"""Answers one call of a product: its faults, its limits, its route, and the headers on all of it."""

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from leadops_sandbox.answers import RefusedError
from leadops_sandbox.faults.inject import run_with_faults
from leadops_sandbox.faults.rules import ActiveFault
from leadops_sandbox.products.face import Face, VendorError, respond


async def answer_product(
    face: Face[Any], route: Route, met: list[ActiveFault], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a call of `route` that meets the faults `met`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            face.admit(Request(scope))
            await route.handle(scope, receive, send)
        except VendorError as refused:
            await refused.response(scope, receive, send)
        except RefusedError as refused:
            await respond({"message": refused.reason}, status=refused.status)(scope, receive, send)

    # A bound method: faults of the wire find the connection through the object that it belongs to.
    dressed = DressedConnection(face, scope, send).send_message
    with face.count_call():
        await run_with_faults(app, met, scope, receive, dressed, refuse=face.refuse)


class DressedConnection:
    """Puts the product's headers on every answer that is sent."""

    def __init__(self, face: Face[Any], scope: Scope, send: Send) -> None:
        self.face = face
        self.scope = scope
        self.send = send

    @property
    def transport(self) -> Any:
        """The connection's transport, which faults/wire.py breaks off."""
        return getattr(getattr(self.send, "__self__", None), "transport", None)

    async def send_message(self, message: Message) -> None:
        """Send `message`, an answer's head with the product's headers."""
        if message["type"] == "http.response.start":
            self.face.dress(Request(self.scope), MutableHeaders(scope=message))
        await self.send(message)
