"""Asks for a rollback of points: it takes effect if it moves few leads, or waits for a human."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from leadops.changes.change_record import ChangeRecord, ask_change, end_change, let_wait, sum_passed
from leadops.changes.change_settings import ChangeSettings
from leadops.changes.moving_settings import MovingSettings
from leadops.changes.rollback_aftermath import Aftermath, list_aftermath
from leadops.changes.weigh_change import ChangeEffect, weigh_act
from leadops.db import Connection
from leadops.errors import TransientError
from leadops.locks import Lock, hold_lock, holding_lock
from leadops.scoring.ledger import lock_ledger
from leadops.scoring.rollbacks import (
    OtherRows,
    Rollback,
    RollbackScope,
    count_others,
    list_corrected,
    read_scope,
    roll_back,
)

#: The kind of the change, and its section.
ROLLBACK = "rollback"


@dataclass(frozen=True)
class RollbackPreview:
    """What a rollback would do, and what stays."""

    rollback: Rollback
    effect: ChangeEffect
    others: list[OtherRows]
    aftermath: list[Aftermath]


class RollbackAnswer(NamedTuple):
    """What became of the wish: a rollback that took effect, or a change that waits."""

    rollback: Rollback | None
    waiting: ChangeRecord | None


def preview_rollback(
    connection: Connection, scope: RollbackScope, *, settings: MovingSettings, now: datetime
) -> RollbackPreview:
    """Return what it would do to take back `scope`; writes nothing. Call it outside a transaction.

    It is carried out in a transaction that is rolled back, beside whoever writes points. `now` is UTC. Raises
    PermanentError where nothing is in force, TransientError while somebody else's takes too long.
    """

    def act() -> tuple[Rollback, list[OtherRows], list[Aftermath]]:
        done = roll_back(connection, scope, reason="a preview", asked_by="", now=now)
        leads = list_corrected(connection, done.rollback_id)
        return done, count_others(connection, scope), list_aftermath(connection, leads)

    with _waiting_for_others(), holding_lock(connection, Lock.ROLLBACKS):  # its snapshot begins after them
        (done, others, aftermath), effect = weigh_act(connection, act, settings=settings, now=now)
    return RollbackPreview(done, effect, others, aftermath)


def request_rollback(
    connection: Connection,
    scope: RollbackScope,
    *,
    effect: ChangeEffect,
    reason: str,
    asked_by: str,
    limits: ChangeSettings,
    now: datetime,
) -> RollbackAnswer:
    """Take `scope` back, or let it wait for a human if it moves more than a change may by itself.

    `effect` is that of its preview. The same wish is one question while it waits. Small rollbacks count
    together, as changes of files do. `now` is UTC. Raises PermanentError where nothing is in force,
    TransientError when another writer holds the ledger, or somebody's preview takes, for too long.
    """
    content = {"scope": scope.as_content(), "reason": reason, "asked_by": asked_by}
    with connection.transaction():
        hold_lock(connection, Lock.CHANGES)
        record = ask_change(
            connection,
            kind=ROLLBACK,
            hash=_hash_wish(scope),
            subject=f"the ledger: rollback of {scope}",
            content={ROLLBACK: content},
            base={},
            now=now,
        )
        if record.status == "waits":
            return RollbackAnswer(None, record)
        excess = _find_excess(connection, effect, limits, now)
        if excess:
            let_wait(connection, record.change_id, effect=effect, reason="; ".join(excess), now=now)
            return RollbackAnswer(None, replace(record, status="waits", reason="; ".join(excess)))
        done = apply_rollback(connection, content, now=now)
        end_change(connection, record.change_id, status="passed", effect=effect, now=now)
    return RollbackAnswer(done, None)


def apply_rollback(connection: Connection, content: Mapping[str, Any], *, now: datetime) -> Rollback:
    """Carry out what was asked, in the caller's transaction; raise PermanentError if nothing is in force.

    Raises TransientError when another writer holds the ledger, or somebody's preview takes, for too long.
    """
    with _waiting_for_others():  # here, and not at a row of the preview while nobody can write points
        hold_lock(connection, Lock.ROLLBACKS)
    lock_ledger(connection)
    scope = read_scope(content["scope"])
    return roll_back(connection, scope, reason=content["reason"], asked_by=content["asked_by"], now=now)


@contextmanager
def _waiting_for_others() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise TransientError(
            "somebody else looks at a rollback, or asks for one, and did not finish in time; ask again"
        ) from error


def _find_excess(
    connection: Connection, effect: ChangeEffect, limits: ChangeSettings, now: datetime
) -> list[str]:
    excess = effect.find_excess(limits)
    if excess:
        return excess
    earliest = now - timedelta(days=limits.together_days)
    passed = sum_passed(connection, kind=ROLLBACK, earliest=earliest)
    joint = replace(
        effect,
        moved=effect.moved + passed.moved if effect.moved else 0,
        new_mqls=effect.new_mqls + passed.new_mqls if effect.new_mqls else 0,
    )
    since = f"with the rollbacks since {passed.since:%Y-%m-%d %H:%M} (UTC)"
    return [f"{since}: {reason}" for reason in joint.find_excess(limits)]


def _hash_wish(scope: RollbackScope) -> str:
    """Return the hash of what is asked for; the newest row of the moment does not count."""
    wish = scope.as_content() | {"last_row": None, "ledger_seqs": None}
    return hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()
