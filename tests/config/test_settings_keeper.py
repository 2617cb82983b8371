"""A broken setting changes nothing: the settings in force before stay so, and the breakage is on record."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from leadops.config.kept_settings import forget_section
from leadops.configuration import SECTIONS, Config
from leadops.db import Connection, connect
from leadops.errors import ConfigError, TransientError
from tests.config.own_files import BREAKAGES, OWN_FILES, write_own_file
from tests.promises import in_turn
from tests.shipped import SHIPPED

START = datetime(2026, 7, 30, 17, tzinfo=UTC)


class Refusal(NamedTuple):
    """A row of config.readers that is refused."""

    reader: str
    section: str
    file: str
    line: int | None
    cause: str
    refused_since: datetime


class Machine:
    """One machine's folder of settings, and what it reads there."""

    def __init__(self, folder: Path, url: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.url, self.name, self._monkeypatch = folder, url, name, monkeypatch
        self.now = START
        folder.mkdir(exist_ok=True)

    def config(self, *, part: str = "tasks", folder: bool = True, **options: Any) -> Config:
        """Return the settings in force now, as a new process reads them."""
        self._monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(self.folder) if folder else "")
        self._monkeypatch.setattr("platform.node", lambda: self.name)
        given: dict[str, Any] = {
            "open_database": lambda: connect(self.url),
            "clock": lambda: self.now,
            "sleep": lambda seconds: None,
        }
        return Config.in_force(part=part, **given | options)

    def write(self, section: str, text: str) -> Path:
        file = self.folder / f"{section}.yaml"
        file.write_text(text)
        return file


@pytest.fixture
def machine(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "a", database_url, "a", monkeypatch)


@pytest.fixture
def other(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "b", database_url, "b", monkeypatch)


def refusals(connection: Connection) -> list[Refusal]:
    connection.rollback()
    rows = connection.execute(
        "select reader, section, file, line, cause, refused_since from config.readers"
        " where refused_hash is not null order by reader, section"
    )
    return [Refusal(*row) for row in rows]


def test_every_file_has_one_of_its_own_here() -> None:
    assert set(OWN_FILES) == set(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_no_breakage_changes_anything(machine: Machine, connection: Connection, section: str) -> None:
    file = write_own_file(machine.folder, section)
    good = getattr(machine.config(), section)
    assert good != getattr(SHIPPED, section)
    for name in in_turn(list(BREAKAGES), list(SECTIONS).index(section), of=4):
        damage, cause = BREAKAGES[name]
        machine.now += timedelta(minutes=1)
        damage(file)
        config = machine.config()
        assert getattr(config, section) == good, name
        (refusal,) = refusals(connection)
        assert (refusal.reader, refusal.section, refusal.file) == ("a tasks", section, str(file))
        assert cause in refusal.cause, name
        assert refusal.refused_since == machine.now
        assert refusal.line is not None or name in ("gone", "a folder", "a link to nothing")
        assert "the settings of 2026-07-30 17:00 UTC stay in force" in str(config.refused[section])

        machine.now += timedelta(minutes=1)
        write_own_file(machine.folder, section)
        config = machine.config()
        assert getattr(config, section) == good
        assert (refusals(connection), config.refused) == ([], {})


def test_a_folder_that_is_gone_or_no_longer_named_changes_nothing(
    machine: Machine, connection: Connection
) -> None:
    for section in SECTIONS:
        write_own_file(machine.folder, section)
    good = {section: getattr(machine.config(), section) for section in SECTIONS}
    machine.config().read_all()
    machine.folder.rename(machine.folder.with_name("elsewhere"))
    for folder in (True, False):
        machine.now += timedelta(minutes=1)
        config = machine.config(folder=folder)
        assert set(config.read_all()) == set(SECTIONS)
        assert {section: getattr(config, section) for section in SECTIONS} == good
        cause = "is gone" if folder else "is not read, because LEADOPS_CONFIG_DIR is not set"
        assert [cause in refusal.cause for refusal in refusals(connection)] == [True] * len(SECTIONS)


def test_all_faults_of_a_file_are_counted_and_addresses_masked(
    machine: Machine, connection: Connection
) -> None:
    machine.write("events", "max_depth: 9\n")
    assert machine.config().events.max_depth == 9
    machine.write("events", "max_depth: x\nmax_age_hours: y\n")
    assert machine.config().events.max_depth == 9
    machine.write("company", "timezone: taro@example.com\n")
    machine.write("sla", "timezone: xoxb-1234567890-AbCdEfGh\n")
    assert set(machine.config().read_all()) == {"company", "events", "sla"}
    company, events, sla = refusals(connection)
    assert sla.cause.startswith("timezone: Value error, '[secret]' is not an IANA time zone")
    assert (events.line, events.cause) == (
        2,
        "max_age_hours: Input should be a valid number, unable to parse string as a number (and 1 more)",
    )
    assert "taro" not in company.cause
    assert "[e-mail]" in company.cause


def test_what_is_kept_has_no_comments_and_says_the_same(machine: Machine, connection: Connection) -> None:
    text = (
        "# token xoxb-secret\nholidays: !only {Asia/Seoul: KR} # xoxb-secret\nqueues: &x\n"
        "  sla_minutes: 1 # no\n"
    )
    machine.write("routing", text.split("queues")[0])
    good = machine.config().routing
    kept = connection.execute("select settings, hash from config.kept_settings").fetchall()
    assert [row[0] for row in kept] == ["holidays: !only {Asia/Seoul: KR}\n"]
    assert all("xoxb" not in str(row) for row in connection.execute("select * from config.kept_settings"))
    machine.write("routing", "")
    assert machine.config().routing == good
    assert list(good.holidays) == ["Asia/Seoul"]


def test_a_first_start_with_a_broken_file_is_refused_and_recorded(
    machine: Machine, connection: Connection
) -> None:
    file = machine.write("scoring", "claims_cap: many\n")
    for _ in range(2):
        with pytest.raises(ConfigError, match=rf"^{file}:1: claims_cap: [^\n]*$"):
            _ = machine.config().scoring
    (refusal,) = refusals(connection)
    assert (refusal.section, refusal.line) == ("scoring", 1)
    assert machine.config().read_all()["scoring"].in_force_since is None
    machine.write("scoring", "claims_cap: 3\n")
    assert machine.config().scoring.claims_cap == 3
    assert refusals(connection) == []


def test_comments_alone_bring_back_the_shipped_settings_and_then_the_file_may_go(
    machine: Machine, connection: Connection
) -> None:
    machine.write("events", "max_depth: 9\n")
    assert machine.config().events.max_depth == 9
    file = machine.write("events", "# nothing of our own since 1 August\n")
    assert machine.config().events == SHIPPED.events
    file.unlink()
    config = machine.config()
    assert (config.events, config.refused) == (SHIPPED.events, {})
    assert connection.execute("select count(*) from config.readers").fetchone() == (0,)


def test_a_shorter_file_takes_effect_with_a_comment_or_where_it_was_in_force_before(machine: Machine) -> None:
    short, long = "max_depth: 9\n", "max_depth: 9\nmax_age_hours: 70\n"
    for text, hours in [(short, 72), (long, 70), (short, 72), (long, 70)]:
        machine.write("events", text)
        assert machine.config().events.max_age_hours == hours
    machine.write("events", long + "max_string_chars: 9000\n")
    assert machine.config().events.max_string_chars == 9000
    machine.write("events", long + "max_ahead_minutes: 4\nmax_string_chars: 9000\n")
    assert machine.config().events.max_ahead_minutes == 4
    machine.write("events", long + "max_ahead_minutes: 4\n")
    assert machine.config().events.max_string_chars == 9000
    machine.write("events", long + "max_ahead_minutes: 4\n# no limit of our own\n")
    assert machine.config().events.max_string_chars == 8192


def test_only_comments_may_be_cut_off(machine: Machine) -> None:
    machine.write("events", "max_depth: 9\n# and so on\n# and on\n")
    assert machine.config().events.max_depth == 9
    machine.write("events", "max_depth: 9\n# and so")
    config = machine.config()
    assert (config.events.max_depth, config.refused) == (9, {})


def test_a_file_that_is_written_while_it_is_read_is_taken_whole(
    machine: Machine, connection: Connection
) -> None:
    """An editor empties the file and writes it line by line, one line in each pause of the reader."""
    lines = iter(["max_depth: 8\n", *(f"# line {number}\n" for number in range(6)), "max_age_hours: 60\n"])
    file = machine.write("events", "max_depth: 9\nmax_age_hours: 70\n")
    assert machine.config().events.max_depth == 9

    def write_line(seconds: float) -> None:
        with file.open("a") as out:
            out.write(next(lines, ""))

    file.write_text("")
    events = machine.config(sleep=write_line).events
    assert (events.max_depth, events.max_age_hours) == (8, 60)
    assert refusals(connection) == []


def test_a_file_that_is_written_all_the_time_is_not_taken(machine: Machine, connection: Connection) -> None:
    file = machine.write("events", "max_depth: 9\n")
    assert machine.config().events.max_depth == 9
    file.write_text("max_depth: 8\n")

    def write_on(seconds: float) -> None:
        with file.open("a") as out:
            out.write("# and on\n")

    assert machine.config(sleep=write_on).events.max_depth == 9
    assert [refusal.cause for refusal in refusals(connection)] == ["is still being written"]
    machine.now += timedelta(minutes=1)
    assert machine.config().events.max_depth == 8
    assert refusals(connection) == []


def test_each_machine_goes_by_its_own_file(machine: Machine, other: Machine, connection: Connection) -> None:
    machine.write("events", "max_depth: 9\n")
    other.write("events", "max_depth: 8\n")
    assert (machine.config().events.max_depth, other.config().events.max_depth) == (9, 8)
    machine.write("events", "")
    other.write("events", "[]")
    machine.now = other.now = START + timedelta(minutes=1)
    assert (machine.config().events.max_depth, other.config().events.max_depth) == (9, 8)
    assert [refusal.reader for refusal in refusals(connection)] == ["a tasks", "b tasks"]
    other.write("events", "max_depth: 7\n")
    assert (machine.config().events.max_depth, other.config().events.max_depth) == (9, 7)
    assert [refusal.reader for refusal in refusals(connection)] == ["a tasks"]


def test_a_new_machine_with_a_broken_or_missing_file_goes_by_what_changed_last(
    machine: Machine, other: Machine
) -> None:
    for minute, depth in enumerate([9, 8, 9]):  # there, on, and back again
        machine.now = START + timedelta(minutes=minute)
        machine.write("events", f"max_depth: {depth}\n")
        assert machine.config().events.max_depth == depth
    assert other.config().events.max_depth == 9
    other.write("events", "[]")
    assert other.config().events.max_depth == 9
    other.write("events", "max_depth: 8\n")
    assert other.config().events.max_depth == 8


def test_a_new_machine_with_an_older_file_does_not_decide_for_others(
    machine: Machine, other: Machine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for depth in (9, 8):
        machine.write("events", f"max_depth: {depth}\n")
        machine.now += timedelta(minutes=1)
        assert machine.config().events.max_depth == depth
    other.now = machine.now + timedelta(minutes=1)
    other.write("events", "max_depth: 9\n")
    assert other.config().events.max_depth == 9
    third = Machine(tmp_path / "c", database_url, "c", monkeypatch)
    assert third.config().events.max_depth == 8


def test_the_parts_of_one_machine_read_each_for_itself(machine: Machine, connection: Connection) -> None:
    machine.write("events", "max_depth: 9\n")
    _ = machine.config().events, machine.config(part="gateway").events
    machine.write("events", "")
    assert machine.config(part="gateway").events.max_depth == 9
    assert [refusal.reader for refusal in refusals(connection)] == ["a gateway"]


def test_after_an_upgrade_that_refuses_the_kept_settings_too_nothing_is_guessed(
    machine: Machine, connection: Connection
) -> None:
    file = machine.write("alerts", "channel: C0OURS\nclear_after_minutes: 5\n")
    assert machine.config().alerts.channel == "C0OURS"
    former = "channel: C0OURS\ntell_at_most: 9\n"  # as a version kept it that had this key
    connection.execute("update config.kept_settings set settings = %s", [former])
    connection.commit()
    file.write_text(former)
    with pytest.raises(ConfigError, match="now called max_calls_per_run") as caught:
        _ = machine.config().alerts
    assert "this version refuses the settings that were in force as well" in str(caught.value)
    (refusal,) = refusals(connection)
    assert "this version refuses" in refusal.cause
    notifying = machine.config().for_notifying().alerts
    assert notifying == SHIPPED.alerts.model_copy(update={"channel": "C0OURS"})
    file.write_text("channel: C0OURS\nmax_calls_per_run: 9\n")
    assert machine.config().alerts.max_calls_per_run == 9
    assert refusals(connection) == []


def test_on_call_is_notified_by_what_is_usable_at_a_first_start(machine: Machine) -> None:
    machine.write("alerts", "channel: C0OURS\ndigest_above: many\nmention: ''\n")
    machine.write("company", "language: ja\ntimezone: nowhere\n")
    machine.write("sla", "[")
    config = machine.config().for_notifying()
    assert (config.alerts.channel, config.alerts.mention) == ("C0OURS", "")
    assert config.alerts.digest_above == SHIPPED.alerts.digest_above
    assert (config.company.language, config.company.timezone) == ("ja", SHIPPED.company.timezone)
    assert config.sla.tiers == SHIPPED.sla.tiers
    with pytest.raises(ConfigError):
        _ = machine.config().company


def test_forgotten_settings_do_not_come_back(machine: Machine, connection: Connection) -> None:
    file = machine.write("events", "max_depth: 9\n")
    assert machine.config().events.max_depth == 9
    file.unlink()
    assert machine.config().events.max_depth == 9
    assert forget_section(connection, section="events") == 1
    connection.commit()
    config = machine.config()
    assert (config.events, config.refused, refusals(connection)) == (SHIPPED.events, {}, [])


def test_a_command_reads_what_is_in_force_and_records_nothing(
    machine: Machine, connection: Connection
) -> None:
    machine.write("events", "max_depth: 9\n")
    assert machine.config(records=False).events.max_depth == 9
    assert connection.execute("select count(*) from config.kept_settings").fetchone() == (0,)
    assert machine.config().events.max_depth == 9
    machine.write("events", "")
    warnings: list[object] = []
    assert machine.config(records=False, warn=warnings.append).events.max_depth == 9
    assert "the file is empty" in str(warnings)
    assert refusals(connection) == []


def test_without_a_database_files_stand_alone_where_that_is_allowed(machine: Machine) -> None:
    def fail() -> Connection:
        raise TransientError("the database does not answer")

    machine.write("events", "max_depth: 9\n")
    assert machine.config(open_database=fail, needs_database=False).events.max_depth == 9
    with pytest.raises(TransientError):
        _ = machine.config(open_database=fail).events
    machine.write("events", "")
    with pytest.raises(ConfigError, match="the file is empty"):
        _ = machine.config(open_database=fail, needs_database=False).events


def test_what_did_not_change_writes_nothing(machine: Machine, connection: Connection) -> None:
    machine.write("events", "max_depth: 9\n")
    machine.write("scoring", "")

    def versions() -> list[Any]:
        connection.rollback()
        return connection.execute("select xmin, seen_at from config.readers order by section").fetchall()

    def read() -> None:
        machine.config().read_all()

    read()
    first = versions()
    machine.now += timedelta(seconds=20)
    read()
    assert versions() == first
    machine.now += timedelta(seconds=40)
    read()
    events, scoring = versions()
    assert events == first[0]
    assert scoring[1] == machine.now, "a refused file is seen again each minute"
    machine.now += timedelta(hours=1)
    read()
    assert versions()[0][1] == machine.now


@pytest.mark.parametrize(("number", "section"), list(enumerate(["company", "routing"])))
def test_wherever_a_file_is_cut_off_nothing_changes(machine: Machine, number: int, section: str) -> None:
    file = write_own_file(machine.folder, section)
    whole = file.read_bytes()
    good = getattr(machine.config(), section)
    for end in in_turn(range(len(whole) - 1), number, of=2):
        file.write_bytes(whole[:end])
        config = machine.config()
        assert getattr(config, section) == good, whole[:end]
        assert config.refused or whole[end:].strip() == b"", whole[:end]


def test_a_restored_database_has_the_settings_of_its_time(machine: Machine, connection: Connection) -> None:
    machine.write("events", "max_depth: 9\n")
    assert machine.config().events.max_depth == 9
    for table in ("kept_settings", "readers"):
        connection.execute(f"create temp table saved_{table} as select * from config.{table}")
    connection.commit()
    machine.now += timedelta(hours=1)
    machine.write("events", "max_depth: 8\n")
    assert machine.config().events.max_depth == 8
    for table in ("kept_settings", "readers"):
        connection.execute(f"delete from config.{table}")
        connection.execute(f"insert into config.{table} select * from saved_{table}")
    connection.commit()
    assert machine.config().events.max_depth == 8, "the file decides"
    for table in ("kept_settings", "readers"):
        connection.execute(f"delete from config.{table}")
        connection.execute(f"insert into config.{table} select * from saved_{table}")
    connection.commit()
    machine.write("events", "")
    config = machine.config()
    assert config.events.max_depth == 9
    assert "the settings of 2026-07-30 17:00 UTC stay in force" in str(config.refused["events"])
