"""Marketo's activities: everything that happened with leads, read on from a paging token."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.feed import visible_at
from leadops_sandbox.products.marketo.answers import answer_call, refuse_call
from leadops_sandbox.products.marketo.show_leads import write_stamp
from leadops_sandbox.products.people import LogEntry

if TYPE_CHECKING:
    from leadops_sandbox.products.marketo.face import Marketo

#: Marketo's numbers of the types that the world knows.
TYPES = {
    12: ("New Lead", "created"),
    13: ("Change Data Value", "changed"),
    32: ("Merge Leads", "merged"),
    37: ("Delete Lead", "deleted"),
}
NUMBERS = {what: number for number, (_, what) in TYPES.items()}
MOST_TYPES = 10


def routes(face: "Marketo") -> list[Route]:
    """Return the routes of activities."""

    async def token(request: Request) -> Response:
        text = request.query_params.get("sinceDatetime", "")
        try:
            since = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError as error:
            raise refuse_call(face, "1001", f"Invalid value '{text}'. Required of type 'dateTime'") from error
        return answer_call(face, nextPageToken=write_token(since.replace(tzinfo=since.tzinfo or UTC), 0))

    async def activities(request: Request) -> Response:
        wanted = request.query_params.get("activityTypeIds", "").split(",")
        if not all(number.isdecimal() for number in wanted) or len(wanted) > MOST_TYPES:
            raise refuse_call(face, "1003", f"activityTypeIds must be 1 to {MOST_TYPES} numbers")
        return page(request, {int(number) for number in wanted}, show_activity)

    async def changes(request: Request) -> Response:
        names = set(filter(None, request.query_params.get("fields", "").split(",")))
        if not names:
            raise refuse_call(face, "1002", "Missing value for required parameter 'fields'")
        return page(request, {12, 13}, show_change, names=names)

    async def deleted(request: Request) -> Response:
        return page(request, {37}, show_activity)

    async def types(_: Request) -> Response:
        primary = {"name": "Lead ID", "dataType": "integer"}
        shown = [
            {"id": number, "name": name, "primaryAttribute": primary, "attributes": []}
            for number, (name, _) in TYPES.items()
        ]
        return answer_call(face, shown)

    def page(request: Request, numbers: set[int], show: Any, *, names: set[str] | None = None) -> Response:
        """Look at the next entries and show what was asked for: a page can be short, with more behind it."""
        since, after = read_token(face, request.query_params.get("nextPageToken", ""))
        text = request.query_params.get("batchSize", "")
        size = min(int(text), face.settings.page) if text.isdecimal() and int(text) else face.settings.page
        leads = set(filter(None, request.query_params.get("leadIds", "").split(",")))
        entries = list_entries(face, since, after)
        looked = entries[:size]
        shown = [
            show(face, entry)
            for entry in looked
            if NUMBERS[entry.what] in numbers
            and (not leads or str(entry.lead_id) in leads)
            and (names is None or entry.what == "created" or entry.name in names)
        ]
        last = looked[-1] if looked else None
        token = write_token(last.at, last.number) if last else write_token(since, after)
        more = {"nextPageToken": token, "moreResult": len(entries) > size}
        # A page without results has no `result` at all.
        return answer_call(face, shown or None, **more)

    return [
        Route("/rest/v1/activities/pagingtoken.json", token, methods=["GET"]),
        Route("/rest/v1/activities/leadchanges.json", changes, methods=["GET"]),
        Route("/rest/v1/activities/deletedleads.json", deleted, methods=["GET"]),
        Route("/rest/v1/activities/types.json", types, methods=["GET"]),
        Route("/rest/v1/activities.json", activities, methods=["GET"]),
    ]


def list_entries(face: "Marketo", since: datetime, after: int) -> list[LogEntry]:
    """Return what happened after a token's place, and is there by now, in the order of time."""
    now, settings = face.now(), face.settings
    entries = [
        entry
        for entry in face.leads.people.log
        if (entry.at, entry.number) > (since, after)
        and visible_at(str(entry.number), entry.at, settings) <= now
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.number))


def write_token(since: datetime, after: int) -> str:
    """Return a token for the place after entry `after` at `since`."""
    raw = orjson.dumps([since.astimezone(UTC).isoformat(), after])
    return base64.b32encode(raw).decode().rstrip("=") + "===="


def read_token(face: "Marketo", token: str) -> tuple[datetime, int]:
    """Return the place that a token stands for; raise VendorError when it is not one."""
    text = token.rstrip("=")
    try:
        since, after = orjson.loads(base64.b32decode(text + "=" * (-len(text) % 8)))
        return datetime.fromisoformat(since), int(after)
    except ValueError as error:
        raise refuse_call(face, "1003", f"Invalid paging token '{token}'") from error


def frame(face: "Marketo", entry: LogEntry) -> dict[str, Any]:
    """Return what every activity has; `marketoGUID` takes the place of `id`."""
    shown: dict[str, Any] = {"id": entry.number} if face.settings.activity_ids else {}
    return shown | {
        "marketoGUID": hashlib.sha256(str(entry.number).encode()).hexdigest()[:36],
        "leadId": entry.lead_id,
        "activityDate": write_stamp(entry.at),
        "activityTypeId": NUMBERS[entry.what],
        "attributes": [],
    }


def show_activity(face: "Marketo", entry: LogEntry) -> dict[str, Any]:
    """Return an activity."""
    shown = frame(face, entry)
    if entry.what == "changed":
        texts = {"New Value": entry.after, "Old Value": entry.before}
        shown["primaryAttributeValue"] = entry.name
        shown["attributes"] = [
            {"name": name, "value": text} for name, text in texts.items() if text is not None
        ]
    if entry.what == "merged":
        shown["attributes"] = [{"name": "Merge IDs", "value": entry.after}]
    return shown


def show_change(face: "Marketo", entry: LogEntry) -> dict[str, Any]:
    """Return a change of a lead with the fields that changed."""
    changed = {"id": entry.number, "name": entry.name, "newValue": entry.after, "oldValue": entry.before}
    changed = {name: value for name, value in changed.items() if value is not None}
    return frame(face, entry) | {"fields": [changed] if entry.what == "changed" else []}
