import json
import stat
from pathlib import Path

import psycopg
import pytest
import typer
from typer.testing import CliRunner, Result

from leadops.cli.import_file import import_file
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.roles import as_role

MAPPING = """
lead: {crm_id: id}
created_at: {column: made, format: "%d-%m-%Y"}
"""

app = typer.Typer()
app.command()(import_file)


@pytest.fixture
def folder(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    (tmp_path / "leads.yaml").write_text(MAPPING)
    (tmp_path / "leads.csv").write_text("id,made\nc-1,05-01-2026\nc-2,31-02-2026\nc-3,06-01-2026\n")
    return tmp_path


def run(folder: Path, *options: str, file: str = "leads.csv", kind: str = "leads") -> Result:
    words = [kind, str(folder / file), "--mapping", str(folder / "leads.yaml"), *options]
    return CliRunner().invoke(app, words)


def count_leads(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select created_at::text from identity.leads order by 1").fetchall()


def test_a_bad_row_goes_to_a_file_and_the_others_in(folder: Path, database_url: str) -> None:
    result = run(folder)
    out = folder / "leads.csv.rejected.jsonl"
    assert result.exit_code == 1
    assert result.output.splitlines()[-2:] == [
        "  1 × made: is not a time in %d-%m-%Y",
        f"3 rows: 2 new, 0 changed, 0 known already, 1 refused; see {out}",
    ]
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        {
            "row": 3,
            "reason": "made: is not a time in %d-%m-%Y: '31-02-2026'",
            "values": {"id": "c-2", "made": "31-02-2026"},
        }
    ]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert len(count_leads(database_url)) == 2
    assert "0 new, 0 changed, 2 known already, 1 refused" in run(folder).output


def test_what_a_row_that_is_in_lacks_is_said(folder: Path, database_url: str) -> None:
    (folder / "leads.yaml").write_text(
        "file: {skip_lines: 1}\nlead: {crm_id: id, email: mail}\n"
        'created_at: {column: made, format: "%d-%m-%Y"}\n'
        "attributes: {size: {column: size, known_at: created}}\n"
    )
    (folder / "leads.csv").write_text(
        "Leads of July\nid,mail,made,size\nc-1,ann@,05-01-2026,\nc-2,,05-01-2026,7\n"
    )
    result = run(folder)
    out = folder / "leads.csv.rejected.jsonl"
    assert (result.exit_code, result.output.splitlines()[-3:]) == (
        0,
        [
            "  1 × mail: is not an email address; the row is in without it",
            "  size: no value in 1 of 2 rows",
            f"2 rows: 2 new, 0 changed, 0 known already, 0 refused; see {out}",
        ],
    )
    (line,) = out.read_text().splitlines()
    assert (json.loads(line)["row"], json.loads(line)["is_in"]) == (3, True)


def test_a_dry_run(folder: Path, database_url: str) -> None:
    result = run(folder, "--dry-run")
    assert "dry run, nothing was written: 3 rows: 2 new" in result.output
    assert count_leads(database_url) == []


def test_without_bad_rows_the_exit_code_is_0(folder: Path, database_url: str) -> None:
    (folder / "leads.csv").write_text("id,made\nc-1,05-01-2026\n")
    result = run(folder, "--company-zone", "America/Sao_Paulo")
    assert (result.exit_code, result.output.splitlines()[-1]) == (
        0,
        "1 row: 1 new, 0 changed, 0 known already, 0 refused",
    )
    assert count_leads(database_url) == [("2026-01-05 03:00:00+00",)]
    assert not (folder / "leads.csv.rejected.jsonl").exists()


def test_a_long_cell_goes_to_the_file_cut(folder: Path) -> None:
    (folder / "leads.csv").write_text(f"id,made\n{'x' * 20_000},05-01-2026\n")
    run(folder, "--rejects", str(folder / "bad.jsonl"))
    (line,) = (folder / "bad.jsonl").read_text().splitlines()
    assert len(line) < 1000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--company-zone", "Tokyo"], "--company-zone: 'Tokyo' is not an IANA time zone"),
        (["--rejects", "{folder}"], "cannot be written .*; give another with --rejects"),
        (["--rejects", "{folder}/leads.csv"], "--rejects: is the file that is imported; name another"),
    ],
)
def test_a_wrong_option_is_one_line(folder: Path, options: list[str], words: str) -> None:
    result = run(folder, *[each.format(folder=folder) for each in options])
    assert isinstance(result.exception, PermanentError)
    with pytest.raises(PermanentError, match=words):
        raise result.exception


def test_a_mapping_of_another_kind_is_one_line(folder: Path) -> None:
    result = run(folder, kind="transitions")
    assert str(result.exception) == f"{folder / 'leads.yaml'}: is a mapping for leads, not for transitions"


def test_a_mapping_of_no_kind_says_what_is_wrong_with_it(folder: Path) -> None:
    (folder / "leads.yaml").write_text(MAPPING + "nonsense: 1\n")
    assert "nonsense: Extra inputs" in str(run(folder).exception)


def test_a_line_that_is_no_row_goes_to_the_file_as_it_stands(folder: Path) -> None:
    (folder / "leads.csv").write_text('id,made\nc-1\nc-2,"05-01-2026\n')
    run(folder)
    found = [json.loads(line) for line in (folder / "leads.csv.rejected.jsonl").read_text().splitlines()]
    assert [(each["row"], each["values"]) for each in found] == [
        (2, {"line": "c-1"}),
        (3, {"line": 'c-2,"05-01-2026'}),
    ]


def test_a_wrong_kind_is_one_line(folder: Path) -> None:
    result = run(folder, kind="people")
    assert str(result.exception) == (
        "people: import one of leads, transitions, activities, costs, rates, thresholds"
    )
