"""Which rights each part of leadops needs in the database, computed from the SQL that it runs.

The tasks and commands run every statement. The gateway runs those that its code reaches; the watchdog too,
and it runs within the gateway. The Lead ops page runs those that its modules reach, as far as they only
read. A statement that calls a function of ours, or writes a table with a trigger, needs the rights of the
function's body as well; a view, and a function that is `security definer`, works with its owner's rights.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import yaml

from leadops.marts.mart_contract import read_contract
from leadops.migrations.rights import RIGHTS_FILE, Part
from leadops.queries import read_statements

from .statement_reach import Module, Node, Reached, find_reached, read_modules
from .table_walls import (
    ROOT,
    RUNNER_TABLES,
    Created,
    Relations,
    find_created,
    find_relations,
    read_migrations,
    sql_strings,
)

Rights = dict[str, set[str]]

#: The commands that run as the gateway.
COMMANDS = [("leadops.cli.gateway", "gateway"), ("leadops.cli.watchdog", "watchdog")]
#: The migrations and their runner work as the owner.
OWNERS_ROOM = "migrations"

HEADER = """\
# Which rights the SQL of each part needs, by table. `make schema` writes this file; do not edit it.
# Besides, tasks read every table and view, and write the sequences; rights.py says what the reader reads.
"""


def find_gateway_statements(modules: dict[str, Module]) -> Reached:
    """Return the statements that the gateway and the watchdog run."""
    routes = [
        (name, definition)
        for name, module in modules.items()
        if name.startswith("leadops.gateway.") and "router" in module.definitions
        for definition in module.definitions
    ]
    return find_reached(modules, [*COMMANDS, *routes])


def find_page_statements(modules: dict[str, Module]) -> Reached:
    """Return the statements that the Lead ops page runs: whatever its modules reach."""
    entries = [
        (name, definition)
        for name, module in modules.items()
        if name.startswith("leadops.dashboard.")
        for definition in module.definitions
    ]
    return find_reached(modules, entries)


def list_relations(statements: Iterable[Node] | None = None) -> list[Relations]:
    """Return what `statements` (None: all, and the strings in Python) name; the owner's are left out."""
    wanted = None if statements is None else set(statements)
    found = []
    for path in sorted(ROOT.rglob("*.sql")):
        if path.parent.name == OWNERS_ROOM or path == ROOT / "schema.sql":
            continue
        file = ".".join(("leadops", *path.relative_to(ROOT).with_suffix("").parts))
        for name, statement in read_statements(path.read_text(encoding="utf-8")).items():
            if wanted is None or (file, name) in wanted:
                found.append(find_relations(statement))
    if wanted is None:
        for path in sorted(ROOT.rglob("*.py")):
            if path.parent.name == OWNERS_ROOM:
                continue
            texts = sql_strings(path.read_text(encoding="utf-8"))
            found += [find_relations(text) for _, text in texts]
    return found


def collect_rights(relations: Iterable[Relations], created: Iterable[Created]) -> Rights:
    """Return the privileges by table, with those of the functions and triggers behind them."""
    functions = {
        thing.name: thing.body for thing in created if thing.kind == "function" and not thing.is_definer
    }
    triggers: dict[str, list[Relations]] = defaultdict(list)
    bodies: dict[str, Relations] = {}
    for thing in created:
        if thing.kind == "trigger":
            triggers[thing.name].append(thing.body)
        if thing.kind == "view":
            calls = {name for name in thing.body.reads if name.endswith("()")}
            bodies[thing.name] = Relations(reads=calls)
    to_visit, seen = list(relations), set[str]()
    rights: Rights = defaultdict(set)
    while to_visit:
        body = to_visit.pop()
        for privilege, name in body.rights:
            rights[name].add(privilege)
        for name in body.reads | body.writes:
            if name.endswith("()"):
                rights[name].add("execute")  # as everybody may; but the schema must be open to the role
            if name in seen:
                continue
            if name in body.reads:
                to_visit += [known[name] for known in (functions, bodies) if name in known]
            if name in body.writes:
                to_visit += triggers[name]
                seen.add(name)
            elif name.endswith("()"):
                seen.add(name)
    return dict(rights)


@cache
def measure_rights() -> dict[str, dict[str, list[str]]]:
    """Return what stands in rights.yaml: by part and table, the privileges in order."""
    created = [
        thing for script in read_migrations(ROOT / "migrations").values() for thing in find_created(script)
    ]
    modules = read_modules(ROOT, "leadops")
    gateway = find_gateway_statements(modules).statements
    page = find_page_statements(modules).statements
    measured = {
        Part.GATEWAY: collect_rights(list_relations(gateway), created),
        Part.TASKS: {
            name: privileges - {"select"}
            for name, privileges in collect_rights(list_relations(), created).items()
        },
        # It only reads: what code of other rooms writes beside its readings, the page never runs.
        Part.PAGE: {
            name: privileges & {"select", "execute"}
            for name, privileges in collect_rights(list_relations(page), created).items()
        },
    }
    for part in (Part.READER, Part.PEOPLE):
        measured[part] = {
            f"mart.{relation}": {"select"}
            for mart in read_contract().marts.values()
            if part is Part.PEOPLE or not mart.meta.personal
            for relation in mart.relations
        }
    known = {thing.name for thing in created} | {*RUNNER_TABLES}
    return {
        part.value: {
            name: sorted(privileges)
            for name, privileges in sorted(rights.items())
            if privileges and name in known
        }
        for part, rights in measured.items()
    }


def write_rights() -> None:
    """Write rights.yaml."""
    RIGHTS_FILE.write_text(show_rights(), encoding="utf-8")


def show_rights() -> str:
    """Return the text of rights.yaml."""
    lines = [HEADER]
    for part, rights in measure_rights().items():
        lines.append(f"{part}:\n")
        lines += [f"  {name}: [{', '.join(privileges)}]\n" for name, privileges in rights.items()]
    text = "".join(lines)
    assert yaml.safe_load(text)
    return text
