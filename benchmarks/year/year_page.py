"""The page of the year: rows and bytes by table, and what each task costs at which moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.table import show_number
from benchmarks.year.airflow_year import YEAR, AirflowYear
from benchmarks.year.minute_cost import Moment, QuietMinute, take_medians
from benchmarks.year.play import Played, Year
from benchmarks.year.table_sizes import TableSize

MIB = 2**20
#: Tables with fewer rows at the end are left out of the page.
FEWEST_ROWS = 200


@dataclass(frozen=True)
class YearFacts:
    """All that was measured; `sizes` by the number of days played, `moments` by the day that begins."""

    year: Year
    played: Played
    sizes: dict[int, dict[str, TableSize]]
    quiet: QuietMinute
    moments: dict[int, Moment]
    airflow: AirflowYear


def write_year(facts: YearFacts) -> str:
    """Return the page in Markdown."""
    days = list(facts.sizes)
    return (
        "\n\n".join(
            [
                "# The year\n\nWritten by `make year`; docs/housekeeping.md says what follows from it.",
                "## Rows by table\n\n"
                "After so many days, with `keep_house` every night. `deleted` is what it deleted in all,"
                " `a day` the growth since the measurement before the last.",
                _table(
                    ["table", *(f"day {day}" for day in days), "deleted", "a day"], _list_rows(facts, days)
                ),
                "## MiB by table, with indexes\n\n"
                "`without`: had nothing been deleted, at the bytes of a row that stays.",
                _table(
                    ["table", *(f"day {day}" for day in days), "without", "dead rows"],
                    _list_bytes(facts, days),
                ),
                f"## A minute, in milliseconds\n\nMedians of {facts.quiet.minutes} minutes of each sort.",
                _table(["task", *_name_columns(facts.moments)], _list_minutes(facts.moments)),
                "## What a quiet minute writes\n\n"
                f"{facts.quiet.wal_bytes / 1024:.1f} KiB of write-ahead log, and rows:",
                _table(["table", "inserted", "updated", "deleted"], _list_writes(facts.quiet)),
                "## A night, in seconds",
                _table(["task", *(f"day {day}" for day in days)], _list_nights(facts, days)),
                "## Airflow\n\n"
                f"A day of runs, {facts.airflow.days} days and one more, and after `clean_airflow`.",
                _table(
                    ["table", "a day", "before", "after", "MiB after", "a year without"],
                    _list_airflow(facts.airflow),
                ),
            ]
        )
        + "\n"
    )


def _list_rows(facts: YearFacts, days: Sequence[int]) -> Iterable[list[str]]:
    last, before = days[-1], days[-2]
    for name, size in sorted(facts.sizes[last].items(), key=lambda item: -item[1].rows):
        deleted = facts.played.deleted[name]
        if size.rows < FEWEST_ROWS and not deleted:
            continue
        growth = (size.rows - _find_rows(facts, before, name)) / (last - before)
        counts = [f"{_find_rows(facts, day, name):,}" for day in days]
        yield [name, *counts, f"{deleted:,}" if deleted else "", show_number(round(growth, 1))]


def _list_bytes(facts: YearFacts, days: Sequence[int]) -> Iterable[list[str]]:
    for name, size in sorted(facts.sizes[days[-1]].items(), key=lambda item: -item[1].bytes):
        if size.bytes < MIB:
            continue
        sizes = [_show_mib(facts.sizes[day][name].bytes if name in facts.sizes[day] else 0) for day in days]
        deleted = facts.played.deleted[name]
        without = (
            _show_mib(round(size.bytes * (size.rows + deleted) / size.rows)) if size.rows and deleted else ""
        )
        yield [name, *sizes, without, f"{size.dead:,}"]
    totals = [_show_mib(sum(size.bytes for size in facts.sizes[day].values())) for day in days]
    yield ["all", *totals, "", f"{sum(size.dead for size in facts.sizes[days[-1]].values()):,}"]


def _find_rows(facts: YearFacts, day: int, name: str) -> int:
    return facts.sizes[day][name].rows if name in facts.sizes[day] else 0


def _show_mib(size: int) -> str:
    return f"{size / MIB:,.1f}"


def _name_columns(moments: Mapping[int, Moment]) -> list[str]:
    return [f"{sort}, day {day}" for sort in ("quiet", "busy") for day in moments]


def _list_minutes(moments: Mapping[int, Moment]) -> Iterable[list[str]]:
    columns = [
        take_medians(getattr(moment, sort)) for sort in ("quiet", "busy") for moment in moments.values()
    ]
    for name in columns[0]:
        yield [name, *(f"{column[name]:.1f}" for column in columns)]
    yield ["all", *(f"{sum(column.values()):.1f}" for column in columns)]


def _list_writes(quiet: QuietMinute) -> Iterable[list[str]]:
    for name, changes in sorted(quiet.rows.items(), key=lambda item: -item[1].written):
        counts = (changes.inserted, changes.updated, changes.deleted)
        yield [name, *(f"{count / quiet.minutes:.1f}" for count in counts)]


def _list_nights(facts: YearFacts, days: Sequence[int]) -> Iterable[list[str]]:
    nights = [facts.played.seconds[day - 1] for day in days]
    for name in nights[-1]:
        yield [name, *(f"{night[name]:.2f}" if name in night else "" for night in nights)]


def _list_airflow(airflow: AirflowYear) -> Iterable[list[str]]:
    facts = airflow.facts
    for name, (rows, _) in facts["a_day"].items():
        after, size = facts["after"][name]
        yield [
            name,
            f"{rows:,}",
            f"{facts['before'][name][0]:,}",
            f"{after:,}",
            _show_mib(size),
            f"{rows * YEAR:,}",
        ]
    files = [facts[when]["files"] for when in ("logs_before", "logs_after")]
    a_day = files[0] // (airflow.days + 1)
    size = facts["logs_after"]["bytes"]
    yield ["log files", f"{a_day:,}", f"{files[0]:,}", f"{files[1]:,}", _show_mib(size), f"{a_day * YEAR:,}"]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
