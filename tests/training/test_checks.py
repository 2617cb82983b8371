"""The check on refused features."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_training(connection: Connection, now: datetime) -> None:
    refused = [{"feature": "tags", "check": "auc", "reason": "beyond belief"}]
    connection.execute(
        "insert into training.decisions (day, outcome, reason, inputs_hash, findings, decided_at)"
        " values ('2026-07-29', 'kept', '', '', %s, %s)",
        [Jsonb({"refused": refused}), now],
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"training": fire_training}


def decide_training(connection: Connection, clock: Any, day: str, *refused: str) -> None:
    listed = [
        {"feature": name, "check": check, "reason": f"{check}: beyond belief"}
        for name in refused
        for check in ("auc", "late")
    ]
    connection.execute(
        "insert into training.decisions (day, outcome, reason, inputs_hash, findings, decided_at)"
        " values (%s, 'kept', '', '', %s, %s)",
        [day, Jsonb({"leads": 9} | ({"refused": listed} if listed else {})), clock()],
    )


def test_a_feature_that_was_refused_is_told_until_a_training_goes_without_the_refusal(
    connection, look, clock
):
    decide_training(connection, clock, "2026-07-29", "profile", "tags")
    look()
    decide_training(connection, clock, "2026-07-30", "tags", "profile")
    look(1)
    told = incidents(connection)
    assert [(each.kind, each.subject) for each in told] == [
        ("feature_refused", "profile"),
        ("feature_refused", "tags"),
    ]
    assert "late: beyond belief" in shown(told[0])
    decide_training(connection, clock, "2026-07-01")  # a day of the past, worked out again
    assert look(1).resolved == 0
    decide_training(connection, clock, "2026-07-30", "profile")
    assert look(1).resolved == 1
    decide_training(connection, clock, "2026-07-31")
    assert look(1).resolved == 1
