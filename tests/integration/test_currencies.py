"""Deals and costs of several currencies, from the files to the funnel, attribution and economics."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.db import Connection

LEADS = """id,made
c-1,2026-05-04
c-2,2026-05-04
c-3,2026-05-04
c-4,2026-05-04
"""
DEALS = """id,mql,won,value,code
c-1,2026-05-05,2026-05-11,12000,USD
c-2,2026-05-05,2026-05-11,1500000,
c-3,2026-05-05,2026-05-11,500,KWD
c-4,2026-05-05,2026-05-11,,USD
"""
RATES = """day,code,rate
2026-05-31,USD,1.1
2026-05-31,JPY,165
"""
COSTS = """month,category,amount,code
2026-05-01,ads,1000,USD
2026-05-01,content,50000,JPY
2026-05-01,events,9,KWD
"""
MAPPINGS = {
    "leads": "lead: {crm_id: id}\ncreated_at: {column: made, format: '%Y-%m-%d'}\n",
    "transitions": "lead: {crm_id: id}\ntransitions:\n"
    "- {stage: mql, at: {column: mql, format: '%Y-%m-%d'}}\n"
    "- {stage: won, at: {column: won, format: '%Y-%m-%d'}, value: value, currency: code}\n",
    "rates": "month: {column: day, format: '%Y-%m-%d'}\nbase: {constant: EUR}\ncurrency: code\nrate: rate\n",
    "costs": "month: {column: month, format: '%Y-%m-%d'}\ncategory: category\namount: amount\n"
    "currency: code\n",
}


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


@pytest.fixture
def folder(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    (tmp_path / "attribution.yaml").write_text("conversion: {stage: won}\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    for kind, mapping in MAPPINGS.items():
        (tmp_path / f"{kind}.map").write_text(mapping)
    return tmp_path


def bring(folder: Path, kind: str, text: str, *options: str, code: int = 0) -> str:
    file = folder / f"{kind}.csv"
    file.write_text(text)
    return run("import", kind, str(file), "--mapping", str(folder / f"{kind}.map"), *options, code=code)


def test_two_currencies_are_one_sum_and_what_has_no_rate_is_counted(
    folder: Path, connection: Connection
) -> None:
    bring(folder, "leads", LEADS)
    bring(folder, "transitions", DEALS)
    bring(folder, "costs", COSTS)
    day = ("--day", "2026-05-31")
    refreshed = run("funnel", "refresh", "--from", "2026-05-11", "--to", "2026-05-11")
    assert "4 won, 1 without a readable value, 2 without a rate of its currency" in refreshed

    assert "2 new" in bring(folder, "rates", RATES)
    # 12,000 USD at 165 / 1.1 = 150 are 1,800,000 JPY.
    run("funnel", "refresh", "--from", "2026-05-11", "--to", "2026-05-11")
    (shown,) = json.loads(run("funnel", "show", "--from", "2026-05-11", "--to", "2026-05-11", "--json"))
    assert (float(shown["value"]), shown["wons"]) == (3_300_000, 4)
    assert (shown["wons_without_value"], shown["wons_without_rate"]) == (1, 1)

    # 1,000 USD are 150,000 JPY.
    refreshed = run("economics", "refresh", *day)
    assert "200,000.00 JPY spent" in refreshed
    assert "4 deals won, 1 without a readable value, 1 without a rate of its currency" in refreshed
    assert "left out: 1 cost in another currency without a rate" in run("economics", "show")
    run("attribution", "refresh", *day)
    assert connection.execute(
        "select conversions, value, without_rate from attribution.periods"
    ).fetchall() == [(4, 3_300_000, 1)]
    assert "1 without a rate of their currency" in run("attribution", "show", "--by", "channel")

    # The rate on record stays; a correction says so.
    other = RATES.replace("165", "176")
    assert "another rate is on record and stays; --correct replaces it" in bring(
        folder, "rates", other, code=1
    )
    assert values(connection) == [1_500_000, 1_800_000]
    assert "1 changed, 1 known already" in bring(folder, "rates", other, "--correct")
    assert values(connection) == [1_500_000, 1_920_000]
    # The same file of deals again changes nothing.
    assert "4 known already" in bring(folder, "transitions", DEALS)
    assert values(connection) == [1_500_000, 1_920_000]


def test_bad_currencies_and_rates_are_refused_row_by_row(folder: Path, connection: Connection) -> None:
    bring(folder, "leads", LEADS)
    bad = "id,mql,won,value,code\nc-1,2026-05-05,2026-05-11,1,Dollar\nc-2,2026-05-05,2026-05-11,1,usd\n"
    assert "1 × code: is not a currency of ISO 4217" in bring(folder, "transitions", bad, code=1)
    assert connection.execute("select currency from lifecycle.imported where stage = 'won'").fetchall() == [
        ("USD",)
    ]
    rows = ["EUR,1", "USD,0", "USD,x", ",1", "JPY,165"]
    text = "\n".join(["day,code,rate", *(f"2026-05-31,{row}" for row in rows)])
    output = bring(folder, "rates", text, code=1)
    assert "5 rows: 1 new, 0 changed, 0 known already, 4 refused" in output
    assert "dry run" in bring(folder, "rates", RATES, "--dry-run")
    assert connection.execute("select currency from lifecycle.currency_rates").fetchall() == [("JPY",)]
    words = [
        "import",
        "costs",
        str(folder / "rates.csv"),
        "--mapping",
        str(folder / "costs.map"),
        "--correct",
    ]
    assert "only rates are corrected" in str(CliRunner().invoke(app, words).exception)


def values(connection: Connection) -> list[int]:
    connection.rollback()
    return [
        int(value)
        for (value,) in connection.execute(
            "select value from lifecycle.transitions where stage = 'won' and value is not null order by 1"
        )
    ]
