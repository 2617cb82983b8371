"""A build's version follows from its tables and their code."""

from pathlib import Path

import pytest

from leadops.db import Connection
from leadops.funnel import refresh_funnel as build_module
from leadops.funnel.daily_table import DailyTable, DayBuild, derive_version
from leadops.funnel.refresh_funnel import BUILD_VERSION, DAILY_TABLES
from tests.funnel.conftest import Books, on


def write_nothing(connection: Connection, build: DayBuild) -> None:
    """A table that is written by nobody."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A module with its SQL."""
    (tmp_path / "churn.sql").write_text("-- name: insert_churn\n-- why\ninsert into a\nselect 1;\n")
    (tmp_path / "churn.py").write_text("x = 1\n")
    return tmp_path / "churn.py"


def version(source: Path, *, name: str = "analytics.churn") -> str:
    return derive_version([DailyTable(name, write=write_nothing, sources=(str(source),))], inputs=[])


def test_a_comment_or_a_line_break_in_sql_changes_nothing(source: Path) -> None:
    before = version(source)
    source.with_suffix(".sql").write_text("-- name: insert_churn\ninsert into a select 1; -- one\n")
    assert version(source) == before


@pytest.mark.parametrize(("suffix", "text"), [(".sql", "-- name: insert_churn\nselect 2;\n"), (".py", "x=2")])
def test_other_sql_or_other_code_is_another_version(source: Path, suffix: str, text: str) -> None:
    before = version(source)
    source.with_suffix(suffix).write_text(text)
    assert version(source) != before


def test_another_table_is_another_version(source: Path) -> None:
    assert version(source, name="analytics.other") != version(source)
    assert derive_version(DAILY_TABLES, inputs=[]) != derive_version(DAILY_TABLES[1:], inputs=[])


def test_the_statements_of_every_source_are_those_that_the_version_reads() -> None:
    sources = {*build_module.INPUTS, *(source for table in DAILY_TABLES for source in table.sources)}
    assert [source for source in sources if "topic=" in Path(source).read_text()] == []


def test_a_day_is_stale_once_the_version_changes(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.refresh(on("06-01"))
    assert books.refresh(on("06-02")).again == ()

    monkeypatch.setattr(build_module, "BUILD_VERSION", f"not {BUILD_VERSION}")

    assert books.refresh(on("06-02")).again == (on("06-01"),)


def test_every_daily_table_exists_and_is_named_once(books: Books) -> None:
    names = [table.name for table in DAILY_TABLES]
    assert len(set(names)) == len(names)
    assert all(books.ask("select to_regclass(%s)", name)[0][0] for name in names)
