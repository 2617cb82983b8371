"""`leadops consent`, as a person calls it."""

import json
import os
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from leadops.cli import consent
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.consent.conftest import ConsentWorld
from tests.machines.conftest import START
from tests.roles import as_role

SAID_AT = START.replace(microsecond=0) + timedelta(days=1)


@pytest.fixture
def world(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> ConsentWorld:
    monkeypatch.setitem(os.environ, "LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setattr(consent, "clock", lambda: SAID_AT)
    monkeypatch.setattr(consent.getpass, "getuser", lambda: "ops")
    return ConsentWorld(connection)


def run(*words: str) -> Result:
    return CliRunner().invoke(consent.app, list(words))


def test_the_settings_of_now_count_before_any_task_has_run(world: ConsentWorld) -> None:
    world.lead()
    world.connection.execute("delete from consent.settings")
    world.connection.commit()
    assert run("show", "1").output.startswith("lead 1: may get marketing mail")


def test_what_was_said_is_noted_and_shown(world: ConsentWorld) -> None:
    world.lead()
    world.connection.commit()
    assert run("show", "1").output == (
        "lead 1: may get marketing mail: nobody heard anything, and consent.yaml says so\n"
    )
    assert json.loads(run("show", "1", "--json").output) == {
        "may_mail": True,
        "word": None,
        "since": None,
        "source": "unsaid",
        "statements": [],
    }
    noted = run("opt-out", "ann@buyer.example", "--because", "phone call")
    line = f"lead 1: gets no marketing mail: opt_out at {SAID_AT.isoformat()}, heard by operator"
    assert noted.output == f"{line}\n"
    shown = run("show", "1").output
    assert line in shown
    assert "phone call" in shown
    assert json.loads(run("show", "1", "--json").output) == {
        "may_mail": False,
        "word": "opt_out",
        "since": SAID_AT.isoformat(),
        "source": "operator",
        "statements": [
            {
                "lead_id": 1,
                "word": "opt_out",
                "said_at": SAID_AT.isoformat(),
                "source": "operator",
                "reference": "ops",
                "because": "phone call",
            }
        ],
    }


def test_an_opt_in_needs_a_reason(world: ConsentWorld) -> None:
    world.lead()
    world.connection.commit()
    assert run("opt-in", "1").exit_code == 2
    assert isinstance(run("opt-in", "1", "--because", " ").exception, PermanentError)
    assert isinstance(run("show", "7").exception, PermanentError)


def test_opt_outs_are_put_into_the_outbox_once(world: ConsentWorld) -> None:
    world.put_in_crm(world.lead(), "C1")
    run("opt-out", "1")
    assert run("pass-on").output == "1 opt-out and 0 opt-ins to pass on\n"
    assert run("pass-on").output == "0 opt-outs and 0 opt-ins to pass on\n"
