"""Every named statement is used, every use exists, and parameters and columns agree with the database."""

import ast
import importlib
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

import leadops
import leadops_stack
from leadops.db import Connection
from leadops.queries import Queries, read_statements

from .statement_reach import find_topic

PACKAGES = [Path(str(package.__file__)).parent for package in (leadops, leadops_stack)]
ROOT = PACKAGES[0].parent
#: Statements for Airflow's own database, and the columns of its tables that they use.
FOREIGN = {"airflow_queue": Path(__file__).with_name("airflow_tables.sql")}
METHODS = {
    name for name, member in vars(Queries).items() if inspect.isfunction(member) and not name.startswith("_")
}
PARAMETER = re.compile(r"%(?:\((\w+)\)s|%)")
TEMPORARY = re.compile(r"create temp(?:orary)? table (\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Use:
    """A call such as `queries.one(connection, "find_head", Head, lead_id=7)`."""

    path: Path
    script: Path
    line: int
    method: str
    statement: str
    row_type: str | None
    parameters: frozenset[str] | None  # None: some are handed on as **values

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} {self.statement}"


def find_uses(path: Path) -> Iterator[Use]:
    text = path.read_text(encoding="utf-8")
    if "queries." not in text:  # most modules: nothing to parse
        return
    script = path.with_name(f"{find_topic(path, text)}.sql")
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in METHODS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "queries"
        ):
            assert len(node.args) >= 2, f"{path}:{node.lineno}"
            assert isinstance(node.args[1], ast.Constant), (
                f"{path}:{node.lineno}: name the statement literally"
            )
            names = [keyword.arg for keyword in node.keywords]
            open_ended = None in names or node.func.attr == "run_many"
            has_row = node.func.attr.removesuffix("_async") in ("all", "all_binary", "first", "one", "stream")
            yield Use(
                path,
                script,
                node.lineno,
                node.func.attr,
                str(node.args[1].value),
                ast.unparse(node.args[2]) if has_row else None,
                None if open_ended else frozenset(str(name) for name in names),
            )


USES = [use for package in PACKAGES for path in sorted(package.rglob("*.py")) for use in find_uses(path)]
FILES = sorted({use.script for use in USES})


def read(path: Path) -> dict[str, str]:
    return dict(read_statements(path.read_text(encoding="utf-8")))


def module_of(path: Path) -> Any:
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def columns_of(row_type: type) -> set[str]:
    if is_dataclass(row_type):
        return {field.name for field in fields(row_type) if field.init}
    return set(row_type._fields)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_statement_is_used_and_every_use_exists(path: Path) -> None:
    used = {use.statement for use in USES if use.script == path}
    assert used == set(read(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_statement_belongs_to_one_module(path: Path) -> None:
    runs = {(use.statement, use.path) for use in USES if use.script == path}
    counts = Counter(statement for statement, _ in runs)
    assert [statement for statement, modules in counts.items() if modules > 1] == []


def test_no_file_of_named_statements_is_without_its_module() -> None:
    named = {
        path
        for package in PACKAGES
        for path in package.rglob("*.sql")
        if path.read_text(encoding="utf-8").startswith("-- name:")
    }
    assert named == set(FILES)


@pytest.mark.parametrize("use", USES, ids=str)
def test_parameters_agree(use: Use) -> None:
    if use.parameters is not None:
        script = read(use.script)[use.statement]
        assert use.parameters == {name for name in PARAMETER.findall(script) if name}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_statements_can_be_prepared_and_columns_agree(path: Path, uncommitted: Connection) -> None:
    uses = [use for use in USES if use.script == path]
    modules = {use.path: module_of(use.path) for use in uses}
    statements = read(path)
    if path.stem in FOREIGN:
        uncommitted.execute(FOREIGN[path.stem].read_text(encoding="utf-8").encode())
    # A module may use the temporary tables of others in its room, and of those whose functions it imports.
    sources = {
        Path(inspect.getfile(member))
        for module in modules.values()
        for member in vars(module).values()
        if inspect.isfunction(member)
    }
    imported = {use.script for use in USES if use.path in sources}
    for other in FILES:
        if (other.parent == path.parent or other in imported) and other != path:
            for script in filter(TEMPORARY.search, read(other).values()):
                prepare(uncommitted, script)
    # A statement that makes a temporary table comes before those that use it.
    for name in sorted(statements, key=lambda name: not TEMPORARY.search(statements[name])):
        columns = prepare(uncommitted, statements[name])
        for use in (use for use in uses if use.statement == name):
            if use.row_type is not None:
                assert sorted(columns) == sorted(columns_of(eval(use.row_type, vars(modules[use.path])))), (
                    str(use)
                )
            elif use.method.removesuffix("_async") in ("value", "values"):
                assert len(columns) == 1, str(use)


def prepare(connection: Connection, script: str) -> list[str]:
    """Return the names of the columns that `script` returns; a temporary table is made, without rows."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${numbers.setdefault(match[1], len(numbers) + 1)}" if match[1] else "%"

    text = PARAMETER.sub(number, script)
    protocol = connection.pgconn
    if TEMPORARY.search(script):
        done = protocol.exec_params(text.encode(), [None] * len(numbers))
        assert done.status in (1, 2), done.error_message.decode()
        return []
    done = protocol.prepare(b"", text.encode())
    assert done.status == 1, f"{done.error_message.decode()}\n{text}"
    described = protocol.describe_prepared(b"")
    return [described.fname(index).decode() for index in range(described.nfields)]  # type: ignore[union-attr]


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="stands twice: \\['a'\\]"):
        read_statements("-- name: a\nselect 1;\n-- name: a\nselect 2;\n")


def test_a_statement_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="before the first"):
        read_statements("select 1;\n-- name: a\nselect 2;\n")


def test_comments_and_indentation_are_not_part_of_a_statement() -> None:
    script = "-- name: a\n-- Why.\nselect\n    1, -- kept: psycopg sends it\n    -- And why.\n    2;\n"
    assert read_statements(script) == {"a": "select\n1, -- kept: psycopg sends it\n2"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_in_a_statement_goes_over_the_end_of_a_line(path: Path) -> None:
    for statement in read(path).values():
        for line in statement.splitlines():
            assert line.partition("--")[0].count("'") % 2 == 0, line


def test_what_a_request_runs_is_read_by_psycopg_once() -> None:
    # psycopg keeps the parsed text of statements up to this length only.
    kept = {
        name: len(statement)
        for path in FILES
        for name, statement in read(path).items()
        if name in ("keep_form", "insert_events", "trace_form", "quarantine_form")
    }
    assert len(kept) == 4
    assert max(kept.values()) <= 4096, kept
