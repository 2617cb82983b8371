"""A push is taken back in the MA: once, by whatever it is named, and the audit finds all equal."""

import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leadops.cli import rollback as command
from leadops.cli.app import make_app
from leadops.configuration import Config
from leadops.delivery.batch_rows import list_batch_rows
from leadops.errors import PermanentError
from tests.changes.fleet import rules
from tests.delivery_fixture import DeliveryFixture, desk, ma_url
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening
from tests.waiting import outlive_sessions

__all__ = ["desk", "ma_url"]

START = datetime(2026, 7, 30, 3, tzinfo=UTC)
LEADS = 12


class Nights:
    """Leads that do something each minute; each push brings it to the MA."""

    def __init__(self, desk: DeliveryFixture, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk, self.now = desk, START
        (folder / "scoring.yaml").write_text(rules(view=10, visit=3))
        monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(folder))
        self.rules = Config.from_environment().scoring
        monkeypatch.setenv("LEADOPS_DATABASE_URL", desk.url)
        monkeypatch.setattr(command, "clock", lambda: self.now)

    def minute(self, event: str, *, seconds: float = 20) -> None:
        with self.desk.connect() as connection:
            World(connection).accept(
                Happening(
                    f"{event} {self.now} {lead}",
                    event,
                    self.now,
                    f"{self.desk.url[-8:]}.{lead}@example.com",
                )
                for lead in range(LEADS)
            )
        self.score()
        self.desk.push(seconds=seconds)

    def score(self) -> None:
        with self.desk.connect() as connection:
            world = World(connection)
            world.resolve(now=self.now)
            world.score(self.rules, now=self.now)
        self.now += timedelta(minutes=1)

    def run(self, *words: str) -> str:
        result = CliRunner().invoke(make_app("rollback"), ["rollback", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    def ma_scores(self) -> list[int]:
        found = self.desk.value("select array_agg(lead_id order by lead_id) from scoring.scores")
        return [self.desk.ma_score(lead) for lead in found]


@pytest.fixture
def nights(desk: DeliveryFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    nights = Nights(desk, tmp_path, monkeypatch)
    nights.minute("view")
    nights.minute("visit")
    assert nights.ma_scores() == [13] * LEADS
    return nights


def prove(nights: Nights, expected: list[int]) -> None:
    nights.desk.push()
    assert nights.ma_scores() == expected
    audit = nights.desk.audit()
    assert (audit.differences, audit.under_way) == ([], 0)


def test_a_span_is_shown_taken_back_and_proved(nights: Nights) -> None:
    span = ("--since", "2026-07-30T03:01Z", "--until", "2026-07-30T03:02Z")
    preview = nights.run(*span, "--dry-run")
    assert "36 points in force taken back, of 12 leads and 12 rows of the ledger" in preview
    done = nights.run(*span, "--because", "the night was a test", "--by", "mari")
    assert "rollback 1: scoring takes the points back" in done
    assert "12 leads still wait to be scored" in nights.run("--show", "1")
    nights.score()
    assert "12 corrections are not in the MA yet" in nights.run("--show", "1")
    prove(nights, [10] * LEADS)
    shown = nights.run("--show", "1")
    assert "the night was a test; asked by mari" in shown
    assert "12 corrections, -36 points" in shown
    assert "done: all leads are scored, and the MA has every correction" in shown
    assert "the night was a test" in nights.run("--list")
    with pytest.raises(PermanentError, match="nothing of points of 2026-07-30 03:01:00"):
        nights.run(*span)
    prove(nights, [10] * LEADS)


def test_a_batch_is_taken_back_by_its_number_after_it_is_settled(nights: Nights) -> None:
    batch = nights.desk.value("select max(batch_id) from delivery.batches")
    assert nights.desk.value("select state from delivery.batches where batch_id = %s", batch) == "done"
    with nights.desk.connect() as connection:
        assert len(list_batch_rows(connection, batch)) == LEADS
        with pytest.raises(PermanentError, match="there is no batch 999"):
            list_batch_rows(connection, 999)
    nights.run("--batch", str(batch))
    nights.score()
    prove(nights, [10] * LEADS)


def test_what_waits_for_its_call_is_taken_back_too(nights: Nights) -> None:
    nights.desk.fault("500", path="/api/bulk/*", count=1000)
    nights.minute("visit", seconds=0.5)
    nights.run("--since", "2026-07-30T03:02Z")
    nights.score()
    nights.desk.heal()
    prove(nights, [13] * LEADS)


@pytest.mark.parametrize("seconds", [0.02, 0.08, 0.2, 0.4])
def test_a_push_that_is_killed_takes_the_points_once(nights: Nights, seconds: float) -> None:
    nights.run("--rule", "visit")
    nights.score()
    with outlive_sessions(nights.desk.url):
        process: Any = multiprocessing.get_context("fork").Process(target=nights.desk.push, daemon=True)
        process.start()
        time.sleep(seconds)
        process.kill()
        process.join()
    prove(nights, [10] * LEADS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "say what to take back"),
        (["--until", "2026-07-30"], "--until needs --since"),
        (["--since", "yesterday"], "'yesterday' is not a time"),
        (["--since", "2027-01-01"], "--since must be earlier than --until, and in the past"),
        (["--rule", "nothing"], "nothing of rule nothing is in force"),
        (["--rule", "visit", "--because", "ask mari@example.com"], "without an address"),
        (["--show", "7"], "there is no rollback 7"),
    ],
)
def test_a_wish_that_names_nothing_is_refused_in_a_line(
    nights: Nights, words: list[str], message: str
) -> None:
    with pytest.raises(PermanentError, match=message):
        nights.run(*words)
