"""Matrices made in memory: leads with numbers and categories, and outcomes that hang on them."""

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.training.matrix import FeatureColumn, Matrix
from leadops.training.training_settings import Feature

NUMBER = Feature.model_validate({"count": ["view_pricing"]})
CATEGORY = Feature.model_validate({"properties": ["industry"], "kind": "category"})


def number(values: Any, **feature: Any) -> FeatureColumn:
    wanted = Feature.model_validate({"count": ["view_pricing"]} | feature)
    return FeatureColumn(wanted, numbers=np.asarray(values, dtype=np.float32))


def category(words: list[str | None]) -> FeatureColumn:
    known = sorted({word for word in words if word is not None})
    places = {word: place + 1 for place, word in enumerate(known)}
    codes = np.array([-1 if word is None else places[word] for word in words], dtype=np.int32)
    return FeatureColumn(CATEGORY, codes=codes, words=tuple(known))


def matrix(columns: dict[str, FeatureColumn], reached: Any, *, start: datetime, hours: float = 1.0) -> Matrix:
    size = len(reached)
    return Matrix(
        lead_ids=np.arange(1, size + 1),
        cycles=np.ones(size, np.int32),
        at=start.timestamp() + 3600 * hours * np.arange(size),
        reached=np.asarray(reached, dtype=np.int8),
        columns=columns,
    )


def drawn(logits: NDArray[np.float64], seed: int = 0) -> NDArray[np.int8]:
    """Outcomes with the chances that the logits say."""
    chances = 1 / (1 + np.exp(-logits))
    return (np.random.default_rng(seed).random(len(logits)) < chances).astype(np.int8)
