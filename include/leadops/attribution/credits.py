"""The credits of one breakdown: every model, with intervals, from the same journeys."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from leadops.apportion import apportion
from leadops.attribution.attribution_settings import MODELS, ModelSettings
from leadops.attribution.journeys import Ints, Journeys
from leadops.attribution.markov import count_steps, share_by_removal
from leadops.attribution.names import NONE
from leadops.attribution.samples import Samples, sum_by_group
from leadops.attribution.weights import WEIGHTS, Paths

DAY = 86_400_000_000  # µs
#: Conversions are shared in millionths, value in hundredths.
MILLION, HUNDRED = 1_000_000, 100
#: Numbers in the matrices of samples that are computed together: 16 MB.
MOST_STEPS = 2_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Credit:
    """What one model gives to one channel or campaign `name`; low and high bound the interval."""

    model: str
    name: str
    conversions: Decimal
    conversions_low: Decimal
    conversions_high: Decimal
    value: Decimal
    value_low: Decimal
    value_high: Decimal


@dataclass(frozen=True)
class Shared:
    """Credit by unit: whole millionths and hundredths, and for each sample conversions and hundredths."""

    parts: Ints  # (2, units)
    sampled: Floats  # (2, samples, units)


def credit_units(
    journeys: Journeys, units: Ints, names: list[str], *, models: ModelSettings, samples: Samples
) -> Iterator[Credit]:
    """Yield each model's credits; `units` is what each touch of `journeys` counts for, a place in `names`.

    Of each model the conversions sum to those of `journeys`, and the value to theirs, exactly. Conversions
    without a touch go to (none).
    """
    touched = np.zeros(journeys.converted, dtype=bool)
    in_path = journeys.journey < journeys.converted
    touched[journeys.journey[in_path]] = True
    untouched = _sum_untouched(journeys, touched, samples)
    for model in MODELS:
        if model == "markov":
            shared = _share_by_markov(journeys, units, len(names), touched, samples)
        else:
            shared = _share_by_path(journeys, units, len(names), model, models, samples)
        yield from _name(model, names, shared, samples)
        if not touched.all():
            yield from _name(model, [NONE], untouched, samples)


def _share_by_path(
    journeys: Journeys, units: Ints, count: int, model: str, models: ModelSettings, samples: Samples
) -> Shared:
    in_path = journeys.journey < journeys.converted
    journey, unit = journeys.journey[in_path], units[in_path]
    weights = WEIGHTS[model](Paths(journey, unit, journeys.age[in_path] / DAY), models)
    totals = (np.full(journeys.converted, MILLION, dtype=np.int64), journeys.cents)
    parts = np.stack([_sum_by_unit(apportion(total, weights, journey), unit, count) for total in totals])
    group = samples.group[journey]
    sampled = [
        samples.weights @ sum_by_group(group, unit, part, shape=(samples.weights.shape[1], count))
        for part in (weights, weights * journeys.cents[journey])
    ]
    return Shared(parts, np.stack(sampled))


def _share_by_markov(
    journeys: Journeys, units: Ints, count: int, touched: NDArray[np.bool_], samples: Samples
) -> Shared:
    once = np.ones((1, samples.weights.shape[1]))
    ends = np.stack([touched * MILLION, touched * journeys.cents])
    shares = share_by_removal(count_steps(journeys, units, count, samples.group, once))
    of = np.zeros(count, dtype=np.int64)
    parts = np.stack(
        [apportion(end.sum(keepdims=True), share[0], of) for end, share in zip(ends, shares, strict=True)]
    )
    sampled = []
    step = max(MOST_STEPS // max(count, 1) ** 2, 1)
    for start in range(0, len(samples.weights), step):
        weights = samples.weights[start : start + step]
        steps = count_steps(journeys, units, count, samples.group, weights)
        totals = np.stack([steps.conversions.sum(axis=-1), steps.value.sum(axis=-1)])
        sampled.append(np.stack(share_by_removal(steps)) * totals[:, :, None])
    return Shared(parts, np.concatenate(sampled, axis=1))


def _sum_untouched(journeys: Journeys, touched: NDArray[np.bool_], samples: Samples) -> Shared:
    group = samples.group[: journeys.converted][~touched]
    cents = journeys.cents[~touched]
    zero = np.zeros(len(group), dtype=np.int64)
    shape = (samples.weights.shape[1], 1)
    sampled = [
        samples.weights @ sum_by_group(group, zero, part, shape=shape)
        for part in (np.ones(len(group)), cents.astype(np.float64))
    ]
    return Shared(np.array([[len(group) * MILLION], [cents.sum()]]), np.stack(sampled))


def _sum_by_unit(parts: Ints, unit: Ints, count: int) -> Ints:
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, unit, parts)
    return sums


def _name(model: str, names: list[str], shared: Shared, samples: Samples) -> Iterator[Credit]:
    edges = np.quantile(shared.sampled, [(1 - samples.level) / 2, (1 + samples.level) / 2], axis=1)
    for place, name in enumerate(names):
        yield Credit(
            model,
            name,
            _exact(int(shared.parts[0, place]), MILLION),
            _round(edges[0, 0, place], 6),
            _round(edges[1, 0, place], 6),
            _exact(int(shared.parts[1, place]), HUNDRED),
            _round(edges[0, 1, place] / HUNDRED, 2),
            _round(edges[1, 1, place] / HUNDRED, 2),
        )


def _exact(parts: int, whole: int) -> Decimal:
    return Decimal(parts) / whole


def _round(number: float, digits: int) -> Decimal:
    return round(Decimal(float(number)), digits)
