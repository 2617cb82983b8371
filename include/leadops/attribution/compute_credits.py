"""From what happened to the credits of a period."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from leadops.attribution.attribution_settings import AttributionSettings
from leadops.attribution.credits import DAY, HUNDRED, Credit, credit_units
from leadops.attribution.journeys import Ints, Journeys, split_journeys
from leadops.attribution.names import keep_top
from leadops.attribution.read_touches import read_inputs
from leadops.attribution.samples import Samples, draw_samples, group_accounts
from leadops.db import Connection
from leadops.funnel.arrays import to_microseconds
from leadops.normalization.dimension_keys import make_dimension_key

MINUTE = 60_000_000  # µs


@dataclass(frozen=True)
class PeriodCredits:
    """The credits of a period by breakdown (none where `note` says why), and what they are about."""

    credits: dict[str, list[Credit]]
    conversions: int
    value: Decimal
    untouched: int
    touches: int
    null_paths: int
    note: str | None


def compute_credits(
    connection: Connection,
    *,
    day: date,
    since: datetime,
    until: datetime,
    settings: AttributionSettings,
    fold_case: bool,
) -> PeriodCredits:
    """Compute all credits of the conversions from `since` to before `until`; `day` goes into the seed.

    With `fold_case` channels and campaigns that differ only in case are one (company.yaml). Writes only
    temporary tables. Needs an open transaction.
    """
    earliest = since - timedelta(days=settings.windows.longest)
    inputs = read_inputs(connection, since=earliest, until=until, settings=settings, fold_case=fold_case)
    windows = {
        make_dimension_key(campaign, fold_case=fold_case): days
        for campaign, days in settings.windows.campaigns.items()
    }
    days = [windows.get(name.campaign, settings.windows.days) for name in inputs.names]
    journeys = split_journeys(
        inputs.touches,
        inputs.conversions,
        since=to_microseconds(since),
        windows=np.array([round(each * DAY) for each in days], dtype=np.int64),
        visit=round(settings.touches.visit_minutes * MINUTE),
    )
    converted = journeys.converted
    note = None
    if converted < settings.evidence.min_conversions:
        note = f"{converted} conversions; {settings.evidence.min_conversions} are needed for a number"
    credits: dict[str, list[Credit]] = {"channel": [], "campaign": []}
    if note is None:
        accounts = inputs.accounts[np.searchsorted(inputs.people, journeys.person)]
        group, groups = group_accounts(accounts)
        evidence = settings.evidence
        weights = draw_samples(groups, draws=evidence.draws, seed=evidence.seed, day=day)
        samples = Samples(group, weights, evidence.level)
        sides = {
            "channel": [name.channel for name in inputs.names],
            "campaign": [name.campaign for name in inputs.names],
        }
        for breakdown, side in sides.items():
            units, names = _name_units(journeys, side, settings.names.most)
            credits[breakdown] = list(
                credit_units(journeys, units, names, models=settings.models, samples=samples)
            )
    in_path = journeys.journey < converted
    return PeriodCredits(
        credits=credits,
        conversions=converted,
        value=Decimal(int(journeys.cents.sum())) / HUNDRED,
        untouched=converted - len(np.unique(journeys.journey[in_path])),
        touches=len(journeys.journey),
        null_paths=len(journeys.person) - converted,
        note=note,
    )


def _name_units(journeys: Journeys, sides: list[str], most: int) -> tuple[Ints, list[str]]:
    """Return what each touch counts for, as a place in the names, and these names, ascending."""
    times = np.bincount(journeys.name, minlength=len(sides))
    counts: Counter[str] = Counter()
    for side, count in zip(sides, times.tolist(), strict=True):
        if count:
            counts[side] += count
    kept = keep_top(counts, most)
    names = sorted(set(kept.values()))
    place = {name: number for number, name in enumerate(names)}
    unit = np.array([place[kept[side]] if side in kept else -1 for side in sides], dtype=np.int64)
    return unit[journeys.name], names
