"""What behaviour has lost of its worth with age, as differences for the ledger."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql
from leadops.scoring.rules import Fading, RuleSet

#: Before the first night nothing has faded: a day before all events.
BEFORE_ALL = date(1970, 1, 1)


def read_through(connection: Connection) -> date:
    """Return up to the end of which local day behaviour has faded; BEFORE_ALL before the first night."""
    found = connection.execute("select through from scoring.decayed").fetchone()
    return found[0] if found else BEFORE_ALL


def fade_scored(connection: Connection, *, rules: RuleSet, zone: ZoneInfo, fully: bool) -> None:
    """Add to `differences` what the leads in `touched`, which it trims, have lost by the last night.

    So who is scored has at once just the points that it keeps: an old event that arrives late, a changed
    rule or a joined lead never passes for fresh behaviour until the next night. Not `fully`, only leads are
    looked at whose new rows concern days that have begun to fade. The caller holds the ledger.
    """
    through = read_through(connection)
    values = fade_parameters(rules, zone, through)
    if not fully:
        if rules.decay:
            connection.execute(load_sql("leadops.scoring", "advance_fades"), values)
        connection.execute(load_sql("leadops.scoring", "keep_due_touched"), values)
    elif rules.decay is None:
        connection.execute(load_sql("leadops.scoring", "keep_due_touched"), {"through": "infinity"})
    compute_fades(connection, rules=rules, zone=zone, through=through)
    connection.execute(load_sql("leadops.scoring", "keep_fades"))


def compute_fades(connection: Connection, *, rules: RuleSet, zone: ZoneInfo, through: date) -> None:
    """Fill `fades` for the leads in `touched`, and add to `differences` what faded since the last time."""
    connection.execute(load_sql("leadops.scoring", "create_fades"))
    connection.execute("truncate fades")
    if not _any(connection, "select exists (select from touched)"):
        return
    values = fade_parameters(rules, zone, through)
    connection.execute("analyze touched")
    connection.execute(load_sql("leadops.scoring", "compute_fades"), values)
    connection.execute(load_sql("leadops.scoring", "differ_fades"), values)


def fade_parameters(rules: RuleSet, zone: ZoneInfo, through: date) -> dict[str, Any]:
    """Return what the statements need: how each rule fades, the row without a rule being for all others."""
    decay = rules.decay
    fading = [_row(None, decay)]
    for rule in rules.behaviour if decay else ():
        own = decay.rules.get(rule.name) or decay.groups.get(rule.group or "") if decay else None
        if own:
            fading.append(_row(rule.name, own))
    return {"fading": Jsonb(fading), "zone": zone.key, "through": through}


def _row(rule: str | None, fading: Fading | None) -> dict[str, Any]:
    return {
        "rule": rule,
        "half_life": fading.half_life_days if fading else None,
        "grace": fading.grace_days if fading else 0,
        "floor": fading.floor if fading else 1,
    }


def _any(connection: Connection, query: str) -> bool:
    return bool((connection.execute(query.encode()).fetchone() or [False])[0])
