"""The wall of the published layer: who analyses leads reads the marts, and no table of the stages below."""

from pathlib import Path

import pytest

from .table_walls import (
    READS,
    ROOT,
    Access,
    Created,
    find_accesses,
    find_created,
    find_owners,
    read_migrations,
    schema_of,
)

#: The rooms behind the wall. They may also read one another's tables.
ANALYSIS = frozenset({"funnel", "attribution", "economics", "reports", "thresholds", "training"})
#: Of the page, all but what shows the state of the work: what waits now, and one lead with its calls.
DASHBOARD, OPERATIONAL_PAGES = "dashboard", ("dashboard/now.sql ", "dashboard/lead_page.sql ")
#: A room's own table in the schema of a lower one, which the stages below read too.
OWN_TABLES = {("thresholds", "lifecycle.thresholds")}

_PROPERTIES = "settings name any property of an event; what somebody sent is personal and not published"
_KNOWN_THEN = "what was known at a moment, by identifiers and evidence; they are personal and not published"
_EXPORTED = "the attributes of an export, each since when it was known; they are personal and not published"
_NAMES = "names of people and companies, for the eye only; they are personal and not published"
_JOINS = "when leads were joined, when the contract changed and when a lead came in; no mart says it"
_IN_THE_WRITE = "runs in the transaction that changes a stage below, before anything is published"
#: The readers that go past the marts, each with its reason. This list may only become shorter.
EXCEPTIONS = {
    "attribution/read_touches.sql find_touches": _PROPERTIES,
    "attribution/read_touches.sql read_touches": (
        "by the numbers that find_touches took; mart.touches would read each act again"
    ),
    "attribution/read_touches.sql read_people": "the account of a person with several leads; no mart has it",
    "dashboard/names.sql list_names": _NAMES,
    "dashboard/names.sql list_people": _NAMES,
    "function analytics.mark_leads()": _IN_THE_WRITE,
    "function analytics.mark_person()": _IN_THE_WRITE,
    "funnel/funnel_difference.sql list_members": _JOINS,
    "funnel/funnel_difference.sql list_evidence": _JOINS,
    "funnel/quality_checks.sql list_unnamed_words": "words of the CRM that no setting names",
    "reports/make_report.sql list_rep_names": _NAMES,
    "training/features.sql fill_attributes": _EXPORTED,
    "training/features.sql fill_events_seen": _KNOWN_THEN,
    "training/features.sql fill_identities": _KNOWN_THEN,
    "training/features.sql fill_profile_values": _PROPERTIES,
    "training/features.sql fill_unlinked_visitors": _KNOWN_THEN,
    "training/observations.sql count_late": _EXPORTED,
    "training/observations.sql fill_active_leads": "the acts of a person; touches has only leads",
    "view analytics.events": "is created before the marts are; it lists stages as they are recorded",
}


def list_breaches(
    accesses: list[Access], created: list[Created], owners: dict[str, str]
) -> dict[str, set[str]]:
    """Return, by the place of the statement, what the rooms behind the wall read on its other side."""
    breaches: dict[str, set[str]] = {}
    plain = _list_plain_functions(created)
    for access in accesses:
        behind = access.room in ANALYSIS or (
            access.room == DASHBOARD and not access.place.startswith(OPERATIONAL_PAGES)
        )
        allowed = (
            owners.get(schema_of(access.name)) in ANALYSIS | {"marts"}
            or (access.room, access.name) in OWN_TABLES
            or access.name in plain
        )
        if behind and access.verb == READS and not allowed:
            breaches.setdefault(access.place, set()).add(access.name)
    return breaches


def _list_plain_functions(created: list[Created]) -> set[str]:
    """Return the functions that read and write nothing but what they are given."""
    plain = {thing.name for thing in created if thing.kind == "function" and not thing.body.writes}
    while any(not thing.body.reads <= plain for thing in created if thing.name in plain):
        plain -= {thing.name for thing in created if not thing.body.reads <= plain}
    return plain


def measure(root: Path) -> dict[str, set[str]]:
    """Return the breaches of the SQL under `root`."""
    migrations = read_migrations(root / "migrations")
    owners = find_owners(migrations)
    created = [thing for script in migrations.values() for thing in find_created(script)]
    return list_breaches(find_accesses(root, created, owners), created, owners)


def test_who_analyses_leads_reads_the_marts() -> None:
    breaches = measure(ROOT)
    new = {place: names for place, names in breaches.items() if place not in EXCEPTIONS}
    assert not new, f"read a mart instead, or give a reason: {new}"
    assert sorted(EXCEPTIONS) == sorted(breaches), "a reader that keeps to the marts needs no reason"


# That the test can fail -----------------------------------------------------------------------------------

TABLES = """
create schema cdp;
create table cdp.events (seq bigint);
create function cdp.read_text(asked text) returns text language sql as 'select trim(asked)';
create function cdp.count_all() returns bigint language sql as 'select count(*) from cdp.events';
"""
MARTS = "create schema mart; create view mart.touches as select seq from cdp.events;"
ANALYTICS = "create schema analytics; create table analytics.cells (seq bigint);"


@pytest.mark.parametrize(
    ("file", "statement", "found"),
    [
        ("funnel/cells.sql", "select seq from mart.touches", None),
        ("training/fit.sql", "select seq from analytics.cells", None),
        ("funnel/cells.sql", "select cdp.read_text('a')", None),
        ("funnel/cells.sql", "select seq from cdp.events", "cdp.events"),
        ("funnel/cells.sql", "with a as (select seq from cdp.events) select seq from a", "cdp.events"),
        ("reports/report.sql", "select cdp.count_all()", "cdp.count_all()"),
        ("dashboard/funnel_page.sql", "select seq from cdp.events", "cdp.events"),
        ("dashboard/now.sql", "select seq from cdp.events", None),
        ("identity/resolve.sql", "select seq from cdp.events", None),
    ],
)
def test_a_planted_statement_is_found(tmp_path: Path, file: str, statement: str, found: str | None) -> None:
    (tmp_path / "migrations").mkdir()
    for name, script in {"0001_events": TABLES, "0010_funnel": ANALYTICS, "0028_marts": MARTS}.items():
        (tmp_path / "migrations" / f"{name}.sql").write_text(script)
    path = tmp_path / file
    path.parent.mkdir()
    path.write_text(f"-- name: planted\n{statement};\n")
    assert measure(tmp_path) == ({f"{file} planted": {found}} if found else {})


def test_a_planted_string_of_python_is_found(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_events.sql").write_text(TABLES)
    (tmp_path / "economics").mkdir()
    (tmp_path / "economics" / "costs.py").write_text('QUERY = "select seq from cdp.events"\n')
    assert measure(tmp_path) == {"economics/costs.py:1": {"cdp.events"}}
