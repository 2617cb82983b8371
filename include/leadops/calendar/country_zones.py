"""The time zone of a country, by the tables of the IANA time zone database."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

#: Countries over several zones: the one in which most people work, where the table does not name it first.
_BUSIEST = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "ID": "Asia/Jakarta",
    "MX": "America/Mexico_City",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
}


def find_country_zone(country: str) -> ZoneInfo | None:
    """Return the zone of a country (ISO 3166-1 alpha-2), None if no table knows it."""
    name = _BUSIEST.get(country) or _read_table().get(country)
    return ZoneInfo(name) if name else None


@cache
def _read_table() -> dict[str, str]:
    """Return the first zone that zone.tab names for each country: the most populous comes first."""
    found: dict[str, str] = {}
    for line in files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found.setdefault(country, name)
    return found
