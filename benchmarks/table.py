"""Results as a page of Markdown."""

from collections.abc import Mapping
from typing import Any

HEAD = """\
# Results

Written by `python -m benchmarks`; what each figure means is in benchmarks/README.md.
"""


def write_page(results: Mapping[str, Any]) -> str:
    """Return results/RESULTS.md for `results`, the content of latest.json."""
    machine = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in results["machine"].items())
    parts = [
        f"# Results\n\nWritten by `python -m benchmarks`; README.md says what each means.\n\n{machine}\n"
    ]
    for name, measured in results["benchmarks"].items():
        size = ", small sizes (--quick): says nothing of the targets" if measured["quick"] else ""
        lines = [f"## {name}", "", f"{measured['measured_at']}{size}", "", *_table(measured["figures"])]
        lines += ["", *(f"- {remark}" for remark in measured["remarks"])] if measured["remarks"] else []
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def show_number(value: float) -> str:
    """Return a number for readers: grouped and whole where it is large, else with two or three digits."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _table(figures: list[dict[str, Any]]) -> list[str]:
    rows = ["| what | measured | target | |", "|---|---:|---:|---|"]
    for figure in figures:
        target = verdict = ""
        if figure["target"] is not None:
            target = f"{figure['bound']} {show_number(figure['target'])} {figure['unit']}".rstrip()
            verdict = "met" if figure["met"] else "**not met**"
        measured = f"{show_number(figure['value'])} {figure['unit']}".rstrip()
        rows.append(f"| {figure['name']} | {measured} | {target} | {verdict} |")
    return rows
