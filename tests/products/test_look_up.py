"""Delivery to a product that adds whatever comes: a change is looked up in its log before it is repeated."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.delivery.build_batches import build_batches
from leadops.delivery.build_totals import LATE_CALLS
from leadops.delivery.claim_calls import claim_batches
from leadops.delivery.due_calls import TAKEOVER_PAUSE
from leadops.delivery.read_back import AMBIGUOUS
from leadops.lanes import Lane
from leadops.products.registry import load_product
from tests.delivery_fixture import SteppedDelivery
from tests.products.acme_server import Acme
from tests.products.test_totals import add, letters, person, reconcile, undelivered
from tests.promises import promise_examples

#: What the log still has to be asked about after a call.
UNCLEAR = ["lost before", "lost after", "500 before", "500 after", "half"]


def paths(acme: Acme) -> list[str]:
    return [call.path.split("?")[0].removeprefix("/acme/") for call in acme.calls]


@pytest.mark.parametrize("fault", ["lost after", "500 after", "half"])
def test_a_change_that_is_in_the_log_is_not_sent_again(
    jotter: SteppedDelivery, acme: Acme, fault: str
) -> None:
    lead = add(jotter)
    jotter.push()
    jotter.score(lead, 5)
    acme.faults.append(fault)
    acme.calls.clear()
    jotter.push()
    assert paths(acme) == ["points", "log"]
    assert acme.totals == {person(jotter, lead): 5}
    assert (undelivered(jotter), letters(jotter)) == (0, [])


@pytest.mark.parametrize("fault", ["lost before", "500 before"])
def test_a_change_that_is_missing_goes_again_once_its_call_cannot_arrive_any_more(
    jotter: SteppedDelivery, acme: Acme, fault: str
) -> None:
    lead = add(jotter)
    jotter.push()
    jotter.score(lead, 5)
    acme.faults.append(fault)
    jotter.push(seconds=60)
    assert acme.totals == {person(jotter, lead): 0}
    assert paths(acme).count("points") == 1
    jotter.now += LATE_CALLS
    jotter.push()
    assert acme.totals == {person(jotter, lead): 5}
    assert len(acme.log) == 1
    assert (undelivered(jotter), letters(jotter)) == (0, [])


def test_a_log_that_does_not_say_leaves_the_change_to_a_person(jotter: SteppedDelivery, acme: Acme) -> None:
    lead = add(jotter)
    jotter.push()
    jotter.score(lead, 5)
    acme.faults.append("lost before")
    acme.is_log_readable = False
    jotter.push()
    jotter.now += LATE_CALLS
    jotter.push()
    assert jotter.value("select reason from delivery.dead_letters where state = 'open'") == AMBIGUOUS


@pytest.mark.parametrize("is_sent", [True, False])
def test_what_a_killed_process_claimed_is_looked_up_after_a_minute(
    jotter: SteppedDelivery, acme: Acme, is_sent: bool
) -> None:
    lead = add(jotter)
    jotter.push()
    jotter.score(lead, 5)
    with jotter.connect() as connection:
        product: Any = load_product("jot")
        values: Any = {"target": "ma", "lane": Lane.LIVE, "now": jotter.now}
        build_batches(connection, batch_size=1, batches=1, **values)
        claim_batches(connection, product=product, limit=9, **values)
        ref = connection.execute("select nonce || '-' || from_seq from delivery.batches").fetchone()
    if is_sent:
        assert ref is not None
        acme.log.append(ref[0])
        acme.totals[person(jotter, lead)] += 5
    jotter.now += timedelta(seconds=1)
    jotter.push()
    assert "points" not in paths(acme)
    jotter.now += TAKEOVER_PAUSE
    jotter.push()
    jotter.now += LATE_CALLS
    jotter.push()
    assert acme.totals == {person(jotter, lead): 5}
    assert paths(acme).count("points") == (0 if is_sent else 1)


@pytest.mark.parametrize("fault", UNCLEAR)
def test_a_correction_of_unknown_outcome_is_looked_up_too(
    jotter: SteppedDelivery, acme: Acme, fault: str
) -> None:
    lead = add(jotter, 10)
    jotter.push()
    acme.totals[person(jotter, lead)] += 3
    assert reconcile(jotter).corrected == 1
    acme.faults.append(fault)
    jotter.push()
    jotter.now += LATE_CALLS
    jotter.push()
    assert acme.totals == {person(jotter, lead): 10}
    assert letters(jotter) == []
    assert Counter(acme.log).most_common(1)[0][1] == 1


@settings(
    deadline=None,
    max_examples=promise_examples(5),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    faults=st.lists(st.sampled_from(["", *UNCLEAR]), max_size=6),
    points=st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=6),
)
def test_in_the_end_each_change_is_in_the_log_once(
    jotter: SteppedDelivery, acme: Acme, faults: list[str], points: list[int]
) -> None:
    with jotter.connect() as connection:  # what an earlier example left
        connection.execute(
            "truncate scoring.ledger, scoring.scores, delivery.batches, delivery.held_deltas,"
            " delivery.dead_letters, delivery.outbox, delivery.external_ids, delivery.targets,"
            " delivery.cursors"
        )
    for state in (acme.totals, acme.mails, acme.calls, acme.faults, acme.log):
        state.clear()
    lead = add(jotter)
    jotter.push()
    acme.faults.extend(faults)
    for each in points:
        jotter.score(lead, each)
    for _ in range(len(faults) + 2):
        jotter.push()
        jotter.now += LATE_CALLS + timedelta(minutes=2)
    assert acme.totals == {person(jotter, lead): sum(points)}
    assert sorted(Counter(acme.log).values()) == [1] * len(points)
    assert (undelivered(jotter), letters(jotter)) == (0, [])
