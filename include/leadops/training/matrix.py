"""What was known of many leads at their moments: one column a feature, not yet scaled for a model."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leadops.training.training_settings import Feature

MISSING = -1  # code of a category that is not known
RARE = 0  # code of a value that is not among the words


@dataclass(frozen=True)
class FeatureColumn:
    """One feature of all rows: numbers (NaN where not known), or codes of words."""

    feature: Feature
    numbers: NDArray[np.float32] | None = None
    codes: NDArray[np.int32] | None = None  # MISSING, RARE, or n for words[n - 1]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matrix:
    """Rows are leads at their moments, in the order of (moment, lead, cycle); all arrays have one length."""

    lead_ids: NDArray[np.int64]
    cycles: NDArray[np.int32]
    at: NDArray[np.float64]  # the moment, seconds since 1970 UTC
    reached: NDArray[np.int8]  # 1 when the goal was reached in its time, else 0
    columns: dict[str, FeatureColumn]

    def __len__(self) -> int:
        return len(self.lead_ids)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Matrix":
        """Return the matrix of some rows."""
        return Matrix(
            lead_ids=self.lead_ids[rows],
            cycles=self.cycles[rows],
            at=self.at[rows],
            reached=self.reached[rows],
            columns={
                name: replace(
                    column,
                    numbers=None if column.numbers is None else column.numbers[rows],
                    codes=None if column.codes is None else column.codes[rows],
                )
                for name, column in self.columns.items()
            },
        )

    def digest(self) -> str:
        """Return the SHA-256 (hex) of all that is in it: the same for the same knowledge."""
        seen = hashlib.sha256()
        for array in (self.lead_ids, self.cycles, self.at, self.reached):
            seen.update(np.ascontiguousarray(array).data)
        for name in sorted(self.columns):
            column = self.columns[name]
            seen.update(f"{name} {column.feature.model_dump_json()} {column.words!r}".encode())
            for values in (column.numbers, column.codes):
                if values is not None:
                    seen.update(np.ascontiguousarray(values).data)
        return seen.hexdigest()
