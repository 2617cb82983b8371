"""Machines with files of settings, and the leads that these give points."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadops.changes.change_record import ChangeRecord, list_open
from leadops.changes.follow_files import FollowResult, follow_files
from leadops.configuration import Config
from leadops.db import Connection, connect
from leadops.identity.resolve import resolve_events
from leadops.lifecycle.qualify import qualify_leads
from leadops.scoring.active_rules import name_source
from leadops.scoring.score import score_leads
from leadops.subscribers import SUBSCRIBERS
from leadops_stack.postgres import PostgresServer
from tests.cluster import database_of
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

START = datetime(2026, 7, 30, 3, tzinfo=UTC)


def rules(**points: int) -> str:
    """Return a scoring.yaml: an event gives its points, once; nothing else gives any."""
    given = {"visit": 15, "webinar": 15} | points
    behaviour = [{"name": name, "event": name, "points": number} for name, number in given.items() if number]
    return f"fit: []\nbehaviour: {json.dumps(behaviour)}\n"


def contract(**mql: object) -> str:
    """Return a kpi.yaml: the shipped contract, with other thresholds for an MQL."""
    shipped = SHIPPED.kpi.model_dump(mode="json", exclude_unset=True)
    shipped["versions"][0]["mql"] |= mql
    return json.dumps(shipped)


class Machine:
    """One machine: its folder of settings, and what it reads there."""

    def __init__(self, fleet: "Fleet", name: str, folder: Path) -> None:
        self.fleet, self.name, self.folder = fleet, name, folder
        folder.mkdir()

    def write(self, section: str, text: str) -> None:
        """Write a file; the next read sees it."""
        (self.folder / f"{section}.yaml").write_text(text)

    def config(self, part: str = "tasks") -> Config:
        """Return the settings in force, as a process that starts now reads them."""
        self.fleet.monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(self.folder))
        self.fleet.monkeypatch.setattr("platform.node", lambda: self.name)
        return Config.in_force(
            part=part,
            open_database=lambda: connect(self.fleet.url),
            clock=lambda: self.fleet.now,
            sleep=lambda seconds: None,
        )

    def minute(self) -> FollowResult:
        """Let a minute pass: read every file, follow them, score and qualify by what is in force."""
        fleet = self.fleet
        fleet.now += timedelta(minutes=1)
        self.config().read_all()
        result = follow_files(fleet.connection, now=fleet.now)
        self.score()
        return result

    def score(self) -> None:
        """Score and qualify by what is in force."""
        fleet, config = self.fleet, self.config()
        source = name_source(config.find_file("scoring"))
        while score_leads(
            fleet.connection,
            rules=config.scoring,
            zone=config.company.zone,
            now=fleet.now,
            source=source,
            machines=config.machines,
        ).remaining:
            pass
        qualify_leads(
            fleet.connection,
            contract=config.kpi,
            subscribers=SUBSCRIBERS,
            now=fleet.now,
            fold_case=config.company.fold_case,
        )


class Fleet:
    """Some machines and one database."""

    def __init__(
        self, connection: Connection, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.connection, self.url, self.monkeypatch, self.now = connection, url, monkeypatch, START
        self.world = World(connection)
        self.a = Machine(self, "a", folder / "a")
        self.b = Machine(self, "b", folder / "b")
        self.folder = folder
        self._serial = 0

    def add_machine(self, name: str) -> Machine:
        """Return a machine that is new."""
        return Machine(self, name, self.folder / name)

    def add_leads(self, number: int, *events: str, are_scored: bool = True, **options: Any) -> None:
        """Let `number` new leads do each of `events` once, an hour ago; unless `are_scored` they wait."""
        for _ in range(number):
            self._serial += 1
            email = f"lead{self._serial}@example.com"
            self.world.accept(
                [
                    Happening(
                        f"{event} {self._serial}", event, self.now - timedelta(hours=1), email, **options
                    )
                    for event in events
                ],
                received_at=self.now - timedelta(hours=1),
            )
        self.connection.commit()
        config = self.a.config()
        resolve_events(self.connection, now=self.now, settings=config.identity)
        if are_scored:
            self.a.score()

    def points(self) -> list[int]:
        """Return the totals of all leads."""
        rows = self.world.rows("select total from scoring.scores order by lead_id")
        self.connection.commit()
        return [total for (total,) in rows]

    def mqls(self) -> int:
        """Return how many leads are MQL."""
        rows = self.world.rows("select count(*) from lifecycle.transitions where stage = 'mql'")
        self.connection.commit()
        return int(rows[0][0])

    def open_changes(self) -> list[ChangeRecord]:
        """Return the changes that are open."""
        found = list_open(self.connection)
        self.connection.commit()
        return found

    def waiting(self) -> ChangeRecord:
        """Return the one change that waits."""
        (change,) = self.open_changes()
        assert change.status == "waits"
        return change


@pytest.fixture(scope="module")
def fleet_template(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database in which two machines have read the same rules, and ten leads their points."""
    name = f"m_{secrets.token_hex(6)}"
    with database_of(postgres, name) as url:
        with connect(url) as connection, pytest.MonkeyPatch.context() as monkeypatch:
            fleet = Fleet(connection, url, tmp_path_factory.mktemp("fleet"), monkeypatch)
            for machine in (fleet.a, fleet.b):
                machine.write("scoring", rules())
                machine.minute()
            fleet.add_leads(2, "visit")
            fleet.add_leads(8, "webinar")
            assert fleet.points() == [15] * 10
        yield name


@pytest.fixture
def database_url(postgres: PostgresServer, fleet_template: str) -> Iterator[str]:
    """The URL of a copy of that database."""
    with database_of(postgres, f"t_{secrets.token_hex(6)}", template=fleet_template) as url:
        yield url


@pytest.fixture
def fleet(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Fleet:
    """Two machines with the same rules: two leads have 15 points for a visit, eight for a webinar."""
    fleet = Fleet(connection, database_url, tmp_path, monkeypatch)
    for machine in (fleet.a, fleet.b):
        machine.write("scoring", rules())
        fleet.now += timedelta(minutes=1)
    fleet._serial = 10
    assert fleet.points() == [15] * 10
    return fleet
