"""HubSpot's search of contacts and engagements: filters, one sort, pages, and the end of its reach."""

import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.face import respond
from leadops_sandbox.products.feed import visible_at
from leadops_sandbox.products.hubspot.bodies import read_names, read_object
from leadops_sandbox.products.hubspot.engagements import (
    KINDS,
    engagement_id,
    read_engagement,
    show_engagement,
)
from leadops_sandbox.products.hubspot.errors import refuse_call
from leadops_sandbox.products.hubspot.properties import read_property, show_contact

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot


class Found(NamedTuple):
    """An object that search can find: how to read a property of it, and how to show it."""

    id: int
    read: Callable[[str], str | None]
    show: Callable[[list[str]], dict[str, Any]]


def routes(face: "HubSpot") -> list[Route]:
    """Return the routes of search."""

    def make_search(kind: str) -> Any:
        async def search(request: Request) -> Response:
            return answer_search(face, kind, await read_object(face, request))

        return search

    return [
        Route(path, make_search(kind), methods=["POST"])
        for kind in ("contacts", *KINDS)
        for path in face.object_paths(kind, "/search")
    ]


def answer_search(face: "HubSpot", kind: str, body: dict[str, Any]) -> Response:
    """Answer one page of a search."""
    limit, after = read_page(face, body)
    matches, sort = read_filters(face, body), read_sort(face, body)
    found = [entry for entry in list_found(face, kind) if matches(entry.read)]
    tie = (lambda entry: entry.id) if face.settings.equal_order == "id" else mix
    found.sort(key=tie)
    if sort is not None:
        name, reverse = sort
        found.sort(key=lambda entry: sort_key(entry.read(name)), reverse=reverse)
    names = read_names(body.get("properties"))
    page = found[after : after + limit]
    answer: dict[str, Any] = {"total": len(found), "results": [entry.show(names) for entry in page]}
    if after + limit < len(found):
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return respond(answer)


def mix(entry: Found) -> int:
    """Return a place that has nothing to do with the id."""
    return zlib.crc32(str(entry.id).encode())


def read_page(face: "HubSpot", body: dict[str, Any]) -> tuple[int, int]:
    """Return limit and offset; raise VendorError 400 where they reach too far."""
    settings = face.settings
    limit, after = body.get("limit", 10), body.get("after") or "0"
    if not isinstance(limit, int) or not 1 <= limit <= settings.search_page:
        raise refuse_call(face, 400, f"limit must be between 1 and {settings.search_page}")
    if not str(after).isdecimal():
        raise refuse_call(face, 400, "after must be the one of an earlier page")
    if int(after) + limit > settings.search_reach:
        message = f"The maximum number of results of one query is {settings.search_reach}; narrow the filters"
        raise refuse_call(face, 400, message)
    return limit, int(after)


def read_sort(face: "HubSpot", body: dict[str, Any]) -> tuple[str, bool] | None:
    """Return the property to sort by and whether downwards; raise VendorError 400 for more than one."""
    sorts = body.get("sorts") or []
    if len(sorts) > 1:
        raise refuse_call(face, 400, "Only one sort can be applied to a search")
    if not sorts:
        return None
    if isinstance(sorts[0], str):
        return sorts[0].lstrip("-"), sorts[0].startswith("-")
    return str(sorts[0].get("propertyName")), sorts[0].get("direction") == "DESCENDING"


def list_found(face: "HubSpot", kind: str) -> list[Found]:
    """Return everything of `kind` that the index has by now."""
    now, settings, people = face.now(), face.settings, face.leads.people
    activities = face.leads.activities()  # also lets the salespeople catch up
    if kind == "contacts":
        return [
            Found(
                lead.id,
                lambda name, lead=lead: read_property(face, lead, name),  # type: ignore[misc]
                lambda names, lead=lead: show_contact(face, lead, names=names),  # type: ignore[misc]
            )
            for lead in face.leads.live()
            if visible_at(str(lead.id), people.modified[lead.id], settings) <= now
        ]
    return [
        Found(
            engagement_id(activity),
            lambda name, activity=activity: read_engagement(activity, name),  # type: ignore[misc]
            lambda names, activity=activity: show_engagement(activity, names=names),  # type: ignore[misc]
        )
        for activity in activities
        if activity.kind == KINDS[kind]
        and visible_at(f"{kind} {activity.number}", activity.entered_at, settings) <= now
    ]


def read_filters(face: "HubSpot", body: dict[str, Any]) -> Callable[[Callable[[str], str | None]], bool]:
    """Return whether an object matches any of the filter groups; raise VendorError 400 for a bad filter."""
    groups = body.get("filterGroups") or ([{"filters": body["filters"]}] if body.get("filters") else [])
    filters = [group.get("filters") or [] for group in groups]
    settings = face.settings
    if (
        len(groups) > settings.filter_groups
        or any(len(group) > settings.filters_in_group for group in filters)
        or sum(map(len, filters)) > settings.filters
    ):
        raise refuse_call(face, 400, "There are too many filters in the search")
    for one in (one for group in filters for one in group):
        if one.get("operator") not in OPERATORS or not one.get("propertyName"):
            raise refuse_call(face, 400, f"Invalid filter: {one}")

    def matches(read: Callable[[str], str | None]) -> bool:
        return not filters or any(
            all(OPERATORS[one["operator"]](read(one["propertyName"]), one) for one in group)
            for group in filters
        )

    return matches


def sort_key(value: object) -> tuple[int, float, str]:
    """Return a text of HubSpot, a filter's value or None as something that compares."""
    if value is None:
        return (0, 0.0, "")
    text = str(value)
    try:
        return (1, float(text), "")
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return (2, 0.0, text.lower())
    return (1, round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000), "")


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[str | None, dict[str, Any]], bool]:
    return lambda value, one: value is not None and test(sort_key(value), sort_key(one.get("value")))


def _is_in(value: str | None, one: dict[str, Any]) -> bool:
    return value is not None and sort_key(value) in [sort_key(other) for other in one.get("values") or []]


def _is_between(value: str | None, one: dict[str, Any]) -> bool:
    low, high = sort_key(one.get("value")), sort_key(one.get("highValue"))
    return value is not None and low <= sort_key(value) <= high


OPERATORS: dict[str, Callable[[str | None, dict[str, Any]], bool]] = {
    "EQ": _compare(lambda value, wanted: bool(value == wanted)),
    "NEQ": lambda value, one: value is None or sort_key(value) != sort_key(one.get("value")),
    "LT": _compare(lambda value, wanted: bool(value < wanted)),
    "LTE": _compare(lambda value, wanted: bool(value <= wanted)),
    "GT": _compare(lambda value, wanted: bool(value > wanted)),
    "GTE": _compare(lambda value, wanted: bool(value >= wanted)),
    "BETWEEN": _is_between,
    "IN": _is_in,
    "NOT_IN": lambda value, one: not _is_in(value, one),
    "HAS_PROPERTY": lambda value, _: value is not None,
    "NOT_HAS_PROPERTY": lambda value, _: value is None,
    "CONTAINS_TOKEN": lambda value, one: (
        str(one.get("value", "")).strip("*").lower() in (value or "").lower()
    ),
}
