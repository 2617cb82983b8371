"""Passes an opt-out on to every system that did not hear it itself, once for each record that it has.

A system knows what it heard, and what was passed on to it. Where that is not what the person said last, an
effect goes out. An opt-in goes out only where the person said it themselves after the opt-out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal, NamedTuple

from leadops.consent.consent_settings import ConsentSettings
from leadops.consent.settings_in_force import follow_settings
from leadops.db import Connection
from leadops.delivery.outbox import enqueue_effect
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__)

Word = Literal["opt_out", "opt_in"]
#: People whose consent is looked at in one transaction.
CHUNK = 2_000
#: Where a person's own words come from.
OWN_WORDS = ("event", "form")


@dataclass(frozen=True)
class PassOnResult:
    """What one transaction did."""

    people: int  # people looked at
    opt_outs: int  # effects that say: no mail
    opt_ins: int  # effects that say: mail again
    remaining: bool  # more may wait


class _InboxHead(NamedTuple):
    """How many rows were taken from the inbox, and the people they name, each with its lane."""

    taken: int
    person_ids: list[int]
    lanes: list[int]


@dataclass(frozen=True)
class KnownRecord:
    """A record by which a system knows a lead, what the lead's person said last, and what the system knows.

    `former_id` is the record's id when it was looked at last, `since` when it came in place of another one;
    `passed` is what was passed on to it, `heard` what the system itself heard of the lead.
    """

    person_id: int
    word: Word
    said_at: datetime
    source: str
    target: str
    lead_id: int
    external_id: str
    former_id: str | None
    since: datetime | None
    passed: Word | None
    passed_said_at: datetime | None
    passes: int
    heard: Word | None
    heard_said_at: datetime | None
    heard_at: datetime | None

    @property
    def is_other(self) -> bool:
        """Whether the system has another record of the lead than before, which knows nothing."""
        return self.former_id is not None and self.former_id != self.external_id

    def list_known(self) -> Iterator[tuple[datetime, bool]]:
        """Yield what the record knows: when it was said, and whether it is an opt-out."""
        if self.is_other:
            return
        if self.passed and self.passed_said_at:
            yield self.passed_said_at, self.passed == "opt_out"
        if (
            self.heard
            and self.heard_said_at
            and (self.since is None or (self.heard_at is not None and self.heard_at >= self.since))
        ):
            yield self.heard_said_at, self.heard == "opt_out"


def find_missing_word(records: Sequence[KnownRecord]) -> Word | None:
    """Return what has to be passed on to a record; `records` are the leads of a person that share it.

    None where it knows it already, or where an opt-in is not the person's own.
    """
    wanted = records[0]
    known = max((what for record in records for what in record.list_known()), default=None)
    is_opted_out = known is not None and known[1]
    if wanted.word == "opt_out":
        return None if is_opted_out else "opt_out"
    is_own = wanted.source in OWN_WORDS
    return "opt_in" if known and is_opted_out and is_own and wanted.said_at > known[0] else None


def pass_on_consents(
    connection: Connection, *, settings: ConsentSettings, now: datetime, limit: int = CHUNK
) -> PassOnResult:
    """Look at the people that wait in the inbox, up to `limit`, in one transaction; call while `remaining`.

    Two callers at once take turns. `settings` are in force from then on; `now` is UTC.
    """
    with connection.transaction():
        hold_lock(connection, Lock.CONSENT)
        follow_settings(connection, settings, now=now)
        head = queries.one(connection, "take_leads", _InboxHead, chunk_size=limit)
        lanes = dict(zip(head.person_ids, head.lanes, strict=True))
        words = _pass_on(connection, lanes, now) if lanes else []
    return PassOnResult(len(lanes), words.count("opt_out"), words.count("opt_in"), head.taken >= limit)


def _pass_on(connection: Connection, lanes: dict[int, int], now: datetime) -> list[Word]:
    known = queries.all(connection, "list_records", KnownRecord, person_ids=list(lanes))
    open_effects = set(
        queries.all(
            connection,
            "find_open",
            _OpenEffect,
            targets=[record.target for record in known],
            lead_ids=[record.lead_id for record in known],
        )
    )
    passed: list[Word] = []
    saved = []
    for _, group in groupby(known, key=lambda record: (record.person_id, record.target, record.external_id)):
        records = list(group)
        word = find_missing_word(records)
        is_open = word is not None and any(
            _OpenEffect(record.target, record.lead_id, f"{word}_lead") in open_effects for record in records
        )
        if word is not None and not is_open:
            _enqueue(connection, records[0], word, lane=Lane(lanes[records[0].person_id]), now=now)
            passed.append(word)
        for place, record in enumerate(records):
            if word or record.is_other or record.former_id is None:
                is_sent = word is not None and not is_open and place == 0
                saved.append(_save(record, word, is_sent=is_sent, now=now))
    if saved:
        queries.run_many(connection, "save_record", saved)
    return passed


class _OpenEffect(NamedTuple):
    """An effect on its way to a record of a lead."""

    target: str
    lead_id: int
    operation: str


def _enqueue(connection: Connection, record: KnownRecord, word: Word, *, lane: Lane, now: datetime) -> None:
    enqueue_effect(
        connection,
        target=record.target,
        operation=f"{word}_lead",
        payload={"said_at": record.said_at.isoformat(), "said_by": record.source},
        idempotency_key=f"consent:{record.target}:{record.lead_id}:{record.passes + 1}",
        lead_id=record.lead_id,
        now=now,
        lane=lane,
    )


def _save(record: KnownRecord, word: Word | None, *, is_sent: bool, now: datetime) -> dict[str, object]:
    kept = (None, None) if record.is_other else (record.passed, record.passed_said_at)
    passed, said_at = (word, record.said_at) if word else kept
    return {
        "target": record.target,
        "lead_id": record.lead_id,
        "external_id": record.external_id,
        "since": now if record.is_other else record.since,
        "passed": passed,
        "passed_said_at": said_at,
        "passes": record.passes + is_sent,
    }
