import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.errors import PermanentError
from tests.cli.test_score import rule_file, scored
from tests.scoring.conftest import World, at, world
from tests.scoring.oracle import Happening

__all__ = ["rule_file", "scored", "world"]


def test_explain_shows_every_point_and_the_total(scored: World) -> None:
    CliRunner().invoke(app, ["score"])
    result = CliRunner().invoke(app, ["explain", "a@x.example"], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert "happened (Asia/Tokyo)" in result.output
    assert "2026-03-01 00:01:00" in result.output
    assert "fit 0 + behaviour 5 + model 0 = 5, shown as 5, grade C4" in result.output
    told = json.loads(CliRunner().invoke(app, ["explain", "1", "--json"]).output)
    assert (told["lines"][0]["points"], told["ids"]) == (5, {"ma": None, "crm": None})
    assert "in the MA: not known there\nin the CRM: not known there\n" in result.output


def test_explain_ends_with_the_ids_in_the_ma_and_the_crm(scored: World) -> None:
    CliRunner().invoke(app, ["score"])
    scored.connection.execute(
        "insert into identity.leads (lead_id, email, created_at) overriding system value"
        " values (7, 'b@x.example', now())"
    )
    scored.connection.execute("insert into identity.people (lead_id, person_id) values (7, 1), (1, 1)")
    scored.connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
        " values ('ma', 1, '48211', now()), ('ma', 7, '48218', now()), ('crm', 7, 'L-1007', now())"
    )
    scored.connection.commit()
    for lead, ma_id in (("1", "48211"), ("7", "48218")):
        lines = CliRunner().invoke(app, ["explain", lead]).output.splitlines()
        assert lines[-2:] == [f"in the MA: {ma_id}", "in the CRM: L-1007"], (
            "the person is one lead in the CRM"
        )


def test_explain_says_of_our_own_that_they_count_for_nothing(scored: World) -> None:
    scored.connection.execute(
        "insert into identity.uncounted_leads values (1, 'internal', 'domain x.example', now())"
    )
    scored.connection.commit()
    CliRunner().invoke(app, ["score"])
    for command in (["explain", "1"], ["identity", "explain", "1"]):
        output = CliRunner().invoke(app, command, env={"COLUMNS": "200"}).output
        assert "counts for nothing" in output
        assert "internal, domain x.example" in output
    told = json.loads(CliRunner().invoke(app, ["explain", "1", "--json"]).output)
    assert (told["uncounted"]["reason"], told["uncounted"]["entry"]) == ("internal", "domain x.example")


def test_explain_shows_what_only_an_import_tells(scored: World) -> None:
    scored.connection.execute(
        "insert into identity.leads (lead_id, created_at) overriding system value values (9, now())"
    )
    scored.connection.execute(
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " kpi_version) values (9, 1, 'won', '2026-01-31 15:00Z', now(),"
        """ '{"imported": "deals [old].csv", "line": 7, "backfill": true}', 'v')"""
    )
    scored.connection.commit()
    result = CliRunner().invoke(app, ["explain", "9"], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert "points" not in result.output  # it has none yet, so there is no empty table of them
    (row,) = (line for line in result.output.splitlines() if "won" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "won",
        "1",
        "2026-02-01 00:00:00",
        "imported: deals [old].csv, line 7",
    ]
    told = json.loads(CliRunner().invoke(app, ["explain", "9", "--json"]).output)
    assert told["stages"][0]["evidence"]["line"] == 7


def test_a_reason_that_is_the_name_of_the_event_stands_once(scored: World) -> None:
    CliRunner().invoke(app, ["score"])
    shown = CliRunner().invoke(app, ["explain", "1"], env={"COLUMNS": "120"}).output
    told = json.loads(CliRunner().invoke(app, ["explain", "1", "--json"]).output)["lines"][0]
    assert (told["event"] == told["reason"], shown.count(told["reason"])) == (True, 1)


def test_explain_says_on_which_page_the_points_were_earned(
    scored: World, rule_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_file.write_text(
        "behaviour:\n- {name: pricing, event: page_view, points: 5, when: {context.page: {path: /pricing}}}\n"
    )
    page = {"page": "/ja/Pricing/[/red]\x1b?mail=secret@x.example#secret"}
    scored.accept([Happening("three", "page_view", at(3), email="a@x.example", context=page)])
    assert CliRunner().invoke(app, ["score"]).exit_code == 0
    shown = CliRunner().invoke(app, ["explain", "a@x.example"], env={"COLUMNS": "200"}).output
    assert "page_view /ja/Pricing/[/red]\\x1b" in shown
    assert "secret" not in shown
    (line,) = json.loads(CliRunner().invoke(app, ["explain", "1", "--json"]).output)["lines"]
    assert (line["page"], line["rule"]) == ("/ja/Pricing/[/red]\x1b", "pricing")


def test_explain_fails_where_the_numbers_do_not_agree(scored: World) -> None:
    CliRunner().invoke(app, ["score"])
    scored.connection.execute("update scoring.scores set behaviour = 9")
    scored.connection.commit()
    result = CliRunner().invoke(app, ["explain", "1"])
    assert isinstance(result.exception, PermanentError)
    assert "run leadops audit" in str(result.exception)


def test_explain_says_what_it_wants(scored: World) -> None:
    for lead, words in [
        ("Ann", "must be a lead_id"),
        ("77", "no lead 77"),
        ("b@x.example", "no lead has this email"),
    ]:
        result = CliRunner().invoke(app, ["explain", lead])
        assert words in str(result.exception)


def test_explain_says_what_the_lead_still_needs_to_become_mql(scored: World, tmp_path: Path) -> None:
    """By hand: no fact is known and 5 points are there; no two steps give 20 of fit and 35 of behaviour."""
    CliRunner().invoke(app, ["score"])
    output = CliRunner().invoke(app, ["explain", "1"], env={"COLUMNS": "200"}).output
    assert "more points (20 of fit and 35 of behaviour) would make it MQL; no two acts" in output
    told = json.loads(CliRunner().invoke(app, ["explain", "1", "--json"]).output)["mql_outlook"]
    assert (told["state"], told["missing"]) == ("far", {"fit": 20, "behaviour": 35, "total": 0})


def test_explain_as_known_on_a_day_leaves_out_what_came_later(scored: World) -> None:
    """1 March ends in Tokyo at 15:00 UTC."""
    CliRunner().invoke(app, ["score"])
    wide = {"COLUMNS": "120"}
    before = (
        CliRunner().invoke(app, ["explain", "1"], env=wide).output.partition("grade C4\n")[0] + "grade C4\n"
    )
    connection = scored.connection
    connection.execute("update scoring.ledger set recorded_at = '2026-03-01 14:59:59.999999Z'")
    connection.execute(
        "insert into scoring.ledger (seq, lead_id, event_seq, occurred_at, recorded_at, points, dimension,"
        " kind, rule, reason, is_live, rule_set_id) overriding system value"
        " select seq + 1, lead_id, event_seq, occurred_at, '2026-03-01 15:00Z', -2, dimension, 'correction',"
        " rule, 'another rule', is_live, rule_set_id from scoring.ledger where lead_id = 1"
    )
    connection.execute("update scoring.scores set behaviour = 3 where lead_id = 1")
    connection.execute(
        "insert into machines.verdicts"
        " (event_seq, lead_id, signal, reason, classified_at, freed_because, freed_at)"
        " select event_seq, 1, 'fast_click', 'fast', '2026-03-01 14:00Z', 'allowed', '2026-03-02 15:00Z'"
        " from scoring.ledger where lead_id = 1 limit 1"
    )
    connection.commit()

    def ask(day: str, *more: str) -> str:
        result = CliRunner().invoke(app, ["explain", "1", "--known-on", day, *more], env=wide)
        return result.output if result.exit_code == 0 else str(result.exception)

    assert "behaviour 3 + model 0 = 3" in ask("2026-03-02")
    told = json.loads(ask("2026-03-01", "--json"))
    assert [(line["points"], line["running"]) for line in told["lines"]] == [(5, 5)]
    assert [act["freed_because"] for act in told["machine_acts"]] == [None]
    assert "counts again: allowed" in ask("2026-03-03")
    connection.execute("delete from machines.verdicts")
    connection.commit()
    told_then, _, rest = ask("2026-03-01").partition("by today's grades")
    assert (told_then, rest.count("\n")) == (before, 1)
    assert (
        ask("2026-02-28") == "nothing was on record on 2026-02-28; give --known-on 2026-03-01 or a later day"
    )
