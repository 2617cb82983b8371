"""What scoring would change, lead by lead, without changing it."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from leadops.db import Connection, load_sql
from leadops.scoring.fade import compute_fades, read_through
from leadops.scoring.grades import grade
from leadops.scoring.rule_sets import is_in_effect
from leadops.scoring.rules import RuleSet
from leadops.scoring.score import compute_differences, prepare, snapshot


@dataclass(frozen=True)
class LeadChange:
    """How one lead's points would change."""

    lead_id: int
    before: int  # total points now
    after: int  # total points then
    grade_before: str
    grade_after: str
    rules: dict[str, int]  # rule -> points it would add or take


@dataclass
class Preview:
    """What scoring would do now."""

    rules_change: bool  # the rules are not those in effect, so every lead was looked at
    leads: int = 0  # leads looked at
    changed: int = 0  # leads whose ledger would get rows
    points: int = 0  # sum of the points these rows would have
    changes: list[LeadChange] = field(default_factory=list)  # the first leads that would change, by lead_id


def preview_leads(
    connection: Connection, *, rules: RuleSet, zone: ZoneInfo, most: int, chunk_leads: int | None = None
) -> Preview:
    """Compute what scoring by `rules` would change: of the waiting leads, of all where the rules changed.

    Lists the first `most` leads that would change and counts all. One snapshot, no lock on the ledger,
    nothing written. Waiting events that have no lead yet are not looked at. Call it outside a transaction.
    """
    limit = rules.chunk_leads if chunk_leads is None else chunk_leads
    with snapshot(connection):
        preview = Preview(rules_change=not is_in_effect(connection, rules=rules, zone=zone))
        touch = load_sql(
            "leadops.scoring", "touch_every_lead" if preview.rules_change else "touch_waiting_leads"
        )
        after = 0
        while True:
            prepare(connection)
            connection.execute(touch, {"after": after, "chunk_size": limit})
            if not (leads := compute_differences(connection, rules=rules, zone=zone)):
                return preview
            compute_fades(connection, rules=rules, zone=zone, through=read_through(connection))
            preview.leads += leads
            _collect(connection, preview, rules=rules, most=most)
            (after,) = connection.execute("select max(lead_id) from touched").fetchone() or (after,)


def _collect(connection: Connection, preview: Preview, *, rules: RuleSet, most: int) -> None:
    for row in connection.execute(load_sql("leadops.scoring", "list_changes")):
        lead_id, fit, behaviour, model, fit_change, behaviour_change, by_rule = row
        preview.changed += 1
        preview.points += fit_change + behaviour_change
        if len(preview.changes) < most:
            preview.changes.append(
                LeadChange(
                    lead_id=lead_id,
                    before=fit + behaviour + model,
                    after=fit + behaviour + model + fit_change + behaviour_change,
                    grade_before=grade(fit=fit, behaviour=behaviour, grades=rules.grades),
                    grade_after=grade(
                        fit=fit + fit_change, behaviour=behaviour + behaviour_change, grades=rules.grades
                    ),
                    rules=by_rule,
                )
            )
