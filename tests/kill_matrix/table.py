"""Writes the table of docs/kill-matrix.md."""

from pathlib import Path

from leadops_stack.executor import SHORT
from tests.kill_matrix.faults import FAULTS
from tests.kill_matrix.healing import Healing

PAGE = Path(__file__).parents[2] / "docs" / "kill-matrix.md"
#: The table stands between these lines.
BEGIN, END = "<!-- made by make kill-matrix -->", "<!-- end -->"
HEAD = (
    "| executor | what was killed | DAGs succeed | task again | new people arrive | incidents |",
    "|---|---|---|---|---|---|",
)


def write_page(found: list[Healing], page: Path = PAGE) -> None:
    """Put the results into the page; rows of faults that did not happen this time stay as they are."""
    before, _, rest = page.read_text().partition(BEGIN)
    table, _, after = rest.partition(END)
    rows = {_key(row): row for row in table.strip().splitlines()[len(HEAD) :]}
    rows |= {_key(row): row for row in map(write_row, found)}
    order = [(executor, fault.name) for executor in SHORT for fault in FAULTS]
    lines = [BEGIN, *HEAD, *(rows[key] for key in order if key in rows), END]
    page.write_text(before + "\n".join(lines) + after)


def _key(row: str) -> tuple[str, str]:
    """Return executor and fault of a row."""
    _, executor, name, *_ = (cell.strip() for cell in row.split("|"))
    return executor, name


def write_row(healing: Healing) -> str:
    """Return the row of one fault; times in seconds."""
    times = (
        f"{healing.dags:.0f} s",
        "" if healing.next_try is None else f"{healing.next_try:.0f} s",
        f"{healing.whole:.0f} s",
    )
    incidents = ", ".join(f"`{each}`" for each in healing.incidents)
    return f"| {' | '.join([healing.executor, healing.name, *times, incidents])} |"
