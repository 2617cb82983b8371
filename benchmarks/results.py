"""Keeps the latest result of each benchmark: latest.json, and the same as a table in RESULTS.md.

What fills a page of its own is in NAME.md.
"""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import Measured
from benchmarks.table import write_page

FOLDER = Path(__file__).parent / "results"


def keep_result(
    folder: Path, name: str, measured: Measured, *, machine: dict[str, Any], quick: bool, now: datetime
) -> None:
    """Put the result of benchmark `name`, measured at `now` (UTC), in `folder`; others of this machine stay.

    Results of another machine, or with other versions, are dropped: one table never mixes them.
    """
    latest = folder / "latest.json"
    before = json.loads(latest.read_text(encoding="utf-8")) if latest.exists() else {}
    kept = before["benchmarks"] if before.get("machine") == machine else {}
    figures = [asdict(figure) | {"met": figure.met} for figure in measured.figures]
    kept[name] = {
        "measured_at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "figures": figures,
        "remarks": measured.remarks,
    }
    results = {"machine": machine, "benchmarks": dict(sorted(kept.items()))}
    folder.mkdir(exist_ok=True)
    latest.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    (folder / "RESULTS.md").write_text(write_page(results), encoding="utf-8")
    if measured.page:
        (folder / f"{name.upper()}.md").write_text(measured.page, encoding="utf-8")
