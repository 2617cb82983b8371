"""`leadops machines`: shares, other settings, what is allowed; acts struck through in `leadops explain`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.db import Connection
from tests.machines.conftest import MailWorld
from tests.scoring.oracle import Happening


@pytest.fixture
def gateway_visited(connection: Connection) -> datetime:
    """Two links of a mail that a gateway fetched an hour ago, and one that Ann opened later."""
    world = MailWorld(connection)
    at = datetime.now(UTC).replace(microsecond=250_000) - timedelta(hours=1)
    world.accept(
        [
            Happening(
                f"e{place}",
                "mail_click",
                at + timedelta(seconds=seconds),
                email="ann@buyer.example",
                properties={"mail_id": "m1", "link": f"https://seller.example/{place}"},
            )
            for place, seconds in enumerate((0, 0.4, 600))
        ],
        received_at=at,
    )
    connection.commit()
    return at


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    return result.output if code == 0 else str(result.exception)


def test_shares_replay_allow_and_explain(
    gateway_visited: datetime, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    run("score")
    (row,) = json.loads(run("machines", "show", "--by", "company", "--since", "2h", "--json"))
    assert row == {"name": "buyer.example", "acts": 3, "machine_acts": 2, "percent": 66.7}
    assert "m1" in run("machines", "show", "--by", "mail")
    assert "same_moment" in run("machines", "show", "--by", "signal")
    assert "66.7" in run("machines", "show")

    acts = json.loads(run("explain", "ann@buyer.example", "--json"))["machine_acts"]
    assert [act["signal"] for act in acts] == ["same_moment", "same_moment"]
    assert "another link of the same mail was fetched" in run("explain", "ann@buyer.example")

    rules = tmp_path / "machines.yaml"
    rules.write_text("signals: {same_moment: null}\n")
    preview = json.loads(run("machines", "replay", "--rules", str(rules), "--json"))
    assert (preview["leads"], preview["changed"], preview["points"]) == (1, 1, 3)
    assert json.loads(run("machines", "replay", "--json"))["changed"] == 0

    run("machines", "allow", "--mail", "m1", "--reason", "ours", "--by", "ops")
    assert "ours" in run("machines", "allowed")
    run("score")
    assert json.loads(run("explain", "ann@buyer.example", "--json"))["behaviour"] == 6
    run("machines", "disallow", "--mail", "m1")
    run("score")
    assert json.loads(run("explain", "ann@buyer.example", "--json"))["behaviour"] == 3
    assert "is not allowed" in run("machines", "disallow", "--mail", "m1", code=1)
    said = run("machines", "allow", "--company", "eu.buyer.example", "--reason", "ours")
    assert "company buyer.example is allowed; 1 leads" in said
    run("machines", "disallow", "--company", "buyer.example")
    for nobodys in ("gmail.com", "ann@buyer.example", "the buyer"):
        refused = run("machines", "allow", "--company", nobodys, "--reason", "x", code=1)
        assert refused == f"{nobodys} is not the domain of a company: give one, such as buyer.example"
    assert "give --company or --mail" in run("machines", "allow", "--reason", "x", code=1)
