"""Text from outside that is markup to rich, or a command to a terminal, in the tables of the commands."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.db import Connection
from leadops.migrations.rights import Part
from tests.roles import as_role

HOSTILE = "[/summer] [red]x :smile: \x1b[2J\u202e $\\frac$"
SHOWN = r"[/summer] [red]x :smile: \x1b[2J\u202e $\frac$"
#: What fills columns that a row needs and no test is about.
FILLERS = {
    "text": "x",
    "bigint": 1,
    "integer": 1,
    "numeric": 1,
    "double precision": 1,
    "smallint": 0,
    "bytea": b"",
    "boolean": False,
    "date": "2026-07-01",
    "timestamp with time zone": "2026-07-01T00:00:00Z",
    "jsonb": Jsonb({}),
}
PLANTED: list[tuple[str, dict[str, Any]]] = [
    ("analytics.built_days", {"dt": "2026-07-01"}),
    ("analytics.funnel_cells", {"dt": "2026-07-01", "campaign": HOSTILE, "source": HOSTILE}),
    ("analytics.funnel_sums", {"dimension": "campaign", "dt": "2026-07-01", "key": HOSTILE}),
    ("analytics.funnel_sums", {"dimension": "source", "dt": "2026-07-01", "key": HOSTILE}),
    (
        "analytics.quality_findings",
        {"kind": "gap", "subject": HOSTILE, "facts": Jsonb({"what": HOSTILE}), "open_until": "2100-01-01"},
    ),
    ("attribution.periods", {"conversion": HOSTILE}),
    (
        "attribution.credits",
        {"breakdown": "campaign", "model": "linear", "campaign": HOSTILE, "channel": "(all)"}
        | dict.fromkeys(("conversions", "conversions_low", "conversions_high", "value"), 1)
        | dict.fromkeys(("value_low", "value_high"), 1),
    ),
    ("economics.months", {"line": "campaign", "campaign": HOSTILE, "maturity_source": "setting"}),
    ("economics.monthly_costs", {"line": "campaign", "campaign": HOSTILE, "category": HOSTILE}),
    ("cdp.quarantine", {"proof": "claim", "reason": HOSTILE, "detail": HOSTILE, "body": HOSTILE}),
    ("intake.quarantined_forms", {"reason": HOSTILE, "detail": HOSTILE, "body": HOSTILE.encode()}),
    ("identity.violations", {"guard": "emails", "kind": HOSTILE, "value": HOSTILE}),
    ("delivery.dead_letters", {"target": HOSTILE, "kind": "effect", "reason": HOSTILE}),
    ("incidents.incidents", {"kind": HOSTILE, "subject": HOSTILE, "facts": Jsonb({HOSTILE: HOSTILE})}),
    ("training.decisions", {"outcome": "kept", "reason": HOSTILE}),
    ("lifecycle.thresholds", {"plan": "keep", "decided_by": "kept", "reason": HOSTILE, "day": "2026-07-01"}),
    ("identity.leads", {"lead_id": 7, "email": f"{HOSTILE}@buyers.example"}),
    ("identity.aliases", {"kind": "user_id", "value": HOSTILE, "lead_id": 7}),
    (
        "scoring.ledger",
        {"lead_id": 7, "dimension": "fit", "kind": "rule", "rule": HOSTILE, "reason": HOSTILE},
    ),
    ("scoring.scores", {"lead_id": 7, "fit": 1}),
    ("lifecycle.transitions", {"lead_id": 7, "stage": "mql", "evidence": Jsonb({"activity_id": HOSTILE})}),
    (
        "routing.assignments",
        {"lead_id": 7, "rep_id": HOSTILE, "why": "share", "cause": "mql", "rule": HOSTILE}
        | {"facts": Jsonb({"campaign": HOSTILE}), "passed_over": Jsonb([])},
    ),
]


def plant(connection: Connection, table: str, values: dict[str, Any]) -> None:
    """Insert a row with `values`, its other needed columns filled with anything."""
    schema, name = table.split(".")
    needed = connection.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = %s and table_name = %s and is_nullable = 'NO'"
        " and column_default is null and is_generated = 'NEVER' and is_identity = 'NO'",
        [schema, name],
    ).fetchall()
    row = {column: FILLERS[kind] for column, kind in needed if column not in values} | values
    connection.execute(
        f"insert into {table} ({', '.join(row)}) overriding system value"  # type: ignore[arg-type]
        f" values ({', '.join(['%s'] * len(row))})",
        list(row.values()),
    )


@pytest.fixture(autouse=True)
def _planted(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.transaction():
        connection.execute("set local session_replication_role = replica")
        for table, values in PLANTED:
            plant(connection, table, values)
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))


@pytest.mark.parametrize(
    ("command", "times"),
    [
        ("funnel show --from 2026-07-01 --to 2026-07-01 --by campaign", 1),
        ("funnel show --from 2026-07-01 --to 2026-07-01 --by source", 1),
        ("funnel findings", 2),
        ("attribution show --by campaign", 2),
        ("attribution show --by campaign --model linear", 2),
        ("economics show --month 2026-07", 3),
        ("quarantine list --show-body", 4),
        ("forms quarantine list", 3),
        ("forms quarantine show 1", 3),
        ("identity violations", 2),
        ("identity explain 7", 1),
        ("dead-letters list", 2),
        ("incidents list", 2),
        ("incidents show 1", 3),
        ("model list", 1),
        ("thresholds show", 1),
        ("explain 7", 1),
        ("routing why 7", 3),
    ],
)
def test_it_is_printed_as_it_is_with_visible_escapes(command: str, times: int) -> None:
    result = CliRunner().invoke(app, command.split())
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert result.output.count(SHOWN) >= times, result.output
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output
