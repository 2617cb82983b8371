"""A rollback that moves many leads waits for a human; what has followed from the points is listed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from leadops.changes.answer_change import answer_change
from leadops.changes.rollback_aftermath import list_aftermath
from leadops.changes.take_back import RollbackAnswer, RollbackPreview, preview_rollback, request_rollback
from leadops.changes.weigh_change import ChangeEffect
from leadops.cli.rollback import read_moving_settings
from leadops.errors import PermanentError, TransientError
from leadops.locks import Lock, holding_lock
from leadops.scoring.rollbacks import RollbackScope, find_last_row, list_corrected, list_rollbacks
from tests.changes.fleet import Fleet, contract, database_url, fleet, fleet_template, rules
from tests.changes.test_killed_approval import start, wait_until_blocked

__all__ = ["database_url", "fleet", "fleet_template"]


def scope(fleet: Fleet, rule: str) -> RollbackScope:
    found = RollbackScope(last_row=find_last_row(fleet.connection), rule=rule)
    fleet.connection.commit()
    return found


def look(fleet: Fleet, rule: str) -> RollbackPreview:
    settings = read_moving_settings(fleet.a.config())
    return preview_rollback(fleet.connection, scope(fleet, rule), settings=settings, now=fleet.now)


def ask(fleet: Fleet, rule: str) -> RollbackAnswer:
    return request_rollback(
        fleet.connection,
        scope(fleet, rule),
        effect=look(fleet, rule).effect,
        reason="a mistake",
        asked_by="mari",
        limits=fleet.a.config().changes,
        now=fleet.now,
    )


def count(fleet: Fleet) -> int:
    found = len(list_rollbacks(fleet.connection, max_rows=9))
    fleet.connection.commit()
    return found


def test_a_preview_says_what_would_move_and_writes_nothing(fleet: Fleet) -> None:
    shown = look(fleet, "webinar")
    assert (shown.rollback.leads, shown.rollback.rows, shown.rollback.points_taken) == (8, 8, 120)
    effect = shown.effect
    assert (effect.with_points, effect.changed, effect.moved, effect.new_mqls) == (10, 8, 8, 0)
    fleet.a.minute()
    assert fleet.points() == [15] * 10
    assert count(fleet) == 0


def test_a_rollback_of_few_leads_takes_effect_at_once(fleet: Fleet) -> None:
    answer = ask(fleet, "visit")  # 2 of 10 leads: exactly a fifth
    assert answer.rollback
    assert answer.rollback.leads == 2
    fleet.a.minute()
    assert fleet.points() == [0] * 2 + [15] * 8
    assert fleet.open_changes() == []


def test_one_of_many_waits_and_is_carried_out_by_the_approval(fleet: Fleet) -> None:
    answer = ask(fleet, "webinar")
    assert answer.rollback is None
    assert answer.waiting
    assert answer.waiting.reason == "more than 20% of the leads get another grade"
    fleet.add_leads(1, "webinar")
    fleet.a.minute()
    assert fleet.points() == [15] * 11
    again = ask(fleet, "webinar").waiting
    assert again
    assert again.change_id == answer.waiting.change_id, "one question while it waits"
    short = fleet.waiting().short_hash
    answer_change(fleet.connection, short, answer="approved", by="taro", now=fleet.now)
    fleet.a.minute()
    assert fleet.points() == [15] * 2 + [0] * 8 + [15], "what came after the question stays"
    (done,) = list_rollbacks(fleet.connection, max_rows=9)
    assert (done.asked_by, done.leads, done.points_taken) == ("mari", 8, 120)


def test_a_rejected_rollback_leaves_the_points_and_has_ended(fleet: Fleet) -> None:
    ask(fleet, "webinar")
    answer_change(fleet.connection, fleet.waiting().short_hash, answer="rejected", by="taro", now=fleet.now)
    fleet.a.minute()
    assert fleet.points() == [15] * 10
    assert fleet.open_changes() == []
    assert ask(fleet, "webinar").waiting, "it can be asked again"


def test_an_approval_of_points_that_are_gone_by_then_says_so(fleet: Fleet) -> None:
    ask(fleet, "webinar")
    short = fleet.waiting().short_hash
    with fleet.connection.transaction():
        fleet.connection.execute("update scoring.ledger set rule = 'other' where rule = 'webinar'")
    with pytest.raises(PermanentError, match="nothing of rule webinar is in force"):
        answer_change(fleet.connection, short, answer="approved", by="taro", now=fleet.now)
    assert fleet.waiting().short_hash == short


def test_small_rollbacks_count_together(fleet: Fleet) -> None:
    assert ask(fleet, "visit").rollback
    fleet.a.minute()
    fleet.add_leads(1, "visit")
    waiting = ask(fleet, "visit").waiting
    assert waiting
    assert waiting.reason.startswith("with the rollbacks since ")


def test_what_has_followed_is_listed_and_stays(fleet: Fleet) -> None:
    fleet.a.write("kpi", contract(fit=0, behaviour=15))
    fleet.a.minute()
    assert fleet.mqls() == 10
    fleet.connection.commit()
    aftermath = look(fleet, "visit").aftermath
    assert ("mql", 2, 2, [1, 2]) in [tuple(each) for each in aftermath]
    assert ("crm", 2, 2, [1, 2]) in [tuple(each) for each in aftermath]
    assert ask(fleet, "visit").rollback
    fleet.a.minute()
    assert fleet.mqls() == 10
    with fleet.connection.transaction():
        after = list_aftermath(fleet.connection, list_corrected(fleet.connection, 1))
    assert ("mql", 2, 2, [1, 2]) in [tuple(each) for each in after]


@pytest.mark.parametrize("table", ["changes.changes", "scoring.rollbacks", "scoring.inbox"])
def test_an_approval_that_is_killed_leaves_all_of_it_or_nothing(fleet: Fleet, table: str) -> None:
    ask(fleet, "webinar")
    short = fleet.waiting().short_hash
    with fleet.connection.transaction(force_rollback=True), start(fleet, "approve", short) as process:
        fleet.connection.execute(f"lock table {table} in share mode".encode())
        wait_until_blocked(fleet, table)
        process.kill()
        process.wait(timeout=60)
    assert count(fleet) == 0
    assert fleet.waiting().short_hash == short
    fleet.a.minute()
    assert fleet.points() == [15] * 10
    for attempt in range(2):
        with start(fleet, "approve", short) as process:
            assert process.wait(timeout=120) == attempt, "the second finds it approved"
    fleet.a.minute()
    fleet.a.minute()
    assert fleet.points() == [15] * 2 + [0] * 8
    assert fleet.world.rows("select count(*) from scoring.ledger where rollback_id = 1") == [(8,)]


def test_a_rollback_waits_for_the_preview_of_another_without_the_ledger(fleet: Fleet) -> None:
    wish = scope(fleet, "visit")
    settings = read_moving_settings(fleet.a.config())
    seen = preview_rollback(fleet.connection, wish, settings=settings, now=fleet.now)
    fleet.connection.execute("set lock_timeout = '5s'")
    fleet.connection.commit()
    with (
        ThreadPoolExecutor() as pool,
        psycopg.connect(fleet.url) as other,
        holding_lock(other, Lock.ROLLBACKS),  # as a preview does
    ):
        asked = pool.submit(
            request_rollback,
            fleet.connection,
            wish,
            effect=seen.effect,
            reason="a mistake",
            asked_by="mari",
            limits=fleet.a.config().changes,
            now=fleet.now,
        )
        with pytest.raises(TimeoutError):
            asked.result(timeout=1)
        free = other.execute("select pg_try_advisory_xact_lock(%s)", [Lock.LEDGER]).fetchone()
        assert free == (True,), "others write points meanwhile"
        other.commit()
        with pytest.raises(TransientError, match="somebody else looks at a rollback"):
            asked.result(timeout=60)
    assert count(fleet) == 0
    assert ask(fleet, "visit").rollback


def test_two_rollbacks_at_once_take_the_points_once(fleet: Fleet) -> None:
    first, second = scope(fleet, "visit"), scope(fleet, "visit")
    limits = fleet.a.config().changes
    wishes: dict[str, Any] = {"reason": "a mistake", "asked_by": "mari", "limits": limits}
    wishes |= {"effect": ChangeEffect()}  # each was looked at before the other, and moves few
    assert request_rollback(fleet.connection, first, now=fleet.now, **wishes).rollback
    with pytest.raises(PermanentError, match="nothing"):
        request_rollback(fleet.connection, second, now=fleet.now + timedelta(seconds=1), **wishes)
    fleet.a.write("scoring", rules(visit=14))
    fleet.a.minute()
    assert fleet.points() == [0] * 2 + [15] * 8
