"""Totals under everything at once: four senders, lost and late answers, kills, 429s, partial answers."""

import multiprocessing
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadops.db import Connection
from leadops.delivery import claim_totals
from leadops.delivery.batches import DeltaBatch
from leadops.delivery.build_totals import LATE_CALLS
from leadops.delivery.claim_totals import BatchTotal
from tests.delivery_fixture import DeliveryFixture, SteppedDelivery, impatient
from tests.products.acme_server import FAULTS, LATE, ROW_FAULTS, Acme
from tests.products.test_totals import add, letters, person, undelivered
from tests.promises import promise_examples

SENDERS = 4

step = st.one_of(
    st.tuples(
        st.just("score"), st.tuples(st.integers(0, 5), st.integers(-9, 20).filter(bool), st.integers(0, 1))
    ),
    st.tuples(st.just("faults"), st.lists(st.sampled_from(["", LATE, "429", *FAULTS]), max_size=4)),
    st.tuples(st.just("row faults"), st.lists(st.sampled_from(["", *ROW_FAULTS]), max_size=6)),
    st.tuples(st.just("merge"), st.tuples(st.integers(0, 5), st.integers(0, 5))),
    st.tuples(st.just("push"), st.none()),
    st.tuples(st.just("push twice at once"), st.none()),
    st.tuples(st.just("kill"), st.floats(0, 0.1)),
    st.tuples(st.just("land"), st.none()),
    st.tuples(st.just("wait"), st.none()),
)

#: The trial that the design comes from: twenty leads, four senders, 144 changes, lost and late answers. All
#: of its rounds are run where more examples are asked for; without, as many as meet each fault.
TRIAL_ROUNDS = min(24, promise_examples(6))
TRIAL: list[tuple[str, Any]] = [("score", (lead, 1, 0)) for lead in range(20)]
for number in range(TRIAL_ROUNDS):
    TRIAL += [("score", ((number * 7 + place) % 20, number + 1, place % 2)) for place in range(6)]
    TRIAL += [
        ("faults", ["", "lost after", LATE, "lost before", "half", "500 after"][number % 6 :]),
        ("push twice at once" if number % 3 else "push", None),
        ("land" if number % 2 else "wait", None),
    ]


@dataclass
class ShiftedDelivery(DeliveryFixture):
    """A delivery whose clock is ahead of the machine's by what a test adds."""

    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.clock = lambda: datetime.now(UTC) + self.ahead


def start(till: DeliveryFixture) -> Any:
    process = multiprocessing.get_context("fork").Process(
        target=till.push, kwargs={"seconds": 1.5}, daemon=True
    )
    process.start()
    return process


def play(till: ShiftedDelivery, acme: Acme, what: str, detail: Any, leads: list[int]) -> None:
    if what == "faults":
        acme.faults.extend(detail)
    elif what == "row faults":
        acme.row_faults.extend(detail)
    elif what == "merge":
        merge(till, acme, leads[detail[0] % len(leads)], leads[detail[1] % len(leads)])
    elif what == "push":
        till.push(seconds=1.5)
    elif what == "push twice at once":
        pushers = [start(till), start(till)]
        for pusher in pushers:
            pusher.join()
    elif what == "kill":
        process = start(till)
        time.sleep(detail)
        process.kill()
        process.join()
    else:
        acme.land()
        till.ahead += timedelta(minutes=2 if what == "wait" else 0)


def merge(till: DeliveryFixture, acme: Acme, loser: int, winner: int) -> None:
    """Somebody merges two people of the product, who has both."""
    with acme.lock:
        ids = [known_id(till, lead) for lead in (loser, winner)]
        if None not in ids and ids[0] != ids[1] and all(one in acme.totals for one in ids):
            acme.merged[str(ids[0])] = str(ids[1])
            acme.totals[str(ids[1])] += acme.totals.pop(str(ids[0]))


def known_id(till: DeliveryFixture, lead: int) -> str | None:
    query = "select external_id from delivery.external_ids where target = 'ma' and lead_id = %s"
    return till.value(query, lead)  # type: ignore[no-any-return]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@settings(
    max_examples=promise_examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=3, max_size=14))
@example(steps=TRIAL)
def test_whatever_happens_the_last_total_is_the_ledgers_sum(
    acme: Acme, database_url: str, steps: list[tuple[str, Any]]
) -> None:
    till = ShiftedDelivery(
        database_url,
        acme.url,
        settings=impatient(batch_size=1000, connections=SENDERS),
        timeout=5,
        extra={"product": "tally"},
    )
    with till.connect() as connection:  # what an earlier example left
        connection.execute(
            "truncate scoring.ledger, scoring.scores, delivery.batches, delivery.held_deltas,"
            " delivery.dead_letters, delivery.outbox, delivery.external_ids, delivery.targets,"
            " delivery.cursors, delivery.totals, delivery.score_corrections"
        )
    kept = (acme.totals, acme.mails, acme.rows, acme.merged, acme.calls, acme.faults, acme.row_faults)
    for state in (*kept, acme.late, acme.overlaps):
        state.clear()
    acme.delay = 0.01
    leads = [till.add_lead()]
    wanted = dict.fromkeys(leads, 0)
    for what, detail in steps:
        if what == "score":
            number, points, lane = detail
            while len(leads) <= number:
                leads.append(till.add_lead())
                wanted[leads[-1]] = 0
            till.score(leads[number], points, lane=lane)
            wanted[leads[number]] += points
        else:
            play(till, acme, what, detail, leads)
        with till.connect() as connection:
            twice = connection.execute(
                "select external_id from (select batch_id, delta ->> 'external_id' as external_id"
                " from delivery.batches, json_array_elements(rows) as delta where state = 'ready'"
                " group by 1, 2) as called group by external_id having count(*) > 1"
            ).fetchall()
            assert twice == []

    acme.faults.clear()
    acme.row_faults.clear()
    for _ in range(4):
        acme.land()
        till.ahead += LATE_CALLS + timedelta(minutes=2)
        while till.push().calls:
            pass
        till.audit()  # which finds those that were merged and got no points since

    assert acme.overlaps == [], "a lead was in two calls at once"
    sums: dict[str, int] = defaultdict(int)
    for lead, points in wanted.items():
        sums[str(known_id(till, lead))] += points
    # A lead without points that is gone is nobody's business.
    assert acme.totals == {who: points for who, points in sums.items() if points or who in acme.totals}
    audit = till.audit()
    assert (audit.differences, audit.under_way) == ([], 0)
    assert [state for state in letters(till) if state == "open"] == []
    assert undelivered(till) == 0


def read_frozen(
    connection: Connection, batches: Sequence[DeltaBatch], *, target: str
) -> dict[int, list[BatchTotal]]:
    """The totals as of the newest change that a batch was cut with, as a body that is made then has them."""
    totals = defaultdict[int, list[BatchTotal]](list)
    for batch in batches:
        newest = {(row.lead_id, row.external_id): row.seq for row in batch.score_rows}
        for (lead, external_id), seq in newest.items():
            (points,) = connection.execute(
                "select sum(points) from scoring.ledger where lead_id = %s and seq <= %s", [lead, seq]
            ).fetchone() or (0,)
            totals[batch.batch_id].append(
                BatchTotal(batch.batch_id, seq, lead, external_id, int(points), [lead])
            )
    return totals


@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_total_that_is_frozen_when_the_batch_is_cut_overwrites_a_newer_one(
    till: SteppedDelivery, acme: Acme, monkeypatch: pytest.MonkeyPatch, is_frozen: bool
) -> None:
    """The same story, with and without the reading of the total at the claim; a lead may be in two calls."""
    with till.connect() as connection:
        connection.execute(
            "create or replace view delivery.called_leads as"
            " select target, idempotency_key as external_id from delivery.batches where false"
        )
    if is_frozen:
        monkeypatch.setattr(claim_totals, "_read_totals", read_frozen)
    lead = add(till)
    till.push()
    till.settings = till.settings.model_copy(update={"longest_backoff_seconds": 10})
    till.score(lead, 5)
    acme.faults.append("500 before")
    till.push(seconds=0.5)
    till.score(lead, 3)
    till.push(seconds=0.4)
    till.push(seconds=30)
    assert undelivered(till) == 0
    assert letters(till) == []
    assert acme.totals[person(till, lead)] == (5 if is_frozen else 8)
