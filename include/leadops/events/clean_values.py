"""Values of properties and context that can be stored, made from those that a sender wrote."""

import json
import math
from typing import Any

from leadops.events.event_settings import EventSettings
from leadops.events.field_changes import ChangeKind, FieldChanges, Path
from leadops.normalization.clean_text import clean_text, trim_text
from leadops.normalization.lenient_json import BIGGEST_INTEGER, NumberText, RepeatedKeys


class ValueCleaner:
    """Cleans the values of one item; `changes` says what it did.

    Values are parsed JSON, at most 200 levels deep.
    """

    def __init__(self, settings: EventSettings, changes: FieldChanges) -> None:
        self.settings, self.changes = settings, changes

    def clean(self, value: Any, path: Path, *, level: int) -> Any:
        """Return `value` as it can be stored: what find_unusable refuses is changed, everything else stays.

        `level` counts the objects and lists around it. One that lies too deep becomes its JSON as text.
        """
        if isinstance(value, NumberText):
            return self._clean_number_text(value, path)
        if isinstance(value, str):
            return self._clean_text(value, path)
        if isinstance(value, dict | list):
            if level >= self.settings.max_depth:
                self.changes.add(path, ChangeKind.JSON_TEXT)
                return clean_text(json.dumps(value, ensure_ascii=False))[: self.settings.max_string_chars]
            if isinstance(value, dict):
                fields = self.clean_keys(value, path).items()
                return {key: self.clean(child, (*path, key), level=level + 1) for key, child in fields}
            return [self.clean(child, (*path, place), level=level + 1) for place, child in enumerate(value)]
        return self._clean_number(value, path)

    def clean_keys(self, fields: dict[str, Any], path: Path) -> dict[str, Any]:
        """Return `fields` under keys that can be stored; of two that become one, the first counts."""
        if isinstance(fields, RepeatedKeys):
            self.changes.add(path, ChangeKind.REPEATED_KEY)
        cleaned: dict[str, Any] = {}
        for key, child in fields.items():
            name = self._clean_text(key, (*path, key))
            if name in cleaned or (name != key and name in fields):
                self.changes.add((*path, key), ChangeKind.REPEATED_KEY)
            else:
                cleaned[name] = child
        return cleaned

    def read_text(self, value: Any, path: Path, *, longest: int | None = None) -> str | None:
        """Return `value` as a text of at most `longest` characters; None if it says nothing or is an object.

        Of a list the first entry counts that says something.
        """
        if isinstance(value, list):
            self.changes.add(path, ChangeKind.FROM_LIST)
            value = find_first(value)
        if value is None:
            return None
        if isinstance(value, dict | list):
            self.changes.add(path, ChangeKind.DROPPED)
            return None
        if not isinstance(value, str) or isinstance(value, NumberText):
            self.changes.add(path, ChangeKind.TO_TEXT)
            value = str(value) if isinstance(value, str) else json.dumps(value)
        if is_empty(value):
            self.changes.add(path, ChangeKind.EMPTY)
            return None
        text = self._clean_text(value, path)
        if longest is not None and len(text) > longest:
            self.changes.add(path, ChangeKind.CUT)
            return text[:longest]
        return text

    def _clean_text(self, text: str, path: Path) -> str:
        longest = self.settings.max_string_chars
        if not text.isascii() or "\0" in text:
            cleaned = clean_text(text)
            if cleaned != text:
                self.changes.add(path, ChangeKind.CLEANED)
                text = cleaned
        if len(text) > longest:
            self.changes.add(path, ChangeKind.CUT)
            text = text[:longest]
        return text

    def _clean_number_text(self, number: NumberText, path: Path) -> Any:
        if number == "NaN":
            self.changes.add(path, ChangeKind.EMPTY)
            return None
        self.changes.add(path, ChangeKind.TO_TEXT)
        return str(number)[: self.settings.max_string_chars]

    def _clean_number(self, value: Any, path: Path) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return self._clean_number_text(NumberText(json.dumps(value)), path)
        if isinstance(value, int) and abs(value) > BIGGEST_INTEGER:
            return self._clean_number_text(NumberText(json.dumps(value)), path)
        return value


def is_empty(value: Any) -> bool:
    """Return whether `value` means that nothing is given: null, no visible character, nothing inside."""
    if isinstance(value, str):
        # Most texts begin with a letter: no need to normalise them.
        return not value[:1].isalnum() and not trim_text(value)
    return value is None or value in ([], {})


def find_first(value: Any) -> Any:
    """Return the first entry of a list, and of lists in it, that says something; or else None."""
    while isinstance(value, list):
        value = next((entry for entry in value if not is_empty(entry)), None)
    return value
