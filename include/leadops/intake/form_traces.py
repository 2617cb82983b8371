"""What a form has in common with earlier ones: its text and its visitor, as keyed hashes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import AsyncConnection, Connection
from leadops.events.event_refusal import EventRefusal
from leadops.events.form_spam import is_never_spam, read_free_text
from leadops.events.spam_settings import SpamSettings
from leadops.intake.form_hashes import hash_trace
from leadops.intake.validate_form import ValidForm
from leadops.queries import Queries

queries = Queries(__file__, topic="keep_form")


@dataclass(frozen=True)
class EarlierForms:
    """Forms that came before one: other addresses with its text, and forms of its visitor."""

    addresses: int
    forms: int


async def find_repeated_form(
    connection: AsyncConnection,
    form: ValidForm,
    *,
    submission_id: str,
    hash_key: bytes,
    settings: SpamSettings,
    now: datetime,
) -> EventRefusal | None:
    """Leave a trace of `form`, and return the sign of spam that it shows with those before it, or None.

    A form that is sent again keeps its first trace, and so gets the same answer. Raises psycopg.Error.
    """
    values = _trace_values(form, submission_id, hash_key, settings, now)
    if values is None:
        return None
    return _judge(await queries.one_async(connection, "trace_form", EarlierForms, **values), settings)


def find_quarantined_repeat(
    connection: Connection,
    form: ValidForm,
    *,
    submission_id: str,
    hash_key: bytes,
    settings: SpamSettings,
    received_at: datetime,
) -> EventRefusal | None:
    """As `find_repeated_form`, for a form of the quarantine, which left its trace when it came."""
    values = _trace_values(form, submission_id, hash_key, settings, received_at)
    if values is None:
        return None
    return _judge(queries.one(connection, "trace_form", EarlierForms, **values), settings)


def _trace_values(
    form: ValidForm, submission_id: str, hash_key: bytes, settings: SpamSettings, now: datetime
) -> dict[str, object] | None:
    """Return the parameters of the trace; None if nothing of the form is compared."""
    same_text, same_visitor = settings.same_text, settings.same_visitor
    email, visitor = form.submission.email, form.submission.anonymous_id
    text = read_free_text(form.submission.properties, settings)
    visitor = visitor if same_visitor else None
    if (text is None and visitor is None) or is_never_spam(email, visitor, settings):
        return None
    return {
        "submission_id": submission_id,
        "now": now,
        "person": hash_trace(hash_key, "person", email),
        "text_hash": None if text is None else hash_trace(hash_key, "text", text),
        "visitor": None if visitor is None else hash_trace(hash_key, "visitor", visitor),
        "text_span": timedelta(hours=same_text.hours if same_text else 0),
        "visitor_span": timedelta(minutes=same_visitor.minutes if same_visitor else 0),
    }


def _judge(earlier: EarlierForms, settings: SpamSettings) -> EventRefusal | None:
    if settings.same_text and earlier.addresses + 1 >= settings.same_text.addresses:
        return EventRefusal(
            "spam_same_text", f"its text came under {earlier.addresses} other addresses before it"
        )
    if settings.same_visitor and earlier.forms >= settings.same_visitor.max_forms:
        return EventRefusal(
            "spam_same_visitor", f"its visitor sent {earlier.forms} other forms shortly before it"
        )
    return None
