"""A span of time as commands take it."""

import re
from datetime import timedelta

from leadops.errors import PermanentError


def parse_span(text: str) -> timedelta:
    """Return the span that `text` names, such as 30d or 12h; raise PermanentError if it names none."""
    found = re.fullmatch(r"(\d{1,4})([dh])", text)
    if not found:
        raise PermanentError("--since must be a number of days or hours: 30d, 12h")
    return timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))
