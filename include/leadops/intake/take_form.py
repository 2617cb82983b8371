"""What becomes of a signed form: a lead, or a form in quarantine."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import AsyncConnection
from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_refusal import EventRefusal
from leadops.events.spam_settings import SpamSettings
from leadops.identity.identity_settings import IdentitySettings
from leadops.intake.form_quarantine import quarantine_form, settle_answered_form
from leadops.intake.form_traces import find_repeated_form
from leadops.intake.keep_form import keep_form
from leadops.intake.read_form import ReadForm
from leadops.intake.validate_form import ValidForm


@dataclass(frozen=True)
class TakenForm:
    """Why a form cannot be a lead (None: it is one), and whether it is new: no lead of its id before."""

    refusal: EventRefusal | None
    is_new: bool


async def take_form(
    connection: AsyncConnection,
    form: ReadForm,
    *,
    body: bytes,
    secret: int,
    signed_at: datetime,
    hash_key: bytes,
    forms: SpamSettings,
    identity: IdentitySettings,
    now: datetime,
    erased: ErasedFilter | None = None,
    tool: str | None = None,
) -> TakenForm:
    """Keep a form as a lead, or else in quarantine; safe to repeat.

    `secret` is the place, from 1, of the secret that signed `body`; `tool` is the form tool that sent it. Of
    somebody whom `erased` recognises nothing is kept, and the answer is the same. Raises psycopg.Error and
    ErasureKeyError.
    """
    verdict = form.verdict
    if isinstance(verdict, ValidForm):
        spam = await find_repeated_form(
            connection,
            verdict,
            submission_id=form.submission_id,
            hash_key=hash_key,
            settings=forms,
            now=now,
        )
        if spam is None:
            is_new = await keep_form(
                connection,
                verdict,
                submission_id=form.submission_id,
                body=body,
                secret=secret,
                hash_key=hash_key,
                identity=identity,
                now=now,
                erased=erased,
                tool=tool,
            )
            if tool is not None:
                await settle_answered_form(connection, submission_id=form.submission_id, now=now)
            return TakenForm(None, is_new)
        verdict = spam
    is_new = await quarantine_form(
        connection,
        verdict,
        submission_id=form.submission_id,
        body=body,
        secret=secret,
        signed_at=signed_at,
        now=now,
        erased=erased,
        tool=tool,
        content=form.content,
    )
    return TakenForm(verdict, is_new)
