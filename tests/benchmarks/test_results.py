import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Measured
from benchmarks.results import keep_result

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def keep(folder: Path, name: str, value: float, *, cores: int = 2) -> dict[str, Any]:
    measured = Measured([Figure("speed", value, "x", "at least", 8)], remarks=["calm"])
    keep_result(folder, name, measured, machine={"cores": cores}, quick=False, now=NOW)
    return dict(json.loads((folder / "latest.json").read_text()))


def test_a_result_is_kept_as_json_and_as_a_page(tmp_path: Path) -> None:
    kept = keep(tmp_path / "results", "push", 9.0)

    figure = {"name": "speed", "value": 9.0, "unit": "x", "bound": "at least", "target": 8, "met": True}
    assert kept == {
        "machine": {"cores": 2},
        "benchmarks": {
            "push": {
                "measured_at": "2026-05-04T03:02:01+00:00",
                "quick": False,
                "figures": [figure],
                "remarks": ["calm"],
            }
        },
    }
    assert "| speed | 9 x | at least 8 x | met |" in (tmp_path / "results" / "RESULTS.md").read_text()


def test_one_measured_again_replaces_its_own_result_only(tmp_path: Path) -> None:
    keep(tmp_path, "cpu", 1.0)
    keep(tmp_path, "push", 2.0)
    kept = keep(tmp_path, "push", 3.0)

    values = {name: each["figures"][0]["value"] for name, each in kept["benchmarks"].items()}
    assert values == {"cpu": 1.0, "push": 3.0}


def test_results_of_another_machine_are_not_mixed_in(tmp_path: Path) -> None:
    keep(tmp_path, "cpu", 1.0, cores=64)

    assert list(keep(tmp_path, "push", 2.0)["benchmarks"]) == ["push"]
