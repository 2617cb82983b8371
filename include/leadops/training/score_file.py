"""Reads the scores of a model that was trained elsewhere; an error names file, row and what to change."""

from pathlib import Path
from typing import Any, NamedTuple

from leadops.errors import PermanentError

COLUMNS = ("lead_id", "cycle", "ml_score")


class ImportedScore(NamedTuple):
    """A probability for a lead at its MQL (`cycle`), or at the end of the exported day (cycle 0)."""

    lead_id: int
    cycle: int
    ml_score: float


def read_score_file(path: Path) -> list[ImportedScore]:
    """Return the scores of a Parquet file with the columns lead_id, cycle and ml_score, in order of lead.

    Raises PermanentError, in one line with file, row (from 1) and what to change, where the file cannot be
    read, a column is missing, a value is null or of the wrong type or range, or a row comes twice.
    """
    import pandas
    import pyarrow

    try:
        table = pandas.read_parquet(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise PermanentError(f"{path}: not a readable Parquet file; write it with to_parquet") from error
    if missing := [name for name in COLUMNS if name not in table.columns]:
        has = ", ".join(map(str, table.columns))
        raise PermanentError(f"{path}: no column {', '.join(missing)}; it has {has}")
    table = table[list(COLUMNS)].reset_index(drop=True)
    for name, largest in (("lead_id", 2**63 - 1), ("cycle", 2**31 - 1)):
        if not pandas.api.types.is_integer_dtype(table[name]):
            raise PermanentError(f"{path}: {name} is {table[name].dtype}; write it as int64 without nulls")
        in_range = table[name].between(0, largest).fillna(False).astype(bool)
        _refuse(path, table, ~in_range, f"{name} must be a number of the export")
    if not pandas.api.types.is_float_dtype(table["ml_score"]):
        raise PermanentError(f"{path}: ml_score is {table['ml_score'].dtype}; write it as float64")
    in_range = table["ml_score"].between(0, 1).fillna(False).astype(bool)
    _refuse(path, table, ~in_range, "ml_score must be a probability between 0 and 1")
    twice = table.duplicated(["lead_id", "cycle"])
    _refuse(path, table, twice, "lead_id and cycle come twice; write one row each")
    table = table.sort_values(["lead_id", "cycle"])
    columns = (table["lead_id"].tolist(), table["cycle"].tolist(), table["ml_score"].astype(float).tolist())
    return [ImportedScore(*row) for row in zip(*columns, strict=True)]


def _refuse(path: Path, table: Any, wrong: Any, advice: str) -> None:
    """Raise PermanentError for the first row where `wrong` holds."""
    if wrong.any():
        row = int(wrong.argmax())
        values = ", ".join(f"{name} {table[name][row]}" for name in COLUMNS)
        raise PermanentError(f"{path}: row {row + 1} ({values}): {advice}")
