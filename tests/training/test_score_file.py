"""A file of scores is read, or refused with its row and what to change."""

from pathlib import Path
from typing import Any

import pandas
import pytest

from leadops.errors import PermanentError
from leadops.training.score_file import ImportedScore, read_score_file

ROWS: dict[str, Any] = {"lead_id": [7, 3, 3], "cycle": [0, 2, 1], "ml_score": [1.0, 0.0, 0.25]}


def write(path: Path, **columns: Any) -> Path:
    pandas.DataFrame(ROWS | columns).to_parquet(path / "scores.parquet")
    return path / "scores.parquet"


def test_scores_come_in_order_of_lead_and_cycle(tmp_path: Path) -> None:
    assert read_score_file(write(tmp_path, note=["a", "b", "c"])) == [
        ImportedScore(3, 1, 0.25),
        ImportedScore(3, 2, 0.0),
        ImportedScore(7, 0, 1.0),
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"ml_score": [0.5, 1.01, 0.5]}, r"row 2 \(lead_id 3, cycle 2, ml_score 1.01\): .* between 0 and 1"),
        ({"ml_score": [0.5, 0.5, -0.01]}, "row 3 .* between 0 and 1"),
        ({"ml_score": [float("nan"), 0.5, 0.5]}, "row 1 .* between 0 and 1"),
        ({"ml_score": ["a", "b", "c"]}, "ml_score is str; write it as float64"),
        ({"lead_id": [1.5, 2, 3]}, "lead_id is float64; write it as int64"),
        ({"lead_id": [1, -2, 3]}, "row 2 .* lead_id must be a number of the export"),
        ({"lead_id": pandas.array([1, None, 3], dtype="Int64")}, "row 2 .* lead_id must be a number"),
        ({"cycle": [0, 2**31, 1]}, "row 2 .* cycle must be a number of the export"),
        ({"lead_id": [3, 3, 3], "cycle": [1, 2, 2]}, "row 3 .* come twice; write one row each"),
    ],
)
def test_dirt_is_refused_with_its_row(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    path = write(tmp_path, **columns)
    with pytest.raises(PermanentError, match=f"^{path}: {message}"):
        read_score_file(path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    pandas.DataFrame({"lead_id": [1], "score": [0.5]}).to_parquet(path)
    with pytest.raises(PermanentError, match="no column cycle, ml_score; it has lead_id, score"):
        read_score_file(path)


def test_what_is_not_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    path.write_text("lead_id,cycle,ml_score\n")
    with pytest.raises(PermanentError, match="not a readable Parquet file"):
        read_score_file(path)
    with pytest.raises(PermanentError, match="not a readable Parquet file"):
        read_score_file(tmp_path / "gone.parquet")


def test_the_largest_numbers_of_a_lead_and_of_a_cycle_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, lead_id=[2**63 - 1, 127, 3], cycle=[63, 2**31 - 1, 0])
    assert [(score.lead_id, score.cycle) for score in read_score_file(path)] == [
        (3, 0),
        (127, 2**31 - 1),
        (2**63 - 1, 63),
    ]
