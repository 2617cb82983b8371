"""What behaviour has lost of its worth with age, as differences for the ledger."""

from datetime import date
from zoneinfo import ZoneInfo

from leadops.db import Connection
from leadops.queries import Queries
from leadops.scoring.rule_parameters import decay_curves
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__)

#: Before the first night nothing has decayed: a day before all events.
BEFORE_ALL = date(1970, 1, 1)
#: Due before this are all leads that have behaviour which may decay.
AFTER_ALL = "infinity"


def read_decayed_until(connection: Connection) -> date:
    """Return the local day up to whose end behaviour has decayed; BEFORE_ALL before the first night."""
    return queries.value(connection, "read_decayed_until") or BEFORE_ALL


def move_decayed_until(connection: Connection, day: date) -> date:
    """Record that behaviour decays to the end of the local `day`; return the day that holds, the latest."""
    queries.run(connection, "move_decayed_until", day=day)
    return read_decayed_until(connection)


def touch_due(connection: Connection, *, decayed_until: date, chunk_leads: int, after: int | None) -> int:
    """Fill `touched` with up to `chunk_leads` leads that are due by `decayed_until`; return how many.

    The leads that are due first come first; given `after`, those with a higher lead_id, by lead_id.
    """
    if after is None:
        return queries.run(connection, "touch_due", decayed_until=decayed_until, chunk_size=chunk_leads)
    return queries.run(
        connection, "touch_due_after", decayed_until=decayed_until, chunk_size=chunk_leads, after=after
    )


def decay_scored(connection: Connection, *, rules: RuleSet, zone: ZoneInfo, fully: bool) -> None:
    """Add to `differences` what the leads in `touched`, which it trims, have lost by the last night.

    So a lead that is scored has at once the points that it keeps: an old event that arrives late, a changed
    rule or a merged lead never passes for fresh behaviour until the next night. Unless `fully`, only leads
    are looked at whose new rows concern days that have begun to decay. The caller holds the ledger.
    """
    decayed_until = read_decayed_until(connection)
    if not fully:
        if rules.decay:
            queries.run(connection, "advance_schedule", curves=decay_curves(rules), zone=zone.key)
        queries.run(connection, "keep_due_touched", decayed_until=decayed_until)
    elif rules.decay is None:
        queries.run(connection, "keep_due_touched", decayed_until=AFTER_ALL)
    compute_decay(connection, rules=rules, zone=zone, decayed_until=decayed_until)
    update_schedule(connection)


def compute_decay(connection: Connection, *, rules: RuleSet, zone: ZoneInfo, decayed_until: date) -> None:
    """Fill `decay_amounts` for the leads in `touched`, and add what decayed since then to `differences`.

    At the end of the local day `decayed_until` the points of an event are worth points × max(floor,
    0.5 ^ ((age − grace) / half-life)), ages and half-lives in days; see docs/scoring.md.
    """
    queries.run(connection, "create_decay_amounts")
    queries.run(connection, "clear_decay_amounts")
    if not queries.value(connection, "has_touched"):
        return
    queries.run(connection, "analyze_touched")
    queries.run(
        connection,
        "compute_amounts",
        curves=decay_curves(rules),
        zone=zone.key,
        decayed_until=decayed_until,
    )
    queries.run(connection, "add_differences", zone=zone.key, decayed_until=decayed_until)


def update_schedule(connection: Connection) -> None:
    """Record when each lead in `decay_amounts` is due next."""
    queries.run(connection, "update_schedule")
