"""What is known about a settings file that is refused."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leadops.mask import mask_text
from leadops.normalization.visible_text import show_text

#: Characters of a cause.
LONGEST_CAUSE = 300


@dataclass(frozen=True)
class RefusedFile:
    """A refused file: the line, where one is known, and why.

    `in_force_since` is when the settings that stay in force took effect (UTC); None: none are usable.
    """

    section: str
    file: str
    line: int | None
    cause: str
    in_force_since: datetime | None

    def __str__(self) -> str:
        """Return it in one line."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        rest = "no earlier settings are usable"
        if self.in_force_since:
            rest = f"the settings of {self.in_force_since:%Y-%m-%d %H:%M} UTC stay in force"
        return f"{place}: {self.cause}; {rest}"


def form_refused_file(
    section: str, path: Path, error: str, *, note: str = "", in_force_since: datetime | None
) -> RefusedFile:
    """Take `FILE:LINE: cause` apart; of several faults the first is kept, with the number of the others.

    `note` is added to the cause. E-mail addresses, and what looks like a token, are masked.
    """
    first, *others = error.splitlines()
    match = re.match(rf"{re.escape(str(path))}(?::(\d+))?: (.*)", first)
    line, cause = (match[1], match[2]) if match else (None, first)
    cause = show_text(mask_text(cause, longest=LONGEST_CAUSE))
    cause += f" (and {len(others)} more)" if others else ""
    return RefusedFile(
        section=section,
        file=show_text(str(path)),
        line=int(line) if line else None,
        cause=f"{cause}; {note}" if note else cause,
        in_force_since=in_force_since,
    )
