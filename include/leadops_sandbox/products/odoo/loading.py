"""Odoo's `load`, its import of many rows at once: all or nothing, with the faults named by row."""

from typing import TYPE_CHECKING, Any

from leadops_sandbox.products.leads import LeadChange
from leadops_sandbox.products.odoo.errors import OdooError
from leadops_sandbox.products.odoo.writing import create_lead, read_change

if TYPE_CHECKING:
    from leadops_sandbox.products.odoo.face import Odoo


class RowError(Exception):
    """A row that cannot be imported; `field` is the column at fault, if one is."""

    def __init__(self, message: str, field: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def load(
    face: "Odoo", fields: list[str], data: list[list[Any]], *, context: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Import rows: ".id" names a lead by its id, "id" by an external id, which makes one where there is none.

    The `context` has values of new records (default_…), and whether ids of archived ones are known.

    Returns the ids in order, or `ids` False and a message for each fault; then nothing is written.
    """
    changes: list[LeadChange] = []
    messages: list[dict[str, Any]] = []
    for place, row in enumerate(data):
        try:
            changes.append(read_row(face, dict(zip(fields, row, strict=True)), context or {}))
        except RowError as error:
            message: dict[str, Any] = {"type": "error", "message": error.message}
            if error.field is not None:
                message |= {"field": error.field, "record": place, "rows": {"from": place, "to": place}}
            messages.append(message)
    if messages:
        return {"ids": False, "messages": messages, "nextrow": 0}
    face.leads.change([change for change in changes if change.lead_id])
    made: dict[str, int] = {}
    ids = []
    for change in changes:
        name = change.fields.get(face.settings.id_field)
        if change.lead_id:
            ids.append(change.lead_id)
        elif name in made:
            ids.append(made[name])
        else:
            ids.append(create_lead(face, change))
            made |= {name: ids[-1]} if name else {}
    return {"ids": ids, "messages": [], "nextrow": 0}


def read_row(face: "Odoo", row: dict[str, Any], context: dict[str, Any]) -> LeadChange:
    """Return what a row sets; raise RowError."""
    external = row.pop("id", None)
    lead_id = find_row(face, row.pop(".id", None), external, hides=context.get("active_test", True))
    if not lead_id:
        defaults = {
            name.removeprefix("default_"): value
            for name, value in context.items()
            if name.startswith("default_")
        }
        row = defaults | row
    values = {name: read_cell(face, name, cell) for name, cell in row.items()}
    if not lead_id and not values.get("name"):
        raise RowError("Missing required value for the field 'Opportunity' (name)", "name")
    try:
        change = read_change(face, lead_id, values)
    except OdooError as error:
        raise RowError(error.message, None) from error
    fields = change.fields | ({face.settings.id_field: external} if external else {})
    return change._replace(fields=fields)


def find_row(face: "Odoo", number: Any, external: Any, *, hides: bool) -> int:
    """Return the lead that a row names, 0 for a new one; raise RowError where it is gone, or is hidden."""
    if number not in (None, "", False):
        lead = face.leads.find(number)
        if lead is None or (hides and face.leads.status(lead.id) == "lost"):
            raise RowError(f"Unknown database identifier '{number}'", ".id")
        return lead.id
    found = face.leads.find_unique(face.settings.id_field, str(external)) if external else []
    return found[0].id if found else 0


def read_cell(face: "Odoo", name: str, cell: Any) -> Any:
    """Return a cell's text as the field's value; raise RowError that names the column."""
    column = name.removesuffix("/.id")
    known = face.settings.fields.get(column)
    if known is None:
        raise OdooError("builtins.KeyError", name)
    if known.type == "number" or name.endswith("/.id"):
        try:
            return int(str(cell))
        except ValueError as error:
            raise RowError(f"'{cell}' does not seem to be an integer for field '{column}'", column) from error
    return cell
