"""Every minute: what the files want is weighed, takes effect or waits for a human."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from leadops.changes.change_record import (
    ChangeRecord,
    ask_change,
    end_change,
    let_wait,
    list_open,
    note_problem,
)
from leadops.changes.change_settings import ChangeSettings
from leadops.changes.joint_changes import find_joint_excess
from leadops.changes.leads_with_points import has_points
from leadops.changes.moving_settings import MODELS, MovingSettings
from leadops.changes.wanted_files import FileWishes, sort_files
from leadops.changes.weigh_change import ChangeEffect, weigh_change
from leadops.config.gated_settings import (
    GatedFile,
    SettingsInForce,
    hash_content,
    list_gated_files,
    list_in_force,
    list_users,
    put_in_force,
)
from leadops.db import Connection
from leadops.db_errors import explain_database_error
from leadops.errors import ConfigError, LeadopsError
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.scoring.scoring_inbox import list_waiting_lanes

log = logging.getLogger(__name__)

#: The kind of a change of files.
SETTINGS = "settings"
#: Leads that are still being scored again would count as moved by the change.
BUSY = "leads still wait to be scored again; it is weighed when they are done"

Sections = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class FollowResult:
    """Sections that took effect, changes that wait from now on, and why one could not be weighed."""

    in_effect: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class _Weighing:
    """An open change that has to be weighed, with the settings on both sides."""

    record: ChangeRecord
    former: MovingSettings
    proposed: MovingSettings


def read_wishes(connection: Connection, *, now: datetime) -> FileWishes:
    """Return what the files on record want at `now` (UTC), by the limits in force."""
    in_force = list_in_force(connection)
    minutes = ChangeSettings.model_validate(in_force["changes"].settings).older_file_minutes
    used = list_users(connection, seen_since=now - timedelta(minutes=minutes))
    return sort_files(list_gated_files(connection), in_force=in_force, used=used, now=now)


def follow_files(connection: Connection, *, now: datetime) -> FollowResult:
    """Bring what is in force in line with the files: at once, after weighing, or by a human's decision.

    What cannot move leads takes effect at once. The rest is one change, weighed once for its content: it
    takes effect if it moves few, or waits. A change that nobody's file wants any more is withdrawn. Call it
    outside a transaction; several may run at once. `now` is UTC.
    """
    with connection.transaction():
        hold_lock(connection, Lock.CHANGES)
        if not MODELS.keys() <= list_in_force(connection).keys():
            return FollowResult()  # no task has read all files yet
        wishes = read_wishes(connection, now=now)
        wanted = _leave_out_rejected(connection, wishes.wanted, now=now)
        harmless, weighing = _sort_wanted(connection, wanted, now=now)
    if weighing is None:
        return FollowResult(tuple(harmless))
    effect, excess = ChangeEffect(), list[str]()
    if not _is_free(connection):
        if _is_busy(connection):
            return _note(connection, weighing.record, BUSY, harmless)
        try:
            effect = weigh_change(connection, former=weighing.former, proposed=weighing.proposed, now=now)
            excess = _find_excess(connection, weighing, effect, now=now)
        except psycopg.Error as error:
            return _note(connection, weighing.record, str(explain_database_error(error)), harmless)
        except LeadopsError as error:
            return _note(connection, weighing.record, str(error), harmless)
    return _settle(connection, weighing, effect, excess, harmless, now=now)


def put_content_in_force(connection: Connection, content: Sections, *, reason: str, now: datetime) -> None:
    """Let the sections of a change be in force; commits with the caller."""
    for section, settings in content.items():
        put_in_force(connection, section=section, settings=dict(settings), reason=reason, now=now)


def read_moving(in_force: Mapping[str, SettingsInForce], content: Sections | None = None) -> MovingSettings:
    """Return the settings in force, with the sections of a change in their place."""
    sections: dict[str, Mapping[str, Any]] = {name: row.settings for name, row in in_force.items()}
    return MovingSettings.from_sections(sections | dict(content or {}))


def _leave_out_rejected(
    connection: Connection, wanted: Mapping[str, GatedFile], *, now: datetime
) -> Mapping[str, GatedFile]:
    """Return what is wanted without what was rejected, while it is wanted just as it was then."""
    left = dict(wanted)
    for change in list_open(connection):
        if change.kind != SETTINGS or change.status != "rejected":
            continue
        hashes = {section: hash_content(settings) for section, settings in change.content.items()}
        if all(section in wanted and wanted[section].hash == hash for section, hash in hashes.items()):
            for section in hashes:
                left.pop(section, None)
        else:
            end_change(connection, change.change_id, status="rejected", now=now)
    return left


def _sort_wanted(
    connection: Connection, wanted: Mapping[str, GatedFile], *, now: datetime
) -> tuple[list[str], _Weighing | None]:
    """Let take effect what moves nobody; return its sections, and the change that has to be weighed."""
    in_force = list_in_force(connection)
    moving, harmless = dict[str, GatedFile](), list[str]()
    former = _try_reading(in_force) if wanted else None
    for section, file in sorted(wanted.items()):
        if former is None or _is_harmless(in_force, former, section, file, now=now):
            put_in_force(
                connection, section=section, settings=file.settings, reason="it moves nobody", now=now
            )
            harmless.append(section)
        else:
            moving[section] = file
    content = {section: file.settings for section, file in moving.items()}
    digest = hash_content(content)
    record: ChangeRecord | None = None
    for change in list_open(connection):
        if change.kind != SETTINGS or change.status == "rejected":
            continue
        if moving and change.hash == digest:
            record = change
        else:
            end_change(
                connection, change.change_id, status="withdrawn", reason="the files changed again", now=now
            )
    if not moving or former is None:
        return harmless, None
    if record is None:
        record = ask_change(
            connection,
            kind=SETTINGS,
            hash=digest,
            subject=", ".join(f"{section}.yaml" for section in moving),
            content=content,
            base={section: in_force[section].hash for section in in_force},
            now=now,
        )
    if record.status != "asked":
        return harmless, None
    in_force = list_in_force(connection)
    return harmless, _Weighing(record, read_moving(in_force), read_moving(in_force, content))


def _try_reading(in_force: Mapping[str, SettingsInForce]) -> MovingSettings | None:
    """Return what is in force; None where this version cannot use it, so that it cannot stay."""
    try:
        return read_moving(in_force)
    except ConfigError as error:
        log.warning("the settings in force cannot be used by this version: %s", error)
        return None


def _is_harmless(
    in_force: Mapping[str, SettingsInForce],
    former: MovingSettings,
    section: str,
    file: GatedFile,
    *,
    now: datetime,
) -> bool:
    proposed = read_moving(in_force, {section: file.settings})
    return former.describe(now) == proposed.describe(now)


def _is_free(connection: Connection) -> bool:
    with connection.transaction():
        return not has_points(connection)


def _is_busy(connection: Connection) -> bool:
    with connection.transaction():
        return Lane.BACKFILL in list_waiting_lanes(connection, Lane.BACKFILL)


def _find_excess(
    connection: Connection, weighing: _Weighing, effect: ChangeEffect, *, now: datetime
) -> list[str]:
    """Return in words why the change has to wait: by itself, or with those that took effect before it."""
    limits = weighing.former.changes
    excess = effect.find_excess(limits)
    if effect.with_points and weighing.proposed.changes.loosens(limits):
        excess.append("changes.yaml would let changes move more")
    if not excess:
        excess = find_joint_excess(
            connection, effect, former=weighing.former, proposed=weighing.proposed, kind=SETTINGS, now=now
        )
    return excess


def _note(connection: Connection, record: ChangeRecord, problem: str, harmless: list[str]) -> FollowResult:
    with connection.transaction():
        note_problem(connection, record.change_id, problem=problem)
    return FollowResult(tuple(harmless), problem=f"{record.subject}: {problem}")


def _settle(
    connection: Connection,
    weighing: _Weighing,
    effect: ChangeEffect,
    excess: list[str],
    harmless: list[str],
    *,
    now: datetime,
) -> FollowResult:
    """Record the verdict, unless something else was decided while the change was weighed."""
    record = weighing.record
    with connection.transaction():
        hold_lock(connection, Lock.CHANGES)
        still = [row for row in list_open(connection) if row.change_id == record.change_id]
        if not still or still[0].status != "asked":
            return FollowResult(tuple(harmless))
        if excess:
            reason = "; ".join(excess)
            let_wait(connection, record.change_id, effect=effect, reason=reason, now=now)
            return FollowResult(tuple(harmless), waiting=(record.subject,))
        put_content_in_force(connection, record.content, reason=f"change {record.short_hash}", now=now)
        end_change(connection, record.change_id, status="passed", effect=effect, now=now)
    return FollowResult((*harmless, *record.content))
