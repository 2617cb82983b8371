"""What a signed form says, brought into the shape of the contract: its sender is known, its person waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from leadops.events.clean_values import ValueCleaner, find_first, is_empty
from leadops.events.event_contract import LONGEST_ID, Time
from leadops.events.event_settings import EventSettings
from leadops.events.field_changes import ChangeKind, FieldChange, FieldChanges
from leadops.events.normalize_event import is_nobodys_id, note_email_change
from leadops.events.normalize_fields import normalize_details
from leadops.intake.form_contract import LONGEST_FORM_NAME, Submission
from leadops.normalization.clean_text import clean_text
from leadops.normalization.lenient_json import RepeatedKeys
from leadops.normalization.placeholder_ids import bound_id, is_placeholder_id

_time = TypeAdapter(Time)


@dataclass(frozen=True)
class NormalizedForm:
    """A form's content as the contract wants it, except for its address, and what was changed for that."""

    content: dict[str, Any]
    changes: list[FieldChange]


def normalize_form(content: dict[str, Any], *, sent_at: datetime, settings: EventSettings) -> NormalizedForm:
    """Return `content` (parsed JSON, at most 200 levels deep) so that only its address can be wrong.

    `sent_at` (UTC) is when it was signed. It replaces a time that cannot be read, that has no zone, or that
    is as far from it as no event may be from its arrival.
    """
    changes = FieldChanges()
    if isinstance(content, RepeatedKeys):
        changes.add((), ChangeKind.REPEATED_KEY)
    reader = FormReader(content, ValueCleaner(settings, changes), changes)
    email = reader.read_email()
    normal = {
        "submission_id": reader.read_submission_id(),
        "form": reader.read_name(),
        "ts": reader.read_time(sent_at),
        "anonymous_id": reader.read_id("anonymous_id"),
        "user_id": reader.read_id("user_id"),
    }
    fields = {name: value for name, value in normal.items() if value is not None}
    if email is not None:
        fields["email"] = email
    known = Submission.model_fields.keys() - reader.to_properties
    fields |= normalize_details(content, known=known, settings=settings, changes=changes)
    return NormalizedForm(fields, changes.named)


def read_sender_id(value: Any) -> str | None:
    """Return a sender's submission_id as text, exactly as sent; None if it cannot tell two forms apart.

    A placeholder would make all forms one; a number is an id, whatever its digits.
    """
    value = find_first(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    is_number = text.isdecimal() and text.strip("0") != ""
    return None if not is_number and is_placeholder_id(text) else text


class FormReader:
    """Reads the fields of one form; `to_properties` are those that are better off there."""

    def __init__(self, content: dict[str, Any], cleaner: ValueCleaner, changes: FieldChanges) -> None:
        self.content, self.cleaner, self.changes = content, cleaner, changes
        self.to_properties: set[str] = set()

    def read_email(self) -> Any:
        """Return the address as it was sent, without what cannot be stored; of a list, its first entry."""
        value = self.content.get("email")
        if isinstance(value, list):
            value = find_first(value)
            self.changes.add(("email",), ChangeKind.FROM_LIST)
        if is_empty(value):
            return None
        if not isinstance(value, str):
            return value
        text = clean_text(value)
        if text != value:
            self.changes.add(("email",), ChangeKind.CLEANED)
        if kind := note_email_change(text):
            self.changes.add(("email",), kind)
        return text

    def read_submission_id(self) -> str | None:
        """Return the sender's id as it is stored: a long one with a hash."""
        value, path = self.content.get("submission_id"), ("submission_id",)
        if value is None:
            return None
        sender_id = read_sender_id(value)
        if sender_id is None:
            is_object = isinstance(find_first(value), dict)
            unusable = ChangeKind.DROPPED if is_object else ChangeKind.PLACEHOLDER
            self.changes.add(path, ChangeKind.EMPTY if is_empty(value) else unusable)
            return None
        self.cleaner.read_text(value, path)  # names what becomes of it
        return self._bound(clean_text(sender_id), path)

    def read_id(self, name: str) -> str | None:
        """Return an identifier of the person; None if it says nothing or belongs to everybody."""
        text = self.cleaner.read_text(self.content.get(name), (name,))
        if text is not None and is_nobodys_id(text, self.cleaner.settings):
            self.changes.add((name,), ChangeKind.PLACEHOLDER)
            return None
        return None if text is None else self._bound(text, (name,))

    def read_name(self) -> str | None:
        """Return the form's name; an object goes to the properties."""
        value = self.content.get("form")
        if isinstance(find_first(value), dict):
            self.to_properties.add("form")
            return None
        return self.cleaner.read_text(value, ("form",), longest=LONGEST_FORM_NAME)

    def read_time(self, sent_at: datetime) -> str | None:
        """Return the time that the form names, or else None: then `sent_at` dates it."""
        value, settings = self.content.get("ts"), self.cleaner.settings
        if is_empty(value):
            if value is not None:
                self.changes.add(("ts",), ChangeKind.EMPTY)
            return None
        try:
            at = _time.validate_python(value.strip() if isinstance(value, str) else value)
        except ValidationError:
            at = None
        if at is None or not sent_at - settings.max_age <= at <= sent_at + settings.max_ahead:
            self.changes.add(("ts",), ChangeKind.X_TIMESTAMP)
            return None
        return at.isoformat()

    def _bound(self, text: str, path: tuple[str, ...]) -> str:
        bounded = bound_id(text, LONGEST_ID)
        if bounded != text:
            self.changes.add(path, ChangeKind.HASHED)
        return bounded
