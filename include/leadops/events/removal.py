"""Removes from events: an erased person, settled refused events, and events that belong to nobody.

Of an erased person's events there stays what aggregates need, under a name that says nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter
from leadops.erased.erased_person import ErasedPerson
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)

#: What an event says of where its visit came from; the funnel reads it.
ORIGIN = ("context", "utm")
#: How the event_id of an event begins that was made from a form, before the form's own id.
FORM_PREFIX = "form-"


class PersonalEvent(NamedTuple):
    """An event that names the person, and what it holds."""

    seq: int
    event_id: str
    email: str | None
    user_id: str | None
    anonymous_id: str | None
    payload: dict[str, Any]


class ErasedEvents(NamedTuple):
    """The seqs of the person's own events, and the ids of the forms that they were made from."""

    seqs: list[int]
    submission_ids: list[str]


def wait_for_events(connection: Connection) -> None:
    """Wait for every statement that is storing events; those that begin later know the hashes on record."""
    with connection.transaction():
        queries.run(connection, "wait_for_events")


def find_mentions(connection: Connection, person: ErasedPerson) -> list[PersonalEvent]:
    """Return every event that has one of the person's identifiers anywhere; reads all events."""
    seqs = queries.values(
        connection,
        "find_mentions",
        emails=person.of_kind("email"),
        user_ids=person.of_kind("user_id"),
        anonymous_ids=person.of_kind("anonymous_id"),
        pattern=person.pattern,
    )
    return _list_events(connection, seqs)


def _list_events(connection: Connection, seqs: list[int]) -> list[PersonalEvent]:
    return queries.all(connection, "list_events", PersonalEvent, seqs=seqs)


def erase_events(
    connection: Connection,
    person: ErasedPerson,
    *,
    own_seqs: Collection[int],
    kept_paths: Sequence[Sequence[str]],
    erased: ErasedFilter,
) -> ErasedEvents:
    """Clear the person's events (`own_seqs`, and those that name nobody else) and what others say of them.

    Of the person's own events time, name and what stands at `kept_paths` of the payload stay; the event_id
    becomes a keyed hash, by which a repetition is still a duplicate.
    """
    own = set(own_seqs)
    emails, ids = set(person.of_kind("email")), set(person.of_kind("user_id", "anonymous_id"))
    foreign: list[int] = []
    for mention in find_mentions(connection, person):
        email = (mention.email or "").strip().lower()
        others = {mention.user_id, mention.anonymous_id} - {None} - ids
        is_own = email in emails or (not email and not others and mention.seq not in own)
        if mention.seq not in own and is_own:
            own.add(mention.seq)
        elif mention.seq not in own:
            foreign.append(mention.seq)
    events = _list_events(connection, sorted(own))
    fresh = [event for event in events if not event.event_id.startswith("erased-")]
    queries.run(
        connection,
        "clear_events",
        seqs=[event.seq for event in fresh],
        event_ids=[erased.name_event(event.event_id) for event in fresh],
        payloads=[Jsonb(_reduce(event.payload, kept_paths, person)) for event in fresh],
    )
    values: dict[str, Any] = {
        "emails": sorted(emails),
        "user_ids": person.of_kind("user_id"),
        "anonymous_ids": person.of_kind("anonymous_id"),
        "pattern": person.pattern,
    }
    queries.run(connection, "clear_mentions", seqs=foreign, **values)
    queries.run(connection, "clear_replaced", seqs=sorted(own), pattern=person.pattern)
    queries.run(connection, "delete_quarantined", pattern=person.pattern)
    forms = [event.event_id for event in fresh if event.event_id.startswith(FORM_PREFIX)]
    return ErasedEvents(sorted(own), [form.removeprefix(FORM_PREFIX) for form in forms])


def _reduce(
    payload: dict[str, Any], kept_paths: Sequence[Sequence[str]], person: ErasedPerson
) -> dict[str, Any]:
    """Return what stands at `kept_paths` of `payload`, without identifiers."""
    reduced: dict[str, Any] = {"properties": {}, "context": {}}
    for path in kept_paths:
        value: Any = payload
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        place = reduced
        for name in path[:-1]:
            place = place.setdefault(name, {})
        if value is not None:
            place[path[-1]] = _clear(value, person)
    return reduced


def _clear(value: Any, person: ErasedPerson) -> Any:
    if isinstance(value, dict):
        return {person.clear(name): _clear(part, person) for name, part in value.items()}
    if isinstance(value, list):
        return [_clear(part, person) for part in value]
    return person.clear(value) if isinstance(value, str) else value


def purge_quarantine(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete refused events that were settled before `before`, and those of known bots and spam that old."""
    return queries.run(connection, "purge_quarantine", before=before, max_rows=max_rows)


def delete_events(connection: Connection, seqs: Sequence[int]) -> int:
    """Delete the events `seqs`; return how many. Their ids are unknown afterwards."""
    return queries.run(connection, "delete_events", seqs=list(seqs))


def purge_refused_calls(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete counts of refused calls from before `before`."""
    return queries.run(connection, "purge_refused_calls", before=before, max_rows=max_rows)


def remove_canary(connection: Connection, *, event_ids: Sequence[str], seqs: Sequence[int]) -> None:
    """Delete the events of a simulated visitor, by their ids or numbers, in the caller's transaction."""
    queries.run(connection, "remove_canary", event_ids=list(event_ids), seqs=list(seqs))


OLD_ROWS = (OldRows("quarantine", purge_quarantine), OldRows("refused_calls", purge_refused_calls))
