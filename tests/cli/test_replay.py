import itertools
import json
import os
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from typer.testing import CliRunner, Result

from leadops.cli.replay import replay
from leadops.errors import ConfigError, PermanentError
from tests.gateway.conftest import KEY, Serve

ROOT = Path(__file__).parents[2]
MAPPING = ROOT / "docs" / "mappings" / "attribution_touches.yaml"
REAL = (ROOT / os.environ.get("LEADOPS_REAL_DATA", "../shared/data")) / "attribution_touches"

app = typer.Typer()
app.command()(replay)


@pytest.fixture
def gateway(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LEADOPS_WRITE_KEY", KEY)
    return str(serve().base_url)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_a_file_named_like_the_events_fields_needs_no_mapping(
    gateway: str, tmp_path: Path, item: dict[str, Any], database_url: str
) -> None:
    file = tmp_path / "events.csv"
    file.write_text(
        "event,ts,email,properties.plan,context.utm.campaign\n"
        f"view_pricing,{item['ts']},ann@buyers.example,team,summer\n"
        f"view_pricing,{item['ts']},ann@buyers.example,team,summer\n"
        f"view_pricing,{item['ts']},nobody,team,\n"
        "1,2,3,4,5,6\n"
    )
    result = run(file, "--gateway", gateway)
    assert result.exit_code == 1
    assert "4 rows: 2 accepted, 0 known already, 1 in quarantine, 1 not sent; see" in result.output
    rejected = [
        json.loads(line) for line in (tmp_path / "events.csv.rejected.jsonl").read_text().splitlines()
    ]
    assert [(each["row"], each["reason"], each["in_quarantine"]) for each in rejected] == [
        (5, "bad_row", False),
        (4, "invalid_email", True),
    ]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("select email, payload from cdp.events").fetchall()
    assert (
        rows
        == [
            (
                "ann@buyers.example",
                {"properties": {"plan": "team"}, "context": {"utm": {"campaign": "summer"}}},
            )
        ]
        * 2
    )
    assert "0 accepted, 2 known already" in run(file, "--gateway", gateway).output


def test_a_missing_quote_costs_its_own_row_and_no_line_vanishes(
    gateway: str, tmp_path: Path, item: dict[str, Any], database_url: str
) -> None:
    rows = [f'view_pricing,{item["ts"]},p{number}@buyers.example,"team"' for number in range(20)]
    rows[2] = rows[2].removesuffix('"')
    file = tmp_path / "events.csv"
    file.write_text("\n".join(["Export of July", "event,ts,email,properties.plan", *rows]) + "\n")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "file: {skip_lines: 1}\nevent: {column: event}\nts: {column: ts}\nemail: {column: email}\n"
        "properties: {plan: {column: properties.plan}}\n"
    )
    result = run(file, "--gateway", gateway, "--mapping", mapping)
    assert "20 rows: 19 accepted, 0 known already, 0 in quarantine, 1 not sent; see" in result.output
    (rejected,) = [
        json.loads(line) for line in (tmp_path / "events.csv.rejected.jsonl").read_text().splitlines()
    ]
    assert (rejected["row"], rejected["values"]) == (5, {"line": rows[2]})
    with psycopg.connect(database_url) as connection:
        mails = connection.execute("select email from cdp.events").fetchall()
    assert {mail for (mail,) in mails} == {f"p{n}@buyers.example" for n in range(20) if n != 2}


def test_the_connection_and_jsonl(
    gateway: str, tmp_path: Path, item: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(item) + "\n" + json.dumps(item | {"event_id": "e-2"}) + "\n")
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CDP", json.dumps({"conn_type": "http", "host": gateway}))
    result = run(file)
    assert (result.exit_code, "2 rows: 2 accepted" in result.output) == (0, True)
    assert not (tmp_path / "events.jsonl.rejected.jsonl").exists()


def test_flags_decide_over_the_mapping(gateway: str, tmp_path: Path) -> None:
    file = tmp_path / "touches.csv"
    file.write_text(
        "customer_id,time,interaction,conversion,conversion_value,channel\n"
        "A1,2018-07-22T20:40:41Z,impression,0,0,Online Display\n"
    )
    arguments = (file, "--gateway", gateway, "--mapping", MAPPING, "--rejected", tmp_path / "out.jsonl")
    assert "1 in quarantine" in run(*arguments, "--no-history").output
    assert "too_old" in (tmp_path / "out.jsonl").read_text()
    assert "1 accepted" in run(*arguments).output


def test_what_must_be_changed_is_said(gateway: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "events.csv"
    file.write_text("a\n1\n")
    for arguments, error, words in (
        ((file, "--gateway", gateway, "--mapping", MAPPING), PermanentError, "has no column"),
        ((tmp_path / "no.csv", "--gateway", gateway), PermanentError, "cannot be read"),
        ((tmp_path / "events.xlsx", "--gateway", gateway), PermanentError, "give a .csv"),
        ((file, "--gateway", gateway, "--rejected", tmp_path), PermanentError, "--rejected"),
    ):
        result = run(*arguments)
        assert isinstance(result.exception, error)
        assert words in str(result.exception)
    monkeypatch.delenv("LEADOPS_WRITE_KEY")
    assert isinstance(run(file, "--gateway", gateway).exception, ConfigError)


@pytest.mark.real_data
def test_real_touches_go_in_once(gateway: str, tmp_path: Path, database_url: str) -> None:
    source = REAL / "attribution_data.csv"
    if not source.exists():
        pytest.skip(f"{source} is missing; set LEADOPS_REAL_DATA to the folder of real data")
    file = tmp_path / "touches.csv"
    with source.open(encoding="utf-8") as lines:
        file.write_text("".join(itertools.islice(lines, 2001)), encoding="utf-8")
    arguments = (file, "--gateway", gateway, "--mapping", MAPPING)
    assert "2000 rows: 2000 accepted" in run(*arguments).output
    assert "2000 rows: 0 accepted, 2000 known already" in run(*arguments).output
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select count(*), count(distinct email) from cdp.events").fetchone()
    customers = {line.split(",")[0] for line in file.read_text(encoding="utf-8").splitlines()[1:]}
    assert row == (2000, len(customers))
