import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.errors import PermanentError
from leadops.identity.import_leads import ImportedLead, import_leads
from leadops.migrations.rights import Part
from tests.identity.test_resolve import seen
from tests.roles import as_role
from tests.scoring.conftest import World, at, world
from tests.scoring.oracle import Happening

__all__ = ["world"]


@pytest.fixture
def shared(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """Five people at one kiosk; the first has told of her company."""
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    world.accept(
        [
            seen(
                f"e{n}",
                n,
                "submit_form",
                email=f"info@{n}.example",
                anonymous_id="kiosk" if n < 4 else "home",
                properties={"website": f"www.{n}.example"},
            )
            for n in range(5)
        ]
    )
    world.resolve()
    world.connection.commit()
    return world


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["identity", *words], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.exception
    return result.output


def test_explain_shows_the_evidence_of_each_identifier(shared: World) -> None:
    shown = run("explain", "5")
    assert "home" in shown
    assert "e4" in shown
    assert "lead 5: 1 event, role email, account 4.example" in shown
    assert "nobody's" in run("explain", "info@1.example")
    told = json.loads(run("explain", "INFO@1.example", "--json"))
    assert [each["kind"] for each in told["identifiers"]] == ["email"]
    assert [(each["value"], each["lead_id"]) for each in told["foreign_identifiers"]] == [("kiosk", 0)]


def test_explain_says_import_where_an_import_tied_an_identifier(shared: World) -> None:
    lead = ImportedLead("crm-7", None, datetime(2026, 1, 2, tzinfo=UTC))
    (lead_id,) = import_leads(shared.connection, [lead], now=datetime(2026, 6, 1, tzinfo=UTC)).lead_ids
    shared.connection.commit()
    (row,) = (line for line in run("explain", str(lead_id)).splitlines() if "crm-7" in line)
    assert "import" in row
    assert [each["is_imported"] for each in json.loads(run("explain", "5", "--json"))["identifiers"]] == [
        False
    ] * 2


def test_violations_are_listed_until_they_are_settled(shared: World) -> None:
    assert "kiosk" in run("violations")
    assert "1 settled" in run("settle")
    assert "nothing new" in run("violations")


def test_explain_says_what_it_wants(shared: World) -> None:
    for lead, words in [("Ann", "must be a lead_id"), ("77", "no lead 77"), ("b@x.example", "no lead has")]:
        result = CliRunner().invoke(app, ["identity", "explain", lead])
        assert isinstance(result.exception, PermanentError)
        assert words in str(result.exception)


def test_a_merge_is_explained_and_can_be_split(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    world.accept([seen(name, email=f"{name}@x.example", user_id="u") for name in "ab"])
    world.resolve()
    world.connection.commit()
    told = json.loads(run("explain", "b@x.example", "--json"))
    assert (told["lead_id"], told["leads"]) == (1, [1, 2])
    assert [(each["younger"], each["kind"], each["event_id"]) for each in told["merges"]] == [
        (2, "user_id", "b")
    ]
    assert "joined of leads 1, 2" in run("explain", "1")
    assert "would split lead 2 from lead 1" in run("split", "2", "--reason", "twins", "--dry-run")
    assert "holds" in run("explain", "1")
    assert "lead 2: a person of its own" in run("split", "2", "--reason", "twins", "--by", "ops")
    assert "by ops: twins" in run("explain", "1")
    for words in (["2"], ["--merge", "1"], ["2", "--merge", "1"], []):
        result = CliRunner().invoke(app, ["identity", "split", *words, "--reason", "again"])
        assert isinstance(result.exception, PermanentError)


def test_a_split_says_what_it_means_for_others(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    world.accept([seen(f"{name}-u", email=f"{name}@x.example", user_id="u") for name in "ab"])
    world.accept([seen(f"{name}-v", email=f"{name}@x.example", user_id="v") for name in "bc"])
    world.resolve()
    world.connection.commit()
    shown = run("split", "b@x.example", "--reason", "a colleague")
    assert "split lead 2 from lead 1, 3" in shown
    assert "lead 1 and lead 3 stay one person; split one of them if only lead 2 tied them" in shown
    assert "kept when lead 2 was split" in run("explain", "1")


def test_a_split_shows_what_it_would_newly_tie(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    world.accept([seen(name, email=f"{name}@x.example", user_id="u") for name in "ab"])
    world.resolve()
    world.connection.commit()
    run("split", "2", "--reason", "a colleague")
    world.accept([seen("c", email="c@x.example", user_id="u")])
    world.resolve()
    world.connection.commit()
    tie = "lead 2 and lead 3 stay two people, although user_id u was seen with both; see --join"
    assert tie in run("split", "1", "--reason", "another colleague", "--dry-run")
    assert "lead 2 and lead 3 become one person" in run("split", "1", "--join", "--reason", "another one")
    assert "joined of leads 2, 3" in run("explain", "3")
    assert "1 merge compared" in run("rebuild", "--verify")


def test_a_rebuild_is_compared(shared: World) -> None:
    assert "5 events, 5 emails, 0 merges compared" in run("rebuild", "--verify")
    shared.connection.execute("update identity.aliases set lead_id = 2 where value = 'home'")
    shared.connection.commit()
    assert "alias: lead 2, 5" in run("rebuild", "--dry-run")
    for words in ([], ["--verify"], ["--verify", "--dry-run"]):
        result = CliRunner().invoke(app, ["identity", "rebuild", *words])
        assert isinstance(result.exception, PermanentError)


def test_explain_lists_every_claim_that_touches_the_lead(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))

    def claim(name: str, event: str = "page_view", **fields: Any) -> Happening:
        return Happening(name, event, at(0), **fields, proof="claim")

    def listed(lead: str) -> dict[str, tuple[str, bool]]:
        world.resolve()
        world.connection.commit()
        person = json.loads(run("explain", lead, "--json"))
        assert {each["claims"] for each in person["claims"]} <= {len(person["claims"])}
        return {each["event_id"]: (each["reason"], each["has_points"]) for each in person["claims"]}

    world.accept(
        [
            claim("view-before", anonymous_id="outsider"),
            claim("names-ann", "identify", email="ann@x.example", anonymous_id="outsider"),
            claim("view-after", "view_pricing", anonymous_id="outsider"),
            claim("of-nobody", anonymous_id="another"),
            claim("names-bob", "identify", email="bob@x.example", anonymous_id="outsider"),
        ]
    )
    assert listed("ann@x.example") == {
        "view-before": ("claimed_browser", True),
        "names-ann": ("only_claimed", True),
        "view-after": ("claimed_browser", True),
    }
    assert listed("bob@x.example") == {"names-bob": ("only_claimed", True)}
    shown = run("explain", "ann@x.example")
    assert "only claimed: there is no proof of it, 3 claims" in shown
    assert shown.count("capped points") == 3

    proof = Happening("p", "identify", at(1), email="ann@x.example", user_id="u-ann", anonymous_id="anns")
    world.accept([replace(proof, proof="verified"), claim("own-view", anonymous_id="anns")])
    world.accept(
        [
            claim("names-id", user_id="u-ann", anonymous_id="third"),
            claim("again", "identify", email="ann@x.example"),
        ]
    )
    assert listed("ann@x.example") == {
        "view-before": ("claimed_browser", False),
        "names-ann": ("only_claimed", False),
        "view-after": ("claimed_browser", False),
        "names-id": ("unproven_id", False),
        "again": ("proven_lead", False),
    }
    shown = run("explain", "ann@x.example")
    assert "5 claims" in shown
    assert "capped points" not in shown
    assert "verified" in shown
