"""Odoo's blacklist of addresses: one entry for each, which is archived when the address is taken off."""

from typing import TYPE_CHECKING, Any

from leadops_sandbox.products.odoo.errors import ACCESS_ERROR, MISSING, OdooError

if TYPE_CHECKING:
    from leadops_sandbox.products.odoo.face import Odoo

DENIED = "You are not allowed to create 'Mail Blacklist' (mail.blacklist) records."


def load_blacklist(face: "Odoo", fields: list[str], data: list[list[Any]]) -> dict[str, Any]:
    """Put addresses on the blacklist; one that has an entry keeps it as it is, archived or not."""
    if not face.settings.may_blacklist:
        raise OdooError(ACCESS_ERROR, DENIED)
    ids = []
    for row in data:
        address = str(dict(zip(fields, row, strict=True))["email"])
        for lead in face.leads.find_unique("email", address)[:1]:
            if lead.may_mail is None:
                face.leads.consent(lead.id, may_mail=False)
            ids.append(lead.id)
    return {"ids": ids, "messages": [], "nextrow": 0}


def write_blacklist(face: "Odoo", ids: list[int], vals: dict[str, Any]) -> bool:
    """Archive entries, or make them count again."""
    for number in ids:
        if (lead := face.leads.find(number)) is None:
            raise OdooError(
                MISSING, f"Record does not exist or has been deleted. (mail.blacklist({number},))"
            )
        face.leads.consent(lead.id, may_mail=not vals["active"])
    return True
