"""Times as files and feeds write them: ISO 8601, Unix seconds, Excel days, patterns of strptime."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from leadops.errors import PermanentError

#: Formats that are not a pattern of strptime; excel: days since 1899-12-30.
NAMED_FORMATS = ("iso", "unix", "unix_ms", "excel")
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - days of a wall calendar
#: What a pattern must contain so that the day is known.
_DAY = ({"%Y", "%y", "%c", "%x", "%G"}, {"%m", "%b", "%B", "%j", "%c", "%x", "%V"})


class NoZoneError(PermanentError, ValueError):
    """The time names no zone, and the caller gave none."""


def parse_time(text: str, time_format: str, *, zone: tzinfo | None) -> datetime:
    """Return `text` as a time in UTC; raise ValueError if it is not one in `time_format`.

    `time_format` is iso, unix (seconds), unix_ms, excel or a pattern of strptime. A time without a zone is in
    `zone`; raises NoZoneError if that is None.
    """
    try:
        if time_format in ("unix", "unix_ms"):
            return datetime.fromtimestamp(float(text) / (1 if time_format == "unix" else 1000), UTC)
        if time_format == "excel":
            return to_utc(EXCEL_EPOCH + timedelta(days=float(text)), zone)
        if time_format == "iso":
            return to_utc(datetime.fromisoformat(text), zone)
        return to_utc(datetime.strptime(text, time_format), zone)  # noqa: DTZ007 - to_utc adds the zone
    except (OverflowError, OSError) as error:
        raise ValueError("a time that cannot be represented") from error


def parse_iso_time(value: object) -> datetime:
    """Return an ISO 8601 time with its offset, in UTC; raise ValueError, which quotes no value, otherwise."""
    if not isinstance(value, str):
        raise ValueError("a time must be ISO 8601, for example 2026-01-31T09:00:00Z")  # noqa: TRY004 - one kind
    try:
        return parse_time(value, "iso", zone=None)
    except NoZoneError as error:
        raise ValueError(
            "a time must name its offset from UTC, for example 2026-01-31T09:00:00+09:00"
        ) from error
    except ValueError as error:
        raise ValueError("a time must be ISO 8601, for example 2026-01-31T09:00:00Z") from error


def to_utc(moment: date | datetime, zone: tzinfo | None) -> datetime:
    """Return `moment` in UTC; a day is its midnight. Raises NoZoneError if neither it nor we have a zone."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        if zone is None:
            raise NoZoneError("the time names no zone")
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def check_time_format(time_format: str) -> None:
    """Raise ValueError unless `time_format` is a named format or a pattern of strptime that says the day."""
    if time_format in NAMED_FORMATS:
        return
    directives = {time_format[place : place + 2] for place, sign in enumerate(time_format) if sign == "%"}
    if not all(directives & needed for needed in _DAY):
        raise ValueError(
            f"{time_format!r} does not say the day;"
            f" write {', '.join(NAMED_FORMATS)} or a pattern such as %d-%m-%Y %H:%M"
        )
    example: Any = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    try:
        datetime.strptime(example.strftime(time_format), time_format)  # noqa: DTZ007 - only whether it parses
    except ValueError as error:
        raise ValueError(f"{time_format!r} is not a pattern of strptime: {error}") from error
