"""The methods of Odoo's models that leadops calls."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from leadops_sandbox.products.feed import visible_at
from leadops_sandbox.products.odoo.blacklist import load_blacklist, write_blacklist
from leadops_sandbox.products.odoo.domain import names_of, plain, read_domain
from leadops_sandbox.products.odoo.errors import ACCESS_ERROR, MISSING, USER_ERROR, OdooError
from leadops_sandbox.products.odoo.fields import FIELDS, STAMPS, Record, field_types
from leadops_sandbox.products.odoo.loading import load
from leadops_sandbox.products.odoo.records import list_records
from leadops_sandbox.products.odoo.writing import create_leads, find_leads, merge_leads, write_leads

if TYPE_CHECKING:
    from leadops_sandbox.products.odoo.face import Odoo

Method = Callable[..., Any]


def call_method(face: "Odoo", model: str, method: str, args: list[Any], named: dict[str, Any]) -> Any:
    """Return what a method of a model returns; raise OdooError as Odoo does."""
    if model == "crm.merge.opportunity":
        return merge_leads(face, method, args, named)
    if (model, method) == ("ir.config_parameter", "get_param"):
        return get_parameter(face, *args, **named)
    if model not in FIELDS:
        raise OdooError(USER_ERROR, f"Object {model} doesn't exist")
    context = named.pop("context", None) or {}
    writing = WRITING if model == "crm.lead" else BLACKLISTING if model == "mail.blacklist" else {}
    known: dict[str, Method] = {**READING, **writing}
    if method not in known:
        raise OdooError("builtins.AttributeError", f"type object '{model}' has no attribute '{method}'")
    try:
        if method == "load" and model == "crm.lead":
            return load(face, *args, **named, context=context)
        if method in writing:
            return known[method](face, *args, **named)
        return known[method](face, model, context, *args, **named)
    except TypeError as error:
        raise OdooError("builtins.TypeError", str(error)) from error


def get_parameter(face: "Odoo", key: str, context: dict[str, Any] | None = None) -> Any:  # noqa: ARG001
    """Return a system parameter, False where there is none; only users with the right Settings may."""
    uuid = face.settings.database_uuid
    if not uuid:
        message = "You are not allowed to access 'System Parameter' (ir.config_parameter) records."
        raise OdooError(ACCESS_ERROR, message)
    return uuid if key == "database.uuid" else False


def search_records(
    face: "Odoo",
    model: str,
    context: dict[str, Any],
    domain: list[Any],
    *,
    offset: int = 0,
    limit: int | None = None,
    order: str = "id",
) -> list[Record]:
    """Return the records of a domain; archived ones only where the domain or the context asks for them.

    A domain that names a time stamp is a feed: what commits late is not in it before then.
    """
    matches, named = read_domain(domain), names_of(domain)
    types = field_types(face, model)
    for name in named:
        if name not in types:
            raise OdooError("builtins.ValueError", f"Invalid field {model}.{name} in leaf")
    hides = "active" in types and "active" not in named and context.get("active_test", True)
    is_feed, now = not named.isdisjoint(STAMPS), face.now()
    found = [
        record
        for record in list_records(face, model)
        if matches(record.read)
        and (not hides or record.read("active"))
        and (not is_feed or visible_at(f"{model} {record.id}", record.stamp, face.settings) <= now)
    ]
    for part in reversed([part.split() for part in order.split(",")]):
        if part[0] not in types:
            raise OdooError("builtins.ValueError", f"Invalid field {part[0]!r} on model {model!r}")
        downwards = part[-1].lower() == "desc"
        found.sort(key=lambda record, name=part[0]: sort_key(record.read(name)), reverse=downwards)  # type: ignore[misc]
    end = None if not limit else offset + limit
    return found[offset:end]


def sort_key(value: Any) -> tuple[bool, Any]:
    """Return a value to sort by; what is empty comes first."""
    value = plain(value)
    return (value is not False and value is not None, value or 0)


def show_record(face: "Odoo", model: str, record: Record, fields: list[str] | None) -> dict[str, Any]:
    """Return a record with `fields`, all of them where none are named."""
    types = field_types(face, model)
    for name in fields or ():
        if name not in types:
            raise OdooError("builtins.ValueError", f"Invalid field {name!r} on model {model!r}")
    return {"id": record.id} | {name: record.read(name) for name in fields or types}


def search(face: "Odoo", model: str, context: dict[str, Any], domain: list[Any], **options: Any) -> list[int]:
    """Return the ids of a domain's records."""
    return [record.id for record in search_records(face, model, context, domain, **options)]


def search_count(face: "Odoo", model: str, context: dict[str, Any], domain: list[Any]) -> int:
    """Return how many records a domain has."""
    return len(search_records(face, model, context, domain))


def search_read(
    face: "Odoo",
    model: str,
    context: dict[str, Any],
    domain: list[Any] | None = None,
    fields: list[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str = "id",
) -> list[dict[str, Any]]:
    """Return a domain's records with `fields`."""
    options: dict[str, Any] = {"offset": offset, "limit": limit, "order": order}
    found = search_records(face, model, context, domain or [], **options)
    return [show_record(face, model, record, fields) for record in found]


def read(
    face: "Odoo", model: str, context: dict[str, Any], ids: Any, fields: list[str] | None = None
) -> list[dict[str, Any]]:
    """Return records by id; raise OdooError where one is gone."""
    del context
    wanted = ids if isinstance(ids, list) else [ids]
    known = {record.id: record for record in list_records(face, model)}
    if missing := [one for one in wanted if one not in known]:
        raise OdooError(
            MISSING, f"Record does not exist or has been deleted.\n(Record: {model}({missing}), User: 2)"
        )
    return [show_record(face, model, known[one], fields) for one in wanted]


def exists(face: "Odoo", model: str, context: dict[str, Any], ids: list[int]) -> list[int]:
    """Return those of `ids` that are there."""
    del context
    known = {record.id for record in list_records(face, model)}
    return [one for one in ids if one in known]


def fields_get(
    face: "Odoo",
    model: str,
    context: dict[str, Any],
    allfields: list[str] | None = None,
    attributes: list[str] | None = None,
) -> dict[str, Any]:
    """Return what Odoo says about fields."""
    del context
    writable = face.settings.fields if model == "crm.lead" else {}
    shown = {}
    for name, kind in field_types(face, model).items():
        about = {"type": kind, "string": name, "readonly": name not in writable, "required": name == "name"}
        if not allfields or name in allfields:
            shown[name] = {key: value for key, value in about.items() if not attributes or key in attributes}
    return shown


def unlink(face: "Odoo", ids: Any) -> bool:
    """Delete leads."""
    for lead in find_leads(face, ids):
        face.leads.delete(lead.id)
    return True


READING: dict[str, Method] = {
    "search": search,
    "search_count": search_count,
    "search_read": search_read,
    "read": read,
    "exists": exists,
    "fields_get": fields_get,
}
BLACKLISTING: dict[str, Method] = {"load": load_blacklist, "write": write_blacklist}
WRITING: dict[str, Method] = {
    "create": create_leads,
    "write": write_leads,
    "load": load,
    "unlink": unlink,
    "action_set_lost": lambda face, ids, **_: write_leads(face, ids, {"active": False}),
    "action_set_won": lambda face, ids: write_leads(face, ids, {"stage_id": 4}),
}
