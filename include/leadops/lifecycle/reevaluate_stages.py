"""Evaluates cycles again that another contract decided: kpi.yaml changed, or a quarter's frozen contract did.

It is quiet: it starts no SLA clock, and an MQL that follows from it is a backfill MQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.contract_changes import compare_rules
from leadops.lifecycle.person_cycles import find_renumbered
from leadops.lifecycle.rule_spans import (
    RuleSpan,
    digest_spans,
    find_changed_times,
    find_rules,
    read_spans,
)
from leadops.lifecycle.sales_facts import write_rows
from leadops.queries import Queries

queries = Queries(__file__, topic="kpi_contract")

#: Leads that one run evaluates again at most; the next run takes the rest.
MAX_LEADS = 2_000
#: A change of the contract names at most this many settings.
MAX_NAMED_CHANGES = 20


class AppliedContract(NamedTuple):
    """The contract that was applied last, and the spans that it consists of."""

    digest: str
    spans: list[dict[str, Any]]


@dataclass(frozen=True)
class ContractChange:
    """One change of the contract, and what it moved."""

    change_id: int
    changed_at: datetime
    digest: str
    changes: list[str]  # setting: before → now
    evaluated: int  # leads evaluated again
    moved: int  # of these, leads whose stages changed
    waiting: int  # leads that still wait


def follow_contract(connection: Connection, spans: Sequence[RuleSpan], *, now: datetime) -> bool:
    """Record that `spans` are in force; where they are new, enqueue the leads they may decide otherwise.

    Those are the leads with an MQL, or something that sales did, at a time for which the rules differ.
    Returns whether the contract has changed.
    """
    digest = digest_spans(spans)
    applied = queries.first(connection, "find_applied_contract", AppliedContract)
    if applied is not None and applied.digest == digest:
        return False
    before = read_spans(applied.spans) if applied else []
    times = find_changed_times(before, spans)
    queries.run(
        connection,
        "insert_contract_change",
        digest=digest,
        spans=Jsonb([span.as_row() for span in spans]),
        changes=_name_changes(before, times) if applied else [],
        now=now,
    )
    queries.run(
        connection,
        "enqueue_leads",
        decided_by=applied.digest if applied else "",
        starts=[span.since for span in times],
        ends=[span.until for span in times],
    )
    return True


def take_leads(
    connection: Connection, spans: Sequence[RuleSpan], *, evaluated: Sequence[int], max_leads: int
) -> list[int]:
    """Remove up to `max_leads` leads from the queue, and those that this run `evaluated`; return them.

    Leads that the contract in force decided need no second look, and leave the queue.
    """
    return queries.values(
        connection, "take_leads", digest=digest_spans(spans), evaluated=list(evaluated), max_leads=max_leads
    )


def renumber_people(
    connection: Connection, leads: Sequence[int], spans: Sequence[RuleSpan], *, now: datetime
) -> list[int]:
    """Return the merged people among `leads` whose cycles get other numbers, because other statuses end them.

    Lifecycle treats them as people whose leads have just been merged.
    """
    people = find_renumbered(connection, list(leads), versions=write_rows(spans), now=now)
    queries.run(connection, "enqueue_people", people=people)
    return people


def count_waiting(connection: Connection) -> int:
    """Return how many leads wait to be evaluated again."""
    return int(queries.value(connection, "count_waiting"))


def note_result(connection: Connection, *, evaluated: int, moved: int) -> None:
    """Add to the last change of the contract how many leads were evaluated again, and moved."""
    queries.run(connection, "note_result", evaluated=evaluated, moved=moved)


def list_contract_changes(connection: Connection) -> list[ContractChange]:
    """Return the changes of the contract, the latest first."""
    return queries.all(connection, "list_contract_changes", ContractChange)


def _name_changes(before: Sequence[RuleSpan], times: Sequence[RuleSpan]) -> list[str]:
    """Return how the rules of `times` differ from `before`, each as `version, setting: before → now`."""
    names: dict[str, None] = {}
    for span in times:
        bounds = [span.since, *(old.since for old in before if span.since < old.since < span.until)]
        for moment in bounds:
            old: Mapping[str, Any] = find_rules(before, moment)
            names |= dict.fromkeys(
                f"{span.rules['version']}, {name}" for name in compare_rules(old, span.rules)
            )
    return list(names)[:MAX_NAMED_CHANGES]
