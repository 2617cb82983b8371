"""Small changes in a row: together they may move no more than one change may."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from leadops.changes.change_record import sum_passed
from leadops.changes.moving_settings import MODELS, MovingSettings
from leadops.changes.weigh_change import ChangeEffect, count_moved_since
from leadops.config.gated_settings import SettingsInForce, list_in_force_at
from leadops.db import Connection
from leadops.errors import ConfigError

log = logging.getLogger(__name__)


def find_joint_excess(
    connection: Connection,
    effect: ChangeEffect,
    *,
    former: MovingSettings,
    proposed: MovingSettings,
    kind: str,
    now: datetime,
) -> list[str]:
    """Return in words which limits a change exceeds with those that took effect by themselves before it.

    `effect` is what it does alone, within the limits. Where the leads moved add up to more, the grades are
    compared with those by the settings that were in force `together_days` ago, or when a human last approved
    a change: a lead that moved twice counts once, and one that moved back not at all. MQLs are only added up,
    because they stay. Call it outside a transaction; `now` is UTC. Raises what weigh_change raises.
    """
    limits = former.changes
    with connection.transaction():
        passed = sum_passed(connection, kind=kind, earliest=now - timedelta(days=limits.together_days))
        rows = list_in_force_at(connection, passed.since)
    added = replace(
        effect,
        moved=effect.moved + passed.moved if effect.moved else 0,
        new_mqls=effect.new_mqls + passed.new_mqls if effect.new_mqls else 0,
    )
    if not added.find_excess(limits):
        return []
    # Compared with earlier settings alone, leads would count that came later and have points by a new rule.
    moved = min(added.moved, _count_moved(connection, rows, former, proposed, now)) if added.moved else 0
    joint = replace(added, moved=moved)
    numbers = f"{moved} leads and {joint.new_mqls} new MQLs"
    since = f"with the changes since {passed.since:%Y-%m-%d %H:%M} (UTC), {numbers}"
    return [f"{since}: {reason}" for reason in joint.find_excess(limits)]


def _count_moved(
    connection: Connection,
    rows: Mapping[str, SettingsInForce],
    former: MovingSettings,
    proposed: MovingSettings,
    now: datetime,
) -> int:
    try:
        earlier = MovingSettings.from_sections({name: rows[name].settings for name in MODELS})
    except ConfigError as error:
        log.warning("earlier settings cannot be used by this version: %s", error)
        return 0
    if earlier.describe(now) == proposed.describe(now):
        return 0
    return count_moved_since(connection, earlier=earlier, former=former, proposed=proposed, now=now)
