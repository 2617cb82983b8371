"""Reads the touches, conversions and people of a period from the tables, as arrays."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from leadops.attribution.attribution_settings import AttributionSettings
from leadops.attribution.journeys import Conversions, Ints, Touches
from leadops.attribution.names import UNNAMED, choose_name, key_names
from leadops.db import Connection
from leadops.funnel.arrays import read_numbers
from leadops.queries import Queries

queries = Queries(__file__)

#: How many places attribution.yaml may name for a channel, a campaign or a value.
MAX_ADDRESSES = 3


class TouchName(NamedTuple):
    """The keys of a campaign, by its current name, and of a channel."""

    campaign: str
    channel: str


@dataclass(frozen=True)
class SentNames:
    """What an event holds at the addresses of a campaign and of a channel, in the order of the settings."""

    campaigns: list[str]
    channels: list[str]


@dataclass(frozen=True)
class RenamedCampaign:
    """A campaign's key and the one that it has now."""

    name: str
    campaign: str


@dataclass(frozen=True)
class AttributionInputs:
    """Touches and conversions of people, the `names` that touches refer to by place, and accounts."""

    touches: Touches
    conversions: Conversions
    names: list[TouchName]
    people: Ints  # ascending
    accounts: Ints  # one for each of `people`; minus the person for those without an account


@dataclass(frozen=True)
class TouchColumns:
    """Touches column by column, see leadops.funnel.arrays; None without any."""

    leads: bytes | None
    times: bytes | None
    seqs: bytes | None
    names: bytes | None
    is_conversions: bytes | None
    cents: bytes | None


@dataclass(frozen=True)
class ConversionColumns:
    """Conversions column by column, see leadops.funnel.arrays; None without any."""

    leads: bytes | None
    times: bytes | None
    seqs: bytes | None
    cents: bytes | None


@dataclass(frozen=True)
class SeqBounds:
    """The first and the last number of the events among the touches; 0 without any."""

    first_seq: int
    last_seq: int


class LeadLinks(NamedTuple):
    """What a lead was merged into, and its account, as far as known."""

    lead_id: int
    merged_into: int | None
    account_id: int | None


def read_inputs(
    connection: Connection,
    *,
    since: datetime,
    until: datetime,
    settings: AttributionSettings,
    fold_case: bool,
) -> AttributionInputs:
    """Read what happened from `since` to before `until`; leads of one person become that person.

    An event whose channel names nothing is not a touch. With `fold_case` names that differ only in case are
    one.
    """
    columns, sent = _read_touches(connection, since=since, until=until, settings=settings)
    lead, time, seq = (read_numbers(column) for column in (columns.leads, columns.times, columns.seqs))
    names, place = _key_names(connection, sent, settings=settings, fold_case=fold_case)
    name = place[read_numbers(columns.names)]
    is_touch, is_conversion = name >= 0, read_numbers(columns.is_conversions) > 0
    if settings.conversion.stage:
        rows = queries.one(
            connection,
            "read_conversions",
            ConversionColumns,
            stage=settings.conversion.stage,
            since=since,
            until=until,
        )
        conversions = [read_numbers(column) for column in (rows.leads, rows.times, rows.seqs, rows.cents)]
    else:
        conversions = [column[is_conversion] for column in (lead, time, seq, read_numbers(columns.cents))]
    leads = np.unique(np.concatenate([lead[is_touch], conversions[0]]))
    person_of, people, accounts = _read_people(connection, leads)

    def find(lead: Ints) -> Ints:
        return person_of[np.searchsorted(leads, lead)]

    return AttributionInputs(
        Touches(find(lead[is_touch]), time[is_touch], seq[is_touch], name[is_touch]),
        Conversions(find(conversions[0]), *conversions[1:]),
        names,
        people,
        accounts,
    )


def _read_touches(
    connection: Connection, *, since: datetime, until: datetime, settings: AttributionSettings
) -> tuple[TouchColumns, list[SentNames]]:
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
        for number in range(MAX_ADDRESSES):
            path = addresses[number].split(".") if number < len(addresses) else None
            wanted[f"{kind}_{number + 1}"] = path
    queries.run(connection, "tune_planner")
    queries.run(connection, "create_touches")
    queries.run(connection, "create_names")
    queries.run(connection, "empty_touches")
    queries.run(connection, "find_touches", **wanted)
    queries.run(connection, "number_names")
    queries.run(connection, "analyze_touches")
    names = queries.all(connection, "list_names", SentNames)
    bounds = queries.one(connection, "find_bounds", SeqBounds)
    columns = queries.one(
        connection, "read_touches", TouchColumns, first=bounds.first_seq, last=bounds.last_seq
    )
    return columns, names


def _key_names(
    connection: Connection, sent: list[SentNames], *, settings: AttributionSettings, fold_case: bool
) -> tuple[list[TouchName], Ints]:
    """Return the different names, ascending, and for each of `sent` its place in them, -1 without a channel.

    One more -1 at the end is for rows that are only conversions, whose number is -1.
    """
    campaigns = {row.name: row.campaign for row in queries.all(connection, "list_renamed", RenamedCampaign)}
    channels = key_names(settings.names.channels, fold_case=fold_case)
    keyed: list[TouchName | None] = []
    for names in sent:
        channel = choose_name(names.channels, channels, fold_case=fold_case)
        campaign = choose_name(names.campaigns, campaigns, fold_case=fold_case) or UNNAMED
        keyed.append(TouchName(campaign, channel) if channel else None)
    different = sorted({name for name in keyed if name})
    place = {name: number for number, name in enumerate(different)}
    return different, np.array([*(place[name] if name else -1 for name in keyed), -1], dtype=np.int64)


def _read_people(connection: Connection, leads: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the person of each of `leads`, and all persons, ascending, with their accounts."""
    merged: dict[int, int] = {}
    account: dict[int, int] = {}
    asked = leads.tolist()
    while asked:
        # The array as text: psycopg looks at a list number by number.
        listed = "{" + ",".join(map(str, asked)) + "}"
        links = queries.all(connection, "read_people", LeadLinks, leads=listed)
        into = {link.lead_id: link.merged_into for link in links if link.merged_into is not None}
        merged |= into
        account |= {link.lead_id: link.account_id for link in links if link.account_id is not None}
        asked = sorted(set(into.values()) - account.keys() - merged.keys())
    person_of = leads.copy()
    for lead in sorted(merged.keys() & set(leads.tolist())):
        person = lead
        while person in merged:
            person = merged[person]
        person_of[np.searchsorted(leads, lead)] = person
    people = np.unique(person_of)
    accounts = np.array([account.get(person, -person) for person in people.tolist()], dtype=np.int64)
    return person_of, people, accounts
