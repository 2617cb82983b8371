"""Backups restored and replicas promoted while the MA went on, with PostgreSQL's own programs."""

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from slack_sdk import WebClient
from typer.testing import CliRunner, Result

from leadops.alerts.checks import CHECKS
from leadops.cli import restored as restored_command
from leadops.cli.app import app
from leadops.cli.erasure_record import read_record, write_record
from leadops.clients.chat import ApiChat
from leadops.db import connect
from leadops.delivery.database_mark import ON_HOLD, open_mark
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import ScorePusher
from leadops.erased.erasures import RecordDifference, compare_record, record_erasure, restore_record
from leadops.errors import PermanentError
from leadops.incidents.run_checks import run_checks
from leadops.migrations.rights import Part
from leadops.migrations.run import migrate
from leadops.sla.sla_policy import SlaCalendar
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from leadops_stack.postgres import PostgresServer
from tests.alerts.checking import incidents
from tests.copied_cluster import (
    base_backup,
    cluster,
    dump,
    has_stopped_streaming,
    is_streaming,
    promote,
    restored,
    stop_streaming,
)
from tests.delivery_fixture import DeliveryFixture
from tests.roles import as_role, make_test_roles
from tests.shipped import SHIPPED
from tests.waiting import wait_until

CHANNEL = "C0LEADOPS"


@dataclass
class Machine:
    """One machine that sends: the database it uses, the MA, and the file that remembers the mark."""

    side: DeliveryFixture
    marks: Path
    monkeypatch: pytest.MonkeyPatch

    def use(self, url: str) -> None:
        """Go on with another database, as after a restore."""
        self.side = DeliveryFixture(url, self.side.ma_url)

    def add_lead(self, email: str) -> int:
        """A new lead, whose key is made of its number, as identity makes it."""
        lead = self.side.add_lead(email=email)
        self.side.value(
            "update delivery.outbox set idempotency_key = 'ma-lead-' || lead_id"
            " where lead_id = %s returning 1",
            lead,
        )
        return lead

    def push(self, *, seconds: float = 20) -> PushReport:
        side = self.side
        return push_target(
            database_url=as_role(side.url, Part.TASKS),
            endpoint=side.endpoint,
            target="ma",
            pusher_type=ScorePusher,
            settings=side.settings,
            clock=side.clock,
            sleep=time.sleep,
            until=side.clock() + timedelta(seconds=seconds),
            mark=open_mark(self.marks),
        )

    def restore(self, *arguments: str) -> str:
        """Run `leadops restored`; return what it prints."""
        connection = {"conn_type": "http", "host": self.side.ma_url, "password": self.side.token}
        self.monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(self.side.url, Part.TASKS))
        self.monkeypatch.setenv("LEADOPS_MARK_FOLDER", str(self.marks))
        self.monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(connection))
        connection["password"] = "sandbox-crm-token"
        self.monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CRM", json.dumps(connection))
        slack = {"base_url": f"{self.side.ma_url}/api/", "channel": CHANNEL}
        connection = {"conn_type": "slack", "password": Tokens().slack, "extra": json.dumps(slack)}
        self.monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(connection))
        result: Result = CliRunner().invoke(app, ["restored", *arguments])
        assert result.exit_code == 0, result.output + repr(result.exception)
        return result.output

    def check(self) -> list[tuple[str, bool]]:
        """Run every check; return the incidents: kind, and whether it is open."""
        calendar = SlaCalendar(SHIPPED.sla)
        with self.side.connect() as connection:
            run_checks(connection, CHECKS, settings=SHIPPED.alerts, calendar=calendar, now=self.side.clock())
            return [(incident.kind, incident.is_open) for incident in incidents(connection)]

    def ma_scores(self) -> dict[str, int]:
        """The score of each lead in the MA, by address."""
        from leadops.products.product_client import ProductClient

        client = ProductClient(self.side.endpoint)
        try:
            return {
                lead.email: lead.score
                for lead in client.iterate_leads()
                if lead.email and lead.score is not None
            }
        finally:
            client.transport.close()


@pytest.fixture
def machine(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr(restored_command, "CALLS_ARRIVE", timedelta())
    with serve_in_thread(tmp_path / "sandbox") as url:
        yield Machine(DeliveryFixture(database_url, url), tmp_path / "marks", monkeypatch)


def begin(machine: Machine) -> None:
    """Ann has 5 points in the MA."""
    ann = machine.add_lead("ann@buyer.example")
    machine.side.score(ann, 5)
    assert machine.push().deltas == 1


def go_on(machine: Machine) -> None:
    """What the backup does not know: 30 more points of Ann, and Ben with 7."""
    machine.side.score(1, 10)
    machine.side.score(1, 20)
    ben = machine.add_lead("ben@buyer.example")
    machine.side.score(ben, 7)
    machine.push()
    assert machine.ma_scores() == {"ann@buyer.example": 35, "ben@buyer.example": 7}
    installation = machine.side.value("select installation_id from delivery.installation")
    client = WebClient(Tokens().slack, base_url=f"{machine.side.ma_url}/api/")
    payload = {"key": f"{installation}-1-0123456789ab"}
    ApiChat(client, CHANNEL).post(text="about something", blocks=[], payload=payload)


def find_held(machine: Machine, *, next_number: int = 2) -> None:
    """The first thing that the restored database does: it notices, sends nothing, and says so once.

    By default it gives the next lead Ben's number, whom it does not know.
    """
    before = machine.side.state()
    cat = machine.add_lead("cat@buyer.example")
    assert cat == next_number
    machine.side.score(1, 3)
    machine.side.score(cat, 4)
    for _ in range(2):
        report = machine.push()
        assert (report.calls, report.problem) == (0, ON_HOLD)
    assert machine.side.state()["ma"] == before["ma"]
    assert [machine.check(), machine.check()] == [[("database_went_back", True)]] * 2


def mend(machine: Machine) -> None:
    """`leadops restored` twice: what is known counts once, nobody gets Ben's id, the audit is clean."""
    shown = machine.restore("--dry-run")
    assert "leads ahead of the ledger: 1\n" in shown
    assert "points ahead of the ledger: 30\n" in shown
    assert "leads that the database does not know: 1, for example" in shown
    assert "Slack: 1 message of ours since" in shown
    assert "messages that the database does not know: 1\n" in shown
    assert "ben" not in shown
    assert machine.push().problem == ON_HOLD
    machine.restore()
    machine.push()
    assert machine.ma_scores() == {
        "ann@buyer.example": 8,
        "ben@buyer.example": 7,
        "cat@buyer.example": 4,
    }
    audit = machine.side.audit()
    assert (audit.differences, audit.under_way, audit.unmatched) == ([], 0, 1)
    assert machine.check() == [("database_went_back", False)]
    assert machine.push().calls == 0
    dan = machine.add_lead("dan@buyer.example")
    assert dan > 2, "no number that the MA knows by somebody else"


def test_an_old_dump(machine: Machine, postgres: PostgresServer) -> None:
    begin(machine)
    content = dump(postgres, machine.side.url)
    go_on(machine)
    with restored(postgres, content) as url:
        machine.use(url)
        find_held(machine)
        mend(machine)


def test_a_dump_from_before_this_machine_ever_sent(machine: Machine, postgres: PostgresServer) -> None:
    content = dump(postgres, machine.side.url)
    begin(machine)
    with restored(postgres, content) as url:
        machine.use(url)
        assert machine.push().problem == ON_HOLD


def dump_in_mid_flight(machine: Machine, postgres: PostgresServer) -> bytes:
    """Take a dump while the MA has a call and has not answered it."""
    machine.side.score(1, 2)
    machine.side.fault("latency", path="/api/lead/score", seconds=3, count=1)
    pushing = threading.Thread(target=machine.push)
    mark = read_marks(machine)
    pushing.start()
    try:
        # The file is written last before the call: a dump of a moment earlier is one that went back.
        wait_until(lambda: read_marks(machine) != mark)
        return dump(postgres, machine.side.url)
    finally:
        pushing.join()


def read_marks(machine: Machine) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in machine.marks.glob("*.json")}


def test_a_dump_in_mid_flight(machine: Machine, postgres: PostgresServer) -> None:
    begin(machine)
    content = dump_in_mid_flight(machine, postgres)
    assert machine.ma_scores() == {"ann@buyer.example": 7}
    machine.side.score(1, 28)
    ben = machine.add_lead("ben@buyer.example")
    machine.side.score(ben, 7)
    machine.push()
    with restored(postgres, content) as url:
        machine.use(url)
        assert machine.side.value("select state from delivery.batches order by batch_id desc") == "ready"
        cat = machine.add_lead("cat@buyer.example")
        machine.side.score(cat, 4)
        assert machine.push().problem == ON_HOLD
        assert machine.check() == [("database_went_back", True)]
        machine.restore()
        machine.push()
        assert machine.ma_scores() == {
            "ann@buyer.example": 7,
            "ben@buyer.example": 7,
            "cat@buyer.example": 4,
        }
        assert machine.side.audit().differences == []
        assert machine.side.value("select count(*) from delivery.undelivered_deltas") == 0
        assert machine.check() == [("database_went_back", False)]


def test_a_dump_that_lacks_only_an_answer_is_not_held(machine: Machine, postgres: PostgresServer) -> None:
    """The call under way keeps its key: the MA recognises it, and the score confirms it."""
    begin(machine)
    content = dump_in_mid_flight(machine, postgres)
    with restored(postgres, content) as url:
        machine.use(url)
        machine.push()
        assert machine.ma_scores() == {"ann@buyer.example": 7}
        assert machine.side.value("select count(*) from delivery.undelivered_deltas") == 0
        assert machine.side.audit().differences == []
        assert machine.check() == []


@dataclass
class Copies:
    """Clusters of one test, in a folder that PostgreSQL's account can reach."""

    root: Path
    password: str
    stack: ExitStack

    def start(self, name: str, *, port: int | None = None) -> PostgresServer:
        return self.stack.enter_context(cluster(self.root / name, password=self.password, port=port))


@pytest.fixture
def copies() -> Iterator[Copies]:
    root = Path(tempfile.mkdtemp(prefix="leadops-copies-"))
    root.chmod(0o777)
    with ExitStack() as stack:
        yield Copies(root, "a password of this test", stack)
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def primary(machine: Machine, copies: Copies) -> PostgresServer:
    """A cluster of its own, whose database the machine uses."""
    server = copies.start("primary")
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute("create database leadops")
    with connect(server.url("leadops")) as connection:
        migrate(connection)
    make_test_roles(server.url("leadops"))
    machine.use(server.url("leadops"))
    return server


def test_a_physical_copy_of_a_running_cluster(
    machine: Machine, primary: PostgresServer, copies: Copies
) -> None:
    begin(machine)
    base_backup(primary, copies.root / "copy")
    go_on(machine)
    primary.stop()
    copy = copies.start("copy")
    machine.use(copy.url("leadops"))
    find_held(machine)
    mend(machine)


def test_a_physical_copy_of_a_stopped_cluster(
    machine: Machine, primary: PostgresServer, copies: Copies
) -> None:
    begin(machine)
    primary.stop()
    shutil.copytree(primary.place, copies.root / "copy", symlinks=True, copy_function=_copy_with_owner)
    _own_like(primary.place, copies.root / "copy")
    primary.start()
    go_on(machine)
    primary.stop()
    machine.use(copies.start("copy").url("leadops"))
    find_held(machine)
    mend(machine)


def _copy_with_owner(source: str, target: str) -> None:
    shutil.copy2(source, target)
    _own(Path(source), Path(target))


def _own(source: Path, target: Path) -> None:
    status = source.stat()
    shutil.chown(target, status.st_uid, status.st_gid)


def _own_like(source: Path, target: Path) -> None:
    for folder in (source, *(path for path in source.rglob("*") if path.is_dir())):
        _own(folder, target / folder.relative_to(source))


def test_a_replica_that_lost_the_last_second(
    machine: Machine, primary: PostgresServer, copies: Copies
) -> None:
    base_backup(primary, copies.root / "replica", "--write-recovery-conf")
    replica = copies.start("replica")
    begin(machine)
    wait_until(lambda: is_streaming(primary))
    stop_streaming(replica)
    wait_until(lambda: has_stopped_streaming(replica))
    go_on(machine)
    primary.stop()
    promote(replica)
    machine.use(replica.url("leadops"))
    # PostgreSQL logs a sequence 32 numbers ahead.
    find_held(machine, next_number=34)
    mend(machine)


def test_a_replica_that_has_everything_is_not_held(
    machine: Machine, primary: PostgresServer, copies: Copies
) -> None:
    base_backup(primary, copies.root / "replica", "--write-recovery-conf")
    replica = copies.start("replica")
    begin(machine)
    go_on(machine)
    wait_until(lambda: is_streaming(primary))
    primary.stop()
    promote(replica)
    machine.use(replica.url("leadops"))
    machine.side.score(1, 1)
    assert machine.push().deltas == 1
    assert machine.check() == []


def test_a_move_to_another_cluster_is_not_held(
    machine: Machine, primary: PostgresServer, postgres: PostgresServer
) -> None:
    """As for an upgrade: nothing runs while the dump is taken; the new cluster has another identifier."""
    begin(machine)
    go_on(machine)
    with restored(postgres, dump(primary, machine.side.url)) as url:
        machine.use(url)
        machine.side.score(1, 1)
        assert machine.push().deltas == 1
        assert machine.check() == []
        assert machine.ma_scores()["ann@buyer.example"] == 36


def test_lost_events_that_are_replayed_meet_their_own_points(
    machine: Machine, postgres: PostgresServer
) -> None:
    begin(machine)
    content = dump(postgres, machine.side.url)
    go_on(machine)
    with restored(postgres, content) as url:
        machine.use(url)
        assert machine.push().problem == ON_HOLD
        machine.side.score(1, 30)
        ben = machine.add_lead("ben@buyer.example")
        machine.side.score(ben, 7)
        before = machine.ma_scores()
        machine.restore()
        machine.push()
        assert machine.ma_scores() == before
        assert machine.side.value("select count(*) from delivery.score_corrections") == 0
        assert machine.side.audit().differences == []


@pytest.mark.parametrize("step", ["skip_lead_numbers", "adopt_crm_leads", "doubt_open_notices", "end_hold"])
def test_a_command_that_is_killed_goes_on_where_it_stopped(
    machine: Machine, postgres: PostgresServer, step: str
) -> None:
    begin(machine)
    content = dump(postgres, machine.side.url)
    go_on(machine)
    with restored(postgres, content) as url:
        machine.use(url)
        find_held(machine)

        def kill(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with machine.monkeypatch.context() as killed:
            killed.setattr(restored_command, step, kill)
            with pytest.raises(AssertionError):
                machine.restore()
        assert machine.push().problem == ON_HOLD
        mend_the_rest(machine)


def mend_the_rest(machine: Machine) -> None:
    machine.restore()
    machine.push()
    assert machine.ma_scores() == {
        "ann@buyer.example": 8,
        "ben@buyer.example": 7,
        "cat@buyer.example": 4,
    }
    assert machine.side.audit().differences == []
    assert machine.check() == [("database_went_back", False)]


def test_by_hand_where_nothing_remembers(machine: Machine, postgres: PostgresServer) -> None:
    """No folder was kept: the command alone holds, mends and goes on."""
    begin(machine)
    content = dump(postgres, machine.side.url)
    go_on(machine)
    shutil.rmtree(machine.marks)
    with restored(postgres, content) as url:
        machine.use(url)
        cat = machine.add_lead("cat@buyer.example")
        machine.side.score(1, 3)
        machine.side.score(cat, 4)
        shown = machine.restore("--dry-run")
        assert "no hold is open" in shown
        assert machine.check() == []
        mend_the_rest_by_hand(machine)


def mend_the_rest_by_hand(machine: Machine) -> None:
    machine.restore()
    machine.push()
    assert machine.ma_scores()["ann@buyer.example"] == 8
    assert machine.side.audit().differences == []
    assert machine.side.value("select reason from delivery.holds") == "by hand"


def test_whoever_was_erased_after_the_backup_is_erased_again_before_anything_is_sent(
    machine: Machine, postgres: PostgresServer, tmp_path: Path
) -> None:
    begin(machine)
    content = dump(postgres, machine.side.url)
    go_on(machine)
    file = tmp_path / "erased.json"
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    with connect(machine.side.url) as connection:
        record_erasure(
            connection,
            lead_ids=[1],
            hashes=["a" * 64, "b" * 64],
            erased_by="ops",
            erased_at=moment,
            day_ends_at=moment,
            key_check="k",
        )
        write_record(connection, file)
    with restored(postgres, content) as url:
        machine.use(url)
        find_held(machine)
        assert "`leadops erase --again --record FILE`" in machine.restore("--dry-run")
        shown = machine.restore("--dry-run", "--record", str(file))
        assert "erasures that the database does not know: 1\n" in shown
        result = CliRunner().invoke(app, ["restored", "--record", str(file)])
        assert isinstance(result.exception, PermanentError)
        assert machine.push().problem == ON_HOLD
        with connect(url) as connection:
            assert compare_record(connection, *read_record(file)) == RecordDifference(1, 1, 0)
            restore_record(connection, *read_record(file))
            connection.commit()
            assert compare_record(connection, *read_record(file)) == RecordDifference(1, 0, 0)
            # The same person once more, and somebody else: the copy is older than both.
            later: dict[str, Any] = {
                "erased_by": "ops",
                "erased_at": moment + timedelta(days=9),
                "day_ends_at": moment + timedelta(days=9),
                "key_check": "k",
            }
            record_erasure(connection, lead_ids=[1], hashes=["b" * 64], **later)
            record_erasure(connection, lead_ids=[2], hashes=["c" * 64], **later)
        shown = machine.restore("--record", str(file))
        assert "erasures that are not in this copy, which has to be written again: 2\n" in shown
        assert "erasures that the database does not know" not in shown
        assert machine.push().problem == ""
