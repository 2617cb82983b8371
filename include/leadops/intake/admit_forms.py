"""Forms in quarantine are validated again, or repaired, and become leads; each at most once."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter
from leadops.errors import PermanentError
from leadops.events.admit_quarantined import RetryResult
from leadops.events.change_item import change_item
from leadops.events.event_refusal import EventRefusal
from leadops.events.event_settings import EventSettings
from leadops.identity.identity_settings import IdentitySettings
from leadops.intake.form_hashes import load_hash_key
from leadops.intake.form_traces import find_quarantined_repeat
from leadops.intake.keep_form import keep_admitted_form
from leadops.intake.read_tool_form import interpret_body
from leadops.intake.validate_form import ValidForm, validate_form
from leadops.queries import Queries

queries = Queries(__file__, topic="form_quarantine")

#: Forms in one transaction of a retry.
CHUNK = 100


@dataclass(frozen=True)
class LockedForm:
    """A waiting form that this transaction holds."""

    quarantine_id: int
    submission_id: str
    received_at: datetime
    signed_at: datetime
    secret: int
    body: bytes
    tool: str | None


def retry_quarantined_forms(
    connection: Connection,
    *,
    now: datetime,
    events: EventSettings,
    identity: IdentitySettings,
    ids: Sequence[int] | None = None,
    reason: str | None = None,
    vouched: bool = False,
    erased: ErasedFilter | None = None,
) -> RetryResult:
    """Validate waiting forms again (all, those of `reason`, of `ids`) and admit what is valid now, each once.

    Times are compared with the time of the signature, as on arrival. What still looks like spam stays, unless
    a person vouches for it (`vouched`). No ids ([]) are none, not all. Forms that another retry holds at the
    same time are left to it. Each 100 forms are one transaction.
    """
    admitted = duplicates = refused = after = 0
    while True:
        with connection.transaction():
            forms = _lock_forms(connection, after=after, ids=ids, reason=reason, max_rows=CHUNK)
            if not forms:
                return RetryResult(admitted, duplicates, refused)
            for form in forms:
                verdict = _judge(connection, form, events, vouched=vouched)
                if isinstance(verdict, EventRefusal):
                    refused += 1
                    _update_reason(connection, form, verdict)
                elif _admit(
                    connection, form, verdict, repaired=None, identity=identity, now=now, erased=erased
                ):
                    admitted += 1
                else:
                    duplicates += 1
        after = forms[-1].quarantine_id


def repair_quarantined_form(
    connection: Connection,
    quarantine_id: int,
    *,
    changes: Iterable[tuple[str, Any]] = (),
    removals: Iterable[str] = (),
    now: datetime,
    events: EventSettings,
    identity: IdentitySettings,
    erased: ErasedFilter | None = None,
) -> bool:
    """Change a waiting form (`changes`: dotted path and value; `removals`: dotted paths) and admit it.

    A person looked at it, so it is not spam. A body of a form tool is read by its mapping first, so paths are
    those of our contract. The changes of a body that is not a JSON object begin with an
    empty object. The body as it came stays on record beside the repaired one. Returns False if a form of its
    id is a lead already. Raises PermanentError, and changes nothing, if there is no such waiting form, a path
    leads nowhere, or the result still cannot become a lead.
    """
    with connection.transaction():
        forms = _lock_forms(connection, after=0, ids=[quarantine_id], reason=None, max_rows=1)
        if not forms:
            raise PermanentError(f"no form {quarantine_id} waits; see `leadops forms quarantine list`")
        content = interpret_body(bytes(forms[0].body), forms[0].tool, events.forms.tools)
        content = change_item({} if isinstance(content, EventRefusal) else content, changes, removals)
        verdict = _validate(forms[0], content, events, vouched=True)
        if isinstance(verdict, EventRefusal):
            raise PermanentError(f"still refused ({verdict.reason}): {verdict.detail}")
        repaired = json.dumps(content)
        return _admit(
            connection, forms[0], verdict, repaired=repaired, identity=identity, now=now, erased=erased
        )


def _lock_forms(
    connection: Connection, *, after: int, ids: Sequence[int] | None, reason: str | None, max_rows: int
) -> list[LockedForm]:
    return queries.all(
        connection,
        "lock_waiting",
        LockedForm,
        after=after,
        ids=None if ids is None else list(ids),
        reason=reason,
        max_rows=max_rows,
    )


def _judge(
    connection: Connection, form: LockedForm, events: EventSettings, *, vouched: bool
) -> ValidForm | EventRefusal:
    content = interpret_body(bytes(form.body), form.tool, events.forms.tools)
    if isinstance(content, EventRefusal):
        return content
    verdict = _validate(form, content, events, vouched=vouched)
    if vouched or isinstance(verdict, EventRefusal):
        return verdict
    repeat = find_quarantined_repeat(
        connection,
        verdict,
        submission_id=form.submission_id,
        hash_key=load_hash_key(connection),
        settings=events.forms,
        received_at=form.received_at,
    )
    return repeat or verdict


def _validate(
    form: LockedForm, content: Any, events: EventSettings, *, vouched: bool
) -> ValidForm | EventRefusal:
    """Validate as on the day the form came: its age is not a fault."""
    return validate_form(
        content,
        submission_id=form.submission_id,
        sent_at=form.signed_at,
        now=form.signed_at,
        settings=events,
        vouched=vouched,
    )


def _update_reason(connection: Connection, form: LockedForm, refusal: EventRefusal) -> None:
    queries.run(
        connection,
        "update_reason",
        quarantine_id=form.quarantine_id,
        reason=refusal.reason,
        detail=refusal.detail,
    )


def _admit(
    connection: Connection,
    form: LockedForm,
    valid: ValidForm,
    *,
    repaired: str | None,
    identity: IdentitySettings,
    now: datetime,
    erased: ErasedFilter | None,
) -> bool:
    is_new = keep_admitted_form(
        connection,
        valid,
        submission_id=form.submission_id,
        body=bytes(form.body),
        secret=form.secret,
        hash_key=load_hash_key(connection),
        identity=identity,
        received_at=form.received_at,
        now=now,
        erased=erased,
        tool=form.tool,
    )
    queries.run(
        connection, "mark_admitted", quarantine_id=form.quarantine_id, admitted_body=repaired, now=now
    )
    return is_new
