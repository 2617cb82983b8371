"""The check on settings."""

from datetime import datetime

from leadops.config.kept_settings import adopt_settings, forget_reader, note_refusal
from leadops.config.refused_file import RefusedFile
from leadops.db import Connection
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def refuse(
    connection: Connection,
    now: datetime,
    *,
    reader: str = "a tasks",
    kept: str | None = "h1",
    usable: bool = True,
    cause: str = "the file is empty",
) -> None:
    refused = RefusedFile("scoring", "/etc/leadops/scoring.yaml", 1, cause, now if usable else None)
    note_refusal(connection, reader=reader, refused=refused, in_force=kept, refused_hash="h2", now=now)


def adopt(connection: Connection, now: datetime, *, reader: str = "a tasks") -> None:
    adopt_settings(
        connection,
        reader=reader,
        section="scoring",
        file="/etc/leadops/scoring.yaml",
        hash="h1",
        settings="{claims_cap: 9}\n",
        line_hashes=[],
        ends_with_line_end=True,
        is_change=False,
        now=now,
    )


def break_a_file(connection: Connection, now: datetime) -> None:
    adopt(connection, now)
    refuse(connection, now)


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"settings": break_a_file}


def test_a_refused_file_is_one_incident_until_it_is_corrected(connection, look, clock):
    adopt(connection, clock())
    assert look(1).opened == 0
    refuse(connection, clock())
    refuse(connection, clock(), reader="b gateway")
    assert look().opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("settings_refused", "scoring.yaml")
    text = shown(incident)
    for line in (
        "The settings file scoring.yaml is broken",
        "the file is empty",
        "line 1",
        "/etc/leadops/scoring.yaml",
        "refused by: a tasks, b gateway",
        "scoring.yaml changed nothing: the settings of 2026-07-31 02:00 JST stay in force",
    ):
        assert line in text
    assert "usable" not in text
    adopt(connection, clock.forward(minutes=1))
    forget_reader(connection, reader="b gateway", section="scoring")
    assert look().resolved == 0
    assert look(3).resolved == 1


def test_a_machine_that_is_gone_refuses_nothing(connection, look, clock):
    refuse(connection, clock(), reader="pod-1 tasks")
    assert look(1).open == 1
    assert look(10).open == 1
    assert look(3).resolved == 1


def test_it_says_where_nothing_is_in_force(connection, look, clock):
    adopt(connection, clock(), reader="b tasks")
    refuse(connection, clock(), reader="b tasks")
    refuse(connection, clock(), kept=None, usable=False)
    assert look(1).opened == 1
    text = shown(incidents(connection)[0])
    assert "no earlier settings of scoring.yaml are usable: tasks that need them fail" in text
    assert "stay in force" not in text
