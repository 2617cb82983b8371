"""The people of leads: whose acts and memberships count together, and what is known of each right now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadops.calendar.country_zones import find_country_zone
from leadops.db import Connection
from leadops.nurture.message_texts import Language, choose_language
from leadops.queries import Queries

queries = Queries(__file__, topic="read_due")

#: Of each lead this many of the newest events are asked for the zone and the language.
NEWEST_EVENTS = 20


@dataclass(frozen=True)
class PersonLead:
    """A lead and its person, who is the oldest of several leads."""

    person_id: int
    lead_id: int


@dataclass(frozen=True)
class _Whereabouts:
    person_id: int
    timezone: str | None
    locale: str | None
    country: str | None


@dataclass(frozen=True)
class PersonPlace:
    """By which clock a person lives, and in which language they read."""

    zone: ZoneInfo
    language: Language


def list_members(connection: Connection, lead_ids: Collection[int]) -> list[PersonLead]:
    """Return all leads of the people of `lead_ids`."""
    return queries.all(connection, "list_members", PersonLead, lead_ids=sorted(set(lead_ids)))


def read_places(
    connection: Connection, members: Sequence[PersonLead], *, zone: ZoneInfo, language: Language
) -> dict[int, PersonPlace]:
    """Return zone and language of each person.

    The zone is that of the newest event that says one (context.timezone), else the country's, else `zone`.
    The language is chosen by the newest event that says one (context.locale) and the country; of whom
    neither is known, it is `language`.
    """
    rows = queries.all(
        connection,
        "read_whereabouts",
        _Whereabouts,
        max_events=NEWEST_EVENTS,
        **pair_members(members),
    )
    known: Mapping[int, _Whereabouts] = {row.person_id: row for row in rows}
    return {
        person: _decide_place(known.get(person), zone=zone, language=language)
        for person in {member.person_id for member in members}
    }


def pair_members(members: Sequence[PersonLead]) -> dict[str, list[int]]:
    """Return the two parallel arrays by which SQL reads `members`."""
    return {
        "person_ids": [member.person_id for member in members],
        "lead_ids": [member.lead_id for member in members],
    }


def _decide_place(known: _Whereabouts | None, *, zone: ZoneInfo, language: Language) -> PersonPlace:
    if known is None:
        return PersonPlace(zone, language)
    country = known.country.upper() if known.country else None
    own = _read_zone(known.timezone) or (find_country_zone(country) if country else None)
    return PersonPlace(own or zone, choose_language(locale=known.locale, country=country, company=language))


def _read_zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
