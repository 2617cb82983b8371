"""Half a year of a simulated company, killed in the middle and begun again: every count is that of its files.

It is a small company, unless LEADOPS_LONG_TESTS is set: then it is the one that everybody gets.
The counts are computed twice: by the generator's own story here, and by leadops' tables and commands.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadops.db import Connection
from leadops.migrations.rights import Part
from leadops_sandbox.past.company import DAYS
from leadops_sandbox.past.story import Past, tell_past
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from leadops_stack.play_past import MARK, SEED
from tests.gateway.conftest import KEY, TOKEN, Serve, serve
from tests.promises import IS_LONG
from tests.roles import as_role
from tests.waiting import outlive_sessions

__all__ = ["serve"]

#: Seconds after which it has hung: a minute and a half of work, for a machine that is busy with much else.
TIMEOUT = 3_600
#: The leads, as a share of those of the whole company.
SIZE = 1.0 if IS_LONG else 0.7
LEADOPS = Path(sys.executable).with_name("leadops")


@dataclass
class Desk:
    """An installation whose other systems are the sandbox, and the folder of the company's files."""

    environ: dict[str, str]
    folder: Path
    connection: Connection

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [LEADOPS, *words], env=self.environ, capture_output=True, text=True, check=False, timeout=TIMEOUT
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "leadops_stack.play_past",
                "--folder",
                str(self.folder),
                "--size",
                str(SIZE),
            ],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def play(self, *, until: str = "") -> list[str]:
        """Play the past, or kill it at the line of progress that begins with `until`; return these lines."""
        lines, output = list[str](), list[str]()
        with self.start() as process:
            assert process.stdout
            for line in process.stdout:
                output.append(line)
                if line.startswith(MARK):
                    lines.append(line.removeprefix(MARK).strip())
                    if until and lines[-1].startswith(until):
                        process.send_signal(signal.SIGKILL)
            assert process.wait() == (-signal.SIGKILL if until else 0), "".join(output[-30:])
        return lines

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        found = self.connection.execute(statement.encode(), values).fetchall()
        self.connection.commit()
        return found


@pytest.fixture
def desk(database_url: str, connection: Connection, serve: Serve, tmp_path: Path) -> Iterator[Desk]:
    gateway = str(serve().base_url).rstrip("/")
    with ExitStack() as running:
        sandbox = running.enter_context(serve_in_thread(tmp_path / "sandbox", sales_work=False))
        connections = {
            name: {"conn_type": "http", "host": sandbox, "password": getattr(Tokens(), name)}
            for name in ("ma", "crm", "slack")
        }
        connections["slack"] |= {"conn_type": "slack", "extra": {"base_url": f"{sandbox}/api/"}}
        connections["cdp"] = {"conn_type": "http", "host": gateway, "password": TOKEN}
        bare = {
            name: value for name, value in os.environ.items() if not name.startswith(("LEADOPS_", "AIRFLOW_"))
        }
        environ = bare | {
            "LEADOPS_DATABASE_URL": as_role(database_url, Part.TASKS),
            "LEADOPS_WRITE_KEY": KEY,
            "COLUMNS": "200",
            **{
                f"AIRFLOW_CONN_LEADOPS_{name.upper()}": json.dumps(body) for name, body in connections.items()
            },
        }
        yield Desk(environ, tmp_path / "past", connection)


@pytest.mark.timeout(TIMEOUT)
def test_it_comes_in_once_and_every_number_is_that_of_its_story(desk: Desk, database_url: str) -> None:
    desk.command("poll")  # the salespeople
    with outlive_sessions(database_url):
        killed = desk.play(until="5 of")
    assert desk.rows("select finished_at from made_up.pasts") == [(None,)]
    assert "not all of it is in yet" in desk.command("simulated-past", "show")

    lines = desk.play()
    assert lines[0] == killed[0]
    assert lines[-1].startswith("all of it is in")
    ((first, last),) = desk.rows(
        "select first_day, last_day from made_up.pasts where finished_at is not null"
    )
    assert (last - first).days == DAYS - 1
    past = tell_past(SEED, last_day=last, size=SIZE)

    check_counts(desk, past)
    check_totals(desk, past)
    check_people_of_sales(desk, past, last)
    check_decisions(desk, past, last)
    check_machines(desk, past)
    before = list_counts(desk)
    assert desk.play() == ["it was there before"]
    assert list_counts(desk) == before
    check_quiet(desk)


def check_counts(desk: Desk, past: Past) -> None:
    """Leads and stages by month, and what was won, against the funnel's days."""
    expected: dict[str, Counter[str]] = {}

    def count(at: Any, name: str, number: int = 1) -> None:
        expected.setdefault(f"{at:%Y-%m}", Counter())[name] += number

    for lead in past.leads:
        count(lead.acts[0].at, "leads")
    for sale in past.sales.values():
        for stage, at in sale.list_stages():
            count(at, f"{stage}s")
        if sale.won_at:
            count(sale.won_at, "value", sale.amount or 0)
    stretch = ("--from", str(past.calendar.first_day), "--to", str(past.calendar.last_day))
    found: dict[str, Counter[str]] = {}
    for day in json.loads(desk.command("funnel", "show", *stretch, "--json")):
        month = found.setdefault(day["dt"][:7], Counter())
        for name in ("leads", "mqls", "sals", "sqls", "wons", "losts", "value"):
            month[name] += int(float(day[name]))
    assert {month: +counts for month, counts in found.items()} == expected
    assert desk.rows("select count(*) from identity.leads") == [(len(past.leads),)]
    without = sum(sale.won_at is not None and sale.amount is None for sale in past.sales.values())
    assert without > 0 or not IS_LONG, "a small company may have none"
    assert desk.rows("select sum(wons_without_value)::int from analytics.daily_funnel") == [(without,)]
    spent = sum(cost.amount for cost in past.costs)
    assert desk.rows("select sum(amount)::bigint from economics.costs") == [(spent,)]


def check_totals(desk: Desk, past: Past) -> None:
    """The totals in the files are those that leadops' own rules give by the moment of the MQL."""
    ledger = dict(
        desk.rows(
            "select aliases.value, sum(ledger.points)::int from lifecycle.transitions as mql"
            " inner join identity.aliases using (lead_id) inner join scoring.ledger using (lead_id)"
            " where mql.stage = 'mql' and aliases.kind = 'crm_id' and ledger.kind <> 'decay'"
            " and (ledger.dimension = 'fit' or ledger.occurred_at <= mql.occurred_at) group by 1"
        )
    )
    assert ledger == {past.leads[number - 1].crm_id: sale.mql.total for number, sale in past.sales.items()}


def check_people_of_sales(desk: Desk, past: Past, last: date) -> None:
    waits: dict[str, list[float]] = {}
    for sale in past.sales.values():
        if sale.sal_at and sale.mql.at >= past.end - timedelta(days=28):
            waits.setdefault(sale.rep, []).append((sale.sal_at - sale.mql.at).total_seconds() / 60)
    rows = desk.rows(
        "select key, mqls from analytics.response_time_summaries where dt = %s and dimension = 'rep'", last
    )
    assert {rep: int(mqls) for rep, mqls in rows} == {rep: len(each) for rep, each in waits.items()}
    medians = desk.rows(
        "select key, working_median_minutes from analytics.response_time_summaries"
        " where dt = %s and dimension = 'rep'",
        last,
    )
    assert dict(medians)["rep-04"] > 2 * dict(medians)["rep-01"]


def check_decisions(desk: Desk, past: Past, last: date) -> None:
    """A model in effect, two changes of the threshold, and a decision with an interval."""
    assert "AUC 0." in desk.command("model", "show")
    outcomes = [outcome for (outcome,) in desk.rows("select outcome from training.decisions order by day")]
    assert len(outcomes) == 3
    assert {"first"} <= set(outcomes) <= {"first", "no_better", "kept", "replaced"}
    rows = desk.rows(
        "select day, value, decided_by, reason from lifecycle.thresholds where effective_at is not null"
        " order by day"
    )
    assert [(value, by) for _, value, by, _ in rows] == [(65, "approved"), (60, "approved")]
    assert rows[0][0] == past.thresholds[0].at.date() - timedelta(days=1)
    ((facts,),) = desk.rows("select reason from lifecycle.thresholds where day = %s", last)
    assert " SQLs a week (" in facts
    shown = desk.command("thresholds", "show", "--days", "12")
    assert "in force: a total of 60" in shown
    assert f"simulated company: what happened from {past.calendar.first_day} to {last} is invented" in shown
    assert "not enough data" not in desk.command("thresholds", "what-if", "--capacity", "+2")
    assert "simulated company" in desk.command("attribution", "show")
    assert "simulated company" in desk.command("economics", "show")


def check_machines(desk: Desk, past: Past) -> None:
    """What mail gateways did is found, and nothing else."""
    scans = sum(
        act.event == "mail_click" and "delivered_at" in act.properties
        for lead in past.leads
        for act in lead.acts
    )
    assert scans > 300 * SIZE
    assert desk.rows("select count(*) from machines.verdicts where freed_because is null") == [(scans,)]


def check_quiet(desk: Desk) -> None:
    """Nobody is notified or called, nothing is wrong, and the MA agrees once it has caught up."""
    desk.command("qualify")
    for what in (
        "routing.notices",
        "routing.assignments",
        "sla.clocks",
        "delivery.outbox where target <> 'ma' or lane = 0",
        "scoring.ledger where is_live or lane = 0",
        "lifecycle.transitions where not evidence ? 'imported'",
        "delivery.dead_letters",
        "cdp.quarantine",
    ):
        assert desk.rows(f"select count(*) from {what}") == [(0,)], what
    desk.command("push")
    assert "all agree" in desk.command("audit")
    desk.command("funnel", "refresh")
    desk.command("check")
    assert "No incidents." in desk.command("incidents", "list")


def list_counts(desk: Desk) -> dict[str, int]:
    """Return how many rows each table has."""
    tables = desk.rows(
        "select schemaname || '.' || tablename from pg_tables where schemaname not in"
        " ('pg_catalog', 'information_schema', 'config') order by 1"
    )
    return {name: desk.rows(f"select count(*) from {name}")[0][0] for (name,) in tables}
