import time
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from leadops.db import Connection
from leadops.delivery.batches import DeltaBatch, lock_due_batches
from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import ScorePusher
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from tests.delivery_fixture import DeliveryFixture, impatient
from tests.shipped import change
from tests.whole_database import dump_database


def test_a_lead_is_made_first_and_its_deltas_follow(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.score(lead, 15)
    desk.score(lead, -4)

    done = desk.push()

    assert (done.effects, done.deltas, done.dead, done.failed) == (1, 2, 0, 0)
    assert desk.ma_score(lead) == 11
    assert desk.audit().differences == []


def test_a_second_push_changes_nothing(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.score(lead, 15)
    desk.push()

    assert desk.push().calls == 0
    assert desk.ma_score(lead) == 15


def test_a_worker_whose_batches_another_takes_builds_more(desk: DeliveryFixture) -> None:
    """Between the commit of what it claimed and its locks, another worker locks all of it."""
    lead = desk.add_lead()
    desk.push()
    for _ in range(3):
        desk.score(lead, 1)

    class Taker:
        """Stands where the mark is raised between the two transactions."""

        def __init__(self, other: Connection) -> None:
            self.other = other
            self.taken: list[DeltaBatch] = []

        def advance(self, _connection: Connection, *, now: datetime) -> bool:
            if not self.taken:
                self.taken = lock_due_batches(self.other, target="ma", lane=Lane.LIVE, limit=1, now=now)
            return True

    ma = change(desk.settings.targets["ma"], batch_size=1)
    settings = desk.settings.model_copy(update={"targets": {"ma": ma}})
    with desk.connect() as mine, desk.connect() as other:
        taker, client = Taker(other), ProductClient(desk.endpoint)
        until = desk.clock() + timedelta(minutes=1)
        worker = ScorePusher(mine, client, "ma", settings, desk.clock, until, mark=cast(DatabaseMark, taker))
        report = worker.send_batches(Lane.LIVE, 1)
        client.transport.close()
    assert (len(taker.taken), report.calls, report.deltas) == (1, 1, 1)


def test_a_push_with_nothing_to_do_writes_nothing(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.score(lead, 15)
    desk.push()
    with desk.connect() as connection:
        before = dump_database(connection)
        assert desk.push() == PushReport()
        assert dump_database(connection) == before
    desk.score(lead, 1)
    assert desk.push().deltas == 1


def test_a_lane_without_new_rows_follows_the_ledger(desk: DeliveryFixture) -> None:
    """Else each look for new rows would read all rows of the other lane since the lane's last one."""
    lead = desk.add_lead()
    desk.score(lead, 15, lane=0)
    desk.push()
    assert desk.value("select min(ledger_seq) = max(ledger_seq) and count(*) = 2 from delivery.cursors")


def test_deltas_go_out_in_calls_of_at_most_the_batch_size_grouped_by_lead(desk: DeliveryFixture) -> None:
    desk.settings = impatient(batch_size=4, connections=1)
    leads = [desk.add_lead() for _ in range(3)]
    for points in (1, 2, 4):
        for lead in leads:
            desk.score(lead, points)

    done = desk.push()

    assert done.deltas == 9
    sizes = desk.value("select array_agg(deltas order by batch_id) from delivery.batches")
    assert sizes == [4, 4, 1]
    first = desk.value("select body from delivery.batches order by batch_id limit 1")
    order = [part.split(",")[0] for part in first.split('"leadId":')[1:]]
    assert order == sorted(order), "the deltas of a lead stand together"
    assert [desk.ma_score(lead) for lead in leads] == [7, 7, 7]


def test_live_deltas_go_out_before_the_backfill(desk: DeliveryFixture) -> None:
    desk.settings = impatient(batch_size=1, connections=1)
    lead = desk.add_lead()
    desk.score(lead, 1, lane=1)
    desk.score(lead, 2, lane=0)

    desk.push()

    lanes = desk.value("select array_agg(lane order by settled_at, batch_id) from delivery.batches")
    assert lanes == [0, 1]
    assert desk.ma_score(lead) == 3


def test_a_ledger_row_of_no_lane_never_leaves(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.score(lead, 5, lane=None)

    assert desk.push().deltas == 0
    assert desk.ma_score(lead) == 0


@pytest.mark.parametrize(
    "kind", ["500", "reset_before", "reset_after", "half_answer", "timeout_before", "timeout_after"]
)
def test_an_unknown_outcome_is_sent_again_and_counts_once(desk: DeliveryFixture, kind: str) -> None:
    desk.timeout = 0.3
    lead, other = desk.add_lead(), desk.add_lead()
    desk.push()
    desk.score(lead, 15)
    desk.score(other, 2)
    desk.fault(kind, path="/api/bulk/*", count=2, seconds=5)
    duplicates = desk.state()["ma"]["duplicates_refused"]

    done = desk.push()

    assert done.failed == 2
    assert (desk.ma_score(lead), desk.ma_score(other)) == (15, 2)
    assert desk.audit().differences == []
    # The key alone made the repeat harmless: no delta had to be told apart.
    assert desk.state()["ma"]["duplicates_refused"] == duplicates


def test_a_429_pauses_the_target_for_as_long_as_it_says(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.score(lead, 15)
    desk.fault("429", retry_after=120)

    done = desk.push(seconds=2)

    assert 1 <= done.calls == done.failed <= desk.settings.targets["ma"].connections
    pause = desk.value("select paused_until - now() from delivery.targets where target = 'ma'")
    assert timedelta(seconds=110) < pause <= timedelta(seconds=121)
    desk.heal()
    assert desk.push(seconds=1).calls == 0, "nobody knocks before the time that the MA named"


def test_refused_credentials_let_the_target_rest_and_kill_nothing(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.score(lead, 15)
    desk.token = "wrong"
    done = desk.push(seconds=1)
    desk.token = "sandbox-ma-token"

    assert (done.dead, done.effects) == (0, 0)
    assert "credentials" in desk.value("select pause_reason from delivery.targets")
    later = datetime.now(UTC) + timedelta(minutes=5)
    desk.clock = lambda: later
    desk.push(seconds=1)
    assert desk.ma_score(lead) == 15


def test_a_row_that_the_ma_rejects_becomes_a_dead_letter_alone(desk: DeliveryFixture) -> None:
    leads = [desk.add_lead() for _ in range(4)]
    desk.push()
    for lead in leads:
        desk.score(lead, 10)
    desk.fault("rejected_rows", share=0.5, seed=3, count=1)

    done = desk.push()

    assert done.dead > 0
    assert done.dead + done.deltas == 4
    assert desk.value("select count(*) from delivery.dead_letters where kind = 'delta'") == done.dead
    audit = desk.audit()
    assert audit.differences == []
    assert audit.under_way == done.dead


def test_a_lead_that_the_ma_refuses_holds_only_its_own_deltas(desk: DeliveryFixture) -> None:
    bad, good = desk.add_lead(email="no address at all"), desk.add_lead()
    desk.score(bad, 5)
    desk.score(good, 7)

    done = desk.push()

    assert (done.dead, done.deltas) == (1, 1)
    assert desk.ma_score(good) == 7
    assert desk.value("select count(*) from delivery.held_deltas where lead_id = %s", bad) == 1


def test_a_call_refused_for_one_bad_row_costs_one_row(desk: DeliveryFixture) -> None:
    leads = [desk.add_lead() for _ in range(5)]
    desk.push()
    for lead in leads:
        desk.score(lead, 3)
    # An id that is no number makes the MA refuse the whole call with 422.
    desk.value(
        "update delivery.external_ids set external_id = '\"nobody\"' where lead_id = %s returning 1", leads[2]
    )

    done = desk.push()

    assert (done.deltas, done.dead) == (4, 1)
    assert desk.value("select lead_id from delivery.dead_letters") == leads[2]


def test_a_target_that_is_down_is_knocked_at_a_few_times_only(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.score(lead, 15)
    url = desk.ma_url
    desk.ma_url = "http://127.0.0.1:9"  # nothing listens on the discard port

    done = desk.push()

    assert done.effects == 0
    assert 0 < done.calls <= 3 * desk.settings.targets["ma"].connections
    desk.ma_url = url
    desk.push()
    assert desk.ma_score(lead) == 15


def test_another_database_on_the_same_ma_never_meets_our_keys(desk: DeliveryFixture) -> None:
    """As after a database was made anew: leads count from 1 again, and the MA remembers the old keys."""
    for _ in range(2):
        desk.value("with gone as (delete from delivery.outbox returning 1) select count(*) from gone")
        lead = desk.add_lead()
        desk.value("update delivery.outbox set idempotency_key = 'ma-lead-1' returning 1")
        assert desk.push().effects == 1
        assert desk.ma_score(lead) == 0
    assert desk.value("select count(*) from delivery.dead_letters") == 0


def test_a_push_waits_for_more_while_more_may_come_and_misses_nothing_of_it(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    points = iter([1, 2, 4])

    def make_more() -> bool:
        """Say that more may come, write some, and with the last of it say that this was all."""
        more = next(points, None)
        if more is not None:
            desk.score(lead, more)
        return more is not None

    desk.settings = impatient(connections=1)
    report = desk.push(may_grow=make_more)
    assert (report.deltas, desk.ma_score(lead), report.problem) == (3, 7, "")
    assert next(points, None) is None


def test_a_push_that_waits_ends_with_its_time(desk: DeliveryFixture) -> None:
    started = time.monotonic()
    report = desk.push(seconds=0.6, may_grow=lambda: True)
    assert (report.calls, report.problem) == (0, "")
    assert time.monotonic() - started < 10


def test_a_push_that_waits_for_more_asks_for_gone_leads_twice_at_most(
    desk: DeliveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, looks = [], iter([True] * 5)
    monkeypatch.setattr(ScorePusher, "make_work", lambda pusher: asked.append(pusher) or 0)
    desk.settings = impatient(connections=1)
    desk.push(may_grow=lambda: next(looks, False))
    assert (len(asked), next(looks, None)) == (2, None)
