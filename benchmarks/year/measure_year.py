"""A year with 1,000 active leads and 10,000 events a day: what grows, and what a minute costs."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from benchmarks.arena import Arena, open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.year.airflow_year import measure_airflow
from benchmarks.year.company import Company
from benchmarks.year.installation import Installation, YearClock, open_installation
from benchmarks.year.minute_cost import (
    Moment,
    QuietMinute,
    measure_minutes,
    measure_quiet_minutes,
    take_medians,
)
from benchmarks.year.play import Played, Year, play_days, split_into_rounds
from benchmarks.year.table_sizes import TableSize, list_sizes
from benchmarks.year.year_page import YearFacts, write_year

#: A Sunday noon in Tokyo, the shipped zone.
START = datetime(2026, 3, 1, 3, tzinfo=UTC)
DAYS = 365
#: After so many days the tables are measured.
CHECKPOINTS = (1, 30, 90, 180, DAYS)
#: Minutes of each sort that are measured at each moment.
MINUTES = 40
DATABASE = "leadops"
#: Airflow's runs: the days of retention.yaml and the one that goes.
AIRFLOW_DAYS = 15
LIMIT = 1.2


def measure_year(*, quick: bool) -> Measured:
    """Play a year; compare a minute at its end with one at its beginning."""
    company = Company(events=1_000, active_leads=100, new_leads=4, loyal_leads=10) if quick else Company()
    checkpoints = (1, 3, 12) if quick else CHECKPOINTS
    settled = checkpoints[1]
    year, played = Year(company, START, settled), Played()
    sizes: dict[int, dict[str, TableSize]] = {}
    with open_arena() as arena:
        set_commit(arena, "off")
        for first, last in zip((0, *checkpoints), checkpoints, strict=False):
            with open_installation(arena.url, arena.folder / DATABASE, YearClock(START)) as installation:
                for days in split_into_rounds(year, first, last, length=checkpoints[-1]):
                    play_days(installation, year, days, played, with_figures=days[-1] == last - 1)
                    print(f"  day {days[-1] + 1}", end="\r", flush=True)
                sizes[last] = list_sizes(installation.connection)
            if last in (1, settled):
                copy_installation(arena, f"day_{last}")
        set_commit(arena, "on")
        quiet, moments = measure_moments(arena, year, days=(1, settled, checkpoints[-1]), quick=quick)
        airflow = measure_airflow(arena, days=2 if quick else AIRFLOW_DAYS)
    facts = YearFacts(year, played, sizes, quiet, moments, airflow)
    return Measured(_list_figures(facts), _list_remarks(facts), write_year(facts))


def set_commit(arena: Arena, value: str) -> None:
    """Say whether commits wait for the disk; a year that is played need not survive a crash."""
    with psycopg.connect(arena.url, autocommit=True) as connection:
        connection.execute(f"alter database {DATABASE} set synchronous_commit = {value}".encode())


def copy_installation(arena: Arena, name: str) -> None:
    """Copy database and sandbox as they are; nothing may be connected."""
    with psycopg.connect(_find_url(arena, "postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(DATABASE))
        )
    shutil.copytree(arena.folder / DATABASE, arena.folder / name)
    with psycopg.connect(_find_url(arena, name), autocommit=True) as connection:
        connection.execute("vacuum (analyze)")


def measure_moments(
    arena: Arena, year: Year, *, days: tuple[int, int, int], quick: bool
) -> tuple[QuietMinute, dict[int, Moment]]:
    """Measure minutes after the first, the settled and the last of `days`, side by side."""
    minutes = 3 if quick else MINUTES
    with ExitStack() as running:
        moments = {
            day: Moment(
                day, running.enter_context(open_copy(arena, DATABASE if day == days[-1] else f"day_{day}"))
            )
            for day in days
        }
        quiet = measure_quiet_minutes(moments[days[-1]], year, minutes=minutes)
        measure_minutes(list(moments.values()), year, minutes=minutes)
    return quiet, moments


@contextmanager
def open_copy(arena: Arena, name: str) -> Iterator[Installation]:
    """Open the copy `name` of the installation."""
    with open_installation(_find_url(arena, name), arena.folder / name, YearClock(START)) as installation:
        yield installation


def _find_url(arena: Arena, database: str) -> str:
    return f"{arena.url.rpartition('/')[0]}/{database}"


def _list_figures(facts: YearFacts) -> list[Figure]:
    first, settled, last = facts.moments.values()
    figures = []
    for sort in ("quiet", "busy"):
        cost = {
            moment.day: sum(take_medians(getattr(moment, sort)).values()) for moment in facts.moments.values()
        }
        figures += [
            Figure(
                f"a {sort} minute on day {last.day}, to one on day {settled.day}",
                cost[last.day] / cost[settled.day],
                "x",
                "at most",
                LIMIT,
            ),
            Figure(
                f"the same to one on day {first.day}",
                cost[last.day] / cost[first.day],
                "x",
                *(("at most", LIMIT) if sort == "quiet" else ()),
            ),
            Figure(f"a {sort} minute on day {first.day}, all tasks", cost[first.day], "ms"),
            Figure(f"the same on day {settled.day}", cost[settled.day], "ms"),
            Figure(f"the same on day {last.day}", cost[last.day], "ms"),
        ]
    sizes = facts.sizes[max(facts.sizes)]
    figures += [
        Figure(f"rows on day {last.day}", sum(size.rows for size in sizes.values()), ""),
        Figure("rows that keep_house deleted", facts.played.deleted.total(), ""),
        Figure(f"size on day {last.day}", sum(size.bytes for size in sizes.values()) / 2**20, "MiB"),
        Figure("rows that a quiet minute writes", facts.quiet.written, ""),
        Figure("write-ahead log of a quiet minute", facts.quiet.wal_bytes / 1024, "KiB"),
    ]
    return [*figures, *facts.airflow.list_figures()]


def _list_remarks(facts: YearFacts) -> list[str]:
    company = facts.year.company
    return [
        f"{max(facts.sizes)} days, {company.active_leads:,} active leads, {company.events:,} events a day;"
        f" {facts.played.events:,} events and {facts.played.forms:,} forms in all; YEAR.md has the tables.",
    ]
