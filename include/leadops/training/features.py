"""Builds the matrix of the leads in `moments`: each feature as it was known at the lead's moment."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection, load_sql
from leadops.training.matrix import MISSING, Column, Matrix
from leadops.training.packed import read_packs
from leadops.training.training_settings import Feature

#: Different values of one category that are told apart; the others count as rare.
MOST_WORDS = 1000

PLACED = {"place": ">i4", "feature": ">i4", "value": ">f4"}


def create_tables(connection: Connection) -> None:
    """Make the working tables of this transaction, empty."""
    connection.execute("set local work_mem = '256MB'")
    connection.execute("set local jit = off")
    for name in ("create_moments", "create_sources", "create_strangers", "create_seen", "create_told"):
        connection.execute(load_sql("leadops.training", name))
    connection.execute("truncate moments, sources, strangers, seen, told")


def read_matrix(connection: Connection, *, features: Mapping[str, Feature], told_by: list[str]) -> Matrix:
    """Return the features of the rows of `moments`, each as it was known then.

    The caller has made the tables and filled `moments` in the same transaction; it may read more than once.
    What came, or became known to be the lead's, after the moment plays no part.
    """
    connection.execute("truncate sources, strangers, seen, told")
    connection.execute("analyze moments")
    connection.execute(load_sql("leadops.training", "fill_sources"))
    connection.execute("analyze sources")
    connection.execute(load_sql("leadops.training", "fill_strangers"))
    connection.execute("analyze strangers")
    heads = _read_heads(connection)
    size = len(heads["place"])
    _fill_seen(connection, features, told_by)
    columns = _count_events(connection, features, told_by, size)
    columns |= _read_told(connection, features, told_by, size)
    return Matrix(
        lead_ids=heads["lead"].astype(np.int64),
        cycles=heads["cycle"].astype(np.int32),
        at=heads["at"].astype(np.float64),
        reached=heads["is_reached"].astype(np.int8),
        columns={name: columns[name] for name in features},
    )


def _read_heads(connection: Connection) -> NDArray[Any]:
    types = {"place": ">i4", "lead": ">i8", "cycle": ">i4", "at": ">f8", "is_reached": ">i4"}
    packs = list(read_packs(connection, "read_moments", {}, types))
    heads = np.concatenate(packs) if packs else np.empty(0, np.dtype(list(types.items())))
    return heads[np.argsort(heads["place"])]


def _names(features: Mapping[str, Feature], told_by: list[str]) -> list[str]:
    """Return the names of the events that features look at, in a fixed order."""
    named = {name for each in features.values() for name in (each.count or []) + (each.recency or [])}
    return sorted(named | (set(told_by) if any(each.told for each in features.values()) else set()))


def _fill_seen(connection: Connection, features: Mapping[str, Feature], told_by: list[str]) -> None:
    every = any(each.count == [] or each.recency == [] for each in features.values())
    names = _names(features, told_by)
    if every or names:
        connection.execute(load_sql("leadops.training", "fill_seen"), {"names": names, "every": every})


def _count_events(
    connection: Connection, features: Mapping[str, Feature], told_by: list[str], size: int
) -> dict[str, Column]:
    """Count events, and find the last of them, while their rows stream by."""
    names = _names(features, told_by)
    counted = {
        name: each for name, each in features.items() if each.count is not None or each.recency is not None
    }
    values = {
        name: np.zeros(size, np.float32) if each.recency is None else np.full(size, np.inf, np.float32)
        for name, each in counted.items()
    }
    types = {"place": ">i4", "name": ">i4", "age": ">f4"}
    for pack in read_packs(connection, "read_seen", {}, types) if counted else ():
        place, number, age = (
            pack["place"].astype(np.intp),
            pack["name"].astype(int),
            pack["age"].astype("f4"),
        )
        first, last = int(place.min()), int(place.max()) + 1
        for name, each in counted.items():
            wanted = each.count if each.recency is None else each.recency
            codes = [names.index(event) + 1 for event in wanted or []]
            fits = np.isin(np.arange(len(names) + 1), codes)[number] if wanted else slice(None)
            where, when = place[fits], age[fits]
            if each.recency is not None:
                np.minimum.at(values[name], where, when)
            else:
                where = where if each.days is None else where[when <= each.days]
                # A pack holds neighbours: only their stretch is added to.
                values[name][first:last] += np.bincount(where - first, minlength=last - first)
    for name, each in counted.items():
        if each.recency is not None:
            values[name][np.isinf(values[name])] = np.nan
    return {name: Column(each, numbers=values[name]) for name, each in counted.items()}


def _read_told(
    connection: Connection, features: Mapping[str, Feature], told_by: list[str], size: int
) -> dict[str, Column]:
    """Read what was told of the leads, and what was imported."""
    listed = list(features.items())
    names = _names(features, told_by)
    asked = [(place, name) for place, (_, each) in enumerate(listed) for name in each.told or []]
    if asked:
        values = {
            "features": [place for place, _ in asked],
            "properties": [name for _, name in asked],
            "told_by": [names.index(event) + 1 for event in told_by],
        }
        connection.execute("analyze seen")
        connection.execute(load_sql("leadops.training", "fill_told"), values)
    imported = [(place, each.attribute) for place, (_, each) in enumerate(listed) if each.attribute]
    if imported:
        values = {"features": [place for place, _ in imported], "attributes": [name for _, name in imported]}
        connection.execute(load_sql("leadops.training", "fill_attributes"), values)
    facts = {place: each for place, (_, each) in enumerate(listed) if each.told or each.attribute}
    numbers = [place for place, each in facts.items() if each.kind == "number"]
    categories = [place for place, each in facts.items() if each.kind == "category"]
    columns: dict[str, Column] = {}
    found = {place: np.full(size, np.nan, np.float32) for place in numbers}
    _scatter(connection, "read_numbers", {"features": numbers}, found)
    for place in numbers:
        columns[listed[place][0]] = Column(facts[place], numbers=found[place])
    words = _list_words(connection, categories)
    values = {
        "features": categories,
        "word_features": [place for place, known in words.items() for _ in known],
        "words": [word for known in words.values() for word in known],
        "codes": [code for known in words.values() for code in range(1, len(known) + 1)],
    }
    found = {place: np.full(size, MISSING, np.float32) for place in categories}
    _scatter(connection, "read_categories", values, found)
    for place in categories:
        codes = found[place].astype(np.int32)
        columns[listed[place][0]] = Column(facts[place], codes=codes, words=tuple(words[place]))
    return columns


def _list_words(connection: Connection, categories: list[int]) -> dict[int, list[str]]:
    words: dict[int, list[str]] = {place: [] for place in categories}
    values = {"features": categories, "most": MOST_WORDS}
    if categories:
        for place, word in connection.execute(load_sql("leadops.training", "list_words"), values):
            words[place].append(word)
    return words


def _scatter(
    connection: Connection, statement: str, values: dict[str, Any], found: dict[int, NDArray[np.float32]]
) -> None:
    """Put the rows (place, feature, value) of a statement where they belong."""
    for pack in read_packs(connection, statement, values, PLACED) if found else ():
        for feature in np.unique(pack["feature"]):
            rows = pack[pack["feature"] == feature]
            found[int(feature)][rows["place"]] = rows["value"]
