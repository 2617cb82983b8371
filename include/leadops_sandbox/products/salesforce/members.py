"""Members of campaigns: a lead is one once, and a flow begins when the first of their own fields changes."""

from typing import TYPE_CHECKING, Any

from leadops_sandbox.products.salesforce.errors import RowError
from leadops_sandbox.products.salesforce.ids import make_id, read_id

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce

Entry = dict[str, Any]


def find_campaign(face: "Salesforce", text: str) -> Entry | None:
    """Return a campaign as a collection retrieves it, None where there is none."""
    known = read_id(text)
    if known is None or known.sobject != "Campaign" or str(known.number) not in face.settings.campaigns:
        return None
    return {"attributes": {"type": "Campaign"}, "Id": make_id("Campaign", known.number)}


def write_member(face: "Salesforce", entry: Entry) -> Entry:
    """Make or change a member; return its result in a collection."""
    try:
        return {"id": _write(face, entry), "success": True, "errors": []}
    except RowError as error:
        return {"success": False, "errors": [error.show()]}


def _write(face: "Salesforce", entry: Entry) -> str:
    settings, members = face.settings, face.world.ma.members
    own = {name: value for name, value in entry.items() if name in settings.member_fields}
    if unknown := entry.keys() - own.keys() - {"attributes", "id", "CampaignId", "LeadId", "ContactId"}:
        text = f"No such column '{min(unknown)}' on sobject of type CampaignMember"
        raise RowError("INVALID_FIELD", text)
    if "id" in entry:
        known = read_id(entry["id"])
        pair = next((pair for pair, one in members.items() if known and one.number == known.number), None)
        if pair is None:
            raise RowError("ENTITY_IS_DELETED", "entity is deleted")
    else:
        pair = _read_pair(face, entry)
        if pair in members:
            raise RowError("DUPLICATE_VALUE", "Already a campaign member.")
    mark = settings.member_fields[0]
    before = members[pair].fields.get(mark) if pair in members else None
    face.world.effect("ma.member", key=None, body={"campaign": pair[0], "lead": pair[1], "fields": own})
    if own.get(mark) and own[mark] != before:
        face.leads.enrol(pair[1], str(own[mark]), own)
    return make_id("CampaignMember", members[pair].number)


def _read_pair(face: "Salesforce", entry: Entry) -> tuple[int, int]:
    """Return the numbers of campaign and lead; raise RowError where one of them is not there."""
    campaign = read_id(entry.get("CampaignId"))
    person = read_id(entry.get("LeadId") or entry.get("ContactId"))
    if campaign is None or str(campaign.number) not in face.settings.campaigns or person is None:
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    lead, is_lead = face.world.ma.leads.get(person.number), person.sobject == "Lead"
    is_converted = person.number in face.leads.people.converted
    if lead is None or (not is_lead and not is_converted):
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if lead.absence:
        raise RowError("ENTITY_IS_DELETED", "entity is deleted")
    if is_lead and is_converted:
        raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    return campaign.number, lead.id
