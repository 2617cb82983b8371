"""The world as Salesforce's objects: what each record's fields hold."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from leadops_sandbox.ma.store import Lead, Member
from leadops_sandbox.products.leads import Rep, list_reps, number_of
from leadops_sandbox.products.salesforce.fields import BORN, STAMPS, SUBTYPES, Record, whole
from leadops_sandbox.products.salesforce.ids import API_USER, make_id
from leadops_sandbox.products.salesforce.sales_work import activity_record, history_records

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce


def list_records(face: "Salesforce", sobject: str, *, deleted: bool = False) -> Iterable[Record]:
    """Return every record of an object; those that were deleted or merged away only with `deleted`."""
    match sobject:
        case "Lead":
            records: Iterable[Record] = (lead_record(face, lead) for lead in face.world.ma.leads.values())
        case "Contact":
            leads = face.world.ma.leads
            records = (contact_record(face, leads[number]) for number in face.leads.people.converted)
        case "User":
            records = [api_user(), *(user_record(rep) for rep in list_reps(face.world))]
        case "Task" | "Event":
            records = (
                activity_record(face, activity)
                for activity in face.leads.activities()
                if (activity.kind in SUBTYPES if sobject == "Task" else activity.kind == "meeting")
            )
        case "Campaign":
            records = (campaign_record(face, number) for number in face.settings.campaigns)
        case "CampaignMember":
            records = (member_record(*pair) for pair in face.world.ma.members.items())
        case "LeadHistory":
            history = face.leads.people.history
            records = (record for change in history for record in history_records(face, change))
        case _:
            records = [organization()]
    return (record for record in records if deleted or not record.is_deleted)


def lead_record(face: "Salesforce", lead: Lead) -> Record:
    """Return a lead as a record of Lead."""
    modified = whole(face.leads.people.modified[lead.id])
    name = make_id("Lead", lead.id)
    return Record(name, lambda field: read_lead(face, lead, field), modified, bool(lead.absence))


def read_lead(face: "Salesforce", lead: Lead, name: str) -> Any:
    """Return a field of a lead."""
    people = face.leads.people
    converted = people.converted.get(lead.id)
    if name.startswith("ConvertedContact."):
        return None if converted is None else contact_record(face, lead).read(name.partition(".")[2])
    match name:
        case "Id":
            return make_id("Lead", lead.id)
        case "IsDeleted":
            return bool(lead.absence)
        case "MasterRecordId":
            return None if lead.merged_into is None else make_id("Lead", lead.merged_into)
        case "Status":
            return face.status_word(face.leads.status(lead.id) or "new")
        case "IsConverted":
            return converted is not None
        case "ConvertedDate":
            return None if converted is None else converted.date()
        case "ConvertedContactId" | "ConvertedAccountId" | "ConvertedOpportunityId":
            sobject = name.removeprefix("Converted").removesuffix("Id")
            return None if converted is None else make_id(sobject, lead.id)
    return read_person(face, lead, name)


def read_person(face: "Salesforce", lead: Lead, name: str) -> Any:
    """Return a field that leads and contacts both have."""
    people = face.leads.people
    match name:
        case "CreatedDate":
            return whole(people.created[lead.id])
        case "LastModifiedDate" | "SystemModstamp":
            return whole(people.modified[lead.id])
        case "CreatedById" | "LastModifiedById":
            return make_id("User", API_USER)
        case "OwnerId":
            owner = face.leads.owner(lead.id)
            return make_id("User", API_USER if owner is None else number_of(owner))
        case "Name":
            parts = (read_person(face, lead, "FirstName"), read_person(face, lead, "LastName"))
            return " ".join(filter(None, parts)) or None
        case "Email":
            return lead.email or None
        case face.settings.score_field:
            return float(lead.score) if name in lead.fields or lead.score else None
    known = face.settings.fields.get(name)
    value = lead.fields.get(known.world or name) if known else None
    return None if value == "" else value


def contact_record(face: "Salesforce", lead: Lead) -> Record:
    """Return the contact that a lead was converted to."""
    own: dict[str, Any] = {"Id": make_id("Contact", lead.id), "AccountId": make_id("Account", lead.id)}
    own |= {"IsDeleted": bool(lead.absence), "MasterRecordId": None}
    return Record(
        str(own["Id"]),
        lambda name: own[name] if name in own else read_person(face, lead, name),
        whole(face.leads.people.modified[lead.id]),
        bool(lead.absence),
    )


def campaign_record(face: "Salesforce", number: str) -> Record:
    """Return a campaign."""
    values: dict[str, Any] = {"Id": make_id("Campaign", int(number)), "Name": f"Campaign {number}"}
    values |= {"IsActive": face.settings.campaigns[number].active, "IsDeleted": False}
    return Record(str(values["Id"]), values.get, BORN)


def member_record(pair: tuple[int, int], member: Member) -> Record:
    """Return a lead's membership in a campaign."""
    campaign, lead = pair
    values = {
        "Id": make_id("CampaignMember", member.number),
        "CampaignId": make_id("Campaign", campaign),
        "LeadId": make_id("Lead", lead),
        "Status": "Sent",
        "IsDeleted": False,
        **member.fields,
    }
    return Record(str(values["Id"]), values.get, BORN)


def user_record(rep: Rep) -> Record:
    """Return a salesperson as a user: no region, no capacity, no hours."""
    values = {
        "Id": make_id("User", rep.number),
        "Username": rep.email,
        "Name": f"{rep.first_name} {rep.last_name}".strip(),
        "FirstName": rep.first_name,
        "LastName": rep.last_name,
        "Email": rep.email,
        "IsActive": True,
        "UserType": "Standard",
        "TimeZoneSidKey": rep.zone,
        "LanguageLocaleKey": "en_US",
        **dict.fromkeys(STAMPS, BORN),
    }
    return Record(str(values["Id"]), values.get, BORN)


def api_user() -> Record:
    """Return the user as whom leadops calls."""
    rep = Rep("", API_USER, "LeadOps", "Integration", "leadops@acme.example", "UTC")
    return user_record(rep)


def organization() -> Record:
    """Return the company's one record."""
    values: dict[str, Any] = {"Id": make_id("Organization", 1), "Name": "Acme", "IsSandbox": False}
    values |= {"OrganizationType": "Enterprise Edition", "TimeZoneSidKey": "Asia/Tokyo"}
    return Record(str(values["Id"]), values.get, BORN)
