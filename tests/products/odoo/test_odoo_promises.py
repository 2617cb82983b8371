"""The promises of delivery at the stand-in of Odoo, by either way in: each lead has its ledger's sum, once.

The truth is read by the sandbox's own routes: nothing here shares what the adapter believes of an answer.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadops.delivery.audit import audit_scores
from leadops.delivery.build_totals import LATE_CALLS, build_totals
from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.claim_totals import claim_totals
from leadops.lanes import Lane
from leadops.products.odoo.odoo_product import OdooProduct
from leadops.products.product_rows import Call
from tests.products.odoo.odoo_desk import set_odoo
from tests.products.stand_in import ProductDelivery, StandIn, serve_product
from tests.promises import promise_examples

Running = tuple[ProductDelivery, StandIn]

#: What may happen to a call: faults of the wire and of the server, other transactions, and a right that is
#: missing for a while.
FAULTS = [
    *("reset_before", "reset_after", "half_answer", "500", "502", "503", "429"),
    *("serialization_failure", "access_denied", "access_error"),
]
LEADS = 4
place = st.integers(0, LEADS - 1)
step = st.one_of(
    st.tuples(st.just("score"), st.tuples(place, st.integers(-9, 20).filter(bool))),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
    st.tuples(st.just("push"), st.none()),
    st.tuples(st.just("kill"), st.sampled_from(["claimed", "sent"])),
    st.tuples(st.just("archive"), place),
    st.tuples(st.just("delete"), place),
    st.tuples(st.just("wait"), st.none()),
)
#: Every fault and every end of a process once, with changes of the same leads before and after, an archived
#: lead, and a deleted one in a call with others: Odoo writes none of them.
EVERYTHING: list[tuple[str, Any]] = [("kill", "sent"), ("push", None)]
for number, kind in enumerate(FAULTS):
    EVERYTHING += [
        ("score", (number % LEADS, 3)),
        ("score", ((number + 1) % LEADS, -2)),
        ("fault", kind),
        ("push", None),
        ("score", (number % LEADS, 5)),
        ("kill", "sent" if number % 2 else "claimed"),
        ("wait", None),
    ]
EVERYTHING += [("push", None), ("archive", 0), ("delete", 1)]
EVERYTHING += [("score", (number, 7)) for number in range(LEADS)]


@pytest.fixture(params=["json-rpc", "json-2"])
def running(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Running]:
    with serve_product(tmp_path / "odoo", database_url, "odoo") as (desk, stand_in):
        desk.extra = {"product": "odoo", "database": "leadops"}
        desk.products = desk.products.model_copy(update={"odoo": set_odoo(api=request.param)})
        yield desk, stand_in


def known_id(desk: ProductDelivery, lead: int) -> str | None:
    query = "select external_id from delivery.external_ids where target = 'ma' and lead_id = %s"
    found: str | None = desk.value(query, lead)
    return found


def kill(desk: ProductDelivery, when: Literal["claimed", "sent"]) -> None:
    """A process claims what it finds, and is killed before it sends that, or before it settles it."""
    client = desk.client()
    values: dict[str, Any] = {"target": "ma", "lane": Lane.LIVE, "now": desk.now}
    with desk.connect() as connection:
        claim_effects(connection, product=client.product, limit=2, **values)
        build_totals(connection, batch_size=3, batches=1, **values)
        claim_totals(connection, product=client.product, limit=1, **values)
        calls = connection.execute(
            "select request, body from delivery.outbox where state = 'sending' and first_sent_at = %(now)s"
            " union all"
            " select request, body from delivery.batches where state = 'ready' and first_sent_at = %(now)s",
            {"now": desk.now},
        ).fetchall()
    for request, body in calls if when == "sent" else ():
        client.send(Call.restore(request, body))
    client.close()


def archive(desk: ProductDelivery, external_id: str) -> None:
    """Somebody archives a lead, as one that is lost."""
    client = desk.client()
    assert isinstance(client.product, OdooProduct)
    client.send(
        client.product.calls.call("crm.lead", "write", ids=[int(external_id)], vals={"active": False})
    )
    client.close()


def finish(desk: ProductDelivery) -> None:
    """Push until nothing is open, and until what was of unknown outcome has gone out once more."""
    waiting = (
        "select (select count(*) from delivery.batches where state = 'ready')"
        " + (select count(*) from delivery.outbox where state in ('pending', 'sending'))"
        " + (select count(*) from delivery.undelivered_deltas where why = 'waiting')"
        " + (select count(*) from delivery.external_ids where state = 'unaligned')"
        " + (select count(*) from delivery.held_deltas as held inner join delivery.external_ids as known"
        " on held.target = known.target and held.lead_id = known.lead_id and known.state = 'present')"
    )
    for _ in range(30):
        desk.push(seconds=60)
        desk.now += timedelta(seconds=30)
        if not desk.value(waiting):
            break
    desk.now += LATE_CALLS + timedelta(minutes=1)
    desk.push(seconds=30)


@settings(
    deadline=None,
    max_examples=promise_examples(3),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=4, max_size=14))
@example(steps=EVERYTHING)
def test_whatever_happens_every_lead_has_the_sum_of_its_ledger(
    running: Running, steps: list[tuple[str, Any]]
) -> None:
    desk, stand_in = running
    stand_in.heal()
    with desk.connect() as connection:  # what an earlier example left
        connection.execute(
            "truncate scoring.ledger, scoring.scores, delivery.batches, delivery.held_deltas,"
            " delivery.dead_letters, delivery.outbox, delivery.external_ids, delivery.targets,"
            " delivery.cursors, delivery.totals, delivery.quotas, delivery.call_counts"
        )
        connection.execute("delete from identity.leads")
    before = set(stand_in.leads())
    leads = [desk.add() for _ in range(LEADS)]
    wanted, deleted = dict.fromkeys(leads, 0), set[int]()
    for what, detail in steps:
        if what == "score":
            number, points = detail
            desk.score(leads[number], points)
            wanted[leads[number]] += points
        elif what == "fault":
            stand_in.fault(detail)
        elif what == "push":
            desk.push(seconds=3)
        elif what == "kill":
            kill(desk, detail)
        elif what == "wait":
            desk.now += timedelta(minutes=2)
        elif (external_id := known_id(desk, leads[detail])) in stand_in.leads():
            assert external_id is not None
            if what == "archive":
                archive(desk, external_id)
            else:
                stand_in.delete(external_id)
                deleted.add(leads[detail])
    stand_in.heal()
    finish(desk)
    there = stand_in.leads()
    ids = {lead: str(known_id(desk, lead)) for lead in leads}
    scores = {lead: int(there[number]["score"]) for lead, number in ids.items() if number in there}
    assert scores == {lead: points for lead, points in wanted.items() if lead not in deleted}
    assert len(set(there) - before) == LEADS - len(deleted), "no lead is there twice"
    assert desk.letters() == []
    client = desk.client()
    with desk.connect() as connection:
        audit = audit_scores(connection, client, max_missing=9, now=desk.now)
    client.close()
    assert (audit.differences, audit.under_way) == ([], 0)
    # Of a lead without points nobody has to notice that it is gone.
    assert {desk.presence(lead) for lead in deleted if wanted[lead]} <= {"gone"}
