"""One line of `leadops check`: what is in order, or what to change and where."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class CheckState(StrEnum):
    """What a line of a check means."""

    OK = "ok"
    #: Something has to change before leadops works with the connection; the text says what and where.
    CHANGE = "change"
    #: Worth knowing; nothing has to change, or leadops cannot see whether it has to.
    NOTE = "note"


@dataclass(frozen=True)
class CheckLine:
    """What a check found about one `subject`, such as `token` or `field leadopsScore`."""

    state: CheckState
    subject: str
    text: str

    @classmethod
    def ok(cls, subject: str, text: str) -> Self:
        """Return a line that says that the subject is in order."""
        return cls(CheckState.OK, subject, text)

    @classmethod
    def change(cls, subject: str, text: str) -> Self:
        """Return a line that says what to change about the subject, and where."""
        return cls(CheckState.CHANGE, subject, text)

    @classmethod
    def note(cls, subject: str, text: str) -> Self:
        """Return a line that says something worth knowing about the subject."""
        return cls(CheckState.NOTE, subject, text)
