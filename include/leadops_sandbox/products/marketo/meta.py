"""Marketo's identity, its fields, and how many calls were made today."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.answers import read_body
from leadops_sandbox.products.face import VendorError, respond
from leadops_sandbox.products.marketo.answers import answer_call
from leadops_sandbox.products.table import FieldDef
from leadops_sandbox.settings import fits

if TYPE_CHECKING:
    from leadops_sandbox.products.marketo.face import Marketo

TYPES = {"number": "integer", "datetime": "datetime"}


def routes(face: "Marketo") -> list[Route]:
    """Return the routes about the subscription."""

    async def identify(request: Request) -> Response:
        form = parse_qs((await read_body(request)).decode()) if request.method == "POST" else {}
        given = {name: values[-1] for name, values in form.items()} | dict(request.query_params)
        settings, secret = face.settings, given.get("client_secret", "")
        is_known = fits(secret, face.world.tokens.ma)
        if given.get("grant_type") != "client_credentials":
            raise VendorError(400, {"error": "unsupported_grant_type", "error_description": "grant type"})
        if given.get("client_id") != settings.client_id or not is_known:
            raise VendorError(401, {"error": "unauthorized", "error_description": "Bad client credentials"})
        token, left = face.tokens.give(face.now(), seconds=settings.token_seconds, same=True)
        body = {"access_token": token, "token_type": "bearer", "expires_in": left}
        return respond(body | {"scope": "leadops@acme.example"})

    async def describe(_: Request) -> Response:
        fields = face.settings.fields
        return answer_call(face, [show_field(place, *field) for place, field in enumerate(fields.items(), 1)])

    async def describe2(_: Request) -> Response:
        fields = face.settings.fields
        searchable = [["id"], *([name] for name, known in fields.items() if known.unique)]
        shown = [show_field2(name, known) for name, known in fields.items()]
        return answer_call(face, [{"name": "API Lead", "searchableFields": searchable, "fields": shown}])

    async def usage(_: Request) -> Response:
        return answer_call(face, [count_day()])

    async def errors(_: Request) -> Response:
        return answer_call(face, [{"date": day(), "total": 0, "errors": []}])

    def day() -> str:
        return face.local_now().date().isoformat()

    def count_day() -> dict[str, Any]:
        used = face.day.look(face.now(), face.settings.zone)
        return {"date": day(), "total": used, "users": [{"userId": "leadops@acme.example", "count": used}]}

    return [
        Route("/identity/oauth/token", identify, methods=["GET", "POST"]),
        Route("/rest/v1/leads/describe.json", describe, methods=["GET"]),
        Route("/rest/v1/leads/describe2.json", describe2, methods=["GET"]),
        Route("/rest/v1/stats/usage.json", usage, methods=["GET"]),
        Route("/rest/v1/stats/errors.json", errors, methods=["GET"]),
    ]


def show_field(place: int, name: str, known: FieldDef) -> dict[str, Any]:
    """Return a field as describe shows it."""
    rest = {"name": name, "readOnly": known.read_only}
    kind = TYPES.get(known.type, "email" if name == "email" else "string")
    return {"id": place, "displayName": name, "dataType": kind, "length": known.length, "rest": rest}


def show_field2(name: str, known: FieldDef) -> dict[str, Any]:
    """Return a field as the second describe shows it."""
    kind = TYPES.get(known.type, "email" if name == "email" else "string")
    return {
        "name": name,
        "displayName": name,
        "dataType": kind,
        "length": known.length,
        "updateable": not known.read_only,
        "crmManaged": False,
    }
