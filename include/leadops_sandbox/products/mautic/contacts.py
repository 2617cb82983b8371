"""Mautic's contacts: one, many at once, and the list."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.face import has_manner, respond, strikes_row
from leadops_sandbox.products.leads import LeadChange
from leadops_sandbox.products.mautic.bodies import NOT_FOUND, read_body_json, refuse_call
from leadops_sandbox.products.mautic.conditions import matches, read_where

if TYPE_CHECKING:
    from leadops_sandbox.products.mautic.face import Mautic

Values = dict[str, Any]
#: Types of fields that are not a number or a text.
TYPES = {"email": "email", "phone": "tel", "country": "country", "website": "url"}


class RowError(Exception):
    """A contact of a batch that is not written."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def show(self) -> dict[str, Any]:
        """Return the row's entry in `errors`."""
        return {"code": self.code, "message": self.message, "details": [], "type": None}


def routes(face: "Mautic") -> list[Route]:
    """Return the routes of contacts."""

    async def batch_new(request: Request) -> Response:
        return write_batch(face, request, read_rows(face, await read_body_json(request)), status=201)

    async def batch_edit(request: Request) -> Response:
        return write_batch(face, request, read_rows(face, await read_body_json(request)), status=200)

    async def new(request: Request) -> Response:
        values = await read_body_json(request)
        known = find_same(face, values)
        return write_one(values, known, 200 if known else 201)

    async def edit(request: Request) -> Response:
        values, lead = await read_body_json(request), face.find_contact(request.path_params["contact_id"])
        if lead is None and request.method == "PATCH":
            raise refuse_call(404, NOT_FOUND)
        return write_one(values, lead, 201 if lead is None else 200)

    async def get(request: Request) -> Response:
        return respond({"contact": show_contact(face, find(request))})

    async def delete(request: Request) -> Response:
        lead = find(request)
        shown = show_contact(face, lead)
        face.leads.delete(lead.id, erase=True)
        return respond({"contact": shown | {"id": None}})

    async def list_all(request: Request) -> Response:
        query = request.query_params
        start, limit = (int(query.get(name, default)) for name, default in (("start", "0"), ("limit", "30")))
        found = [
            lead
            for lead in face.leads.live()
            if matches({"id": lead.id, "email": lead.email}, read_where(dict(query)))
        ]
        for part in filter(None, query.get("search", "").split()):
            name, _, value = part.partition(":")
            found = [lead for lead in found if value in (str(read_field(face, lead, name)), str(lead.id))]
        page = {str(lead.id): show_contact(face, lead) for lead in found[start : start + limit]}
        return respond({"total": str(len(found)), "contacts": page or []})

    async def list_fields(_: Request) -> Response:
        shown = {
            str(place): {
                "id": place,
                "alias": alias,
                "label": alias,
                "type": TYPES.get(alias, "number" if known.type == "number" else "text"),
                "isPublished": True,
                "isUniqueIdentifer": known.unique,
            }
            for place, (alias, known) in enumerate(face.settings.fields.items(), 1)
            if alias != "points"
        }
        return respond({"total": len(shown), "fields": shown})

    def find(request: Request) -> Lead:
        if (lead := face.find_contact(request.path_params["contact_id"])) is None:
            raise refuse_call(404, NOT_FOUND)
        return lead

    def write_one(values: Values, lead: Lead | None, status: int) -> Response:
        try:
            written = write_contact(face, values, lead)
        except RowError as error:
            raise refuse_call(error.code, error.message) from error
        return respond({"contact": show_contact(face, written)}, status=status)

    one = "/api/contacts/{contact_id:int}"
    return [
        Route("/api/contacts/batch/new", batch_new, methods=["POST"]),
        Route("/api/contacts/batch/edit", batch_edit, methods=["PATCH", "PUT"]),
        Route("/api/contacts/new", new, methods=["POST"]),
        Route("/api/contacts", list_all, methods=["GET"]),
        Route("/api/fields/contact", list_fields, methods=["GET"]),
        Route(one, get, methods=["GET"]),
        Route(one + "/edit", edit, methods=["PATCH", "PUT"]),
        Route(one + "/delete", delete, methods=["DELETE"]),
    ]


def read_rows(face: "Mautic", body: Any) -> list[Values]:
    """Return a batch's contacts; raise VendorError where there are too many."""
    rows = list(body.values()) if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise refuse_call(400, "The batch must be a list of contacts")
    if len(rows) > face.settings.batch_limit:
        raise refuse_call(400, f"The number of entities is more than {face.settings.batch_limit}")
    return rows


def write_batch(face: "Mautic", request: Request, rows: list[Values], *, status: int) -> Response:
    """Write contacts one by one; answer `status` always, with a code and perhaps an error for each index."""
    contacts: dict[str, Any] = {}
    codes: list[int] = []
    errors: dict[str, Any] = {}
    for place, values in enumerate(rows):
        try:
            if kind := strikes_row(request, str(values.get("id")), str(values.get("email"))):
                fault = face.table.rows[kind]
                raise RowError(int(fault.code), fault.message)  # noqa: TRY301 - as every other row that fails
            lead, code = find_row(face, request, values)
            is_lost = lead is not None and has_manner(request, "edit_lost")
            contacts[str(place)] = show_contact(face, write_contact(face, {} if is_lost else values, lead))
        except RowError as error:
            errors[str(place)], code = error.show(), error.code
        codes.append(code)
    # PHP writes an array without gaps as a list, and one with gaps as an object.
    shown = contacts if errors else list(contacts.values())
    return respond(
        {"contacts": shown, "statusCodes": codes} | ({"errors": errors} if errors else {}), status=status
    )


def find_row(face: "Mautic", request: Request, values: Values) -> tuple[Lead | None, int]:
    """Return the contact that a row means, None for a new one, and its code; raise RowError 404."""
    if request.url.path.endswith("/new"):
        known = find_same(face, values)
        return known, 200 if known else 201
    lead = face.leads.find(values.get("id"))
    if lead is None and request.method == "PATCH":
        raise RowError(404, NOT_FOUND)
    return lead, 200 if lead else 201  # PUT without an id makes a contact, also of a known address


def find_same(face: "Mautic", values: Values) -> Lead | None:
    """Return the contact with the same value of a unique field."""
    for name, known in face.settings.fields.items():
        if known.unique and values.get(name):
            found = face.leads.find_unique(name, str(values[name]))
            if found:
                return found[0]
    return None


def write_contact(face: "Mautic", values: Values, lead: Lead | None) -> Lead:
    """Write a contact; fields that Mautic does not know are left out. Raise RowError for a bad value."""
    fields: Values = {}
    score: float | None = None
    for name, value in values.items():
        known = face.settings.fields.get(name)
        if known is None:
            continue
        if known.type == "number" and value not in (None, ""):
            value = read_number(name, value)  # noqa: PLW2901 - Mautic takes numbers as texts too
        if name == "email" and value and str(value).count("@") != 1:
            raise RowError(400, "email: The email address is not valid.")
        fields[name] = value
        if name == face.settings.score_field:
            score = value or 0
    if lead is None:
        return face.leads.create(fields, score=score)
    face.leads.change([LeadChange(lead.id, fields, score=score)])
    return lead


def read_number(name: str, value: object) -> float:
    """Return a number, whole where it is; raise RowError."""
    try:
        number = float(str(value))
    except ValueError as error:
        raise RowError(400, f"{name}: This value is not valid.") from error
    return int(number) if number == int(number) else number


def read_field(face: "Mautic", lead: Lead, name: str) -> Any:
    """Return a field of a contact."""
    if name == face.settings.score_field:
        return lead.score if name in lead.fields or lead.score else None
    return (lead.email or None) if name == "email" else lead.fields.get(name)


def show_contact(face: "Mautic", lead: Lead) -> dict[str, Any]:
    """Return a contact as Mautic shows it: each field in its group, and all of them by alias."""
    people = face.leads.people
    every = {name: read_field(face, lead, name) for name in face.settings.fields if name != "points"}
    groups = [
        {"id": place, "alias": name, "value": value} for place, (name, value) in enumerate(every.items(), 1)
    ]
    return {
        "id": lead.id,
        "isPublished": True,
        "dateAdded": people.created[lead.id].isoformat(timespec="seconds"),
        "dateModified": people.modified[lead.id].isoformat(timespec="seconds"),
        "points": face.read_points(lead),
        "fields": {"core": {entry["alias"]: entry for entry in groups}, "all": {"id": lead.id, **every}},
    }
