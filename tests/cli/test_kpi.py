"""`leadops kpi changes`: what a changed contract moved."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.db import Connection
from leadops.migrations.rights import Part
from tests.lifecycle.conftest import Company, minutes
from tests.lifecycle.test_reevaluate_stages import called_after_three_hours, within
from tests.roles import as_role
from tests.shipped import SHIPPED


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_an_edited_kpi_yaml_moves_a_lead_and_the_list_says_so(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    crm = {"conn_type": "http", "host": "http://127.0.0.1:9", "password": "nothing is sent"}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CRM", json.dumps(crm))
    assert "no run of score_leads has applied kpi.yaml yet" in run("kpi", "changes")
    company = Company(connection, within(2))
    lead = called_after_three_hours(company, minutes)
    company.qualify(minutes(200))
    assert company.stages(lead) == {"mql": minutes(0)}

    body = SHIPPED.kpi.model_dump(mode="json")
    (tmp_path / "kpi.yaml").write_text(yaml.safe_dump({"versions": body["versions"]}))
    output = run("qualify")
    assert "1 reevaluated, 1 moved" in output
    connection.rollback()
    assert company.stages(lead) == {"mql": minutes(0), "sal": minutes(180)}

    lines = run("kpi", "changes").splitlines()
    assert "1 lead evaluated again, 1 with other stages" in lines[0]
    assert lines[1] == "  2026-Q1, within_hours: 2.0 → 24.0"
    assert "0 leads evaluated again, 0 with other stages" in lines[2]
    latest, first = json.loads(run("kpi", "changes", "--json"))
    assert (latest["evaluated"], latest["moved"], latest["waiting"], first["changes"]) == (1, 1, 0, [])
