"""What Odoo checks and writes of leads."""

from typing import TYPE_CHECKING, Any

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.leads import LeadChange, find_rep
from leadops_sandbox.products.odoo.errors import MISSING, VALIDATION, OdooError
from leadops_sandbox.products.odoo.records import list_stages

if TYPE_CHECKING:
    from leadops_sandbox.products.odoo.face import Odoo

Values = dict[str, Any]


def find_leads(face: "Odoo", ids: Any) -> list[Lead]:
    """Return leads by id; raise OdooError where one is gone."""
    leads = []
    for one in ids if isinstance(ids, list) else [ids]:
        if (lead := face.leads.find(one)) is None:
            text = f"Record does not exist or has been deleted.\n(Record: crm.lead({one},), User: 2)"
            raise OdooError(MISSING, text)
        leads.append(lead)
    return leads


def create_leads(face: "Odoo", values: Any = None, *, vals_list: Any = None) -> Any:
    """Make one lead of an object or several of a list; return the id or the ids."""
    given = vals_list if values is None else values
    rows = given if isinstance(given, list) else [given]
    changes = [read_change(face, 0, row) for row in rows]
    for row in rows:
        if not row.get("name"):
            raise OdooError(
                VALIDATION, "The operation cannot be completed: a mandatory field is not set: name"
            )
    ids = [create_lead(face, change) for change in changes]
    return ids if isinstance(given, list) else ids[0]


def create_lead(face: "Odoo", change: LeadChange) -> int:
    """Make a lead; return its id."""
    lead = face.leads.create(
        change.fields,
        score=change.score,
        status=change.status,
        owner_id=change.owner_id or None,
        as_crm_lead=True,
    )
    return lead.id


def write_leads(face: "Odoo", ids: Any, vals: Values) -> bool:
    """Set the same values of several leads, all or none."""
    face.leads.change([read_change(face, lead.id, vals) for lead in find_leads(face, ids)])
    return True


def read_change(face: "Odoo", lead_id: int, values: Values) -> LeadChange:
    """Return what `values` set; raise OdooError for a field or a value that is not taken."""
    settings = face.settings
    fields: Values = {}
    score: float | None = None
    status: str | None = None
    owner_id: str | None = None
    for name, value in values.items():
        known = settings.fields.get(name)
        if known is None and name != "tag_ids":
            raise OdooError("builtins.ValueError", f"Invalid field {name!r} on model 'crm.lead'")
        if name == "user_id":
            owner_id = read_owner(face, value)
        elif name == "stage_id":
            status = read_stage(face, value)
        elif name == "tag_ids":
            fields[name] = link_tags(face, lead_id, value)
        elif name == "active":
            status = "new" if value else "lost"
        elif known is not None and known.type == "number":
            if not isinstance(value, int) or isinstance(value, bool):
                raise OdooError("builtins.ValueError", f"invalid literal for int(): {value!r}")
            fields[name] = value
            score = value if name == settings.score_field else score
        else:
            fields[(known.world if known else None) or name] = value or ""
    return LeadChange(lead_id, fields, score=score, status=status, owner_id=owner_id)


def link_tags(face: "Odoo", lead_id: int, commands: list[list[int]]) -> list[int]:
    """Return the tags of a lead with those that are added; raise OdooError for one that is not there."""
    lead = face.leads.find(lead_id)
    tags: list[int] = list(lead.fields.get("tag_ids") or []) if lead else []
    for command, number in commands:
        if command != 4 or str(number) not in face.settings.tags:
            raise OdooError(
                MISSING, f"Record does not exist or has been deleted.\n(Record: crm.tag({number},))"
            )
        tags = list(dict.fromkeys([*tags, number]))
    return tags


def read_owner(face: "Odoo", value: Any) -> str:
    """Return the salesperson of a user's id, empty for nobody; raise OdooError for another one."""
    if not value or value == face.settings.user_id:
        return ""
    if (rep := find_rep(face.world, int(value))) is None:
        raise OdooError(MISSING, f"Record does not exist or has been deleted.\n(Record: res.users({value},))")
    return rep.id


def read_stage(face: "Odoo", value: Any) -> str:
    """Return the status of a stage's id; raise OdooError for another one."""
    for number, _, status in list_stages(face):
        if number == value:
            return status
    raise OdooError(MISSING, f"Record does not exist or has been deleted.\n(Record: crm.stage({value},))")


def merge_leads(face: "Odoo", method: str, args: list[Any], named: Values) -> Any:
    """Merge leads as the wizard does: the oldest survives with its own score, the others are deleted."""
    if method == "create":
        values = args[0] if args else named["vals_list"]
        ids: list[int] = next((command[2] for command in values["opportunity_ids"] if command[0] == 6), [])
        return face.keep_merge([lead.id for lead in find_leads(face, ids)])
    if method != "action_merge":
        raise OdooError("builtins.AttributeError", f"'crm.merge.opportunity' has no attribute '{method}'")
    wizard = args[0][0] if isinstance(args[0], list) else args[0]
    survivor, *losers = sorted(face.take_merge(wizard))
    for loser in losers:
        facts: Values = {"id": loser, "into": survivor, "keeps_email": True}
        facts["score_after"] = face.world.ma.leads[survivor].score
        face.world.effect("ma.merged", key=None, body=facts, answer=facts)
    return {"type": "ir.actions.act_window", "res_model": "crm.lead", "res_id": survivor}
