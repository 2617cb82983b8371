"""Rules of the house that no linter knows: each name once, SQL in its place, statements that can be read."""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import leadops
from leadops.queries import NAME_LINE, read_statements

ROOT = Path(leadops.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
MIGRATIONS = ROOT / "migrations"
STATEMENT_FILES = sorted(
    path for path in ROOT.rglob("*.sql") if MIGRATIONS not in path.parents and path.name != "schema.sql"
)

LONGEST_STATEMENT = 120
#: A name that says nothing of what the module holds.
EMPTY_NAMES = {"words", "work", "part", "read", "made", "state", "show", "make", "explain", "decide"} | {
    *("rules", "refresh", "contract", "settings", "utils", "helpers")
}
#: One idea for several stages: the same file name on purpose.
ONE_NAME_FOR_ONE_IDEA = frozenset({"__init__", "checks", "erase", "purge", "removal", "subscription"})
#: SQL in a string of Python: a verb, and what only a statement has after it.
INLINE_SQL = re.compile(
    r"\b(select\b.*\bfrom|insert into|update \S+ set|delete from|truncate \w|analyze \w|create temp"
    r"|lock table|pg_advisory)",
    re.IGNORECASE | re.DOTALL,
)


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in MODULES:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def test_no_class_name_stands_twice() -> None:
    places = defaultdict(list)
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_exceptions_end_in_error() -> None:
    names = {
        (path, node.name)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases)
        and not node.name.endswith("Error")
    }
    assert names == set()


def test_modules_say_what_they_hold() -> None:
    assert [str(path) for path in MODULES if path.stem in EMPTY_NAMES and path.parent != ROOT] == []


def test_no_two_rooms_have_a_module_of_one_name() -> None:
    places = defaultdict(list)
    for path in MODULES:
        if path.parent != ROOT and path.parent.name not in ("cli", "orchestration"):
            places[path.stem].append(str(path.relative_to(ROOT)))
    twice = {stem: where for stem, where in places.items() if len(where) > 1}
    assert {stem: where for stem, where in twice.items() if stem not in ONE_NAME_FOR_ONE_IDEA} == {}


def test_sql_stands_in_sql_files() -> None:
    found = []
    for path, tree in trees():
        documents = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documents
                and INLINE_SQL.search(node.value)
            ):
                found.append(f"{path}:{node.lineno}: {node.value[:50]}")
    assert found == []


#: What commands may take from rich: tables and columns whose text `cli/terminal.py` writes.
FROM_RICH = {"Table", "BarColumn", "DownloadColumn", "TimeRemainingColumn"}
#: Ways to write beside `cli/terminal.py`, where text from outside would be markup or control the terminal.
OTHER_WAYS_TO_WRITE = re.compile(
    r"(print|(typer|click)\.(echo|secho|style|echo_via_pager)|(sys\.)?(__)?std(out|err)(__)?(\.write)?)"
)


def test_commands_write_in_one_way() -> None:
    found = []
    for path, tree in trees():
        if not path.startswith("cli/") or path == "cli/terminal.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
                names = {alias.name for alias in node.names}
                if module.split(".")[0] == "rich" or "rich" in names:
                    found += [f"{path}:{node.lineno}: {name} of rich" for name in sorted(names - FROM_RICH)]
                if module in ("sys", "typer", "click"):
                    found += [f"{path}:{node.lineno}: {module}.{name}" for name in sorted(names)]
            elif isinstance(node, ast.Name | ast.Attribute) and OTHER_WAYS_TO_WRITE.fullmatch(
                ast.unparse(node)
            ):
                found.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


def test_every_statement_has_a_name_and_can_be_read_at_a_sight() -> None:
    long = {}
    for path in STATEMENT_FILES:
        script = path.read_text(encoding="utf-8")
        assert NAME_LINE.search(script), f"{path}: statements begin with -- name:"
        for name, statement in read_statements(script).items():
            if (lines := statement.count("\n") + 1) > LONGEST_STATEMENT:
                long[f"{path.relative_to(ROOT)} {name}"] = lines
    assert long == {}


def test_the_layout_on_paper_has_every_room_and_the_readme_every_page() -> None:
    project = ROOT.parents[1]
    layout = (project / "ARCHITECTURE.md").read_text(encoding="utf-8").split("## Repository layout")[1]
    rooms = re.findall(r"^  ([a-z_]+)/ ", layout, re.MULTILINE)
    assert sorted(rooms) == sorted(
        folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists()
    )
    readme = (project / "README.md").read_text(encoding="utf-8")
    pages = [page.name for page in (project / "docs").glob("*.md")]
    assert [page for page in pages if f"docs/{page}" not in readme] == []


def test_nothing_is_tracked_that_git_ignores() -> None:
    """A link named .venv, once tracked, would replace the environment of whoever pulls it."""
    top = Path(__file__).parents[1]
    command = ["git", "-C", str(top), "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""
