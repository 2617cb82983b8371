"""`leadops nurture`: what comes for a lead, what a file would have sent, what programmes add."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from leadops.calendar.local_days import last_whole_day
from leadops.cli.context import clock, find_product, open_database, read_config
from leadops.cli.day_option import DayOption
from leadops.cli.made_up_line import print_made_up
from leadops.cli.parse_span import parse_span
from leadops.cli.plan_text import REASONS, say_plan
from leadops.cli.plural import count
from leadops.cli.run_task import run_now
from leadops.cli.terminal import console, print_json
from leadops.configuration import Config
from leadops.errors import ConfigError, PermanentError
from leadops.identity.find_lead import find_lead
from leadops.made_up.made_up_past import find_past
from leadops.nurture.lift_sentence import say_lift
from leadops.nurture.lint_programmes import lint_programmes
from leadops.nurture.measure_lift import LiftRow, choose_totals, measure_lift, read_lifts
from leadops.nurture.plan_lead import plan_lead
from leadops.nurture.product_gaps import find_product_gaps
from leadops.nurture.simulate_file import simulate_file
from leadops.orchestration.tasks import nurture as tasks
from leadops.products.registry import choose_product

app = typer.Typer(
    help="Programmes of messages: plans, simulations, their lift, and what is never reached.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Programme = Annotated[str | None, typer.Option("--programme", help="One programme; default: all.")]
File = Annotated[Path | None, typer.Option("--file", help="A nurture.yaml to use instead of yours.")]


@app.command("enter")
def enter() -> None:
    """Bring memberships in line with what people did, as send_nurture does."""
    run_now(tasks.enter)


@app.command("send")
def send() -> None:
    """Put the messages that are due into the outbox, as send_nurture does; `leadops push` sends them."""
    run_now(tasks.send)


@app.command("lift")
def lift(
    programme: Programme = None,
    months: Annotated[bool, typer.Option("--months", help="Also list the months of entry.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show by how much programmes raise the rate of SQLs: members against hold-out, as last measured."""
    config = read_config()
    with open_database() as connection:
        rows = read_lifts(connection, programme=programme)
        past = find_past(connection)
    if programme and not rows and programme not in config.nurture.programmes:
        known = ", ".join(config.nurture.programmes)
        raise PermanentError(f"there is no programme {programme}; the programmes are {known}")
    if as_json:
        print_json([_as_json(row) for row in rows], default=str)
        return
    if not rows:
        console.print(
            "no lift is measured yet; refresh_funnel does it every day, or leadops nurture measure-lift"
        )
        return
    totals = list(choose_totals(rows))
    for row in totals:
        console.print(say_lift(row, "en"), highlight=False, soft_wrap=True)
    console.print(_draw(rows if months else [row for row in rows if row.cohort is None]))
    print_made_up(past)


@app.command("measure-lift")
def measure(day: DayOption = None) -> None:
    """Measure the lift as known at the end of DAY (yesterday), like refresh_funnel. Idempotent."""
    config, now = read_config(), clock()
    yesterday = last_whole_day(now, config.company.zone)
    if day and day > yesterday:
        raise PermanentError(f"{day} is not over; the last whole day is {yesterday}")
    with open_database() as connection:
        rows = measure_lift(
            connection, day=day or yesterday, settings=config.nurture.lift, company=config.company, now=now
        )
    console.print(f"{day or yesterday}: {count(len(list(choose_totals(rows))), 'programme')} measured")


@app.command("lint")
def lint(
    file: File = None,
    since: Annotated[str, typer.Option(help="How far back events are looked for: 30d, 12h.")] = "30d",
    as_json: AsJson = False,
) -> None:
    """Show what of nurture.yaml can never be reached, or is hardly meant so.

    Exits with 1 if something can never be reached.
    """
    config = read_config().with_file("nurture", file)
    with open_database() as connection:
        findings = lint_programmes(
            connection,
            config.nurture,
            locales=config.scoring.page_locales,
            since=clock() - parse_span(since),
            gaps=_find_gaps(config) or {},
        )
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            kind = "never" if finding.is_never else "note "
            console.print(f"{kind}  {finding.place}: {finding.text}", highlight=False, soft_wrap=True)
        if not findings:
            console.print("nothing is odd")
    if any(finding.is_never for finding in findings):
        raise typer.Exit(1)


@app.command("plan")
def plan(
    lead: Annotated[str, typer.Argument(help="A lead_id or an email.")],
    as_json: AsJson = False,
) -> None:
    """Show what would come for LEAD and when, what came, and why something does not. Writes nothing."""
    config, now = read_config(), clock()
    with open_database() as connection:
        found = plan_lead(
            connection,
            find_lead(connection, lead).lead_id,
            context=tasks.make_context(config),
            gaps=_find_gaps(config) or {},
            now=now,
        )
    if as_json:
        place = {"zone": found.place.zone.key, "language": found.place.language}
        print_json(asdict(found) | {"place": place}, default=str)
        return
    for line in say_plan(found, now=now):
        console.print(line, highlight=False, soft_wrap=True)


@app.command("simulate")
def simulate(
    since: Annotated[str, typer.Option(help="The time that is played: 30d, 12h.")] = "30d",
    file: File = None,
    days: Annotated[bool, typer.Option("--days", help="One line for each day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what FILE would have sent, had it been in force, beside what was sent. Writes nothing."""
    config, now = read_config().with_file("nurture", file), clock()
    span = parse_span(since)
    with open_database() as connection, console.status("playing the programmes"):
        found = simulate_file(connection, context=tasks.make_context(config), since=now - span, now=now)
    if as_json:
        print_json(asdict(found), default=str)
        return
    table = Table("programme", "step", *(["day"] if days else []))
    for name in ("sent", "would have been", "change"):
        table.add_column(name, justify="right")
    for (programme, step, day), (sent, simulated) in found.sum_steps(by_day=days).items():
        cells = [programme, step, *([str(day)] if days else [])]
        table.add_row(*cells, f"{sent:,}", f"{simulated:,}", f"{simulated - sent:+,}")
    console.print(table)
    console.print(
        f"{count(found.entered, 'membership')} would have begun, {found.held_out} of them held out",
        highlight=False,
    )
    for reason, steps in found.skipped.items():
        console.print(f"{count(steps, 'step')} not sent: {REASONS[reason]}", highlight=False)


def _find_gaps(config: Config) -> dict[tuple[str, str], str] | None:
    """Return the steps that the MA's product cannot enrol anybody in; None: it is not known which it is."""
    try:
        product = choose_product(find_product("ma", config))
    except ConfigError:
        return None
    return find_product_gaps(product, config.nurture)


def _as_json(row: LiftRow) -> dict[str, object]:
    return asdict(row) | {"member_rate": row.member_rate, "held_out_rate": row.held_out_rate}


def _draw(rows: list[LiftRow]) -> Table:
    table = Table("programme", "entered", "hold-out", "members", "SQL", "held out", "SQL", "open")
    for name in ("difference", "ratio", "verdict"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            row.programme,
            "all" if row.cohort is None else f"{row.cohort:%Y-%m}",
            f"{row.holdout_share:.0%}",
            f"{row.members:,}",
            f"{row.member_sqls:,}",
            f"{row.held_out:,}",
            f"{row.held_out_sqls:,}",
            f"{row.open_members + row.open_held_out:,}",
            "" if row.difference is None else f"{row.difference * 100:+.1f} points",
            "" if row.ratio is None else f"{row.ratio:.2f}",
            row.verdict.replace("_", " "),
        )
    return table
