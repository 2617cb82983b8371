"""The walls of the tables: ARCHITECTURE.md says who reads and writes each, and the SQL does just that."""

from pathlib import Path

import pglast
import pytest

from leadops.migrations.rights import RIGHTS_FILE

from .database_rights import collect_rights, show_rights
from .table_walls import (
    PROJECT,
    READS,
    ROOT,
    Relations,
    Row,
    Walls,
    find_accesses,
    find_comments,
    find_created,
    find_owners,
    find_relations,
    measure,
    read_layers,
    read_migrations,
    read_rows,
    schema_of,
)

HINT = "`make schema` writes the table again; add the descriptions and the reasons"


@pytest.fixture(scope="module")
def walls() -> Walls:
    return measure()


def test_the_table_says_who_reads_and_writes_and_why_a_rule_is_broken(walls: Walls) -> None:
    rows = read_rows((PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    faults = walls.find_faults(rows)
    assert not faults, "\n".join([HINT, *faults])
    assert [row.name for row in rows.values() if not row.text] == []


def test_the_rights_of_the_parts_are_those_that_their_sql_needs() -> None:
    assert RIGHTS_FILE.read_text(encoding="utf-8") == show_rights(), "`make schema` writes rights.yaml again"


def test_a_stage_has_one_schema_and_creates_nothing_elsewhere() -> None:
    migrations = read_migrations(ROOT / "migrations")
    owners = find_owners(migrations)
    assert sorted(owners.values()) == sorted([*migrations, "migrations"])
    for room, script in migrations.items():
        foreign = {
            created.name for created in find_created(script) if owners[schema_of(created.name)] != room
        }
        assert not foreign, f"{room} creates {foreign}"
        indexed = {
            statement.stmt.relation.schemaname
            for statement in pglast.parse_sql(script)
            if isinstance(statement.stmt, pglast.ast.IndexStmt | pglast.ast.AlterTableStmt)
        }
        assert {owners[schema] for schema in indexed} <= {room}, room


def test_every_schema_belongs_to_a_room_that_exists() -> None:
    for room in find_owners(read_migrations(ROOT / "migrations")).values():
        assert (ROOT / room / "__init__.py").exists(), room


# That the test can fail -----------------------------------------------------------------------------------

EVENTS = """
create schema cdp;
create table cdp.events (seq bigint);
create view cdp.fresh_events as select seq from cdp.events;
"""
SCORING = """
create schema scoring;
create table scoring.ledger (seq bigint);
create function scoring.sum_points() returns bigint language sql as 'select sum(seq) from scoring.ledger';
"""


def build(tmp_path: Path, events: str = EVENTS, scoring: str = SCORING, **files: str) -> Walls:
    """Walls of two rooms, scoring over events; `files` are `room__module_sql` or `room__module_py`."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_events.sql").write_text(events)
    (tmp_path / "migrations" / "0002_scoring.sql").write_text(scoring)
    for name, text in files.items():
        room, _, file = name.partition("__")
        path = tmp_path / room / file.replace("_sql", ".sql").replace("_py", ".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    migrations = read_migrations(tmp_path / "migrations")
    owners = find_owners(migrations)
    created = [thing for script in migrations.values() for thing in find_created(script)]
    return Walls(created, owners, find_accesses(tmp_path, created, owners), {"events": 1, "scoring": 2})


def faults_of(walls: Walls) -> list[str]:
    """What is wrong where the table says what the SQL does, and gives no reasons."""
    return walls.find_faults(walls.write_rows({}))


def test_reading_downwards_is_allowed(tmp_path: Path) -> None:
    walls = build(
        tmp_path, scoring__score_sql="-- name: a\nselect seq from cdp.events where seq = %(seq)s;\n"
    )
    assert walls.rooms("cdp.events", READS) == {"scoring": ["scoring/score.sql a"]}
    assert faults_of(walls) == []


def test_a_write_to_a_foreign_table_is_found(tmp_path: Path) -> None:
    walls = build(
        tmp_path,
        scoring__score_sql="-- name: a\nselect 1;\n\n-- name: b\n"
        "with w as (delete from cdp.events returning seq) insert into scoring.ledger select seq from w;\n",
    )
    assert faults_of(walls) == ["scoring writes cdp.events against the rules: scoring/score.sql b"]


def test_an_upward_read_is_found_in_a_file_without_names(tmp_path: Path) -> None:
    walls = build(tmp_path, events__lag_sql="select max(seq) from scoring.ledger")
    assert faults_of(walls) == ["events reads scoring.ledger against the rules: events/lag.sql"]


def test_an_upward_read_is_found_in_a_string_of_python(tmp_path: Path) -> None:
    walls = build(
        tmp_path,
        events__lag_py='"""select seq from scoring.ledger"""\n'
        'QUERY = ("select seq"\n    f" from scoring.ledger {x}")\n',
    )
    assert faults_of(walls) == ["events reads scoring.ledger against the rules: events/lag.py:2"]


def test_a_string_that_nobody_can_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(pglast.parser.ParseError):
        build(tmp_path, events__lag_py='QUERY = "select max(seq from scoring.ledger"\n')


def test_an_upward_read_in_a_view_is_found(tmp_path: Path) -> None:
    view = (
        "create view cdp.scored as select events.seq from cdp.events inner join scoring.ledger using (seq);"
    )
    walls = build(tmp_path, events=EVENTS + view)
    assert faults_of(walls) == ["events reads scoring.ledger against the rules: view cdp.scored"]


@pytest.mark.parametrize(
    "body",
    [
        "language sql as 'insert into scoring.ledger select seq from cdp.events'",
        "language sql begin atomic insert into scoring.ledger select seq from cdp.events; end",
        "language plpgsql as 'begin if true then insert into scoring.ledger values (1); end if; end'",
    ],
)
def test_a_write_in_a_function_is_found(tmp_path: Path, body: str) -> None:
    walls = build(tmp_path, events=f"{EVENTS}create function cdp.sneak() returns void {body};")
    assert faults_of(walls) == ["events writes scoring.ledger against the rules: function cdp.sneak()"]


def test_a_read_in_an_assignment_of_plpgsql_is_found(tmp_path: Path) -> None:
    body = "declare n bigint; begin n := (select max(seq) from scoring.ledger); return n; end"
    walls = build(
        tmp_path, events=f"{EVENTS}create function cdp.sneak() returns bigint language plpgsql as '{body}';"
    )
    assert faults_of(walls) == ["events reads scoring.ledger against the rules: function cdp.sneak()"]


def test_a_call_of_a_higher_function_is_found(tmp_path: Path) -> None:
    walls = build(tmp_path, events__lag_sql="select scoring.sum_points()")
    assert faults_of(walls) == ["events reads scoring.sum_points() against the rules: events/lag.sql"]


def test_the_room_of_the_table_calls_the_function_of_a_trigger(tmp_path: Path) -> None:
    trigger = (
        "create function scoring.react() returns trigger language plpgsql as 'begin return null; end';"
        "create trigger react after insert on cdp.events for each row execute function scoring.react();"
    )
    walls = build(tmp_path, scoring=SCORING + trigger)
    assert walls.rooms("scoring.react()", READS) == {"events": ["trigger cdp.events"]}
    assert faults_of(walls) == ["events reads scoring.react() against the rules: trigger cdp.events"]


def test_a_reason_allows_and_a_needless_one_is_found(tmp_path: Path) -> None:
    walls = build(
        tmp_path,
        events__lag_sql="select max(seq) from scoring.ledger",
        scoring__score_sql="select seq from cdp.events",
    )
    rows = walls.write_rows({})
    rows["scoring.ledger"].readers["events"] = "the lag"
    assert walls.find_faults(rows) == []
    rows["cdp.events"].readers["scoring"] = "no need"
    assert walls.find_faults(rows) == ["scoring reads cdp.events within the rules and needs no reason"]


def test_a_table_of_the_page_that_is_not_true_is_found(tmp_path: Path) -> None:
    walls = build(tmp_path, scoring__score_sql="select seq from cdp.events")
    rows = walls.write_rows({})
    rows["cdp.events"].readers.clear()
    rows["scoring.ledger"].writers["scoring"] = ""
    rows["cdp.gone"] = rows.pop("cdp.fresh_events")
    assert walls.find_faults(rows) == [
        "cdp.fresh_events is not in the table",
        "cdp.gone is in the table only",
        "scoring reads cdp.events, which the table does not say: scoring/score.sql",
        "scoring writes scoring.ledger in the table only",
    ]


def test_every_kind_of_statement_is_understood() -> None:
    assert find_relations(
        "merge into a.b using a.c on b.x = c.x when matched then delete; truncate a.d; copy a.e from stdin;"
        "copy a.f to stdout; update a.g set x = 1 from a.h; create temp table t as select from a.i;"
        "create temp table u (like a.j); lock table a.k; select from a.l for update;"
        "with m as (select) select from m"
    ) == Relations(
        reads={"a.c", "a.f", "a.h", "a.i", "a.j", "a.k", "a.l"},
        writes={"a.b", "a.d", "a.e", "a.g"},
    )


@pytest.mark.parametrize(
    ("statement", "rights"),
    [
        ("insert into a.b (x) values (1)", {"insert"}),
        ("insert into a.b (x) values (1) returning x", {"insert", "select"}),
        ("insert into a.b (x) values (1) on conflict do nothing", {"insert", "select"}),
        (
            "insert into a.b (x) values (1) on conflict (x) do update set x = 2",
            {"insert", "select", "update"},
        ),
        ("update a.b set x = 1", {"select", "update"}),
        ("delete from a.b", {"select", "delete"}),
        (
            "merge into a.b using (select 1 as x) as c on b.x = c.x when matched then delete"
            " when not matched then insert (x) values (1)",
            {"select", "delete", "insert"},
        ),
        ("select from a.b", {"select"}),
        ("select from a.b for update skip locked", {"select", "update"}),
        ("select from a.b as c inner join (select) as d on true for share of c", {"select", "update"}),
        ("select from a.b as c inner join (select) as d on true for share of d", {"select"}),
        ("select from (select from a.b) as c for update", {"select", "update"}),
        ("truncate a.b", {"truncate"}),
        ("copy a.b from stdin", {"insert"}),
        ("copy a.b to stdout", {"select"}),
        ("lock table a.b in share row exclusive mode", {"update", "select"}),
        ("analyze a.b", {"maintain"}),
        ("select from pg_catalog.pg_class", set()),
    ],
)
def test_the_rights_of_every_kind_of_statement_are_known(statement: str, rights: set[str]) -> None:
    assert find_relations(statement).rights == {(right, "a.b") for right in rights}


RIGHTS = """
create schema a;
create table a.t (x bigint);
create table a.log (x bigint);
create table a.secret (x bigint);
create view a.v as select x from a.secret;
create function a.read() returns bigint language sql as 'select max(x) from a.secret';
create function a.guarded() returns bigint language sql security definer as 'select max(x) from a.secret';
create view a.calling as select a.read() as x;
create function a.note() returns trigger language plpgsql as
'begin insert into a.log values (1); return null; end';
create trigger note after insert on a.t for each row execute function a.note();
"""


@pytest.mark.parametrize(
    ("statement", "rights"),
    [
        (
            "insert into a.t values (1)",
            {"a.t": {"insert"}, "a.note()": {"execute"}, "a.log": {"insert"}},
        ),
        ("select from a.t", {"a.t": {"select"}}),
        ("select from a.v", {"a.v": {"select"}}),  # with the rights of its owner
        ("select a.read()", {"a.read()": {"execute"}, "a.secret": {"select"}}),
        ("select a.guarded()", {"a.guarded()": {"execute"}}),
        (
            "select from a.calling",
            {"a.calling": {"select"}, "a.read()": {"execute"}, "a.secret": {"select"}},
        ),
    ],
)
def test_rights_reach_through_functions_and_triggers(statement: str, rights: dict[str, set[str]]) -> None:
    assert collect_rights([find_relations(statement)], list(find_created(RIGHTS))) == rights


def test_the_table_is_read_as_it_is_written() -> None:
    row = Row("cdp.events", "an event", {"events": "", "intake": "a form, at once"}, {"scoring": ""})
    assert str(row) == "| `cdp.events` | an event | events, intake (a form, at once) | scoring |"
    page = f"| table | one row is | written by | read by |\n|---|---|---|---|\n{row}\n\nMore."
    assert read_rows(page) == {"cdp.events": row}


def test_the_heights_are_those_of_the_import_contract() -> None:
    heights = read_layers(PROJECT / "pyproject.toml")
    assert heights["cli"] > heights["intake"] > heights["lifecycle"] > heights["delivery"] > heights["events"]


def test_the_comment_of_a_table_is_its_row_until_somebody_writes_a_better_one() -> None:
    script = (
        "create table a.b (c integer); comment on table a.b is 'A thing, and when';"
        " comment on column a.b.c is 'not this'"
    )
    walls = Walls(list(find_created(script)), {"a": "a"}, [], {"a": 1}, dict(find_comments(script)))
    assert [row.text for row in walls.write_rows({}).values()] == ["a thing, and when"]
    (kept,) = walls.write_rows({"a.b": Row("a.b", "better", {}, {})}).values()
    assert kept.text == "better"
