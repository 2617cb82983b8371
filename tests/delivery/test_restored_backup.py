"""A backup is restored while the MA went on: what is new is never taken for what the MA remembers."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from leadops_stack.postgres import PostgresServer
from tests.delivery_fixture import DeliveryFixture, desk, ma_url

__all__ = ["desk", "ma_url"]


def add_lead(side: DeliveryFixture) -> int:
    """A new lead, whose key is made of its number, as identity makes it."""
    lead = side.add_lead()
    side.value("update delivery.outbox set idempotency_key = 'ma-lead-' || lead_id returning 1")
    return lead


@pytest.fixture
def restored(desk: DeliveryFixture, postgres: PostgresServer) -> Iterator[DeliveryFixture]:
    """A copy of the database as it stood when lead 1 had 5 points; the original went on afterwards."""
    first = add_lead(desk)
    desk.score(first, 5)
    desk.push()
    name, source = f"backup_{secrets.token_hex(4)}", desk.url.rsplit("/", 1)[1]
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(f"create database {name} template {source}")
    try:
        for points in (10, 20):
            desk.score(first, points)
        add_lead(desk)
        desk.push()
        yield DeliveryFixture(desk.url.rsplit("/", 1)[0] + f"/{name}", desk.ma_url)
    finally:
        with psycopg.connect(postgres.url(), autocommit=True) as admin:
            admin.execute(f"drop database {name} with (force)")


def test_points_of_new_acts_arrive_whatever_the_ma_remembers(restored: DeliveryFixture) -> None:
    for points in (1, 2):
        restored.score(1, points)
    report = restored.push()
    # The MA has 5 + 10 + 20 from before; the audit tells of the 30 that this database does not know.
    assert (report.deltas, report.dead, restored.ma_score(1)) == (2, 0, 38)
    assert restored.value("select count(*) from delivery.batches where state <> 'done'") == 0


def test_new_people_get_leads_of_their_own(restored: DeliveryFixture, desk: DeliveryFixture) -> None:
    lead = add_lead(restored)
    assert lead == 2, "the number of somebody whom the backup does not know"
    restored.score(lead, 7)
    assert restored.push().dead == 0
    ids = [
        side.value("select external_id from delivery.external_ids where target = 'ma' and lead_id = 2")
        for side in (desk, restored)
    ]
    assert ids[0] != ids[1]
    assert (desk.ma_score(2), restored.ma_score(2)) == (0, 7)
