"""What a change would do to the leads: played in a transaction that is rolled back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from leadops.changes.change_settings import ChangeSettings
from leadops.changes.moving_settings import MovingSettings
from leadops.db import Connection, snapshot
from leadops.identity.apply_merges import follow_settings, lock_identity
from leadops.identity.uncounted_leads import follow_internal
from leadops.lanes import Lane
from leadops.lifecycle.decide_mqls import find_rule
from leadops.lifecycle.kpi_contract import MqlRule
from leadops.queries import Queries
from leadops.scoring.grades import Grades, grade
from leadops.scoring.ledger import lock_ledger
from leadops.scoring.preview import sum_differences, walk_differences
from leadops.scoring.scoring_inbox import enqueue_classified

queries = Queries(__file__)

Result = TypeVar("Result")


@dataclass(frozen=True)
class MovedLead:
    """One lead that a change would move: its points in all and its grade, before and after."""

    lead_id: int
    before: int
    after: int
    grade_before: str
    grade_after: str
    is_new_mql: bool

    def __str__(self) -> str:
        """Return it in one line, without anything that names the person."""
        mql = ", new MQL" if self.is_new_mql else ""
        return f"{self.lead_id}: {self.before} → {self.after}, {self.grade_before} → {self.grade_after}{mql}"


@dataclass(frozen=True)
class ChangeEffect:
    """What a change would do: numbers of leads, and some of them."""

    with_points: int = 0  # leads that have points now
    changed: int = 0  # leads that would have other points
    moved: int = 0  # leads that would have another grade
    new_mqls: int = 0  # leads that would become MQL
    examples: list[MovedLead] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The moved leads as a share of those that have points."""
        return self.moved / self.with_points if self.with_points else 0.0

    def find_excess(self, limits: ChangeSettings) -> list[str]:
        """Return in words which of the `limits` it exceeds; nobody with points: none."""
        if not self.with_points:
            return []
        reasons = []
        # Counted, not divided: 0.2 of 5 leads is 1 lead, whatever a float makes of it.
        if self.moved > round(limits.max_moved_share * self.with_points, 9):
            reasons.append(f"more than {limits.max_moved_share:.0%} of the leads get another grade")
        if self.new_mqls > limits.max_new_mqls:
            reasons.append(f"more than {limits.max_new_mqls} new MQLs")
        return reasons

    def as_facts(self) -> dict[str, Any]:
        """Return the numbers as JSON; read_effect reads them back."""
        return asdict(self)


class LeadCounts(NamedTuple):
    """The numbers of a ChangeEffect."""

    with_points: int
    changed: int
    moved: int
    new_mqls: int


class EndedLead(NamedTuple):
    """A lead, and when its last cycle ended (UTC)."""

    lead_id: int
    ended_at: datetime


class EarlierPoints(NamedTuple):
    """What a lead's points will change by without the change, or would if earlier settings were in force."""

    lead_id: int
    fit: int
    behaviour: int
    again_behaviour: int


class ExampleLead(NamedTuple):
    """The points of a lead before and after."""

    lead_id: int
    fit: int
    behaviour: int
    model: int
    new_fit: int
    new_behaviour: int
    new_model: int
    is_new_mql: bool


def read_effect(facts: dict[str, Any]) -> ChangeEffect:
    """Return the effect that `as_facts` wrote."""
    return ChangeEffect(**facts | {"examples": [MovedLead(**lead) for lead in facts["examples"]]})


def weigh_change(
    connection: Connection, *, former: MovingSettings, proposed: MovingSettings, now: datetime
) -> ChangeEffect:
    """Return what the `proposed` settings would do to all leads in place of the `former`.

    What leads that wait to be scored get under the `former` settings too is not its effect. Writes nothing.
    Call it outside a transaction. Where people would be merged it keeps resolvers waiting, where acts would
    be classified again, whoever writes points.
    Raises psycopg.errors.SerializationFailure when leads were merged meanwhile; call it again then.
    """
    with snapshot(connection):
        _prepare(connection)
        _change_points_before(connection, former, former, now)
        _change_points(connection, former, proposed, now)
        _compare(connection, former.rules.grades, proposed.rules.grades)
        _mark_new_mqls(connection, former, proposed, now)
        return _sum_up(
            connection, former.rules.grades, proposed.rules.grades, examples=proposed.changes.examples
        )


def count_moved_since(
    connection: Connection,
    *,
    earlier: MovingSettings,
    former: MovingSettings,
    proposed: MovingSettings,
    now: datetime,
) -> int:
    """Return how many leads the `proposed` settings would give another grade than the `earlier` ones would.

    `former` are in force now. Writes nothing, and has the terms of weigh_change.
    """
    with snapshot(connection):
        _prepare(connection)
        _change_points_before(connection, former, earlier, now)
        _change_points(connection, former, proposed, now)
        _compare(connection, earlier.rules.grades, proposed.rules.grades)
        return queries.one(connection, "count_leads", LeadCounts).moved


def weigh_act(
    connection: Connection, act: Callable[[], Result], *, settings: MovingSettings, now: datetime
) -> tuple[Result, ChangeEffect]:
    """Return what `act` returns, and what scoring would do to all leads once it was done.

    `act` changes, in its caller's transaction, something that scoring compares, and puts the leads into its
    inbox; it is rolled back. Has the terms of weigh_change.
    """
    with snapshot(connection):
        _prepare(connection)
        _change_points_before(connection, settings, settings, now)
        result = act()
        _change_points(connection, settings, settings, now)
        _compare(connection, settings.rules.grades, settings.rules.grades)
        _mark_new_mqls(connection, settings, settings, now)
        grades = settings.rules.grades
        return result, _sum_up(connection, grades, grades, examples=settings.changes.examples)


def weigh_model(
    connection: Connection,
    points: Iterable[tuple[int, int]],
    *,
    rule: MqlRule,
    grades: Grades,
    examples: int,
) -> ChangeEffect:
    """Return what it would do if the leads had these model `points` (lead and points), and no others any.

    Points of a model count in the total and in no grade, so it makes MQLs where `rule` asks for a total. Runs
    in the caller's transaction and writes nothing.
    """
    _prepare(connection)
    queries.copy(connection, "copy_new_model_points", points)
    queries.run(connection, "add_model_changes")
    _compare(connection, grades, grades)
    queries.run(connection, "mark_new_mqls", **_rule_parameters(rule, rule))
    return _sum_up(connection, grades, grades, examples=examples)


def count_new_mqls(connection: Connection, *, before: MqlRule, after: MqlRule, grades: Grades) -> int:
    """Return how many leads would become MQL if `after` applied in place of `before`.

    Runs in the caller's transaction and writes nothing.
    """
    _prepare(connection)
    _compare(connection, grades, grades)
    queries.run(connection, "mark_new_mqls", **_rule_parameters(before, after))
    return queries.one(connection, "count_leads", LeadCounts).new_mqls


def _prepare(connection: Connection) -> None:
    queries.run(connection, "create_point_changes")
    queries.run(connection, "create_new_model_points")
    queries.run(connection, "create_earlier_changes")
    queries.run(connection, "create_weighed_leads")
    queries.run(connection, "clear")


def _compare(connection: Connection, former: Grades, proposed: Grades) -> None:
    queries.run(connection, "compare_leads", **_grade_bounds(former, proposed))
    queries.run(connection, "analyze_weighed_leads")


def _sum_up(connection: Connection, former: Grades, proposed: Grades, *, examples: int) -> ChangeEffect:
    counts = queries.one(connection, "count_leads", LeadCounts)
    leads = queries.all(connection, "list_examples", ExampleLead, max_leads=examples)
    return ChangeEffect(
        **counts._asdict(), examples=[_describe_lead(lead, former, proposed) for lead in leads]
    )


def _change_points_before(
    connection: Connection, former: MovingSettings, earlier: MovingSettings, now: datetime
) -> None:
    """Fill `earlier_changes` with what the ledger would get under the `earlier` settings."""
    with connection.transaction(force_rollback=True):
        _change_points(connection, former, earlier, now)
        before = queries.all(connection, "sum_point_changes", EarlierPoints)
    queries.copy(connection, "copy_earlier_changes", before)


def _change_points(
    connection: Connection, former: MovingSettings, proposed: MovingSettings, now: datetime
) -> None:
    """Fill `point_changes` with what the ledger would get, that of leads that wait to be scored included."""
    are_merged = former.describe_merges() != proposed.describe_merges()
    are_classified = former.machines.hash() != proposed.machines.hash()
    are_scored = former.describe_points() != proposed.describe_points()
    are_uncounted = former.describe_internal() != proposed.describe_internal()
    if are_merged or are_uncounted:
        lock_identity(connection)
        identity = proposed.identity.link(proposed.company)
        follow_settings(connection, settings=identity, now=now)
        follow_internal(connection, settings=identity, now=now)
    if are_classified:
        lock_ledger(connection)
        enqueue_classified(connection, lane=Lane.BACKFILL)
    walk = walk_differences(
        connection,
        rules=proposed.rules,
        zone=proposed.company.zone,
        every_lead=are_scored,
        machines=proposed.machines if are_classified else None,
        now=now,
    )
    ended = {lead.lead_id: lead.ended_at for lead in queries.all(connection, "list_ended", EndedLead)}
    for _ in walk:
        queries.copy(connection, "copy_point_changes", sum_differences(connection, since=ended))


def _mark_new_mqls(
    connection: Connection, former: MovingSettings, proposed: MovingSettings, now: datetime
) -> None:
    """Mark who would be MQL: by the version in force, and by each that comes later and is new or changed."""
    known = {span.version.version: span for span in former.list_mql_spans(now)}
    active = former.list_mql_spans(now)[0].version
    for span in proposed.list_mql_spans(now):
        if span.since is not None and known.get(span.version.version) == span:
            continue
        former_version = known[span.version.version].version if span.version.version in known else active
        before = find_rule(connection, former_version, now=now)
        after = find_rule(connection, span.version, now=now)
        queries.run(connection, "mark_new_mqls", **_rule_parameters(before, after))


def _rule_parameters(before: MqlRule, after: MqlRule) -> dict[str, object]:
    names = ("fit", "behaviour", "total", "again_behaviour", "claims")
    return {name: getattr(after, name) for name in names} | {
        f"former_{name}": getattr(before, name) for name in names
    }


def _grade_bounds(former: Grades, proposed: Grades) -> dict[str, Sequence[int]]:
    return {
        "fit_grades": sorted(former.fit),
        "behaviour_grades": sorted(former.behaviour),
        "new_fit_grades": sorted(proposed.fit),
        "new_behaviour_grades": sorted(proposed.behaviour),
    }


def _describe_lead(lead: ExampleLead, former: Grades, proposed: Grades) -> MovedLead:
    return MovedLead(
        lead_id=lead.lead_id,
        before=lead.fit + lead.behaviour + lead.model,
        after=lead.new_fit + lead.new_behaviour + lead.new_model,
        grade_before=grade(fit=lead.fit, behaviour=lead.behaviour, grades=former),
        grade_after=grade(fit=lead.new_fit, behaviour=lead.new_behaviour, grades=proposed),
        is_new_mql=lead.is_new_mql,
    )
