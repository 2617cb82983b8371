"""What `leadops check` asks of Mautic: each field, there, published, and of the right type."""

from collections.abc import Iterator
from typing import Any

from leadops.clients.call_outcomes import Answered
from leadops.products.check_line import CheckLine
from leadops.products.mautic.mautic_settings import MauticSettings, ScorePlace
from leadops.products.product_rows import Call, SendCall

FIELDS = "/api/fields/contact"
WHERE = "Settings > Custom Fields > New"


def check_mautic(settings: MauticSettings, send: SendCall) -> Iterator[CheckLine]:
    """Yield a line for each field that products.yaml names, and whether addresses are unique."""
    outcome = send(Call("GET", FIELDS, params={"start": 0, "limit": 1000}))
    if not isinstance(outcome, Answered):
        yield CheckLine.change("fields", f"cannot be read ({outcome.reason})")
        return
    known = read_field_list(outcome.body)
    fields = settings.fields
    if settings.scores is ScorePlace.POINTS:
        yield CheckLine.note(
            "points",
            "leadops adds to Mautic's own points; switch off the point actions that do so, too",
        )
    else:
        yield check_field(fields.score, "fields.score", known, "number")
        if fields.seq is not None:
            yield check_field(fields.seq, "fields.seq", known, "number")
    yield check_field(fields.external_id, "fields.external_id", known, "text")
    for fact, alias in settings.facts.items():
        if alias is not None:
            yield check_field(alias, f"facts.{fact}", known, None)
    if known.get("email", {}).get("isUniqueIdentifer") is not True:
        yield CheckLine.change(
            "field email", f"it is not a unique identifier, so leads are made twice; tick that ({WHERE[:-6]})"
        )
    else:
        yield CheckLine.ok("field email", "a unique identifier")


def read_field_list(body: Any) -> dict[str, dict[str, Any]]:
    """Return the fields of an answer by their aliases."""
    found = body.get("fields") if isinstance(body, dict) else None
    rows = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
    return {str(row.get("alias")): row for row in rows if isinstance(row, dict)}


def check_field(alias: str, key: str, known: dict[str, dict[str, Any]], kind: str | None) -> CheckLine:
    """Return whether a field is there, of the type `kind` (None: any), and published."""
    subject, field = f"field {alias}", known.get(alias)
    if field is None:
        return CheckLine.change(
            subject,
            f"Mautic has none; make a {kind or 'text'} field of this alias ({WHERE}), or correct mautic.{key}"
            " of products.yaml",
        )
    data_type = str(field.get("type"))
    if kind is not None and data_type != kind:
        return CheckLine.change(
            subject, f"it is of type {data_type}; make a {kind} field, and name its alias as mautic.{key}"
        )
    if field.get("isPublished") is False:
        return CheckLine.change(subject, "it is not published, so it is not written; publish it")
    return CheckLine.ok(subject, data_type)
