"""Builds the matrix of the leads in `observations`: each feature as it was known at that moment."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection
from leadops.queries import Queries
from leadops.training.matrix import FeatureColumn, Matrix
from leadops.training.packed import unpack_rows
from leadops.training.profile_values import read_profile_columns
from leadops.training.training_settings import Feature

queries = Queries(__file__)

OBSERVATION = {"place": ">i4", "lead": ">i8", "cycle": ">i4", "at": ">f8", "is_reached": ">i4"}
EVENT_SEEN = {"place": ">i4", "name": ">i4", "age": ">f4"}


def read_matrix(
    connection: Connection, *, features: Mapping[str, Feature], profile_events: list[str]
) -> Matrix:
    """Return the features of the rows of `observations`, each as it was known then.

    The caller has created the tables (working_tables.py) and filled `observations` in the same transaction;
    it may read more than once. What arrived, or was linked to the lead, after the observation has no effect.
    """
    queries.run(connection, "clear_features")
    queries.run(connection, "analyze_observations")
    queries.run(connection, "fill_identities")
    queries.run(connection, "analyze_identities")
    queries.run(connection, "fill_unlinked_visitors")
    queries.run(connection, "analyze_unlinked_visitors")
    observations = _read_observations(connection)
    size = len(observations)
    names = _event_names(features, profile_events)
    every = any(feature.count == [] or feature.recency == [] for feature in features.values())
    if every or names:
        queries.run(connection, "fill_events_seen", names=names, every=every)
    columns = _count_events(connection, features, names, size)
    numbers = [names.index(event) + 1 for event in profile_events if event in names]
    columns |= read_profile_columns(connection, features, event_numbers=numbers, size=size)
    return Matrix(
        lead_ids=observations["lead"].astype(np.int64),
        cycles=observations["cycle"].astype(np.int32),
        at=observations["at"].astype(np.float64),
        reached=observations["is_reached"].astype(np.int8),
        columns={name: columns[name] for name in features},
    )


def _read_observations(connection: Connection) -> NDArray[Any]:
    packs = list(unpack_rows(queries.packs(connection, "read_observations"), OBSERVATION))
    rows = np.concatenate(packs) if packs else np.empty(0, np.dtype(list(OBSERVATION.items())))
    return rows[np.argsort(rows["place"])]


def _event_names(features: Mapping[str, Feature], profile_events: list[str]) -> list[str]:
    """Return the names of the events that features look at, in a fixed order."""
    counted = {
        name for feature in features.values() for name in (feature.count or []) + (feature.recency or [])
    }
    reads_profiles = any(feature.properties for feature in features.values())
    return sorted(counted | (set(profile_events) if reads_profiles else set()))


def _count_events(
    connection: Connection, features: Mapping[str, Feature], names: list[str], size: int
) -> dict[str, FeatureColumn]:
    """Count events, and find the last of them, while their rows stream by."""
    counted = {
        name: feature
        for name, feature in features.items()
        if feature.count is not None or feature.recency is not None
    }
    values = {
        name: np.zeros(size, np.float32) if feature.recency is None else np.full(size, np.inf, np.float32)
        for name, feature in counted.items()
    }
    for pack in unpack_rows(queries.packs(connection, "read_events_seen"), EVENT_SEEN) if counted else ():
        place, number, age = (
            pack["place"].astype(np.intp),
            pack["name"].astype(int),
            pack["age"].astype("f4"),
        )
        first, last = int(place.min()), int(place.max()) + 1
        for name, feature in counted.items():
            wanted = feature.count if feature.recency is None else feature.recency
            codes = [names.index(event) + 1 for event in wanted or []]
            fits = np.isin(np.arange(len(names) + 1), codes)[number] if wanted else slice(None)
            places, ages = place[fits], age[fits]
            if feature.recency is not None:
                np.minimum.at(values[name], places, ages)
            else:
                places = places if feature.days is None else places[ages <= feature.days]
                # A pack holds neighbours: only their stretch is added to.
                values[name][first:last] += np.bincount(places - first, minlength=last - first)
    for name, feature in counted.items():
        if feature.recency is not None:
            values[name][np.isinf(values[name])] = np.nan
    return {name: FeatureColumn(feature, numbers=values[name]) for name, feature in counted.items()}
