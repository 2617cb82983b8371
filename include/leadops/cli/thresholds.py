"""`leadops thresholds`: the score at which a lead goes to sales, why, and alternatives."""

import getpass
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from leadops.calendar.local_days import last_whole_day
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import DayOption
from leadops.cli.made_up_line import print_made_up
from leadops.cli.terminal import console
from leadops.configuration import collect_threshold_context
from leadops.errors import PermanentError
from leadops.made_up.made_up_past import find_past

if TYPE_CHECKING:
    from leadops.thresholds.apply_threshold import ApprovalAnswer
    from leadops.thresholds.forecast import Forecast
    from leadops.thresholds.threshold_context import ThresholdContext

app = typer.Typer(help="The score at which a lead goes to sales, and how soon.", no_args_is_help=True)

ROWS: dict[str, Callable[["Forecast"], str]] = {
    "threshold": lambda one: f"{one.threshold:g} points",
    "SLA target": lambda one: f"{one.sla_minutes:g} min",
    "leads a week": lambda one: f"{one.leads:.1f}",
    "in time": lambda one: f"{one.in_time:.0%}",
    "contacted at all": lambda one: f"{one.worked:.0%}",
    "mean wait": lambda one: f"{one.wait_minutes:.0f} min",
    "SQLs a week": lambda one: f"{one.sqls:.2f}",
}


@app.command("show")
def show(days: Annotated[int, typer.Option(min=1, help="How many days to list.")] = 14) -> None:
    """Show the values in effect, and the decisions of the last days with their reasons."""
    from leadops.thresholds.active_threshold import read_active_threshold
    from leadops.thresholds.apply_threshold import list_thresholds

    rules = collect_threshold_context(read_config())
    with open_database() as connection:
        held = read_active_threshold(connection, contract=rules.kpi, policy=rules.sla, at=clock())
        rows = list_thresholds(connection, max_days=days)
        past = find_past(connection)
    total = "no total" if held.rule.total is None else f"a total of {held.rule.total}"
    console.print(
        f"in force: {total}, first contact in {held.target:g} min (KPI version {held.kpi_version})",
        highlight=False,
    )
    table = Table("day", "decision", "why")
    for row in rows:
        asked = f", {row.answer or 'waits'}" if row.plan == "ask" and row.decided_by == "kept" else ""
        table.add_row(str(row.day), row.decided_by + asked, row.reason)
    console.print(table)
    print_made_up(past)


@app.command("propose")
def propose(
    day: DayOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
) -> None:
    """Propose a threshold after DAY, like retrain_thresholds."""
    from leadops.thresholds.propose_threshold import propose_threshold

    rules, now = collect_threshold_context(read_config()), clock()
    asked = _find_day(day, rules, now)
    with open_database() as connection:
        found = propose_threshold(connection, day=asked, context=rules, now=now, dry_run=dry_run)
    choice = found.choice
    console.print(f"{asked}: {choice.plan}: {choice.reason} ({found.hash})", highlight=False)
    if choice.now and choice.then:
        _draw({"in force": choice.now, "best": choice.then})
    if not dry_run and not found.is_new:
        console.print("the day was decided before; its row stays as it is")


@app.command("evaluate-rollback")
def evaluate_last_change(day: DayOption = None) -> None:
    """Revert the changes that proved bad by the end of DAY (yesterday), as retrain_thresholds does."""
    from leadops.thresholds.rollback import evaluate_rollback

    rules, now = collect_threshold_context(read_config()), clock()
    with open_database() as connection:
        verdict = evaluate_rollback(connection, day=_find_day(day, rules, now), context=rules, now=now)
    if verdict.watches is None:
        console.print("no change is watched")
    else:
        days = ", ".join(map(str, verdict.reverted or [verdict.watches]))
        result = f"reverted: {verdict.reason}" if verdict.reason else "stays"
        console.print(f"the change of {days}: {result}", highlight=False)


@app.command("approve")
def approve(day: DayOption = None) -> None:
    """Approve the proposal of DAY (yesterday) that waits for a human; `apply` then activates it."""
    _answer(day, "approved")
    console.print("activate it with leadops thresholds apply, or let retrain_thresholds do it")


@app.command("reject")
def reject(day: DayOption = None) -> None:
    """Reject the proposal of DAY (yesterday) that waits for a human; the threshold stays."""
    _answer(day, "rejected")


@app.command("apply")
def apply(day: DayOption = None) -> None:
    """Activate the proposal of DAY (yesterday) if it is due, as retrain_thresholds does. Idempotent."""
    from leadops.thresholds.apply_threshold import apply_threshold

    rules, now = collect_threshold_context(read_config()), clock()
    with open_database() as connection:
        row = apply_threshold(connection, day=_find_day(day, rules, now), context=rules, now=now)
    state = "not active" if row.effective_at is None else "active"
    console.print(f"{row.day}: {row.decided_by}, {state}: {row.reason}", highlight=False)


@app.command("revert")
def revert(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept on record.")],
    by: Annotated[str | None, typer.Option("--by", help="Who decides; default: your login.")] = None,
) -> None:
    """Take the last change back: what was active before it is active again from now on."""
    from leadops.thresholds.rollback import revert_last_change

    if not reason.strip():
        raise PermanentError("--reason must say why")
    rules = collect_threshold_context(read_config())
    with open_database() as connection:
        changed_on = revert_last_change(
            connection, context=rules, reason=reason.strip(), by=by or getpass.getuser(), now=clock()
        )
    console.print(f"the change of {changed_on} is reverted", highlight=False)


@app.command("what-if")
def what_if(
    capacity: Annotated[str, typer.Option(help="Salespeople: +2 more, -1 fewer, or 12 in all.")] = "+0",
    sla: Annotated[str | None, typer.Option(help="Target for the first contact: 60m, 4h.")] = None,
    threshold: Annotated[
        int | None, typer.Option(help="Points; default: the current value and the best.")
    ] = None,
) -> None:
    """Show leads, waiting and SQLs with other capacity, SLA target or threshold. Writes nothing."""
    from leadops.thresholds.threshold_basis import read_present_basis
    from leadops.thresholds.what_if import compare_scenarios

    rules = collect_threshold_context(read_config())
    with open_database() as connection:
        present = read_present_basis(connection, context=rules, now=clock())
    found = compare_scenarios(
        present.basis,
        settings=rules.thresholds,
        salespeople=_parse_capacity(capacity),
        target=None if sla is None else _parse_minutes(sla),
        threshold=threshold,
    )
    if isinstance(found, str):
        raise PermanentError(found)
    _draw(found)


def _find_day(day: date | None, rules: "ThresholdContext", now: datetime) -> date:
    yesterday = last_whole_day(now, rules.company.zone)
    if day and day > yesterday:
        raise PermanentError(f"{day} is not over; the last whole day is {yesterday}")
    return day or yesterday


def _answer(day: date | None, answer: "ApprovalAnswer") -> None:
    from leadops.thresholds.apply_threshold import record_answer

    asked = _find_day(day, collect_threshold_context(read_config()), clock())
    with open_database() as connection:
        if not record_answer(connection, day=asked, answer=answer):
            raise PermanentError(f"no proposal of {asked} waits for a human; see leadops thresholds show")
    console.print(f"{asked}: {answer}", highlight=False)


def _draw(forecasts: dict[str, "Forecast"]) -> None:
    table = Table("", *forecasts)
    for label, show_one in ROWS.items():
        table.add_row(label, *(show_one(one) for one in forecasts.values()))
    console.print(table)


def _parse_capacity(text: str) -> tuple[bool, int]:
    """Return whether the number is a change, and the number."""
    found = re.fullmatch(r"([+-]?)(\d{1,4})", text)
    if not found:
        raise PermanentError("--capacity must be a number of salespeople: +2, -1 or 12")
    return bool(found[1]), int(text)


def _parse_minutes(text: str) -> float:
    found = re.fullmatch(r"(\d{1,5})([mh])", text)
    if not found or not int(found[1]):
        raise PermanentError("--sla must be minutes or hours of working time: 60m, 4h")
    return float(found[1]) * (60 if found[2] == "h" else 1)
