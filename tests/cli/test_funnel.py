"""`leadops funnel`, as a person calls it."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leadops.cli import funnel
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.funnel.conftest import Books, at
from tests.roles import as_role

NOW = at("06-10 08:00")


@pytest.fixture
def books(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setitem(os.environ, "LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setattr(funnel, "clock", lambda: NOW)
    return Books(connection)


def run(*words: str) -> Result:
    return CliRunner().invoke(funnel.app, list(words))


def test_yesterday_is_refreshed_without_a_day(books: Books) -> None:
    books.mql(at("06-09 23:00"))

    done = run("refresh")

    assert done.exit_code == 0
    assert "2026-06-09: 1 lead, 1 MQL, 0 SAL, 0 SQL, 0 won, 0 lost, 0 left out" in done.output


def test_deals_without_a_readable_value_and_stages_without_a_cohort_are_said(books: Books) -> None:
    for hour, value in ((10, 1200), (11, None), (12, None)):
        lead = books.mql(at(f"06-01 {hour}:00"))
        books.reach(lead, "won", at("06-03 10:00"), value=value)
    books.reach(999, "sal", at("06-03 11:00"))

    built = run("refresh", "--from", "2026-06-01", "--to", "2026-06-03").output
    shown = run("show", "--from", "2026-06-01", "--to", "2026-06-03").output
    cohorts = run("show", "--from", "2026-06-01", "--to", "2026-06-03", "--cohort").output

    assert "2026-06-03: 0 leads, 0 MQL, 1 SAL, 0 SQL, 3 won, 2 without a readable value, 0 lost" in built
    assert "\n3 won, 2 without a readable value\n" in shown
    assert "\n3 won, 2 without a readable value\n" in cohorts
    assert "not in a cohort: 1 stage of these days, whose lead has no MQL on record" in cohorts
    assert "not in a cohort" not in shown


def test_days_are_built_judged_and_shown_both_ways(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"), campaign=None)
    books.reach(lead, "won", at("06-03 10:00"), value=1200, campaign=None)
    books.reach(lead, "sql", at("06-01 09:00"), campaign=None)

    built = run("refresh", "--from", "2026-06-01", "--to", "2026-06-03")
    days = run("show", "--from", "2026-06-01", "--json")
    cohorts = run("show", "--from", "2026-06-01", "--by", "campaign", "--cohort", "--json")

    assert "1 finding; see leadops funnel findings --from 2026-06-01 --to 2026-06-01" in built.output
    keys = ("dt", "group", "mqls", "sqls", "wons", "value", "left_out")
    assert [[row[key] for key in keys] for row in json.loads(days.output)] == [
        ["2026-06-01", None, 1, 0, 0, "0.00", 1],
        ["2026-06-03", None, 0, 0, 1, "1200.00", 0],
    ]
    assert [[row[key] for key in keys] for row in json.loads(cohorts.output)] == [
        ["2026-06-01", None, 1, 0, 1, "1200.00", 1]
    ]
    table = run("show", "--from", "2026-06-01", "--by", "campaign").output
    assert "(none)" in table
    assert "1,200.00" in table


def test_the_counts_of_each_salesperson(books: Books) -> None:
    ann, queued = books.mql(at("06-01 10:00")), books.mql(at("06-01 11:00"))
    books.reach(ann, "sal", at("06-01 12:00"), evidence={"rep_id": "ann"})
    books.place(queued, None, at("06-01 11:00"))
    run("refresh", "--day", "2026-06-01")

    shown = json.loads(
        run("show", "--from", "2026-06-01", "--to", "2026-06-01", "--by", "rep", "--json").output
    )

    assert [(row["group"], row["leads"], row["mqls"], row["sals"]) for row in shown] == [
        ("ann", 0, 1, 1),
        (None, 2, 1, 0),
    ]


def test_findings_are_listed_and_settled(books: Books) -> None:
    lead = books.mql(at("06-03 10:00"))
    books.reach(lead, "won", at("06-01 10:00"))
    run("refresh", "--from", "2026-06-01", "--to", "2026-06-03")

    listed = run("findings", "--json")
    settled = run("settle", "--day", "2026-06-01")

    (finding,) = json.loads(listed.output)
    assert (finding["kind"], finding["lead_id"], finding["is_open"]) == ("impossible_order", lead, True)
    assert "1 finding settled" in settled.output
    assert "no finding is open" in run("findings").output
    (settled_one,) = json.loads(run("findings", "--from", "2026-06-01", "--json").output)
    assert not settled_one["is_open"]
    assert f"lead {lead} cycle 1 won" in run("findings", "--from", "2026-06-01").output
    assert "no findings about the days from 2026-06-02" in run("findings", "--from", "2026-06-02").output


def test_what_is_open_is_listed_whatever_its_day_the_newest_first(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(funnel, "MOST_ROWS", 2)
    books.connection.execute(
        "insert into analytics.quality_findings (dt, kind, subject, facts, found_at, open_until)"
        " select '2017-07-14'::date + day, 'gap', 'leads', '{}', %(now)s,"
        " %(now)s + make_interval(days => day) from generate_series(0, 3) as day",
        {"now": NOW},
    )
    books.connection.commit()

    listed = run("findings").output

    assert listed.index("2017-07-17") < listed.index("2017-07-16")
    assert "2017-07-15" not in listed
    assert "and 1 of earlier days; --json lists all" in listed
    assert [each["dt"] for each in json.loads(run("findings", "--json").output)] == [
        "2017-07-17",
        "2017-07-16",
        "2017-07-15",  # that of the 14th is open no more
    ]


def test_built_days_without_a_row_are_told_from_days_that_are_not_built(books: Books) -> None:
    nothing = run("show", "--from", "2026-06-01", "--to", "2026-06-03").output
    books.mql(at("06-01 10:00"))
    run("refresh", "--from", "2026-06-01", "--to", "2026-06-02")
    some = run("show", "--from", "2026-06-01", "--to", "2026-06-03").output
    books.mql(at("06-01 10:00"))
    touched = run("show", "--from", "2026-06-01", "--to", "2026-06-03").output

    assert (
        "no day from 2026-06-01 to 2026-06-03 is built; leadops funnel refresh --from 2026-06-01" in nothing
    )
    assert "2 of 3 days from 2026-06-01 to 2026-06-03 built" in some
    assert "*" not in some
    assert "2026-06-01 *" in touched
    assert "* 1 day touched since" in touched


def test_days_built_again_are_named(books: Books) -> None:
    run("refresh", "--from", "2026-06-01", "--to", "2026-06-03")
    books.mql(at("06-01 10:00"))

    done = run("refresh", "--day", "2026-06-04")

    assert "built again: 2026-06-01, 2026-06-02, 2026-06-03\n" in done.output
    assert "still to be built" not in done.output


def test_days_that_wait_are_counted(tmp_path: Path, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    run("refresh", "--from", "2026-06-01", "--to", "2026-06-03")
    books.mql(at("06-01 10:00"))
    (tmp_path / "funnel.yaml").write_text("dirty_days_at_most: 1\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))

    done = run("refresh", "--day", "2026-06-04")

    assert "2 earlier days still to be built again; the next run takes at most 1" in done.output


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (["--day", "yesterday"], "'yesterday' is not a day; give a day as 2026-07-31"),
        (["--day", "2026-06-01", "--to", "2026-06-02"], "give either --day, or --from and --to"),
        (["--from", "2026-06-03", "--to", "2026-06-01"], "--from 2026-06-03 is after --to 2026-06-01"),
        (["--day", "2026-06-11"], "2026-06-11 has not begun in Asia/Tokyo"),
    ],
)
def test_what_makes_no_sense_is_refused(books: Books, words: list[str], saying: str) -> None:
    done = run("refresh", *words)

    assert isinstance(done.exception, PermanentError)
    assert saying in str(done.exception)
