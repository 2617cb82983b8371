"""HubSpot's own client package talks to the face, and understands all that it says."""

from datetime import UTC, datetime

import pytest
from hubspot import Client
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
)

from leadops_sandbox.settings import Tokens

from ..conftest import Serve
from .conftest import AT_ONCE


@pytest.fixture
def client(serve: Serve) -> Client:
    running = serve("hubspot", settings=AT_ONCE)
    return Client.create(access_token=Tokens().crm, host=running.url)


def test_it_upserts_updates_reads_and_finds_contacts(client: Client) -> None:
    contacts = client.crm.contacts
    entry = {
        "id": "lead-1",
        "idProperty": "leadops_id",
        "properties": {"email": "a@b.example", "leadops_score": "3"},
    }
    made = contacts.batch_api.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=[entry])).results
    assert [result.new for result in made] == [True]
    change = {"id": made[0].id, "properties": {"leadops_score": "17"}}
    updated = contacts.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=[change]))
    assert updated.status == "COMPLETE"
    assert updated.results[0].properties["leadops_score"] == "17"
    assert updated.results[0].updated_at == datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": made[0].id}, {"id": "1"}],
        properties=["leadops_score"],
        properties_with_history=["hs_lead_status"],
    )
    read = contacts.batch_api.read(asked)
    assert read.results[0].properties["leadops_score"] == "17"
    assert read.errors[0].category == "OBJECT_NOT_FOUND"
    assert read.errors[0].context == {"ids": ["1"]}
    search = PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "email", "operator": "EQ", "value": "a@b.example"}]}],
        sorts=["-lastmodifieddate"],
        limit=1,
        properties=["leadops_score"],
        after="0",
    )
    found = contacts.search_api.do_search(search)
    assert (found.total, found.results[0].id, found.paging) == (1, made[0].id, None)
    assert [contact.id for contact in contacts.get_all()] == [made[0].id]


def test_it_knows_owners_engagements_and_properties(client: Client) -> None:
    owners = client.crm.owners.get_all()
    assert [(owner.first_name, owner.last_name) for owner in owners][:2] == [
        ("Aoi", "Tanaka"),
        ("Ren", "Suzuki"),
    ]
    assert client.crm.owners.owners_api.get_by_id(int(owners[0].id)).email == "aoi.tanaka@sales.example"
    assert client.crm.objects.calls.search_api.do_search({"limit": 1}).total == 0
    score = client.crm.properties.core_api.get_by_name("contacts", "leadops_score")
    assert (score.type, score.modification_metadata.read_only_value) == ("number", False)


def test_it_raises_what_the_face_refuses(client: Client) -> None:
    with pytest.raises(ApiException) as raised:
        client.crm.contacts.basic_api.get_by_id("1")
    assert raised.value.status == 404
