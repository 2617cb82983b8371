"""The checks on changes: a question to a human, and a machine whose file is behind."""

from datetime import datetime, timedelta

from leadops.changes.change_record import ask_change, end_change, let_wait, list_changes, note_problem
from leadops.changes.weigh_change import ChangeEffect, MovedLead
from leadops.config.gated_settings import dump_settings, note_file, put_in_force
from leadops.configuration import GATED
from leadops.db import Connection
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.shipped import SHIPPED

__all__ = ["clock", "look", "slack", "slack_server"]

EXAMPLE = MovedLead(7, before=61, after=21, grade_before="B1", grade_after="B3", is_new_mql=False)
EFFECT = ChangeEffect(with_points=200, changed=90, moved=41, new_mqls=3, examples=[EXAMPLE])


def ask(connection: Connection, now: datetime) -> int:
    """Put a change on record that is not weighed yet."""
    ask_change(
        connection,
        kind="settings",
        hash="3f9a0c51d2e7" + "0" * 52,
        subject="scoring.yaml",
        content={},
        base={},
        now=now,
    )
    return list_changes(connection)[0].change_id


def wait(connection: Connection, now: datetime) -> int:
    change_id = ask(connection, now)
    reason = "more than 20% of the leads get another grade"
    let_wait(connection, change_id, effect=EFFECT, reason=reason, now=now)
    return change_id


def note(connection: Connection, reader: str, now: datetime, *, claims_cap: int) -> None:
    settings = dump_settings(SHIPPED.scoring) | {"claims_cap": claims_cap}
    note_file(connection, reader=reader, section="scoring", file="scoring.yaml", settings=settings, now=now)


def let_a_machine_be_behind(connection: Connection, now: datetime) -> None:
    """A and B had a cap of 9; A's 8 is in force since a minute, and C is new with 9."""
    for section in GATED:
        settings = dump_settings(getattr(SHIPPED, section))
        put_in_force(
            connection, section=section, settings=settings, reason="first", now=now - timedelta(days=1)
        )
    for claims_cap, minutes in [(9, 60), (8, 1)]:
        settings = dump_settings(SHIPPED.scoring) | {"claims_cap": claims_cap}
        then = now - timedelta(minutes=minutes)
        put_in_force(connection, section="scoring", settings=settings, reason="", now=then)
        note(connection, "a tasks", then, claims_cap=claims_cap)
    note(connection, "b tasks", now - timedelta(minutes=60), claims_cap=9)
    note(connection, "b tasks", now, claims_cap=9)
    note(connection, "c tasks", now, claims_cap=9)


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"changes": wait, "older files": let_a_machine_be_behind}


def test_a_change_that_waits_is_told_in_numbers_and_examples_until_it_is_decided(connection, look, clock):
    change_id = wait(connection, clock())
    assert look().opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("change_waits", "3f9a0c51d2e7")
    text = shown(incident)
    for line in (
        "A change of scoring.yaml needs approval",
        "more than 20% of the leads get another grade",
        "41 of 200 leads with points would get another grade (20.5 %), 90 other points",
        "3 new MQLs",
        "7: 61 → 21, B1 → B3",
        "leadops changes approve 3f9a0c51d2e7",
    ):
        assert line in text
    assert "not weighed" not in text
    end_change(connection, change_id, status="withdrawn", now=clock())
    assert look(1).resolved == 1


def test_a_change_that_cannot_be_weighed_is_told_after_five_minutes(connection, look, clock):
    change_id = ask(connection, clock())
    assert look(4).opened == 0
    note_problem(connection, change_id, problem="the database was busy")
    assert look(1).opened == 1
    text = shown(incidents(connection)[0])
    assert "not weighed yet: the database was busy" in text
    assert "would get another grade" not in text


def test_a_new_machine_with_an_older_file_is_told_at_once_and_another_one_after_ten_minutes(
    connection, look, clock
):
    let_a_machine_be_behind(connection, clock())
    assert look().opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("settings_behind", "scoring.yaml")
    assert incident.facts["readers"] == ["c tasks"]
    text = shown(incident)
    for line in ("older on: c tasks", "in force is the file of: a tasks", "they differ in: claims_cap"):
        assert line in text
    for minutes in (5, 4):
        clock.forward(minutes=minutes)
        for reader, claims_cap in [("a tasks", 8), ("b tasks", 9), ("c tasks", 9)]:
            note(connection, reader, clock(), claims_cap=claims_cap)
        look()
    assert incidents(connection)[0].facts["readers"] == ["b tasks", "c tasks"]
    for reader in ("b tasks", "c tasks"):
        note(connection, reader, clock(), claims_cap=8)
    look()
    assert look(3).resolved == 1


def test_a_machine_is_behind_since_the_newer_settings_are_in_force(connection, look, clock):
    let_a_machine_be_behind(connection, clock())  # B's file is an hour old, what is in force a minute
    connection.execute("delete from config.gated_files where reader = 'c tasks'")
    in_force_since = clock() - timedelta(minutes=1)
    clock.forward(minutes=9)
    for reader, claims_cap in [("a tasks", 8), ("b tasks", 9)]:
        note(connection, reader, clock(), claims_cap=claims_cap)
    assert look().opened == 1
    assert incidents(connection)[0].opened_at == in_force_since
