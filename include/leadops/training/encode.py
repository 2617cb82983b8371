"""Encodes features as standardised columns: learns how from the training leads, and applies it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadops.settings import Settings
from leadops.training.matrix import MISSING, RARE, FeatureColumn, Matrix
from leadops.training.training_settings import Feature, TrainingSettings

#: Numbers are clipped to these quantiles of the training leads, so that an outlier has no effect.
LOW, HIGH = 0.001, 0.999


class Encoding(Settings):
    """How one feature becomes columns. All numbers are those of the training leads."""

    name: str
    feature: Feature
    low: float = 0.0  # numbers, after log, are held within low and high
    high: float = 0.0
    flag: bool = False  # numbers: whether "is missing" is a column of its own
    categories: tuple[str, ...] = ()  # one column each
    rare: bool = False  # whether "any other value" is a column
    missing: bool = False  # categories: whether "is missing" is a column

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns, in order."""
        if self.feature.kind == "category":
            tail = ["any other"] * self.rare + ["missing"] * self.missing
            return [f"{self.name} = {category}" for category in self.categories] + [
                f"{self.name}: {each}" for each in tail
            ]
        return [self.name] + [f"{self.name}: missing"] * self.flag


@dataclass(frozen=True)
class Standardisation:
    """Mean and deviation of each column over the training leads; a column is (x − mean) / deviation."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


def learn_encodings(matrix: Matrix, settings: TrainingSettings) -> list[Encoding]:
    """Learn from the training leads how each feature becomes columns; an uninformative one is left out."""
    learnt = [_learn(name, column, settings) for name, column in matrix.columns.items()]
    return [encoding for encoding in learnt if encoding is not None]


def _learn(name: str, column: FeatureColumn, settings: TrainingSettings) -> Encoding | None:
    feature = column.feature
    if column.codes is not None:
        counts = np.bincount(column.codes - MISSING, minlength=len(column.words) + 2)
        missing, words = int(counts[0]), counts[2:]
        order = [n for n in np.lexsort((np.arange(len(words)), -words)) if words[n] >= settings.min_count]
        kept = sorted(order[: settings.max_categories])
        rare = int(counts[1] + words.sum() - words[kept].sum())
        encoding = Encoding(
            name=name,
            feature=feature,
            categories=tuple(column.words[n] for n in kept),
            rare=rare >= settings.min_count,
            missing=missing >= settings.min_count,
        )
        return encoding if len(encoding.columns) > 1 else None
    assert column.numbers is not None  # noqa: S101 - a column has codes or numbers
    known = _shrink(column.numbers, feature)
    is_missing = np.isnan(known)
    known = known[~is_missing]
    if len(known) == 0:
        return None
    low, high = np.quantile(known, [LOW, HIGH])
    flag = settings.min_count <= int(is_missing.sum())
    if low == high:
        low, high = float(known.min()), float(known.max())
    if low == high and not flag:
        return None
    return Encoding(name=name, feature=feature, low=float(low), high=float(high), flag=flag)


def _shrink(numbers: NDArray[np.float32], feature: Feature) -> NDArray[np.float32]:
    return np.sign(numbers) * np.log1p(np.abs(numbers)) if feature.log else numbers


def column_names(encodings: list[Encoding]) -> list[str]:
    """Return the names of all columns, in order."""
    return [column for encoding in encodings for column in encoding.columns]


def learn_standard(matrix: Matrix, encodings: list[Encoding]) -> Standardisation:
    """Return mean and deviation of each column over the training leads; missing numbers do not count."""
    means, deviations = [], []
    for encoding in encodings:
        for values in _columns(matrix.columns[encoding.name], encoding):
            known = values[~np.isnan(values)].astype(np.float64)
            means.append(float(known.mean()))
            deviations.append(float(known.std()) or 1.0)
    return Standardisation(np.array(means), np.array(deviations))


def standardise(
    matrix: Matrix, encodings: list[Encoding], standard: Standardisation, *, dtype: type = np.float64
) -> NDArray[np.floating]:
    """Return rows × columns; a missing number is 0, the mean."""
    result: NDArray[np.floating] = np.empty((len(matrix), len(column_names(encodings))), dtype=dtype)
    place = 0
    for encoding in encodings:
        for values in _columns(matrix.columns[encoding.name], encoding):
            scaled = (values.astype(np.float64) - standard.mean[place]) / standard.deviation[place]
            result[:, place] = np.where(np.isnan(scaled), 0.0, scaled)
            place += 1
    return result


def _columns(column: FeatureColumn, encoding: Encoding) -> list[NDArray[np.float32]]:
    """Return the columns of one feature, unscaled; NaN where a number is missing."""
    if encoding.feature.kind == "number":
        assert column.numbers is not None  # noqa: S101 - a number's column has numbers
        values = np.clip(_shrink(column.numbers, encoding.feature), encoding.low, encoding.high)
        values = values.astype(np.float32)
        return [values] + [np.isnan(values).astype(np.float32)] * encoding.flag
    assert column.codes is not None  # noqa: S101 - a category's column has codes
    # The words of these rows may be numbered differently from those of the training leads.
    number = {word: place for place, word in enumerate(encoding.categories)}
    others = len(encoding.categories)
    translate = np.array([others + 1, others] + [number.get(word, others) for word in column.words])
    places = translate[column.codes - MISSING]
    wanted = list(range(others)) + [others] * encoding.rare + [others + 1] * encoding.missing
    return [(places == place).astype(np.float32) for place in wanted]


assert (MISSING, RARE) == (-1, 0)  # noqa: S101 - codes less MISSING are places of `translate`
