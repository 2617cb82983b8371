"""Which room reads and writes which table, taken from the SQL by PostgreSQL's own parser.

A room is a folder of include/leadops. The SQL is that of the .sql files and of the strings in Python. A
schema belongs to the room whose migration creates it. A view or a function reads and writes for the room of
its schema; the room of a trigger's table calls the trigger's function.
"""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pglast
from pglast import ast as tree
from pglast.enums import ObjectType, OnConflictAction
from pglast.visitors import Visitor

import leadops
from leadops.migrations.migration_files import MIGRATION_NAME
from leadops.queries import read_statements

ROOT = Path(leadops.__file__).parent
PROJECT = ROOT.parent.parent
PARAMETER = re.compile(r"%(?:\((\w+)\)s|[sbt%])")
BEGINS_LIKE_SQL = re.compile(
    r"[\s(]*(select|insert|update|delete|with|merge|truncate|copy|lock|create|alter|drop|call|do)\s",
    re.IGNORECASE,
)
#: A string with this that cannot be parsed is a fault, not a sentence.
NAMES_A_TABLE = re.compile(r"\b(from|join|into|update|table)\s+[a-z_]+\.[a-z_]+", re.IGNORECASE)
READS, WRITES = "reads", "writes"
#: The tables that the runner of the migrations makes for itself.
RUNNER_TABLES = ("leadops.migrations", "leadops.rights", "leadops.roles")
SYSTEM_SCHEMAS = ("pg_catalog", "information_schema")


@dataclass(frozen=True)
class Access:
    """A room reads or writes a table or view, or calls a function (which counts as reading it)."""

    room: str
    verb: str
    name: str
    place: str


@dataclass
class Relations:
    """What a piece of SQL names with its schema: `schema.table`, or `schema.function()`."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    #: The privileges that it needs: (privilege, `schema.table`).
    rights: set[tuple[str, str]] = field(default_factory=set, compare=False)

    def add(self, other: "Relations") -> None:
        self.reads |= other.reads
        self.writes |= other.writes
        self.rights |= other.rights


@dataclass(frozen=True)
class Created:
    """A table, view or function that a migration creates, and what its body names.

    `is_definer`: a function that runs with its owner's rights.
    """

    name: str
    kind: str
    body: Relations
    is_definer: bool = False


class _Finder(Visitor):  # type: ignore[misc]
    """Collects what a statement names with a schema; the rest are CTEs and temporary tables."""

    def __init__(self) -> None:
        self.found = Relations()
        self.targets: list[Any] = []

    def _target(self, relation: Any, *privileges: str) -> None:
        self.targets.append(relation)
        if relation.schemaname:
            self.found.writes.add(f"{relation.schemaname}.{relation.relname}")
        self._need(relation, *privileges)

    def _need(self, relation: Any, *privileges: str) -> None:
        if relation.schemaname not in (None, *SYSTEM_SCHEMAS):
            name = f"{relation.schemaname}.{relation.relname}"
            self.found.rights |= {(privilege, name) for privilege in privileges}

    def visit_InsertStmt(self, _: Any, node: Any) -> None:
        needed = {"insert"}
        if node.onConflictClause or node.returningClause:
            needed.add("select")
        if node.onConflictClause and node.onConflictClause.action == OnConflictAction.ONCONFLICT_UPDATE:
            needed.add("update")
        self._target(node.relation, *needed)

    def visit_UpdateStmt(self, _: Any, node: Any) -> None:
        self._target(node.relation, "select", "update")

    def visit_DeleteStmt(self, _: Any, node: Any) -> None:
        self._target(node.relation, "select", "delete")

    def visit_MergeStmt(self, _: Any, node: Any) -> None:
        acts = {clause.commandType.name for clause in node.mergeWhenClauses}
        verbs = {verb for verb in ("insert", "update", "delete") if f"CMD_{verb.upper()}" in acts}
        self._target(node.relation, "select", *verbs)

    def visit_TruncateStmt(self, _: Any, node: Any) -> None:
        for relation in node.relations:
            self._target(relation, "truncate")

    def visit_CopyStmt(self, _: Any, node: Any) -> None:
        if node.is_from:
            self._target(node.relation, "insert")

    def visit_SelectStmt(self, _: Any, node: Any) -> None:
        """A select that locks rows needs `update`; without `of`, it locks those of every table."""
        for clause in node.lockingClause or ():
            names = {relation.relname for relation in clause.lockedRels or ()}
            for relation in _list_relations(node.fromClause):
                alias = relation.alias.aliasname if relation.alias else relation.relname
                if not names or alias in names:
                    self._need(relation, "update")

    def visit_LockStmt(self, _: Any, node: Any) -> None:
        for relation in node.relations:
            self._need(relation, "update")

    def visit_VacuumStmt(self, _: Any, node: Any) -> None:
        for vacuumed in node.rels or ():
            self.targets.append(vacuumed.relation)
            self._need(vacuumed.relation, "maintain")

    def visit_RangeVar(self, _: Any, node: Any) -> None:
        if node.schemaname and not any(node is target for target in self.targets):
            self.found.reads.add(f"{node.schemaname}.{node.relname}")
            self._need(node, "select")

    def visit_FuncCall(self, _: Any, node: Any) -> None:
        self.found.reads.update(_function_name(node.funcname))


def _list_relations(nodes: Any) -> Iterator[Any]:
    """Yield the tables of a from clause, those of its joins included."""
    for node in nodes or ():
        match node:
            case tree.RangeVar():
                yield node
            case tree.JoinExpr():
                yield from _list_relations((node.larg, node.rarg))
            case tree.RangeSubselect():
                yield from _list_relations(node.subquery.fromClause)


def _function_name(words: Any) -> list[str]:
    names = [word.sval for word in words]
    return [f"{names[0]}.{names[1]}()"] if len(names) == 2 and names[0] != "pg_catalog" else []


def find_relations(script: str) -> Relations:
    """Return what the statements of `script` read and write, bodies of functions left out."""
    found = Relations()
    for statement in pglast.parse_sql(number_parameters(script)):
        finder = _Finder()
        finder(statement)
        found.add(finder.found)
    found.reads = {
        name for name in found.reads if not name.startswith(("pg_catalog.", "information_schema."))
    }
    return found


def number_parameters(script: str) -> str:
    """Replace %(name)s and %s by $1, $2 …, as PostgreSQL's parser knows them."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        return f"${numbers.setdefault(match[1] or str(match.start()), len(numbers) + 1)}"

    return PARAMETER.sub(number, script)


def find_created(script: str) -> Iterator[Created]:
    """Yield the tables, views, functions and triggers that the statements of a migration create.

    A trigger's name is that of its table, its body the call of its function.
    """
    for text in pglast.split(script):
        statement = pglast.parse_sql(text)[0].stmt
        match statement:
            case tree.CreateStmt():
                relation = statement.relation
                yield Created(f"{relation.schemaname}.{relation.relname}", "table", Relations())
            case tree.ViewStmt():
                relation = statement.view
                body = _of_nodes(statement.query)
                yield Created(f"{relation.schemaname}.{relation.relname}", "view", body)
            case tree.CreateFunctionStmt():
                yield Created(
                    _function_name(statement.funcname)[0],
                    "function",
                    _of_function(statement, text),
                    is_definer=any(
                        option.defname == "security" and option.arg.boolval for option in statement.options
                    ),
                )
            case tree.CreateTrigStmt():
                relation = statement.relation
                body = Relations(reads=set(_function_name(statement.funcname)))
                yield Created(f"{relation.schemaname}.{relation.relname}", "trigger", body)


def _of_nodes(*nodes: Any) -> Relations:
    finder = _Finder()
    for node in nodes:
        finder(node)
    return finder.found


def _of_function(statement: Any, text: str) -> Relations:
    options = {option.defname: option.arg for option in statement.options or ()}
    if statement.sql_body is not None:
        return _of_nodes(statement.sql_body)
    if options["language"].sval == "sql":
        return find_relations(options["as"][0].sval)
    found = Relations()
    for query in queries_of(pglast.parse_plpgsql(text)):
        found.add(find_relations(parsable(query)))
    return found


def queries_of(value: Any) -> Iterator[str]:
    """Yield the queries in what `pglast.parse_plpgsql` returns; they may be expressions or assignments."""
    if isinstance(value, dict):
        if "query" in value:
            yield str(value["query"])
        for part in value.values():
            yield from queries_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from queries_of(part)


def parsable(query: str) -> str:
    """Return a query of PL/pgSQL as a statement, where it is an expression or an assignment."""
    return query if is_sql(query) else "select " + re.sub(r"^\s*[\w.]+\s*:=", "", query)


def read_migrations(folder: Path) -> dict[str, str]:
    """Return the migrations by the room that each is for: the name of the file without its number."""
    return {
        path.stem.partition("_")[2]: path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*.sql"))
        if MIGRATION_NAME.fullmatch(path.name)
    }


def find_owners(migrations: dict[str, str]) -> dict[str, str]:
    """Return the room of each schema; the schema of the migrations themselves is made by their runner."""
    owners = {"leadops": "migrations"}
    for room, script in migrations.items():
        for statement in pglast.parse_sql(script):
            if isinstance(statement.stmt, tree.CreateSchemaStmt):
                owners[statement.stmt.schemaname] = room
    return owners


def find_comments(script: str) -> Iterator[tuple[str, str]]:
    """Yield the tables of a migration that have a comment, each with it as a cell of ARCHITECTURE.md."""
    for statement in pglast.parse_sql(script):
        comment = statement.stmt
        if isinstance(comment, tree.CommentStmt) and comment.objtype == ObjectType.OBJECT_TABLE:
            text = comment.comment
            yield ".".join(part.sval for part in comment.object), f"{text[:1].lower()}{text[1:]}"


def find_accesses(root: Path, created: list[Created], owners: dict[str, str]) -> list[Access]:
    """Return every access of the rooms under `root`, and of the views, functions and triggers `created`."""
    accesses = [
        access
        for thing in created
        for access in _list(owners[schema_of(thing.name)], thing.body, f"{thing.kind} {thing.name}")
    ]
    for path in sorted(root.rglob("*.sql")):
        if MIGRATION_NAME.fullmatch(path.name) or path == root / "schema.sql":
            continue
        script = path.read_text(encoding="utf-8")
        statements = read_statements(script) if "-- name: " in script else {"": script}
        for name, statement in statements.items():
            place = f"{path.relative_to(root)} {name}".strip()
            accesses.extend(_list(_room_of(path, root), find_relations(statement), place))
    for path in sorted(root.rglob("*.py")):
        for line, text in sql_strings(path.read_text(encoding="utf-8")):
            place = f"{path.relative_to(root)}:{line}"
            accesses.extend(_list(_room_of(path, root), find_relations(text), place))
    return accesses


def _list(room: str, found: Relations, place: str) -> list[Access]:
    reads = [Access(room, READS, name, place) for name in sorted(found.reads)]
    return reads + [Access(room, WRITES, name, place) for name in sorted(found.writes)]


def _room_of(path: Path, root: Path) -> str:
    return Path(path.relative_to(root).parts[0]).stem


def schema_of(name: str) -> str:
    """Return the schema of `schema.table`."""
    return name.partition(".")[0]


def sql_strings(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of the strings of a Python module that are SQL statements; docstrings are not."""
    module = ast.parse(source)
    skipped = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    skipped |= {
        id(part) for node in ast.walk(module) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(module):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            candidates = [node.value]
        elif isinstance(node, ast.JoinedStr):
            candidates = [fill(node, hole) for hole in ("", "x")]
        else:
            continue
        if BEGINS_LIKE_SQL.match(candidates[0]):
            text = next((text for text in candidates if is_sql(text)), candidates[0])
            if is_sql(text) or NAMES_A_TABLE.search(text):
                yield node.lineno, text


def fill(node: ast.JoinedStr, hole: str) -> str:
    """Return the text of an f-string with `hole` in place of each expression."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else hole for part in node.values)


def is_sql(text: str) -> bool:
    """Tell SQL from a sentence that begins with a verb of SQL."""
    try:
        pglast.parse_sql(number_parameters(text))
    except pglast.parser.ParseError:
        return False
    return True


def read_layers(project_file: Path) -> dict[str, int]:
    """Return each room's height: a room may read those that are lower. From the contract on imports."""
    contracts = tomllib.loads(project_file.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return {
        room: len(layers) - depth
        for depth, layer in enumerate(layers)
        for room in re.findall(r"leadops\.(\w+)", layer)
    }


# The table in ARCHITECTURE.md -----------------------------------------------------------------------------

HEADER = "| table | one row is | written by | read by |\n|---|---|---|---|\n"
ROOM = re.compile(r"(\w+)(?: \(([^)]+)\))?(?:, |$)")


@dataclass
class Row:
    """A line of the table: who may write and read a table, and the reason where a rule is broken."""

    name: str
    text: str
    writers: dict[str, str]
    readers: dict[str, str]

    def __str__(self) -> str:
        return f"| `{self.name}` | {self.text} | {_rooms(self.writers)} | {_rooms(self.readers)} |"


def _rooms(rooms: dict[str, str]) -> str:
    return ", ".join(f"{room} ({reason})" if reason else room for room, reason in rooms.items())


def read_rows(page: str) -> dict[str, Row]:
    """Return the table of ARCHITECTURE.md by the names of the tables; raise ValueError if a line is odd."""
    rows: dict[str, Row] = {}
    body = page.partition(HEADER)[2].partition("\n\n")[0]
    for line in body.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4:
            raise ValueError(f"not four cells: {line}")
        name, text, writers, readers = cells
        row = Row(name.strip("`"), text, _read_rooms(writers), _read_rooms(readers))
        if row.name in rows:
            raise ValueError(f"{row.name} stands twice")
        rows[row.name] = row
    return rows


def _read_rooms(cell: str) -> dict[str, str]:
    if ROOM.sub("", cell):
        raise ValueError(f"not a list of rooms with reasons in brackets: {cell}")
    return {match[1]: match[2] or "" for match in ROOM.finditer(cell) if match[1]}


@dataclass
class Walls:
    """The database, who owns it, and who reads and writes it."""

    created: list[Created]
    owners: dict[str, str]
    accesses: list[Access]
    heights: dict[str, int]
    #: What the database's own comments say of tables.
    comments: dict[str, str] = field(default_factory=dict)

    def owner(self, name: str) -> str:
        """Return the room that owns a table, view or function."""
        return self.owners[schema_of(name)]

    def height(self, room: str) -> int:
        """Return the height of a room; raise ValueError if the layers of pyproject.toml do not have it."""
        if room not in self.heights:
            raise ValueError(f"{room} has SQL, but is in no layer of the import contract")
        return self.heights[room]

    def names(self) -> list[str]:
        """Return what ARCHITECTURE.md must list: all but triggers and their own room's functions."""
        own = {
            name
            for thing in self.created
            if thing.kind == "trigger"
            for name in thing.body.reads
            if self.owner(name) == self.owner(thing.name)
        }
        return [thing.name for thing in self.created if thing.kind != "trigger" and thing.name not in own]

    def rooms(self, name: str, verb: str) -> dict[str, list[str]]:
        """Return who reads or writes, each with the places; a reader is another room than the owner."""
        rooms: dict[str, list[str]] = defaultdict(list)
        for access in self.accesses:
            if (access.name, access.verb) == (name, verb) and not (
                verb == READS and access.room == self.owner(name)
            ):
                rooms[access.room].append(access.place)
        return dict(sorted(rooms.items(), key=lambda item: self.height(item[0])))

    def breaks_a_rule(self, room: str, verb: str, name: str) -> bool:
        """Whether a foreign room writes, or one reads that is not higher than the owner."""
        owner = self.owner(name)
        if room == owner:
            return False
        return verb == WRITES or self.height(room) <= self.height(owner)

    def find_faults(self, rows: dict[str, Row]) -> list[str]:
        """Return where the SQL and the table differ, and each broken rule that has no reason there."""
        faults = [f"{name} is not in the table" for name in self.names() if name not in rows]
        faults += [f"{name} is in the table only" for name in rows if name not in self.names()]
        for name in self.names():
            if name in rows:
                row = rows[name]
                faults += self._compare(row, WRITES, row.writers) + self._compare(row, READS, row.readers)
        return faults

    def _compare(self, row: Row, verb: str, listed: dict[str, str]) -> list[str]:
        rooms = self.rooms(row.name, verb)
        faults = [
            f"{room} {verb} {row.name}, which the table does not say: {', '.join(places)}"
            for room, places in rooms.items()
            if room not in listed
        ]
        for room, reason in listed.items():
            if room not in rooms:
                faults.append(f"{room} {verb} {row.name} in the table only")
            elif self.breaks_a_rule(room, verb, row.name) and not reason:
                faults.append(f"{room} {verb} {row.name} against the rules: {', '.join(rooms[room])}")
            elif reason and not self.breaks_a_rule(room, verb, row.name):
                faults.append(f"{room} {verb} {row.name} within the rules and needs no reason")
        return faults

    def write_rows(self, rows: dict[str, Row]) -> dict[str, Row]:
        """Return the table as the SQL is now; descriptions and reasons are kept.

        Without a description a table has its comment.
        """
        return {
            name: Row(
                name,
                (rows[name].text if name in rows else "") or self.comments.get(name, ""),
                {
                    room: rows[name].writers.get(room, "") if name in rows else ""
                    for room in self.rooms(name, WRITES)
                },
                {
                    room: rows[name].readers.get(room, "") if name in rows else ""
                    for room in self.rooms(name, READS)
                },
            )
            for name in self.names()
        }


def measure(root: Path = ROOT, project: Path = PROJECT) -> Walls:
    """Return the walls of the project."""
    migrations = read_migrations(root / "migrations")
    owners = find_owners(migrations)
    runner = [Created(name, "table", Relations()) for name in RUNNER_TABLES]
    created = runner + [thing for script in migrations.values() for thing in find_created(script)]
    accesses = find_accesses(root, created, owners)
    comments = {name: text for script in migrations.values() for name, text in find_comments(script)}
    return Walls(created, owners, accesses, read_layers(project / "pyproject.toml"), comments)


def write_table() -> None:
    """Write who reads and writes into the table of ARCHITECTURE.md; people add the reasons."""
    path = PROJECT / "ARCHITECTURE.md"
    page = path.read_text(encoding="utf-8")
    before, header, after = page.partition(HEADER)
    rest = after.partition("\n\n")[2]
    rows = measure().write_rows(read_rows(page))
    path.write_text(before + header + "\n".join(map(str, rows.values())) + "\n\n" + rest, encoding="utf-8")
