"""Queries in SOQL: pages of a result, and the feed that commits late."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.face import respond
from leadops_sandbox.products.feed import visible_at
from leadops_sandbox.products.salesforce.errors import refuse_call
from leadops_sandbox.products.salesforce.fields import FIELDS, STAMPS, Record, field_names, show_value
from leadops_sandbox.products.salesforce.records import list_records
from leadops_sandbox.products.salesforce.soql import Query, SoqlError, compare_key, parse_query

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce

#: The relation from a lead to the contact that it became.
RELATED = "ConvertedContact"
#: Results that are kept for their next pages.
MOST_KEPT = 20


def routes(face: "Salesforce") -> list[Route]:
    """Return the routes of queries."""
    kept: dict[str, list[dict[str, Any]]] = {}

    async def query(request: Request) -> Response:
        deleted = "/queryAll" in request.url.path
        parsed = read_query(face, request.query_params.get("q", ""))
        found = find_records(face, parsed, deleted=deleted)
        if parsed.counts:
            return respond({"totalSize": len(found), "done": True, "records": []})
        shown = [show_record(request, parsed, record) for record in found]
        locator = f"01g{len(kept):015d}{face.take_number():03d}"
        kept[locator] = shown
        while len(kept) > MOST_KEPT:
            kept.pop(next(iter(kept)))
        return page(request, locator, 0)

    async def more(request: Request) -> Response:
        locator, _, start = request.path_params["locator"].rpartition("-")
        if locator not in kept or not start.isdecimal():
            raise refuse_call(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return page(request, locator, int(start))

    def page(request: Request, locator: str, start: int) -> Response:
        rows, size = kept[locator], page_size(face, request)
        body: dict[str, Any] = {"totalSize": len(rows), "done": start + size >= len(rows)}
        if not body["done"]:
            version = request.path_params["version"]
            body["nextRecordsUrl"] = f"/services/data/v{version}/query/{locator}-{start + size}"
        return respond(body | {"records": rows[start : start + size]})

    base = "/services/data/v{version}"
    return [
        *(
            Route(f"{base}/{name}{end}", query, methods=["GET"])
            for name in ("query", "queryAll")
            for end in ("", "/")
        ),
        *(Route(f"{base}/{name}/{{locator}}", more, methods=["GET"]) for name in ("query", "queryAll")),
    ]


def read_query(face: "Salesforce", text: str) -> Query:
    """Return the query; raise VendorError 400 for what is not SOQL or names what is not there."""
    try:
        query = parse_query(text)
    except (SoqlError, ValueError) as error:
        raise refuse_call(400, "MALFORMED_QUERY", str(error)) from error
    sobject = next((name for name in FIELDS if name.lower() == query.sobject.lower()), None)
    if sobject is None:
        raise refuse_call(400, "INVALID_TYPE", f"sObject type '{query.sobject}' is not supported.")
    known = {name.lower(): name for name in list_names(face, sobject)}
    for name in (*query.fields, *query.named, *(name for name, _ in query.order)):
        if name.lower() not in known:
            message = f"No such column '{name}' on entity '{sobject}'."
            raise refuse_call(400, "INVALID_FIELD", message)
    fields = [known[name.lower()] for name in query.fields]
    order = [(known[name.lower()], downwards) for name, downwards in query.order]
    named = frozenset(known[name.lower()] for name in query.named)
    return query._replace(sobject=sobject, fields=fields, order=order, named=named)


def list_names(face: "Salesforce", sobject: str) -> list[str]:
    """Return the fields of an object, for a lead also those of the contact that it became."""
    contact = [f"{RELATED}.{name}" for name in field_names(face, "Contact")] if sobject == "Lead" else []
    return [*field_names(face, sobject), *contact]


def find_records(face: "Salesforce", query: Query, *, deleted: bool) -> list[Record]:
    """Return the records of a query in its order.

    A query that names a time stamp is a feed: what commits late is not in it before then.
    """
    known = {name.lower(): name for name in list_names(face, query.sobject)}
    ordered = {name for name, _ in query.order}
    is_feed, now = not (query.named | ordered).isdisjoint(STAMPS), face.now()
    found = [
        record
        for record in list_records(face, query.sobject, deleted=deleted)
        if query.condition(lambda name, record=record: record.read(known[name.lower()]))  # type: ignore[misc]
        and (not is_feed or visible_at(record.id, record.stamp, face.settings) <= now)
    ]
    for name, downwards in reversed(query.order):
        found.sort(key=lambda record: compare_key(record.read(name)), reverse=downwards)
    end = None if query.limit is None else query.offset + query.limit
    return found[query.offset : end]


def show_record(request: Request, query: Query, record: Record) -> dict[str, Any]:
    """Return a record as a query shows it."""
    version = request.path_params["version"]
    url = f"/services/data/v{version}/sobjects/{query.sobject}/{record.id}"
    shown: dict[str, Any] = {"attributes": {"type": query.sobject, "url": url}}
    for name in query.fields:
        relation, _, field = name.rpartition(".")
        value = show_value(record.read(name))
        if not relation:
            shown[name] = value
        elif record.read(f"{relation}Id") is None:
            shown[relation] = None
        else:
            related = shown.setdefault(relation, {"attributes": {"type": "Contact"}})
            related[field] = value
    return shown


def page_size(face: "Salesforce", request: Request) -> int:
    """Return how many rows a page has; a caller can ask for 200 to 2,000."""
    for option in request.headers.get("sforce-query-options", "").split(","):
        name, _, size = option.strip().partition("=")
        if name == "batchSize" and size.isdecimal():
            return max(200, min(int(size), face.settings.query_page))
    return face.settings.query_page
