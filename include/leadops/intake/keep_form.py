"""Keeps a form: as it came, its event, its lead and the requests for MA and CRM; all or nothing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.db import AsyncConnection, Connection
from leadops.erased.entrance import (
    EntryItem,
    leave_out_admitted,
    leave_out_erased,
    load_key_checks,
    read_key_checks,
)
from leadops.erased.erased_filter import ErasedFilter
from leadops.identity.identity_settings import IdentitySettings
from leadops.intake.form_contract import Submission
from leadops.intake.form_hashes import hash_person
from leadops.intake.validate_form import ValidForm
from leadops.normalization.dimension_keys import make_dimension_key
from leadops.normalization.trait_values import read_trait_values
from leadops.queries import Queries

queries = Queries(__file__)

#: Where a lead came from if neither a campaign nor the form's name says so.
SOURCE = "leadops"
#: Characters of a name or a company for the MA and the CRM; their own fields are rarely longer.
LONGEST_NAME = 255


@dataclass(frozen=True)
class FormLead:
    """The lead of a new form, and its request to the CRM unless the CRM has the lead or gets it."""

    lead_id: int
    crm_outbox_id: int | None


async def keep_form(
    connection: AsyncConnection,
    form: ValidForm,
    *,
    submission_id: str,
    body: bytes,
    secret: int,
    hash_key: bytes,
    identity: IdentitySettings,
    now: datetime,
    erased: ErasedFilter | None = None,
    tool: str | None = None,
) -> bool:
    """Keep a valid form in one statement; return False if it was kept before.

    `secret` is the place, from 1, of the secret that signed `body`; `tool` is the form tool that sent it.
    What somebody whom `erased` recognises filled in before the erasure counts as kept before. Raises
    psycopg.Error, and ErasureKeyError where somebody was erased under a key that `erased` does not have; then
    nothing is kept.
    """
    erased = erased or ErasedFilter()
    values = _statement_values(form, submission_id, body, secret, hash_key, identity, now, tool)
    if not erased.is_needed:
        if await queries.first_async(connection, "keep_form", FormLead, **values, is_hashed=False):
            return True
        # It was kept before, or somebody was erased, so that it has to be hashed.
        checks = await read_key_checks(connection)
        if not checks:
            return False
        erased.require(checks)
    async with connection.transaction():
        await queries.run_async(connection, "hold_forms")
        if await leave_out_erased(connection, [_hash_form(form, erased)]):
            await queries.run_async(connection, "forget_trace", submission_id=submission_id)
            return False
        lead = await queries.first_async(connection, "keep_form", FormLead, **values, is_hashed=True)
        return lead is not None


def keep_admitted_form(
    connection: Connection,
    form: ValidForm,
    *,
    submission_id: str,
    body: bytes,
    secret: int,
    hash_key: bytes,
    identity: IdentitySettings,
    received_at: datetime,
    now: datetime,
    erased: ErasedFilter | None = None,
    tool: str | None = None,
) -> bool:
    """As `keep_form`, for a form from the quarantine, which came at `received_at` (UTC).

    Its lead is as old as the form. Its delay does not mean that the feed is slow.
    """
    erased = erased or ErasedFilter()
    values = _statement_values(form, submission_id, body, secret, hash_key, identity, now, tool)
    with connection.transaction():
        queries.run(connection, "hold_forms")
        if checks := load_key_checks(connection):
            erased.require(checks)
            if leave_out_admitted(connection, [_hash_form(form, erased)]):
                return False
        values |= {"was_refused": True, "known_at": received_at, "is_hashed": True}
        return queries.first(connection, "keep_form", FormLead, **values) is not None


def _hash_form(form: ValidForm, erased: ErasedFilter) -> EntryItem:
    hashes = erased.hash_item({**form.row, **form.row["payload"]})
    return EntryItem(0, hashes, datetime.fromisoformat(form.row["ts"]), is_proven=True, is_form=True)


def _statement_values(
    form: ValidForm,
    submission_id: str,
    body: bytes,
    secret: int,
    hash_key: bytes,
    identity: IdentitySettings,
    now: datetime,
    tool: str | None,
) -> dict[str, object]:
    row, submission = form.row, form.submission
    utm = submission.context.utm
    company = _read_property(submission, identity.traits.get("company", []))
    return {
        "submission_id": submission_id,
        "sender_id": submission.submission_id,
        "secret": secret,
        "body": body,
        "tool": tool,
        "changes": Jsonb([asdict(change) for change in form.changes]),
        "event_id": row["event_id"],
        "event": row["event"],
        "ts": row["ts"],
        "anonymous_id": row["anonymous_id"],
        "user_id": row["user_id"],
        "email": row["email"],
        "mailbox": identity.find_mailbox(row["email"]),
        "payload": Jsonb(row["payload"]),
        "was_refused": False,
        "first_name": _read_property(submission, identity.first_name),
        "last_name": _read_property(submission, identity.last_name),
        "utm": Jsonb(utm) if utm else None,
        "company": company or row["email"].partition("@")[2],
        "source": make_dimension_key((utm or {}).get("campaign"), fold_case=False)
        or submission.form
        or SOURCE,
        "person": hash_person(hash_key, row["email"]),
        "known_at": now,
        "now": now,
    }


def _read_property(submission: Submission, names: Sequence[str]) -> str | None:
    """Return the first of the properties `names` that says something in text, as long as a name may be."""
    found = (value for name in names for value in read_trait_values(name, submission.properties.get(name)))
    return next((value[:LONGEST_NAME] for value in found if isinstance(value, str)), None)
