"""No index and no unique key stands over unbounded text: PostgreSQL refuses entries of 2,704 bytes."""

import re

from psycopg.types.json import Jsonb

from leadops.db import Connection

#: Text of an index as a column; an index over an expression such as md5(body) has none.
COLUMNS = """
select
    namespaces.nspname || '.' || tables.relname as table_name,
    attributes.attname as column_name,
    index_classes.relname as index_name
from pg_index as indexes
inner join pg_class as index_classes on indexes.indexrelid = index_classes.oid
inner join pg_class as tables on indexes.indrelid = tables.oid
inner join pg_namespace as namespaces on tables.relnamespace = namespaces.oid
inner join pg_attribute as attributes
    on attributes.attrelid = tables.oid and attributes.attnum = any(indexes.indkey)
where
    namespaces.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and attributes.atttypid in ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype, 'jsonb'::regtype)
order by 1, 2, 3
"""
#: Expressions of an index that can be as long as their text; only hashes are allowed.
EXPRESSIONS = """
select namespaces.nspname || '.' || tables.relname, pg_get_expr(indexes.indexprs, indexes.indrelid)
from pg_index as indexes
inner join pg_class as tables on indexes.indrelid = tables.oid
inner join pg_namespace as namespaces on tables.relnamespace = namespaces.oid
where
    indexes.indexprs is not null
    and namespaces.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
"""
CHECKS = """
select namespaces.nspname || '.' || tables.relname, pg_get_constraintdef(constraints.oid)
from pg_constraint as constraints
inner join pg_class as tables on constraints.conrelid = tables.oid
inner join pg_namespace as namespaces on tables.relnamespace = namespaces.oid
where constraints.contype = 'c'
"""
#: A longer text in several columns of one index could be too long together: 4 bytes a character.
LONGEST = 300
#: Columns that only leadops fills, from its own words, hashes, numbers and settings.
INTERNAL = {
    *("analytics.built_days.settings", "training.models.hash", "delivery.found_leads.address_hash"),  # hashes
    *("erased.identifiers.hash", "intake.form_traces.text_hash", "intake.form_traces.visitor"),
    "intake.quarantined_forms.submission_id",
    *("crm.refused.digest", "delivery.batches.idempotency_key", "delivery.outbox.idempotency_key"),
    *("analytics.funnel_cells.kpi_version", "lifecycle.facts.fact", "routing.leads.queue"),  # settings
    *("identity.traits.trait", "history.attributes.attribute", "scoring.rule_files.source"),
    "scoring.point_bounds.rule",
    *("analytics.left_out.stage", "attribution.credits.model", "economics.monthly_costs.category"),  # words
    *("crm.feeds.feed", "crm.refused.feed", "lifecycle.cursors.feed", "sla.breaches.clock"),
    *("cdp.quarantine.reason", "cdp.refused_calls.reason", "intake.form_refusals.reason"),
    *("delivery.batches.target", "delivery.cursors.target", "delivery.dead_letters.target"),
    *("delivery.totals.target", "delivery.accounts.target"),
    *("delivery.external_ids.target", "delivery.outbox.target", "delivery.targets.target"),
    *("delivery.call_counts.target", "delivery.quotas.target"),
    *("delivery.refused_operations.target", "delivery.refused_operations.operation"),
    *("delivery.call_outcomes.target", "delivery.call_outcomes.outcome"),
    *("gateway.rate_buckets.limiter", "gateway.rate_buckets.bucket"),  # names of limits, hashes of 16 bytes
    *("identity.lead_merges.kind", "identity.sightings.kind", "identity.violations.kind"),
    *("incidents.heartbeats.name", "incidents.incidents.kind", "leadops.migrations.name"),
    *("delivery.found_leads.target", "delivery.marks.holder", "leadops.roles.part"),
    *("nurture.memberships.programme", "nurture.sends.step", "nurture.sends.idempotency_key"),  # settings
    *("lifecycle.frozen_changes.quarter", "reports.reports.name", "delivery.installation.installation_id"),
    # Composed by the checks, of words and of ids that are bounded where they come in.
    "incidents.incidents.subject",
}


def read_checks(connection: Connection) -> dict[str, list[str]]:
    checks: dict[str, list[str]] = {}
    for table, text in connection.execute(CHECKS).fetchall():
        checks.setdefault(table, []).append(text)
    return checks


def test_every_text_of_an_index_is_bounded(connection: Connection) -> None:
    checks = read_checks(connection)
    columns = connection.execute(COLUMNS).fetchall()
    assert len(columns) > 60
    unbounded = [
        f"{table}.{column} in {index}: add check (char_length({column}) <= …), or INTERNAL with its reason"
        for table, column, index in columns
        if f"{table}.{column}" not in INTERNAL
        and not any(is_bound(text, column) for text in checks.get(table, []))
    ]
    assert unbounded == []
    known = {f"{table}.{column}" for table, column, _ in columns}
    assert INTERNAL - known == set(), "no index has these columns any more"


def is_bound(check: str, column: str) -> bool:
    """Return whether a check lists the words of `column`, or limits its characters."""
    limit = re.search(rf"char_length\({column}\) <= (\d+)", check)
    return bool(
        (limit and int(limit[1]) <= LONGEST)
        or re.search(rf"\(\(*{column}\)? = ANY \(", check)
        or re.search(rf"\({column} ~ '\^[^*+]*\$'", check)
    )


def test_an_expression_of_an_index_is_bounded(connection: Connection) -> None:
    """It is a hash, a constant, bounded columns, or what a function returns that cuts it off."""
    company = Jsonb("x" * 100_000)
    connection.execute("insert into identity.traits values (1, 'company', %s, now(), 'e')", [company])
    checks = read_checks(connection)
    expressions = {
        re.sub(
            r"COALESCE\((\w+), ''::text\)",
            lambda found, table=table: (
                "true" if any(is_bound(c, found[1]) for c in checks[table]) else found[0]
            ),
            text,
        )
        for table, text in connection.execute(EXPRESSIONS).fetchall()
    }
    assert "md5(body)" in expressions
    bounded = r"true(, true)*|(md5|sha256)\(\w+\)|identity\.read_company\(value, comparable\)"
    assert [text for text in expressions if not re.fullmatch(bounded, text)] == []


def test_what_bounds_and_what_does_not() -> None:
    assert is_bound("CHECK ((char_length(name) <= 100))", "name")
    assert is_bound("CHECK ((kind = ANY (ARRAY['a'::text, 'b'::text])))", "kind")
    assert is_bound("CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))", "name")
    assert not is_bound("CHECK ((char_length(name) <= 5000))", "name")
    assert not is_bound("CHECK (((line = 'campaign'::text) = (campaign IS NOT NULL)))", "campaign")
    assert not is_bound("CHECK ((name <> ''::text))", "name")
