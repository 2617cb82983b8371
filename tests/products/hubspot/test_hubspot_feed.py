"""The whole way of sales: a lead goes to HubSpot with its owner, sales work there, the poll mirrors it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadops.crm.poll import PollResult, poll_crm
from leadops.db import connect
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.push import push_target
from leadops.orchestration.tasks import sla
from leadops.products.crm_client import CrmClient
from leadops_sandbox.serve import serve_in_thread
from tests.runs import make_run
from tests.shipped import SHIPPED

from .conftest import Portal

OVERLAP = timedelta(minutes=5)


class Office:
    """A database that has HubSpot as its CRM. Its time passes only when a test says so."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.now = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
        self.database_url, self.folder = database_url, folder

    def __enter__(self) -> "Office":
        served = serve_in_thread(self.folder, product="hubspot", sales_work=False, clock=lambda: self.now)
        self._served, self.portal = served, Portal(served.__enter__())
        self.portal.set(feed_lag_seconds=0)
        self.slept: list[float] = []
        return self

    def __exit__(self, *error: object) -> None:
        self._served.__exit__(None, None, None)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def add_lead(self, email: str) -> int:
        with connect(self.database_url) as connection:
            row = connection.execute(
                "insert into identity.leads (email, created_at, first_event_seq) values (%s, now(), 1)"
                " returning lead_id",
                [email],
            ).fetchone()
            assert row
            return int(row[0])

    def enqueue(self, operation: str, lead: int, **values: Any) -> None:
        with connect(self.database_url) as connection:
            enqueue_effect(
                connection,
                target="crm",
                operation=operation,
                payload=values,
                idempotency_key=f"{operation}-{lead}-{values}",
                lead_id=lead,
                now=self.now,
            )

    def push(self) -> str:
        """Send the effects; return what went wrong."""
        return push_target(
            database_url=self.database_url,
            endpoint=self.portal.endpoint,
            target="crm",
            pusher_type=EffectPusher,
            settings=SHIPPED.delivery,
            clock=lambda: self.now,
            sleep=self.sleep,
            until=self.now + timedelta(seconds=20),
        ).problem

    def crm_id(self, lead: int) -> str:
        query = "select external_id from delivery.external_ids where target = 'crm' and lead_id = %s"
        return str(self.rows(query, lead)[0][0])

    def poll(self, **options: Any) -> PollResult:
        client = CrmClient(self.portal.endpoint, sleep=self.sleep)
        try:
            with connect(self.database_url) as connection:
                return poll_crm(connection, client, now=self.now, overlap=OVERLAP, **options)
        finally:
            client.close()

    def rows(self, query: str, *values: object) -> list[Any]:
        with connect(self.database_url) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def did(self, contact_id: str, kind: str, *, minutes: float = 1, **facts: Any) -> None:
        """Let a salesperson do something, and the time pass."""
        self.now += timedelta(minutes=minutes)
        body = {"lead_id": contact_id, "kind": kind, "rep_id": "rep-01"} | facts
        self.portal.admin("POST", "/_crm/activities", body)

    def activities(self) -> list[tuple[str, str | None]]:
        return [
            (row[0], row[1])
            for row in self.rows("select kind, status from crm.activities order by occurred_at, activity_id")
        ]


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with Office(database_url, tmp_path / "hubspot") as running:
        yield running


def hand_over(office: Office, email: str = "aoi@acme.example") -> tuple[int, str]:
    lead = office.add_lead(email)
    office.enqueue(
        "create_lead", lead, email=email, company="Acme", source="form", idempotency_key=f"k-{lead}"
    )
    assert office.push() == ""
    return lead, office.crm_id(lead)


def test_a_lead_goes_to_sales_and_what_they_do_comes_back_once(office: Office) -> None:
    assert office.poll().reps > 0
    (owner,) = {row[0] for row in office.rows("select rep_id from crm.reps order by rep_id limit 1")}
    lead, contact = hand_over(office)
    office.enqueue("set_owner", lead, owner_id=owner)
    assert office.push() == ""
    names = ("leadops_id", "company", "hs_lead_status", "hubspot_owner_id", "email")
    assert (
        office.portal.read(contact, *names).items()
        >= {
            "leadops_id": str(lead),
            "company": "Acme",
            "hs_lead_status": "NEW",
            "hubspot_owner_id": owner,
            "email": "aoi@acme.example",
        }.items()
    )
    office.now += timedelta(minutes=1)
    # What leadops did itself is not news.
    assert office.poll().activities == 0
    office.did(contact, "status", status="taken")
    office.did(contact, "call")
    office.did(contact, "mail")
    office.did(contact, "meeting")
    office.did(contact, "status", status="lost")
    office.now += timedelta(minutes=1)
    result = office.poll()
    expected = [("status", "taken"), ("call", None), ("mail", None), ("meeting", None), ("status", "lost")]
    assert office.activities() == expected
    assert (result.activities, result.refused) == (5, 0)
    assert result.as_of == office.now - OVERLAP
    for _ in range(3):
        office.now += timedelta(minutes=1)
        assert office.poll().activities == 0
    assert {row[0] for row in office.rows("select crm_lead_id from crm.activities")} == {contact}


def test_a_score_that_leadops_sets_is_no_news(office: Office) -> None:
    _, contact = hand_over(office)
    office.did(contact, "status", status="taken")
    office.now += timedelta(minutes=1)
    assert office.poll().activities == 1
    for score in range(3):
        office.now += timedelta(minutes=1)
        office.portal.make(office.portal.read(contact, "leadops_id")["leadops_id"], leadops_score=str(score))
        assert office.poll().activities == 0


def test_rows_that_are_committed_late_are_mirrored_by_the_next_poll(office: Office) -> None:
    _, contact = hand_over(office)
    office.portal.set(feed_late_share=1.0, feed_late_seconds=90)
    office.did(contact, "call")
    office.now += timedelta(seconds=30)
    office.poll()
    assert office.activities() == []
    office.portal.set(feed_late_share=0.0)
    office.did(contact, "mail", minutes=0.1)
    office.poll()
    assert office.activities() == [("call", None), ("mail", None)]


def test_small_pages_with_equal_stamps_lose_nothing(office: Office) -> None:
    _, contact = hand_over(office)
    for _ in range(7):
        office.did(contact, "call", minutes=0)
    office.did(contact, "call")
    office.now += timedelta(minutes=1)
    assert office.poll(page_size=2).activities == 8
    assert len(office.activities()) == 8


def test_a_merged_contact_keeps_its_story_under_the_lead_that_leadops_knows(office: Office) -> None:
    lead, contact = hand_over(office)
    other = office.portal.make("other", email="other@acme.example")
    office.portal.admin("POST", f"/_ma/leads/{contact}/merge", {"into": int(other)})
    office.did(other, "call")
    office.now += timedelta(minutes=1)
    office.poll()
    assert office.rows("select gone_id, into_id from crm.merged_leads") == [(contact, other)]
    assert office.rows("select distinct crm_lead_id from crm.activities") == [(contact,)]
    assert lead > 0


def test_a_quiet_minute_costs_six_calls_and_the_limit_of_a_second_is_waited_out(office: Office) -> None:
    hand_over(office)
    office.now += timedelta(minutes=1)
    office.poll()
    before = office.portal.count_calls()
    office.now += timedelta(minutes=1)
    assert office.slept == []
    office.poll()
    # Five searches and the owners, and the counting itself.
    assert office.portal.count_calls() - before == 6 + 1
    office.portal.set(search_limit=2)
    office.now += timedelta(minutes=1)
    assert office.poll().as_of is not None
    assert office.slept == [1.0, 1.0]


def test_sales_who_are_at_work_on_a_contact_stay_undisturbed(office: Office) -> None:
    contact = office.portal.make("old", email="aoi@acme.example", hs_lead_status="NEW")
    office.did(contact, "status", status="taken")
    lead, found = hand_over(office)
    assert found == contact
    assert (
        office.portal.read(contact, "leadops_id", "hs_lead_status").items()
        >= {
            "leadops_id": "old",
            "hs_lead_status": "IN_PROGRESS",
        }.items()
    )
    assert lead > 0


def test_a_contact_of_the_same_address_becomes_the_lead(office: Office) -> None:
    created = office.portal.call(
        "POST", "/crm/objects/2026-09/contacts", {"properties": {"email": "aoi@acme.example"}}
    )
    lead, found = hand_over(office)
    assert found == created["id"]
    assert (
        office.portal.read(found, "leadops_id", "hs_lead_status").items()
        >= {
            "leadops_id": str(lead),
            "hs_lead_status": "NEW",
        }.items()
    )


def test_a_repeated_creation_after_a_lost_answer_makes_one_contact(office: Office) -> None:
    office.portal.fault("timeout_after", count=1, method="POST", path="*/batch/upsert", seconds=0.1)
    lead = office.add_lead("aoi@acme.example")
    office.enqueue(
        "create_lead", lead, email="aoi@acme.example", company=None, source="x", idempotency_key="k"
    )
    office.push()
    office.portal.heal()
    office.now += timedelta(minutes=2)
    assert office.push() == ""
    listed = office.portal.call("GET", "/crm/objects/2026-09/contacts")["results"]
    assert [contact["id"] for contact in listed] == [office.crm_id(lead)]


def test_every_contact_is_listed_with_its_owner(office: Office) -> None:
    ids = [office.portal.make(number, email=f"lead{number}@a.example") for number in range(101)]
    client = CrmClient(office.portal.endpoint)
    try:
        leads = client.iterate_leads()
        assert leads is not None
        found = list(leads)
    finally:
        client.close()
    assert [lead.external_id for lead in found] == ids
    assert found[0].email == "lead0@a.example"


def test_a_used_up_day_of_the_crm_is_not_asked_again_before_it_ends(office: Office) -> None:
    targets = SHIPPED.delivery.targets
    tokyo = targets | {"crm": targets["crm"].model_copy(update={"day_ends": "Asia/Tokyo"})}
    run = make_run(
        "poll",
        end=office.now,
        config=SHIPPED.replace(delivery=SHIPPED.delivery.model_copy(update={"targets": tokyo})),
        clock=lambda: office.now,
        sleep=office.sleep,
        open_database=lambda: connect(office.database_url),
        find_endpoint=lambda _: office.portal.endpoint,
    )
    office.now += timedelta(hours=2)  # noon in Tokyo
    assert sla.poll(run)["unreachable"] == 0
    office.portal.fault("daily")
    office.now += timedelta(minutes=1)
    assert sla.poll(run)["unreachable"] == 1
    office.portal.heal()
    before = office.portal.count_calls()
    for _ in range(3):
        office.now += timedelta(hours=3)
        assert sla.poll(run)["unreachable"] == 1
    assert office.portal.count_calls() == before + 1
    closed = office.rows("select closed_until from delivery.quotas where target = 'crm'")
    assert closed == [(datetime(2026, 7, 1, 15, tzinfo=UTC),)]
    office.now += timedelta(hours=4)  # past midnight in Tokyo
    assert sla.poll(run)["unreachable"] == 0
