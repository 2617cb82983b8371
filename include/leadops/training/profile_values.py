"""Reads what leads said about themselves, and what was imported about them, as columns of the matrix."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection
from leadops.queries import Queries
from leadops.training.matrix import MISSING, FeatureColumn
from leadops.training.packed import unpack_rows
from leadops.training.training_settings import Feature

queries = Queries(__file__, topic="features")

#: Values of one category that are distinguished; the others count as rare.
MAX_WORDS = 1000

PROFILE_VALUE = {"place": ">i4", "feature": ">i4", "value": ">f4"}


class CategoryWord(NamedTuple):
    """A value of the category in place `feature`."""

    feature: int
    value: str


def read_profile_columns(
    connection: Connection, features: Mapping[str, Feature], *, event_numbers: list[int], size: int
) -> dict[str, FeatureColumn]:
    """Return the columns of the features that read properties or attributes, `size` rows each.

    `event_numbers` are the numbers in `events_seen` of the events whose properties describe the person.
    """
    numbered = list(features.items())
    asked = [
        (place, name) for place, (_, feature) in enumerate(numbered) for name in feature.properties or []
    ]
    if asked:
        queries.run(connection, "analyze_events_seen")
        queries.run(
            connection,
            "fill_profile_values",
            features=[place for place, _ in asked],
            properties=[name for _, name in asked],
            profile_events=event_numbers,
        )
    imported = [
        (place, feature.attribute) for place, (_, feature) in enumerate(numbered) if feature.attribute
    ]
    if imported:
        queries.run(
            connection,
            "fill_attributes",
            features=[place for place, _ in imported],
            attributes=[name for _, name in imported],
        )
    scored = [(place, each.imported) for place, (_, each) in enumerate(numbered) if each.imported]
    if scored:
        queries.run(
            connection,
            "fill_imported_scores",
            features=[place for place, _ in scored],
            imports=[import_id for _, import_id in scored],
        )
    profile = {
        place: feature
        for place, (_, feature) in enumerate(numbered)
        if feature.properties or feature.attribute or feature.imported
    }
    columns: dict[str, FeatureColumn] = {}
    numbers = {
        place: np.full(size, np.nan, np.float32)
        for place, feature in profile.items()
        if feature.kind == "number"
    }
    if numbers:
        _scatter(queries.packs(connection, "read_numbers", features=list(numbers)), numbers)
    for place, values in numbers.items():
        columns[numbered[place][0]] = FeatureColumn(profile[place], numbers=values)
    codes = {
        place: np.full(size, MISSING, np.float32)
        for place, feature in profile.items()
        if feature.kind == "category"
    }
    words = _list_words(connection, list(codes))
    if codes:
        packs = queries.packs(
            connection,
            "read_categories",
            features=list(codes),
            word_features=[place for place, known in words.items() for _ in known],
            words=[word for known in words.values() for word in known],
            codes=[code for known in words.values() for code in range(1, len(known) + 1)],
        )
        _scatter(packs, codes)
    for place, values in codes.items():
        columns[numbered[place][0]] = FeatureColumn(
            profile[place], codes=values.astype(np.int32), words=tuple(words[place])
        )
    return columns


def _list_words(connection: Connection, categories: list[int]) -> dict[int, list[str]]:
    words: dict[int, list[str]] = {place: [] for place in categories}
    if categories:
        for word in queries.all(
            connection, "list_words", CategoryWord, features=categories, max_words=MAX_WORDS
        ):
            words[word.feature].append(word.value)
    return words


def _scatter(packs: Iterable[bytes], columns: dict[int, NDArray[np.float32]]) -> None:
    """Put packed rows (place, feature, value) into the columns."""
    for pack in unpack_rows(packs, PROFILE_VALUE):
        for feature in np.unique(pack["feature"]):
            rows = pack[pack["feature"] == feature]
            columns[int(feature)][rows["place"]] = rows["value"]
