"""How long another system asks to wait: the Retry-After field of its answer."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Seconds to wait where an answer asks to wait and does not say how long.
DEFAULT_RETRY_AFTER = 30.0
#: The longest wait, in seconds, that an answer may ask for.
LONGEST_RETRY_AFTER = 3_600


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After (RFC 9110 10.2.3: whole seconds or a date), 0 to LONGEST_RETRY_AFTER.

    None where the field is missing or says nothing, such as `nan` and `-5`. A date is compared with the
    answer's own Date if it has one, because our clocks may differ.
    """
    fields = {name.lower(): value.strip() for name, value in headers.items()}
    retry_after = fields.get("retry-after", "")
    if retry_after.isascii() and retry_after.isdigit():
        # No real pause needs more digits.
        return min(float(retry_after), LONGEST_RETRY_AFTER) if len(retry_after) <= 10 else None
    until = _parse_date(retry_after)
    if until is None:
        return None
    now = _parse_date(fields.get("date", "")) or datetime.fromtimestamp(time.time(), UTC)
    return min(max(0.0, (until - now).total_seconds()), LONGEST_RETRY_AFTER)


def _parse_date(text: str) -> datetime | None:
    """Return a date of HTTP in any of its three forms (RFC 9110 5.6.7), which all mean UTC."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
