"""Model points: only differences, whatever the order of runs; ledger, score and parts agree."""

import math
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from leadops.changes.answer_change import answer_change
from leadops.changes.change_record import list_changes, list_open
from leadops.db import Connection, connect
from leadops.scoring.ledger import write_off
from leadops.training.calibration import Calibration
from leadops.training.champion import record_decision
from leadops.training.encode import Encoding
from leadops.training.explain_model import explain_model
from leadops.training.model import Model, insert_model
from leadops.training.model_gate import ModelLimits
from leadops.training.points import PointsResult, write_model_points
from leadops.training.training_settings import Feature
from tests.promises import promise_examples
from tests.shipped import SHIPPED
from tests.training.conftest import DAY, START, World, settings

NOW = START


def model(*, weight: float = 2.0) -> Model:
    """Views count for `weight` a deviation, days without a sign of life against."""
    views = Feature.model_validate({"count": ["view_pricing"]})
    last = Feature.model_validate({"recency": []})
    return Model(
        encodings=[
            Encoding(name="views", feature=views, low=0, high=10),
            Encoding(name="last", feature=last, low=0, high=90),
        ],
        columns=["views", "last"],
        mean=[1.0, 10.0],
        deviation=[1.0, 10.0],
        coefficients=[weight, -0.5],
        intercept=-1.0,
        calibration=Calibration(kind="sigmoid"),
        profile_events=["identify"],
        goal=["sql"],
        horizon_days=30,
        reference={},
        data={},
        settings_hash="",
        versions={},
    )


def activate_model(world: World, made: Model, *, day: int = 0) -> int:
    model_id = insert_model(world.connection, made, day=(START + day * DAY).date(), now=NOW)
    record_decision(
        world.connection,
        day=(START + day * DAY).date(),
        outcome="first",
        reason="test",
        model_id=model_id,
        champion_id=model_id,
        inputs_hash="",
        findings={},
        now=NOW,
    )
    return model_id


def write(world: World, now: datetime = NOW, **changes: Any) -> PointsResult:
    return write_model_points(world.connection, now=now, settings=settings(**changes))


def agree(world: World) -> None:
    """The ledger, the score and the parts of every lead are the same number."""
    wrong = world.rows(
        "select lead_id, model, given from scoring.scores full join"
        " (select lead_id, sum(points) as given from scoring.ledger where dimension = 'model'"
        " group by lead_id) as ledger using (lead_id) where coalesce(model, 0) <> coalesce(given, 0)"
    )
    assert wrong == []
    for lead, total in world.rows("select lead_id, model from scoring.scores"):
        told = explain_model(world.connection, lead)
        parts = sum(part.points for part in told.parts) + told.written_off if told else 0
        assert parts == total


def sent(world: World, lead: int) -> list[float]:
    return [
        float(payload["fields"]["ml_score"])
        for (payload,) in world.rows(
            "select payload from delivery.outbox where operation = 'set_fields' and lead_id = %s"
            " order by outbox_id",
            lead,
        )
    ]


def test_without_a_model_nothing_is_written(world: World) -> None:
    world.event(world.lead(), "view_pricing", NOW - DAY)
    assert write(world) == PointsResult(model_id=None)


def test_points_by_hand(world: World) -> None:
    """Two views, the last 10 days ago: logit −1 + 2 = 1, chance 0.731, 29 of 40 points, once."""
    lead = world.lead()
    for days in (10, 20):
        world.event(lead, "view_pricing", NOW - days * DAY)
    model_id = activate_model(world, model())
    assert write(world) == PointsResult(model_id=model_id, leads=1, rows=1, points=29, ml_scores=1)
    assert write(world) == PointsResult(model_id=model_id, leads=1)
    row = world.rows("select lead_id, points, dimension, kind, lane, occurred_at, reason from scoring.ledger")
    assert row == [(lead, 29, "model", "model", 1, NOW, f"model {model_id}: probability 0.731")]
    assert sent(world, lead) == [0.7311]
    told = explain_model(world.connection, lead)
    assert told is not None
    # The average lead has 0.269 of 40, 10.76; the views add the rest, the last event nothing.
    assert [(part.feature, part.points) for part in told.parts] == [
        ("the average lead", 11),
        ("views", 18),
        ("last", 0),
    ]
    agree(world)


def test_another_model_corrects_by_the_difference(world: World) -> None:
    lead = world.lead()
    for days in (10, 20):
        world.event(lead, "view_pricing", NOW - days * DAY)
    activate_model(world, model())
    write(world)
    activate_model(world, model(weight=1.0), day=1)
    assert write(world).points == 20 - 29
    assert sent(world, lead) == [0.7311, 0.5]
    agree(world)


def test_a_lead_of_which_nothing_is_heard_loses_its_points(world: World) -> None:
    lead = world.lead()
    world.event(lead, "view_pricing", NOW - DAY)
    activate_model(world, model())
    first = write(world)
    later = write(world, NOW + 100 * DAY)
    assert later.points == -first.points
    assert world.rows("select model from scoring.scores where lead_id = %s", lead) == [(0,)]
    assert explain_model(world.connection, lead) is None
    agree(world)


def test_the_ma_is_told_only_of_what_moved(world: World) -> None:
    lead = world.lead()
    world.event(lead, "view_pricing", NOW - DAY)
    activate_model(world, model())
    write(world)
    step = {"writing": {"ml_score_step": 0.05}}
    told = [write(world, NOW + timedelta(days=days), **step).ml_scores for days in range(1, 15)]
    assert sum(told) == len(sent(world, lead)) - 1
    assert 1 <= sum(told) <= 3, "ten days of silence are half a logit"


def test_a_probability_that_moved_by_the_step_is_sent_and_one_that_moved_by_less_is_not(world: World) -> None:
    lead = world.lead()
    world.event(lead, "view_pricing", NOW - DAY)
    activate_model(world, model())

    def chance() -> float:
        return float(world.rows("select probability from training.predictions")[0][0])

    write(world)
    before = chance()
    with world.connection.transaction(force_rollback=True):
        write(world, NOW + DAY)
        moved = abs(chance() - before)
    assert moved > 0.001
    assert write(world, NOW + DAY, writing={"ml_score_step": math.nextafter(moved, 1)}).ml_scores == 0
    assert write(world, NOW + DAY, writing={"ml_score_step": moved}).ml_scores == 1
    assert sent(world, lead) == [round(before, 4), round(chance(), 4)]


def test_the_ma_is_sent_scores_in_the_order_of_the_leads(world: World) -> None:
    leads = [world.lead() for _ in range(3)]
    for lead in reversed(leads):
        world.event(lead, "view_pricing", NOW - DAY)
    activate_model(world, model())
    write(world)
    assert world.rows("select lead_id from delivery.outbox order by outbox_id") == [(lead,) for lead in leads]


def test_a_run_of_an_earlier_time_leaves_what_a_later_one_said(world: World) -> None:
    world.event(world.lead(), "view_pricing", NOW - DAY)
    activate_model(world, model())
    write(world)
    before = world.rows("select * from training.predictions")
    assert write(world, NOW - timedelta(hours=12)).rows == 0
    assert world.rows("select * from training.predictions") == before
    agree(world)


def test_points_that_were_written_off_are_not_given_again(world: World) -> None:
    lead = world.lead()
    world.event(lead, "view_pricing", NOW - DAY)
    activate_model(world, model())
    write(world)
    seq = world.rows("select seq from scoring.ledger")[0][0]
    write_off(world.connection, ledger_seq=seq, reason="refused", now=NOW)
    assert write(world).rows == 0
    told = explain_model(world.connection, lead)
    assert told is not None
    assert told.written_off == -told.points
    agree(world)


def test_a_merged_lead_gives_its_points_back_and_the_person_has_them(world: World) -> None:
    older, younger = world.lead(), world.lead()
    world.event(older, "view_pricing", NOW - 2 * DAY)
    world.event(younger, "view_pricing", NOW - 2 * DAY)
    activate_model(world, model())
    write(world)
    seq = world.event(younger, "identify", NOW - DAY)
    world.connection.execute(
        "insert into identity.lead_merges (older_lead_id, younger_lead_id, kind, value, event_seq, merged_at)"
        " values (%s, %s, 'user_id', 'u', %s, %s)",
        [older, younger, seq, NOW],
    )
    world.connection.execute(
        "insert into identity.people values (%s, %s), (%s, %s)", [older, older, younger, older]
    )
    world.connection.execute(
        "update identity.leads set merged_into = %s where lead_id = %s", [older, younger]
    )
    write(world, NOW + timedelta(hours=1))
    scores = dict(world.rows("select lead_id, model from scoring.scores"))
    assert scores[younger] == 0
    assert scores[older] > 20, "both views are the person's"
    agree(world)


def test_chunks_change_nothing(world: World) -> None:
    for number in range(7):
        lead = world.lead()
        for _ in range(number % 4):
            world.event(lead, "view_pricing", NOW - DAY)
    activate_model(world, model())
    small = write(world, writing={"chunk_leads": 2})
    assert small.leads == 5
    assert write(world).rows == 0
    agree(world)


def test_each_chunk_is_done_when_it_is_written(world: World, database_url: str) -> None:
    """A run that dies in its third chunk has kept two, holds nothing, and the next run does only the rest."""
    for _ in range(6):
        world.event(world.lead(), "view_pricing", NOW - DAY)
    activate_model(world, model())
    world.connection.commit()
    world.connection.execute(
        "create function fail_late() returns trigger language plpgsql as $$ begin"
        " if new.lead_id = 5 then raise exception 'power cut'; end if; return new; end $$;"
        " create trigger fail before insert on scoring.ledger for each row execute function fail_late()"
    )
    world.connection.commit()
    with connect(database_url) as other, pytest.raises(psycopg.errors.RaiseException, match="power cut"):
        write_model_points(other, now=NOW, settings=settings(writing={"chunk_leads": 2}))
    assert world.rows("select lead_id from scoring.ledger order by 1") == [(1,), (2,), (3,), (4,)]
    world.connection.execute("drop trigger fail on scoring.ledger")
    world.connection.commit()
    assert write(world, writing={"chunk_leads": 2}).rows == 2
    agree(world)


@examples(
    max_examples=promise_examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    leads=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    runs=st.lists(st.tuples(st.integers(0, 120), st.integers(1, 3)), min_size=1, max_size=5),
)
def test_any_order_of_runs_ends_alike(
    connection: Connection, leads: list[int], runs: list[tuple[int, int]]
) -> None:
    """Whatever ran, in whatever chunks and order: the newest moment decides, as if it had run alone."""
    world = World(connection)
    with connection.transaction(force_rollback=True):
        ids = []
        for views in leads:
            ids.append(world.lead())
            for view in range(views):
                world.event(ids[-1], "view_pricing", NOW - (view + 1) * DAY)
        activate_model(world, model())
        last = max(days for days, _ in runs)
        with connection.transaction(force_rollback=True):
            write(world, NOW + last * DAY)
            alone = world.rows("select lead_id, model from scoring.scores where lead_id = any(%s)", ids)
        for days, chunk in runs:
            write(world, NOW + days * DAY, writing={"chunk_leads": chunk})
        agree(world)
        ended = dict(world.rows("select lead_id, model from scoring.scores where lead_id = any(%s)", ids))
        assert {lead: points for lead, points in ended.items() if points} == {
            lead: points for lead, points in alone if points
        }
        assert write(world, NOW + last * DAY).rows == 0


def test_a_lead_that_was_away_is_told_to_the_ma_again(world: World) -> None:
    lead = world.lead()
    world.event(lead, "view_pricing", NOW - DAY)
    activate_model(world, model())
    assert write(world).ml_scores == 1
    away = NOW + 400 * DAY
    write(world, now=away)
    assert world.rows("select count(*) from training.predictions") == [(0,)]
    world.event(lead, "view_pricing", away)
    assert write(world, now=away + DAY).ml_scores == 1
    assert write(world, now=away + 2 * DAY).ml_scores <= 1


def test_a_lead_that_counts_for_nothing_has_no_points_of_the_model(world: World) -> None:
    buyer, ours = world.lead(), world.lead()
    for lead in (buyer, ours):
        world.event(lead, "view_pricing", NOW - DAY)
    world.connection.execute(
        "insert into identity.uncounted_leads values (%s, 'internal', 'x', now())", [ours]
    )
    activate_model(world, model())
    assert write_model_points(world.connection, now=NOW, settings=settings()).leads == 1
    assert [row[0] for row in world.rows("select distinct lead_id from scoring.ledger")] in ([buyer], [])
    assert [row[0] for row in world.rows("select lead_id from training.predictions")] == [buyer]


def limits(world: World, *, max_new_mqls: int) -> ModelLimits:
    """Limits under a contract by which 25 points in all make an MQL."""
    shipped = SHIPPED.kpi.versions[0]
    mql = shipped.mql.model_copy(update={"fit": -9, "behaviour": -9, "total": 25})
    contract = SHIPPED.kpi.model_copy(update={"versions": [shipped.model_copy(update={"mql": mql})]})
    changes = SHIPPED.changes.model_copy(update={"max_new_mqls": max_new_mqls})
    return ModelLimits(changes, contract.in_company(SHIPPED.company), SHIPPED.scoring.grades)


def test_a_model_that_would_make_more_mqls_than_a_change_may_waits(world: World) -> None:
    """Two views, the last 10 days ago, are 29 points (above): over 25, so each such lead becomes MQL."""
    leads = [world.lead(), world.lead(), world.lead()]
    for lead in leads[:2]:
        for days in (10, 20):
            world.event(lead, "view_pricing", NOW - days * DAY)
    world.connection.execute(
        "insert into scoring.scores (lead_id, behaviour, updated_at) values (%s, 1, now())", [leads[2]]
    )
    model_id = activate_model(world, model())

    def write_limited(maximum: int) -> PointsResult:
        world.connection.commit()
        given = limits(world, max_new_mqls=maximum)
        return write_model_points(world.connection, now=NOW, settings=settings(), limits=given)

    assert write_limited(1) == PointsResult(model_id=None)
    (change,) = list_open(world.connection)
    assert (change.status, change.subject, change.reason) == (
        "waits",
        f"model {model_id}",
        "more than 1 new MQLs",
    )
    effect = change.read_effect()
    assert effect
    assert (effect.new_mqls, effect.changed, effect.moved) == (2, 2, 0)
    assert write_limited(1) == PointsResult(model_id=None)
    assert len(list_changes(world.connection)) == 1
    world.connection.commit()
    answer_change(world.connection, change.hash, answer="approved", by="hanako", now=NOW)
    assert write_limited(1).points == 58
    assert list_open(world.connection) == []


def test_two_new_mqls_pass_where_two_are_allowed_and_another_scale_is_a_change(world: World) -> None:
    lead = world.lead()
    for days in (10, 20):
        world.event(lead, "view_pricing", NOW - days * DAY)
    activate_model(world, model())
    world.connection.execute(
        "insert into scoring.scores (lead_id, fit, updated_at) values (%s, 1, now())", [lead]
    )
    world.connection.commit()
    small = settings(points={"scale": 20, "lowest": -9, "highest": 99})
    first = write_model_points(
        world.connection, now=NOW, settings=small, limits=limits(world, max_new_mqls=0)
    )
    assert first.points == 15  # 20 × 0.731
    second = write_model_points(
        world.connection, now=NOW, settings=settings(), limits=limits(world, max_new_mqls=0)
    )
    assert (second.model_id, second.rows) == (first.model_id, 0)
    third = write_model_points(
        world.connection, now=NOW, settings=settings(), limits=limits(world, max_new_mqls=1)
    )
    assert third.rows == 0  # it was asked already
    (change,) = list_open(world.connection)
    world.connection.commit()
    answer_change(world.connection, change.hash, answer="approved", by="hanako", now=NOW)
    last = write_model_points(
        world.connection, now=NOW, settings=settings(), limits=limits(world, max_new_mqls=0)
    )
    assert last.points == 14
