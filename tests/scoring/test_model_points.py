"""The points of a model, by hand: what the ledger gets is what is missing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.db import Connection
from leadops.scoring.ledger import (
    ModelPointsWritten,
    ModelTarget,
    append_model_points,
    stage_model_targets,
)
from tests.scoring.conftest import World
from tests.scoring.test_score import VIEW, rule_set, view

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVERYBODY = {"after": 0, "up_to": 99}


def award(
    connection: Connection, *targets: ModelTarget, model_id: int = 7, **leads: int
) -> ModelPointsWritten:
    with connection.transaction():
        stage_model_targets(connection, targets)
        return append_model_points(connection, model_id=model_id, now=NOW, **leads)


def read(connection: Connection, text: str) -> list[tuple[Any, ...]]:
    return connection.execute(text).fetchall()


@pytest.fixture
def scored(connection: Connection) -> Connection:
    """Leads 1 to 4 with 10, 20, 30 and 40 points of the model."""
    targets = [ModelTarget(lead, lead * 10, lead / 8) for lead in (3, 1, 4, 2)]
    assert award(connection, *targets, **EVERYBODY) == ModelPointsWritten(4, 100)
    connection.execute("truncate scoring.ledger restart identity")
    connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) select lead_id, model, 'model', 'model', 'model', updated_at, updated_at, 1, ''"
        " from scoring.scores order by lead_id"
    )
    return connection


def test_the_first_points_are_dated_explained_and_past(connection: Connection) -> None:
    award(connection, ModelTarget(2, 6, 0.0626), ModelTarget(1, -4, 0.5), **EVERYBODY)
    columns = "lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, is_live, reason"
    assert read(connection, f"select {columns} from scoring.ledger order by seq") == [
        (1, -4, "model", "model", "model", NOW, NOW, 1, False, "model 7: probability 0.500"),
        (2, 6, "model", "model", "model", NOW, NOW, 1, False, "model 7: probability 0.063"),
    ]
    assert read(connection, "select lead_id, model, updated_at from scoring.scores order by lead_id") == [
        (1, -4, NOW),
        (2, 6, NOW),
    ]


def test_only_what_is_missing_is_written(scored: Connection) -> None:
    targets = ModelTarget(1, 10, 0.9), ModelTarget(2, 25, 0.9), ModelTarget(3, 5, 0.1)
    assert award(scored, *targets, **EVERYBODY) == ModelPointsWritten(3, 5 - 25 - 40)
    assert read(scored, "select lead_id, points, reason from scoring.ledger where seq > 4 order by seq") == [
        (2, 5, "model 7: probability 0.900"),
        (3, -25, "model 7: probability 0.100"),
        (4, -40, "model: no prediction for this lead any more"),
    ]
    totals = read(scored, "select lead_id, model from scoring.scores order by lead_id")
    assert totals == [(1, 10), (2, 25), (3, 5), (4, 0)]
    assert award(scored, *targets, **EVERYBODY) == ModelPointsWritten(0, 0)


def test_a_target_of_nothing_is_no_row(connection: Connection) -> None:
    assert award(connection, ModelTarget(1, 0, 0.5), **EVERYBODY) == ModelPointsWritten(0, 0)
    assert read(connection, "select * from scoring.scores") == []


def test_leads_outside_the_range_keep_their_points(scored: Connection) -> None:
    """Leads 2 and 3 are in (1, 3]; neither has a target any more."""
    assert award(scored, after=1, up_to=3) == ModelPointsWritten(2, -50)
    totals = read(scored, "select lead_id, model from scoring.scores order by lead_id")
    assert totals == [(1, 10), (2, 0), (3, 0), (4, 40)]


def test_points_of_rules_are_none_of_the_model(connection: Connection) -> None:
    connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) values (1, 9, 'fit', 'rule', 'r', now(), now(), 0, '')"
    )
    assert award(connection, ModelTarget(1, 9, 0.5), **EVERYBODY) == ModelPointsWritten(1, 9)
    assert award(connection, **EVERYBODY) == ModelPointsWritten(1, -9)


def test_each_range_has_only_its_own_targets(connection: Connection) -> None:
    with connection.transaction():
        stage_model_targets(connection, [ModelTarget(1, 5, 0.5)])
        stage_model_targets(connection, [ModelTarget(2, 6, 0.5)])
        append_model_points(connection, model_id=7, now=NOW, **EVERYBODY)
    assert read(connection, "select lead_id, points from scoring.ledger") == [(2, 6)]


def test_a_lead_that_no_longer_counts_loses_the_points_of_the_model_and_only_those(world: World) -> None:
    rules = rule_set(VIEW)
    emails = [f"{name}@x.example" for name in "abcd"]
    world.run(rules, [view(email, n, email=email) for n, email in enumerate(emails)])
    award(world.connection, *(ModelTarget(lead, lead * 10, 0.5) for lead in (1, 2, 3)), **EVERYBODY)
    world.connection.execute(
        "insert into identity.uncounted_leads (lead_id, reason, entry, since)"
        " values (2, 'internal', 'ours.example', %(now)s), (4, 'internal', 'd@x.example', %(now)s)",
        {"now": NOW},
    )
    everybody = "insert into scoring.inbox (lead_id, lane) select lead_id, 0 from identity.leads"
    world.connection.execute(everybody)
    before = len(read(world.connection, "select from scoring.ledger"))
    world.score(rules, now=NOW)
    columns = "lead_id, points, dimension, lane, is_live, reason"
    assert read(
        world.connection, f"select {columns} from scoring.ledger where seq > {before} order by seq"
    ) == [
        (2, -20, "model", 1, False, "model: an internal lead, ours.example"),
        (2, -5, "behaviour", 0, False, "view: an internal lead, ours.example"),
        (4, -5, "behaviour", 0, False, "view: an internal lead, d@x.example"),
    ]
    totals = read(world.connection, "select lead_id, behaviour, model from scoring.scores order by 1")
    assert totals == [(1, 5, 10), (2, 0, 0), (3, 5, 30), (4, 0, 0)]
    world.connection.execute("insert into scoring.inbox (lead_id, lane) values (2, 0)")
    assert world.score(rules, now=NOW)[0].rows == 0
    assert len(read(world.connection, "select from scoring.ledger")) == before + 3
