"""The texts that people read, in each language: messages.yaml, and how facts are put into them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

import yaml

from leadops.company import Company
from leadops.notifications.markup import escape

#: One text: language → words.
Translations = Mapping[str, str]
MINUTE = timedelta(minutes=1)


@cache
def load_messages() -> Mapping[str, Mapping[str, Translations]]:
    """Return messages.yaml: section → key → language → text."""
    text = files("leadops.notifications").joinpath("messages.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    messages: dict[str, dict[str, dict[str, str]]] = yaml.load(text, Loader=loader)  # noqa: S506 (both are safe)
    return messages


def read_section(section: str, language: str) -> dict[str, str]:
    """Return a section of messages.yaml in one language: key → text, with its placeholders."""
    return {key: translations[language] for key, translations in load_messages()[section].items()}


class Messages(Formatter):
    """The texts in one company's language and time zone."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def say(self, section: str, key: str, facts: Mapping[str, Any] | None = None) -> str:
        """Return a text of messages.yaml, filled in as by `fill`."""
        return self.fill(load_messages()[section][key], facts)

    def fill(self, translations: Translations, facts: Mapping[str, Any] | None = None) -> str:
        """Return the text with escaped facts, without lines whose fact is missing."""
        lines = translations[self._company.language].strip().splitlines()
        return "\n".join(line for line in (self._fill_line(line, facts or {}) for line in lines) if line)

    def _fill_line(self, line: str, facts: Mapping[str, Any]) -> str:
        try:
            return self.vformat(line, (), facts).strip()
        except KeyError:
            return ""

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """Return a fact; KeyError where it is missing, null or empty."""
        value = kwargs[str(key)]
        if value is None or value in ("", []):
            raise KeyError(key)
        return value

    def format_field(self, value: Any, format_spec: str) -> str:
        """Show a fact in one of the ways listed at the head of messages.yaml."""
        if format_spec == "time":
            return self.show_time(value)
        if format_spec == "span":
            return self.show_span(timedelta(minutes=float(value)))
        if format_spec == "list":
            return escape(", ".join(str(item) for item in value))
        if format_spec == "clock" and value in load_messages()["clock"]:
            return self.say("clock", str(value))
        if format_spec == "g":
            return f"{float(value):g}"
        if format_spec == "upper":
            return escape(str(value).upper())
        if format_spec == "raw":
            return str(value)
        if "|" in format_spec:
            return _count(value, *format_spec.split("|"))
        return escape(str(value))

    def show_time(self, value: datetime | str) -> str:
        """Return a time, given as such or in ISO 8601, in the company's zone, which it names."""
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(self._company.zone).strftime("%Y-%m-%d %H:%M %Z")

    def show_span(self, span: timedelta) -> str:
        """Return a duration in words."""
        minutes = int(span / MINUTE)
        if minutes < 1:
            return self.say("span", "under")
        if minutes < 60:
            return self.say("span", "minutes", {"minutes": minutes})
        hours, minutes = divmod(minutes, 60)
        if hours < 24:
            return self.say("span", "hours", {"hours": hours, "minutes": minutes})
        days, hours = divmod(hours, 24)
        return self.say("span", "days", {"days": days, "hours": hours})


def _count(value: Any, one: str, many: str) -> str:
    """Return a number before its noun, or a noun before several values: `1 lead`, `leads 4, 7`."""
    if isinstance(value, list | tuple):
        return f"{one if len(value) == 1 else many} {escape(', '.join(str(item) for item in value))}"
    return f"{escape(f'{value:g}' if isinstance(value, float) else str(value))} {one if value == 1 else many}"
