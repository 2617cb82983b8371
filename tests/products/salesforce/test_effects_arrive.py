"""Effects in Salesforce from the outbox to the record: made, found, owned, converted, merged, erased."""

from typing import Any

import pytest

from tests.products.salesforce.conftest import DATA, SalesforceDesk

FIELDS = "Id, Email, LastName, Company, LeadOps_Id__c, OwnerId"


def all_leads(desk: SalesforceDesk) -> list[dict[str, Any]]:
    return desk.rows(f"SELECT {FIELDS} FROM Lead")


def make_by_hand(desk: SalesforceDesk, **fields: Any) -> str:
    """Let somebody make a lead in Salesforce."""
    body = {"LastName": "Doe", "Company": "Acme"} | fields
    answer = desk.call("POST", f"{DATA}/sobjects/Lead", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def some_owner(desk: SalesforceDesk) -> str:
    return str(desk.rows("SELECT Id FROM User WHERE Email != 'leadops@acme.example' ORDER BY Id")[0]["Id"])


def test_a_lead_is_made_once_with_what_is_known_and_placeholders_for_the_rest(desk: SalesforceDesk) -> None:
    desk.set_product(assignment_rep="rep-06")
    lead = desk.add_lead(email="jane@acme.example")
    desk.push()
    (record,) = all_leads(desk)
    assert record == {
        "Id": desk.record_id(lead),
        "Email": "jane@acme.example",
        "LastName": "[not provided]",
        "Company": "[not provided]",
        "LeadOps_Id__c": str(lead),
        # leadops' own user: Salesforce's assignment rule did not run.
        "OwnerId": "005000000000001AAA",
    }


def test_what_becomes_known_later_is_set_and_what_sales_corrected_stays(desk: SalesforceDesk) -> None:
    """The second request finds the lead, and sends what it knows without placeholders."""
    lead = desk.add_lead(email="jane@acme.example")
    desk.push()
    record_id = desk.record_id(lead)
    desk.call("PATCH", f"{DATA}/sobjects/Lead/{record_id}", json={"Company": "Acme K.K."})
    desk.enqueue("ma", "upsert_lead", lead, email="jane@acme.example", lastName="Doe", externalId=str(lead))
    report = desk.push()
    (record,) = all_leads(desk)
    assert (record["Id"], record["LastName"], record["Company"]) == (record_id, "Doe", "Acme K.K.")
    assert (report.calls, report.effects, desk.letters()) == (3, 1, [])


def test_the_crm_takes_the_lead_that_the_ma_made(desk: SalesforceDesk) -> None:
    lead = desk.add_lead(email="jane@acme.example")
    desk.push()
    request = {"email": "jane@acme.example", "company": "Acme", "source": "web", "idempotency_key": "k"}
    desk.enqueue("crm", "create_lead", lead, **request)
    desk.push_crm()
    (record,) = all_leads(desk)
    assert record["Company"] == "Acme"
    assert desk.record_id(lead, "crm") == desk.record_id(lead, "ma") == record["Id"]


def test_after_a_lost_answer_there_is_one_lead(desk: SalesforceDesk) -> None:
    """Gotcha 11: the lead was made behind the lost answer; it is found by the external id."""
    desk.add_lead(email="jane@acme.example")
    desk.fault("timeout_after", path="*/sobjects/Lead", count=1, seconds=0.1)
    desk.timeout = 1.0
    desk.push()
    assert len(all_leads(desk)) == 1
    assert desk.letters() == []


def test_another_persons_lead_with_our_number_is_never_overwritten(desk: SalesforceDesk) -> None:
    """As after a restored backup, which counts leads from the same number."""
    lead = desk.add_lead(email="new@acme.example")
    make_by_hand(desk, Email="old@acme.example", LeadOps_Id__c=str(lead))
    desk.push()
    (record,) = all_leads(desk)
    assert record["Email"] == "old@acme.example"
    ((kind, reason),) = desk.letters()
    assert kind == "effect"
    assert reason.startswith("the lead with this external id in Salesforce has another address")


def test_a_record_that_a_duplicate_rule_finds_is_taken_if_it_is_the_same_person(
    desk: SalesforceDesk,
) -> None:
    known = make_by_hand(desk, Email="jane@acme.example")
    lead = desk.add_lead(email="jane@acme.example")
    desk.push()
    (record,) = all_leads(desk)
    assert (record["Id"], record["LeadOps_Id__c"], desk.record_id(lead)) == (known, str(lead), known)
    assert record["LastName"] == "Doe"
    desk.score(lead, 5)
    desk.push()
    assert desk.points(lead) == 5


def test_a_duplicate_that_names_no_record_is_for_a_person(desk: SalesforceDesk) -> None:
    desk.add_lead(email="jane@acme.example")
    desk.fault("duplicates_detected", path="*/sobjects/Lead", count=1, share=1.0)
    desk.push()
    ((_, reason),) = desk.letters()
    assert reason.startswith("a duplicate rule refuses the lead: merge the records, then retry (DUPLICATES_")


def test_the_owner_is_set_whatever_rule_salesforce_has(desk: SalesforceDesk) -> None:
    desk.set_product(assignment_rep="rep-06")
    lead = desk.add_lead(email="jane@acme.example")
    desk.enqueue("crm", "create_lead", lead, email="jane@acme.example", company="Acme")
    owner = some_owner(desk)
    desk.enqueue("crm", "set_owner", lead, owner_id=owner)
    desk.push_crm()
    assert [record["OwnerId"] for record in all_leads(desk)] == [owner]
    assert desk.letters() == []


def test_an_owner_whom_salesforce_does_not_have_is_for_a_person(desk: SalesforceDesk) -> None:
    lead = desk.add_lead(email="jane@acme.example")
    desk.enqueue("crm", "create_lead", lead, email="jane@acme.example", company="Acme")
    desk.push_crm()
    desk.enqueue("crm", "set_owner", lead, owner_id="005000000000ZZZ")
    desk.enqueue("crm", "set_owner", lead, owner_id="rep-01")
    desk.push_crm()
    reasons = sorted(reason for _, reason in desk.letters())
    assert reasons[0].startswith("OwnerId: Salesforce has no such user")
    assert reasons[1] == "the owner's id is not one of Salesforce"


def convert(desk: SalesforceDesk, lead: int) -> str:
    """Let a salesperson win the lead, which makes a contact of it; return the contact's id."""
    body = {"Status": "Closed - Converted"}
    desk.call("PATCH", f"{DATA}/sobjects/Lead/{desk.record_id(lead)}", json=body)
    (row,) = desk.rows(f"SELECT ConvertedContactId FROM Lead WHERE Id = '{desk.record_id(lead)}'")
    return str(row["ConvertedContactId"])


def test_the_owner_of_a_converted_lead_is_set_at_its_contact(desk: SalesforceDesk) -> None:
    lead = desk.add_lead(email="jane@acme.example")
    desk.push()
    desk.enqueue("crm", "create_lead", lead, email="jane@acme.example", company="Acme")
    desk.push_crm()
    contact = convert(desk, lead)
    owner = some_owner(desk)
    desk.enqueue("crm", "set_owner", lead, owner_id=owner)
    report = desk.push_crm()
    assert desk.record_id(lead, "crm") == contact
    assert desk.rows(f"SELECT OwnerId FROM Contact WHERE Id = '{contact}'") == [{"OwnerId": owner}]
    assert (report.calls, desk.letters(), len(all_leads(desk))) == (3, [], 1)


def test_a_lead_that_comes_back_after_its_conversion_is_the_contact(desk: SalesforceDesk) -> None:
    lead = desk.add_lead(email="jane@acme.example")
    desk.push()
    desk.enqueue("crm", "create_lead", lead, email="jane@acme.example", company="Acme")
    desk.push_crm()
    contact = convert(desk, lead)
    desk.enqueue("crm", "create_lead", lead, email="jane@acme.example", company="Acme 2")
    desk.push_crm()
    assert desk.record_id(lead, "crm") == contact
    assert (len(all_leads(desk)), desk.letters()) == (1, [])


def test_the_owner_of_a_merged_lead_is_set_at_the_survivor(desk: SalesforceDesk) -> None:
    kept, lost = desk.add_lead(email="kept@acme.example"), desk.add_lead(email="lost@acme.example")
    desk.push()
    for lead, name in ((kept, "kept"), (lost, "lost")):
        desk.enqueue("crm", "create_lead", lead, email=f"{name}@acme.example", company="Acme")
    desk.push_crm()
    desk.by_hand(desk.number(lost), "merge", into=desk.number(kept))
    desk.enqueue("crm", "set_owner", lost, owner_id=some_owner(desk))
    desk.push_crm()
    assert desk.record_id(lost, "crm") == desk.record_id(kept, "crm")
    assert [record["OwnerId"] for record in all_leads(desk)] == [some_owner(desk)]


def test_the_owner_of_a_lead_that_was_merged_into_one_that_was_converted_is_set_at_the_contact(
    desk: SalesforceDesk,
) -> None:
    kept, lost = desk.add_lead(email="kept@acme.example"), desk.add_lead(email="lost@acme.example")
    desk.push()
    for lead, name in ((kept, "kept"), (lost, "lost")):
        desk.enqueue("crm", "create_lead", lead, email=f"{name}@acme.example", company="Acme")
    desk.push_crm()
    desk.by_hand(desk.number(lost), "merge", into=desk.number(kept))
    contact = convert(desk, kept)
    desk.enqueue("crm", "set_owner", lost, owner_id=some_owner(desk))
    report = desk.push_crm(seconds=60)
    assert desk.rows("SELECT Id, OwnerId FROM Contact") == [{"Id": contact, "OwnerId": some_owner(desk)}]
    assert (report.calls, report.effects, desk.letters()) == (7, 1, [])
    assert desk.record_id(lost, "crm") == contact


@pytest.mark.parametrize("is_known_as_contact", [False, True])
def test_an_erasure_takes_the_lead_and_the_contact_that_it_became(
    desk: SalesforceDesk, is_known_as_contact: bool
) -> None:
    lead = desk.add_lead(email="jane@acme.example")
    desk.push()
    desk.enqueue("crm", "create_lead", lead, email="jane@acme.example", company="Acme")
    desk.push_crm()
    convert(desk, lead)
    if is_known_as_contact:
        desk.enqueue("crm", "set_owner", lead, owner_id=some_owner(desk))
        desk.push_crm()
    desk.enqueue("crm", "erase_lead", lead)
    desk.push_crm()
    assert all_leads(desk) == []
    assert desk.rows("SELECT Id FROM Contact") == []
    assert desk.letters() == []


@pytest.mark.parametrize("is_converted", [False, True])
def test_an_erasure_reaches_the_lead_that_a_merge_left(desk: SalesforceDesk, is_converted: bool) -> None:
    kept, lost = desk.add_lead(email="jane.doe@acme.example"), desk.add_lead(email="jane@acme.example")
    desk.push()
    desk.by_hand(desk.number(lost), "merge", into=desk.number(kept))
    if is_converted:
        convert(desk, kept)
    desk.enqueue("ma", "erase_lead", lost)
    desk.push()
    assert all_leads(desk) == []
    assert desk.rows("SELECT Id FROM Contact") == []
    assert desk.letters() == []


def test_what_is_deleted_already_is_erased(desk: SalesforceDesk) -> None:
    lead = desk.add_lead(email="jane@acme.example")
    desk.push()
    desk.call("DELETE", f"{DATA}/sobjects/Lead/{desk.record_id(lead)}")
    desk.enqueue("ma", "erase_lead", lead)
    desk.push()
    assert desk.letters() == []
    query = "select state from delivery.outbox where operation = 'erase_lead'"
    assert desk.value(query) == "done"
