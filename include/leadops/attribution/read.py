"""Reads touches, conversions and people of a time from the tables, as arrays."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from leadops.attribution.attribution_settings import AttributionSettings
from leadops.attribution.journeys import Conversions, Ints, Touches
from leadops.db import Connection, load_sql
from leadops.funnel.arrays import read_arrays

PACKAGE = "leadops.attribution"


@dataclass(frozen=True)
class Facts:
    """Touches and conversions of people, `names` (campaign as called now, channel as sent), accounts."""

    touches: Touches
    conversions: Conversions
    names: list[tuple[str | None, str]]
    people: Ints  # ascending
    accounts: Ints  # of each of `people`; minus the person where there is no account


def read_facts(
    connection: Connection, *, since: datetime, until: datetime, settings: AttributionSettings
) -> Facts:
    """Read what happened from `since` to before `until`; leads that are one person are one here."""
    (lead, time, seq, name, is_conversion, cents), names = _read_touches(
        connection, since=since, until=until, settings=settings
    )
    touch, won = name >= 0, is_conversion > 0
    columns = [column[won] for column in (lead, time, seq, cents)]
    if settings.conversion.stage:
        asked = {"stage": settings.conversion.stage, "since": since, "until": until}
        [columns] = read_arrays(connection, load_sql(PACKAGE, "read_conversions"), asked)
    leads = np.unique(np.concatenate([lead[touch], columns[0]]))
    person_of, people, accounts = _read_people(connection, leads)

    def find(lead: Ints) -> Ints:
        return person_of[np.searchsorted(leads, lead)]

    return Facts(
        Touches(find(lead[touch]), time[touch], seq[touch], name[touch]),
        Conversions(find(columns[0]), columns[1], columns[2], columns[3]),
        names,
        people,
        accounts,
    )


def _read_touches(
    connection: Connection, *, since: datetime, until: datetime, settings: AttributionSettings
) -> tuple[list[Ints], list[tuple[str | None, str]]]:
    touches = settings.touches
    wanted: dict[str, Any] = {
        "events": list(touches.events),
        "channels": list(touches.events.values()),
        "conversion": settings.conversion.event,
        "imported": touches.imported,
        "since": since,
        "until": until,
    }
    for kind, addresses in (
        ("channel", touches.channel_at),
        ("campaign", touches.campaign_at),
        ("value", settings.conversion.value_at),
    ):
        for number in range(3):
            path = addresses[number].split(".") if number < len(addresses) else None
            wanted[f"{kind}_{number + 1}"] = path
    # A period's touches are joined in memory; the planner knows neither new table.
    connection.execute("set local work_mem = '256MB'")
    connection.execute("set local jit = off")
    connection.execute(load_sql(PACKAGE, "create_touches"))
    connection.execute(load_sql(PACKAGE, "find_touches"), wanted)
    connection.execute(load_sql(PACKAGE, "number_names"))
    connection.execute("analyze attribution_touches, attribution_names")
    names = connection.execute(load_sql(PACKAGE, "list_names")).fetchall()
    first, last = connection.execute(load_sql(PACKAGE, "measure_touches")).fetchone() or (0, 0)
    [columns] = read_arrays(connection, load_sql(PACKAGE, "read_touches"), {"first": first, "last": last})
    return columns, [(row[0], row[1]) for row in names]


def _read_people(connection: Connection, leads: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the person of each of `leads`, and all persons, ascending, with their accounts."""
    merged: dict[int, int] = {}
    account: dict[int, int] = {}
    asked = leads.tolist()
    while asked:
        # As the text of an array: a parameter that is a list is looked at number by number.
        listed = "{" + ",".join(map(str, asked)) + "}"
        found = connection.execute(load_sql(PACKAGE, "read_people"), {"leads": listed}).fetchall()
        merged.update((lead, into) for lead, into, _ in found if into is not None)
        account.update((lead, known) for lead, _, known in found if known is not None)
        asked = sorted({into for _, into, _ in found if into is not None} - account.keys() - merged.keys())
    person_of = leads.copy()
    for lead in sorted(merged.keys() & set(leads.tolist())):
        person = lead
        while person in merged:
            person = merged[person]
        person_of[np.searchsorted(leads, lead)] = person
    people = np.unique(person_of)
    accounts = np.array([account.get(person, -person) for person in people.tolist()], dtype=np.int64)
    return person_of, people, accounts
