import secrets
from collections.abc import Iterator

import psycopg
import pytest

from leadops.changes.leads_with_points import has_points
from leadops.db import Connection, connect
from leadops.errors import PermanentError
from leadops.migrations.rights import READABLE, READABLE_SCHEMAS, Part
from leadops.migrations.roles import DatabaseRole, grant_rights, make_roles
from leadops_stack.postgres import PostgresServer
from tests.database_rights import measure_rights
from tests.roles import as_role, name_role

#: Every right on every table and view, as PostgreSQL answers it for a role.
RIGHTS = """
select format('%%I.%%I', nspname, relname), privilege
from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid
cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']
    || case when current_setting('server_version_num')::int >= 170000 then array['maintain'] end
) as asked (privilege)
where relkind in ('r', 'v') and nspname !~ '^pg_' and nspname <> 'information_schema'
    and has_table_privilege(%s, pg_class.oid, privilege)
"""
LEDGER_ROW = (
    "insert into scoring.ledger"
    " (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason)"
    " values (1, 10, 'behaviour', 'write_off', 'x', now(), now(), 0, 'x')"
)
ALL_TABLES = (
    "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname !~ '^pg_'"
    " and schemaname <> 'information_schema' union select format('%I.%I', schemaname, viewname) from pg_views"
    " where schemaname !~ '^pg_' and schemaname <> 'information_schema'"
)


def list_tables(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute(ALL_TABLES)}


def expect(part: Part, connection: Connection) -> set[tuple[str, str]]:
    """The rights of a part: what the SQL needs; tasks read all, readers what names no person."""
    tables = list_tables(connection)
    has_maintain = connection.info.server_version >= 170_000
    if part is Part.READER:
        names = {
            name for name in tables if name.startswith(tuple(f"{schema}." for schema in READABLE_SCHEMAS))
        }
        marts = set(measure_rights()[Part.READER])
        return {(name, "select") for name in names | set(READABLE) | marts}
    measured = {
        (name, right)
        for name, rights in measure_rights()[part].items()
        for right in rights
        if right not in ("execute", *(() if has_maintain else ("maintain",)))
    }
    return measured | ({(name, "select") for name in tables} if part is Part.TASKS else set())


@pytest.mark.parametrize("part", Part)
def test_each_role_has_the_rights_that_the_sql_needs_on_each_table_and_no_others(
    part: Part, connection: Connection
) -> None:
    tables = list_tables(connection)
    assert len(tables) > 100
    rights = {(name, right) for name, right in connection.execute(RIGHTS, [name_role(part)])}
    expected = expect(part, connection)
    assert rights == expected
    assert {name for name, _ in expected} <= tables


@pytest.mark.parametrize(
    ("part", "statement"),
    [
        (Part.GATEWAY, "select from scoring.ledger"),
        (Part.GATEWAY, "select from scoring.scores"),
        (Part.GATEWAY, "update scoring.scores set fit = 100"),
        (Part.GATEWAY, "delete from cdp.events"),
        (Part.GATEWAY, "drop table cdp.events"),
        (Part.GATEWAY, "truncate cdp.events"),
        (Part.GATEWAY, "alter table cdp.events add column mine text"),
        (Part.GATEWAY, "select from crm.reps"),
        (Part.TASKS, "drop table cdp.events"),
        (Part.TASKS, "truncate identity.leads"),
        (Part.TASKS, "create table cdp.mine ()"),
        (Part.TASKS, "create table public.mine ()"),
        (Part.TASKS, "create schema mine"),
        (Part.TASKS, "alter table cdp.events add column mine text"),
        (Part.TASKS, "update scoring.ledger set points = 100"),
        (Part.TASKS, "delete from scoring.ledger"),
        (Part.TASKS, "delete from scoring.scores"),
        (Part.TASKS, "delete from identity.leads"),
        (Part.TASKS, "delete from intake.raw_leads"),
        (Part.TASKS, "delete from delivery.outbox"),
        (Part.TASKS, "delete from delivery.dead_letters"),
        (Part.TASKS, "delete from crm.activities"),
        (Part.TASKS, "delete from lifecycle.links"),
        (Part.TASKS, "delete from routing.assignments"),
        (Part.TASKS, "insert into leadops.migrations (name, sha256) values ('x', 'y')"),
        (Part.TASKS, "update leadops.roles set role_name = 'x'"),
        (Part.TASKS, "drop trigger mark_new_leads on identity.leads"),
        (Part.READER, "select from identity.leads"),
        (Part.READER, "select from cdp.events"),
        (Part.READER, "select from crm.reps"),
        (Part.READER, "delete from analytics.funnel_cells"),
        (Part.PAGE, "insert into incidents.heartbeats (name, succeeded_at) values ('x', now())"),
        (Part.READER, "select from mart.addresses"),
        (Part.READER, "select from mart.trait_versions"),
        (Part.READER, "select from mart.versions"),
        (Part.PEOPLE, "select from identity.leads"),
        (Part.PEOPLE, "select from mart.versions"),
        (Part.PAGE, "update incidents.incidents set state = 'resolved'"),
    ],
)
def test_what_a_role_must_not_do_is_refused(part: Part, statement: str, database_url: str) -> None:
    with connect(as_role(database_url, part)) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
        connection.rollback()


def test_the_reader_reads_the_funnel_and_its_revenue(database_url: str) -> None:
    with connect(as_role(database_url, Part.READER)) as connection:
        for name in (
            "analytics.daily_funnel",
            "attribution.credits",
            "economics.ratios",
            "lifecycle.thresholds",
        ):
            assert connection.execute(f"select from {name}".encode()).fetchall() == []


def test_the_gateway_holds_score_changes_without_reading_the_ledger(
    connection: Connection, database_url: str
) -> None:
    connection.execute("insert into identity.leads (email, created_at) values ('taro@example.com', now())")
    connection.execute(LEDGER_ROW)
    connection.commit()
    with connect(as_role(database_url, Part.GATEWAY)) as gateway:
        gateway.execute("select delivery.hold_deltas('ma', array[1, 2, 3])")
    held = connection.execute("select ledger_seq, target from delivery.held_deltas").fetchall()
    assert held == [(1, "ma")]


CANARY = "canary-1@leadops-canary.example.com"
#: What the owner's function deletes in each room, and one row of it for a lead.
REMOVED = {
    "scoring.ledger": LEDGER_ROW.replace("(1, 10", "({lead}, 10"),
    "scoring.scores": "insert into scoring.scores (lead_id, updated_at) values ({lead}, now())",
    "delivery.outbox": (
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)"
        " values ('crm', 'create_lead', {lead}, '{{}}', 'key-{lead}', now())"
    ),
    "delivery.dead_letters": (
        "insert into delivery.dead_letters (kind, reference, target, lead_id, reason, died_at)"
        " values ('effect', {lead}, 'crm', {lead}, 'x', now())"
    ),
    "lifecycle.links": "insert into lifecycle.links values ('crm-{lead}', {lead}, now())",
}
REMOVALS = (
    "select crm.remove_canary({lead})",
    "select lifecycle.remove_canary({lead})",
    "select delivery.remove_canary({lead})",
    "select scoring.remove_canary({lead})",
    "select intake.remove_canary(array['sub-{lead}'])",
    "select identity.remove_canary({lead})",
)


def test_tasks_delete_what_a_canary_left_and_nobody_elses(connection: Connection, database_url: str) -> None:
    connection.execute("insert into cdp.canaries values (%s, true, true, now())", [CANARY])
    for lead, email in ((1, CANARY), (2, "taro@example.com")):
        connection.execute("insert into identity.leads (email, created_at) values (%s, now())", [email])
        connection.execute(
            "insert into cdp.events (event_id, event, email, ts, received_at, payload, proof)"
            " values (%s, 'form_submit', %s, now(), now(), '{}', 'form')",
            [f"form-sub-{lead}", email],
        )
        connection.execute(
            "insert into intake.raw_leads (submission_id, received_at, secret, body)"
            " values (%s, now(), 1, '')",
            [f"sub-{lead}"],
        )
        connection.execute(
            "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
            " values ('crm', %s, %s, now())",
            [lead, f"crm-{lead}"],
        )
        connection.execute(
            "insert into crm.activities (activity_id, crm_lead_id, kind, kind_key, occurred_at, recorded_at)"
            " values (%s, %s, 'call', 'call', now(), now())",
            [f"a-{lead}", f"crm-{lead}"],
        )
        for statement in REMOVED.values():
            connection.execute(statement.format(lead=lead).encode())
    connection.commit()
    with connect(as_role(database_url, Part.TASKS)) as tasks:
        for lead in (2, 1):
            for removal in REMOVALS:
                tasks.execute(removal.format(lead=lead).encode())
    for table in (*REMOVED, "identity.leads"):
        assert connection.execute(f"select lead_id from {table}".encode()).fetchall() == [(2,)], table
    assert connection.execute("select submission_id from intake.raw_leads").fetchall() == [("sub-2",)]
    assert connection.execute("select crm_lead_id from crm.activities").fetchall() == [("crm-2",)]


def test_nobody_real_becomes_a_canary(connection: Connection) -> None:
    for email in ("taro@example.com", "taro@leadops-canary.example.com.example.org"):
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            connection.execute("insert into cdp.canaries values (%s, true, true, now())", [email])


@pytest.mark.parametrize(
    ("points", "answer"), [(None, False), ((0, 0, 0), False), ((0, 0, -3), True), ((5, -5, 0), True)]
)
def test_the_gateway_asks_whether_anybody_has_points_without_reading_the_scores(
    connection: Connection, database_url: str, points: tuple[int, int, int] | None, answer: bool
) -> None:
    if points:
        connection.execute(
            "insert into scoring.scores (lead_id, fit, behaviour, model, updated_at)"
            " values (1, %s, %s, %s, now())",
            points,
        )
    connection.commit()
    with connect(as_role(database_url, Part.GATEWAY)) as gateway:
        assert has_points(gateway) is answer


def test_a_new_table_needs_no_second_list(connection: Connection) -> None:
    connection.execute("create table economics.budgets (month date)")
    connection.execute("create table identity.nicknames (nickname text)")
    connection.execute("create schema surveys")
    connection.execute("create table surveys.answers (answer text)")
    grant_rights(connection)
    new = ("economics.budgets", "identity.nicknames", "surveys.answers")
    rights = {
        part: sorted(name for name, _ in connection.execute(RIGHTS, [name_role(part)]) if name in new)
        for part in Part
    }
    assert rights == {
        Part.TASKS: list(new),
        Part.GATEWAY: [],
        Part.READER: ["economics.budgets"],
        Part.PAGE: [],
        Part.PEOPLE: [],
    }


def test_what_somebody_granted_besides_is_taken_away(connection: Connection) -> None:
    connection.execute(f"grant update, select on scoring.scores to {name_role(Part.GATEWAY)}".encode())
    connection.execute(f"revoke insert on cdp.events from {name_role(Part.GATEWAY)}".encode())
    grant_rights(connection)
    rights = set(connection.execute(RIGHTS, [name_role(Part.GATEWAY)]).fetchall())
    assert rights == expect(Part.GATEWAY, connection)


@pytest.fixture
def other_role(database_url: str) -> Iterator[str]:
    """The name of a role that a test may make; it is dropped at the end."""
    name = f"r_{secrets.token_hex(4)}"
    yield name
    with psycopg.connect(database_url) as own:
        if own.execute("select from pg_roles where rolname = %s", [name]).fetchone() is not None:
            own.execute(f"drop owned by {name}".encode())
            own.execute(f"drop role {name}".encode())


def test_a_role_is_made_with_the_password_of_its_url(
    connection: Connection, database_url: str, other_role: str
) -> None:
    for password in ("first'one", "second"):  # a changed one takes its place
        make_roles(connection, [DatabaseRole(Part.READER, other_role, password)])
        grant_rights(connection)
        connection.commit()
        url = as_role(database_url, Part.READER).replace(name_role(Part.READER), other_role)
        fields = psycopg.conninfo.conninfo_to_dict(url, password=password)
        with psycopg.connect(**fields) as reader:  # type: ignore[arg-type]
            reader.execute("select from analytics.daily_funnel")


def test_no_password_is_in_a_statement(
    connection: Connection, postgres: PostgresServer, other_role: str
) -> None:
    """Servers write statements into their logs."""
    connection.execute("set log_statement = 'all'")
    role = DatabaseRole(Part.READER, other_role, "sesame-sesame")
    for _ in range(2):  # made, then set again
        make_roles(connection, [role])
    connection.commit()
    if postgres.log.exists():
        log = postgres.log.read_text(errors="replace")
        assert f"role {other_role} login" in log
        assert "sesame-sesame" not in log


def test_the_owner_is_no_part(connection: Connection) -> None:
    with pytest.raises(PermanentError, match="owns the tables, so it cannot be the role of the gateway"):
        make_roles(connection, [DatabaseRole(Part.GATEWAY, connection.info.user, "x")])


def test_an_owner_that_may_not_make_roles_says_what_a_superuser_must_do(
    database_url: str, other_role: str
) -> None:
    with psycopg.connect(database_url) as admin:
        admin.execute(f"grant all on all tables in schema leadops to {name_role(Part.TASKS)}".encode())
    with connect(as_role(database_url, Part.TASKS)) as connection:
        with pytest.raises(PermanentError, match=rf"As a superuser: create role {other_role} login"):
            make_roles(connection, [DatabaseRole(Part.READER, other_role, "x")])
        connection.rollback()
