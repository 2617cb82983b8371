"""What `leadops check` asks of Marketo: each field, there, a number or a text, and writable; the merges."""

from collections.abc import Iterator
from typing import Any

from leadops.clients.call_outcomes import Answered
from leadops.products.check_line import CheckLine
from leadops.products.marketo.marketo_calls import DESCRIBE
from leadops.products.marketo.marketo_rows import read_results
from leadops.products.marketo.marketo_settings import MarketoSettings
from leadops.products.product_rows import Call, SendCall

NUMBERS = frozenset({"integer", "float", "score"})
TEXTS = frozenset({"string", "text", "textarea", "email"})
#: The read of the types of activities needs the right by which merges are seen.
TYPES = "/rest/v1/activities/types.json"
WHERE = "Admin > Field Management > New Custom Field"


def check_marketo(settings: MarketoSettings, send: SendCall) -> Iterator[CheckLine]:
    """Yield a line for each field that products.yaml names, for merges, and what cannot be kept unique."""
    outcome = send(Call("GET", DESCRIBE))
    if not isinstance(outcome, Answered):
        yield CheckLine.change(
            "fields", f"cannot be read ({outcome.reason}); give the role of the API user Read-Write Lead"
        )
        return
    known = _read_fields(outcome.body)
    fields = settings.fields
    yield _check_field(fields.score, "fields.score", known, NUMBERS, "an integer")
    if fields.seq is not None:
        yield _check_field(fields.seq, "fields.seq", known, NUMBERS, "an integer")
    yield _check_field(fields.external_id, "fields.external_id", known, TEXTS, "a string")
    for fact, name in settings.facts.items():
        if name is not None:
            yield _check_field(name, f"facts.{fact}", known, None, "a string")
    yield _check_merges(send)
    yield CheckLine.note(
        "unique",
        "Marketo keeps no field of a lead unique: leadops makes leads by their address, one call at a time",
    )


def _check_merges(send: SendCall) -> CheckLine:
    outcome = send(Call("GET", TYPES))
    if isinstance(outcome, Answered):
        return CheckLine.ok("merges", "activities can be read")
    return CheckLine.change(
        "merges",
        f"cannot be read ({outcome.reason}), so a merged lead counts as gone; give the role of the API user"
        " Read-Only Activity",
    )


def _read_fields(body: Any) -> dict[str, dict[str, Any]]:
    results = read_results(body) or []
    found = results[0].get("fields") if results and isinstance(results[0], dict) else None
    rows = found if isinstance(found, list) else []
    return {str(row.get("name")): row for row in rows if isinstance(row, dict)}


def _check_field(
    name: str, key: str, known: dict[str, dict[str, Any]], kinds: frozenset[str] | None, kind: str
) -> CheckLine:
    subject, field = f"field {name}", known.get(name)
    if field is None:
        return CheckLine.change(
            subject,
            f"Marketo has none; make {kind} of this API name ({WHERE}), or correct marketo.{key} of"
            " products.yaml",
        )
    data_type = str(field.get("dataType"))
    if kinds is not None and data_type not in kinds:
        return CheckLine.change(
            subject, f"it is of type {data_type}; make {kind} of another name, and name that as marketo.{key}"
        )
    if field.get("updateable") is not True:
        return CheckLine.change(
            subject,
            f"it cannot be written by the API; make one of another name, and name that as marketo.{key}",
        )
    return CheckLine.ok(subject, f"{data_type}, writable")
