"""What the MA has beyond the ledger, case by case, against a real MA."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.corrections import enqueue_correction
from leadops.delivery.read_back import AMBIGUOUS
from leadops.delivery.realign_ma import MaDifference, find_ma_difference, realign_ma
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import Call
from leadops_sandbox.serve import serve_in_thread
from tests.delivery_fixture import GENERIC, DeliveryFixture
from tests.scripted_server import serve_script
from tests.whole_database import dump_database

NOW = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)


@pytest.fixture
def own(database_url: str, tmp_path: Path) -> Iterator[DeliveryFixture]:
    """A database and an MA of its own."""
    with serve_in_thread(tmp_path) as url:
        yield DeliveryFixture(database_url, url)


def add(own: DeliveryFixture, points: int, *, email: str) -> int:
    lead = own.add_lead(email=email)
    own.score(lead, points)
    return lead


def find(own: DeliveryFixture) -> MaDifference:
    with own.connect() as connection:
        before = dump_database(connection)
        found = find_ma_difference(connection, ProductClient(own.endpoint))
        assert dump_database(connection) == before, "it only looks"
    return found


def realign(own: DeliveryFixture) -> MaDifference:
    with own.connect() as connection:
        return realign_ma(connection, ProductClient(own.endpoint), now=own.clock())


def execute(own: DeliveryFixture, statement: str, *values: Any) -> None:
    with own.connect() as connection:
        connection.execute(statement.encode(), values)


def settle(own: DeliveryFixture, scores: dict[int, int]) -> None:
    """Push; then each lead has its score, nothing waits, and the audit is clean."""
    own.push()
    assert {lead: own.ma_score(lead) for lead in scores} == scores
    assert own.value("select count(*) from delivery.undelivered_deltas where why <> 'dropped'") == 0
    assert own.audit().differences == []
    assert own.push().calls == 0


def test_numbers_and_examples(own: DeliveryFixture) -> None:
    leads = [add(own, 10, email=f"l{number}@buyer.example") for number in range(4)]
    own.push()
    ids = [own.ma_id(lead) for lead in leads]
    # The MA has 10 each. This database believes that it sent 7, 12 and 10; of the fourth it knows nothing.
    execute(own, "update scoring.ledger set points = 7 where lead_id = %s", leads[0])
    execute(own, "update scoring.ledger set points = 12 where lead_id = %s", leads[1])
    for table in ("scoring.ledger", "scoring.scores", "delivery.external_ids", "identity.leads"):
        execute(own, f"delete from {table} where lead_id = %s", leads[3])
    assert find(own) == MaDifference(
        leads=4,
        unknown=1,
        unknown_ids=[str(ids[3])],
        adopted=0,
        ahead=1,
        points_ahead=3,
        behind=1,
        points_behind=2,
        differing_leads=[leads[0], leads[1]],
        under_way=0,
        highest_lead=leads[3],
    )


def test_points_that_the_ledger_lacks_are_taken_back_and_points_that_the_ma_lacks_are_sent(
    own: DeliveryFixture,
) -> None:
    ahead, behind, even = (add(own, 10, email=f"{name}@buyer.example") for name in ("a", "b", "c"))
    own.push()
    for lead, points in ((ahead, 7), (behind, 12)):
        execute(own, "update scoring.ledger set points = %s where lead_id = %s", points, lead)
        execute(own, "update scoring.scores set behaviour = %s where lead_id = %s", points, lead)
    assert (realign(own).ahead, realign(own).ahead) == (1, 0), "done twice, it changes nothing more"
    settle(own, {ahead: 7, behind: 12, even: 10})
    assert own.value("select count(*) from delivery.score_corrections") == 2


def test_points_that_wait_are_no_difference_and_count_once(own: DeliveryFixture) -> None:
    lead = add(own, 10, email="a@buyer.example")
    own.push()
    own.score(lead, 5)
    assert find(own).ahead + find(own).behind == 0
    realign(own)
    settle(own, {lead: 15})


def test_a_replayed_event_meets_its_own_points(own: DeliveryFixture) -> None:
    """The MA has 10 and 30; the database lost the 30 and got them again: nothing goes up and down."""
    lead = add(own, 10, email="a@buyer.example")
    own.score(lead, 30)
    own.push()
    execute(own, "delete from scoring.ledger where points = 30")
    execute(own, "update scoring.scores set behaviour = 10")
    own.score(lead, 30)
    execute(own, "update delivery.cursors set ledger_seq = 1 where lane = 0")
    assert (find(own).ahead, find(own).points_ahead) == (1, 30)
    realign(own)
    settle(own, {lead: 40})
    assert own.value("select count(*) from delivery.score_corrections") == 0


def test_a_lead_that_nobody_knew_follows_the_ledger_once_the_person_comes_again(
    own: DeliveryFixture,
) -> None:
    """The MA has 10 from the lost time; the person comes again, and earns 9."""
    lost = add(own, 10, email="a@buyer.example")
    own.push()
    ma_id = own.ma_id(lost)
    rooms = ("scoring.ledger", "scoring.scores", "delivery.outbox", "delivery.external_ids", "identity.leads")
    for table in rooms:
        execute(own, f"delete from {table} where lead_id = %s", lost)
    assert realign(own).unknown == 1
    again = add(own, 9, email="a@buyer.example")
    own.push()
    assert own.ma_id(again) == ma_id
    settle(own, {again: 9})


def test_ids_are_those_of_the_address(own: DeliveryFixture) -> None:
    """Two have each other's id, one has none: nobody keeps the points of another."""
    first, second, third = (add(own, 10 * n, email=f"l{n}@buyer.example") for n in (1, 2, 3))
    own.push()
    true = {lead: own.ma_id(lead) for lead in (first, second, third)}
    for lead, other in ((first, second), (second, first)):
        execute(
            own, "update delivery.external_ids set external_id = %s where lead_id = %s", true[other], lead
        )
    execute(own, "delete from delivery.external_ids where lead_id = %s", third)
    assert find(own).adopted == 1
    realign(own)
    assert {lead: own.ma_id(lead) for lead in true} == true
    settle(own, {first: 10, second: 20, third: 30})


def test_an_address_that_somebody_changed_in_the_ma_changes_no_id(own: DeliveryFixture) -> None:
    with serve_script() as server:
        page = {"items": [{"id": 7, "email": "new@buyer.example", "score": 3}], "cursor": None}
        server.respond = lambda _method, _path, _body: (200, json.dumps(page).encode())
        side = DeliveryFixture(own.url, server.url)
        lead = add(side, 3, email="old@buyer.example")
        execute(side, "insert into delivery.external_ids values ('ma', %s, '7', now())", lead)
        execute(side, "insert into delivery.cursors values ('ma', 0, 1)")
        assert realign(side).ahead == 0
        assert (side.ma_id(lead), side.presence(lead)) == (7, "present")


@pytest.mark.parametrize("applied", [True, False])
def test_a_correction_under_way_is_replaced_by_the_total(own: DeliveryFixture, applied: bool) -> None:
    lead = add(own, 10, email="a@buyer.example")
    own.push()
    ma_id = str(own.ma_id(lead))
    with own.connect() as connection:
        enqueue_correction(
            connection, lead_id=lead, ma_id=ma_id, ledger=10, ma=6, reason="r", lane=Lane.LIVE, now=NOW
        )
        claim_effects(connection, product=GENERIC, target="ma", lane=Lane.LIVE, limit=9, now=NOW)
        body = connection.execute("select body from delivery.outbox order by outbox_id desc").fetchone()
    if applied:
        client = ProductClient(own.endpoint)
        client.send(Call("POST", "/api/lead/score", (body or ("",))[0]), key="lost")
        client.transport.close()
    realign(own)
    assert own.value("select state from delivery.outbox where operation = 'correct_score'") == "dropped"
    settle(own, {lead: 10})


def test_a_dead_letter_that_nobody_could_decide_is_decided_by_the_total(own: DeliveryFixture) -> None:
    lead = add(own, 10, email="a@buyer.example")
    own.score(lead, 4)
    own.push()
    execute(
        own,
        "insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at)"
        " values ('ma', 'delta', 2, %s, 4, %s, now())",
        lead,
        AMBIGUOUS,
    )
    realign(own)
    settle(own, {lead: 14})
    assert own.value("select state from delivery.dead_letters") == "applied"


def test_a_lead_that_is_there_again_is_found(own: DeliveryFixture) -> None:
    lead = add(own, 10, email="a@buyer.example")
    own.push()
    execute(own, "update delivery.external_ids set state = 'gone', reason = 'deleted'")
    own.score(lead, 5)
    realign(own)
    settle(own, {lead: 15})
