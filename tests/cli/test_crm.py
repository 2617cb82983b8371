"""`leadops crm words`: a CRM that speaks otherwise, from its feed to the funnel's stages."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.config.load_config import load_section
from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.lifecycle.kpi_contract import KpiContract
from tests.crm.conftest import Crm, crm
from tests.lifecycle.conftest import START, Company, minutes

__all__ = ["crm"]


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_suggested_kpi_yaml_makes_the_deal_of_salesforce_an_accepted_one(
    connection: Connection,
    database_url: str,
    crm: Crm,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    endpoint = {"conn_type": "http", "host": "http://127.0.0.1:9", "password": "nothing is sent"}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CRM", json.dumps(endpoint))
    assert run("crm", "words") == "the CRM has said nothing yet\n"
    company = Company(connection)
    lead = company.mql()
    for minute, status in ((30, "Working - Contacted"), (45, "ナーチャリング\n# x"), (60, "Closed Won")):
        at = {"occurred_at": minutes(minute).isoformat()}
        crm.did("L-1", "status", status=status, **at)
    crm.clock.forward(70)
    poll_crm(connection, crm.client, now=minutes(70))
    company.qualify(minutes(70))
    assert company.stages(lead) == {"mql": START, "won": minutes(60)}

    listed: list[dict[str, Any]] = json.loads(run("crm", "words", "--json"))
    assert [(word["field"], word["word"], word["activities"]) for word in listed] == [
        ("status", "working - contacted", 1),
        ("status", "ナーチャリング\n# x", 1),
    ]
    table = run("crm", "words", "--all")
    assert "closed won" in table
    assert "rep-01" in table

    suggestion = run("crm", "words", "--suggest")
    assert '#   status "ナーチャリング\\\\x0a# x": 1 activities' in suggestion
    (tmp_path / "kpi.yaml").write_text(suggestion)
    sal = load_section("kpi", KpiContract, own=tmp_path / "kpi.yaml").settings.versions[0].sal
    assert (sal.taken[-1], sal.contacted) == ("working - contacted", ["working - contacted"])
    assert "1 moved" in run("qualify")
    connection.rollback()
    assert company.stages(lead) == {"mql": START, "sal": minutes(30), "won": minutes(60)}
    assert [word["word"] for word in json.loads(run("crm", "words", "--json"))] == ["ナーチャリング\n# x"]
