"""`leadops routing`: why a lead went where, what other rules would do, and checks of the rules."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.parse_span import parse_span
from leadops.cli.plural import count
from leadops.cli.terminal import Cell, console, print_json, style_text
from leadops.errors import PermanentError
from leadops.routing.assign_leads import assign_leads
from leadops.routing.explain_routing import AssignmentStep, explain_routing
from leadops.routing.lint_rules import lint_rules
from leadops.routing.simulate import RoutingSimulation, read_past_mqls, simulate
from leadops.routing.team import read_team

app = typer.Typer(help="Who gets a lead, and why.", no_args_is_help=True)

RulesFile = Annotated[Path | None, typer.Option(help="A rule file to use instead of the configured one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("assign")
def assign() -> None:
    """Give each new MQL an owner, like score_leads. The next run notifies the salespeople."""
    config = read_config()
    rules = config.routing
    with open_database() as connection:
        remaining = True
        while remaining:
            done = assign_leads(connection, rules=rules, zone=config.company.zone, now=clock())
            remaining = done.remaining
            console.print(
                f"{done.assigned} got an owner ({done.to_account_owner} their account's), {done.moved_on}"
                f" moved on, {done.queued} queued, {done.closed} closed"
            )


@app.command("notify")
def notify() -> None:
    """Send salespeople the open Slack messages about their leads, as score_leads does."""
    from leadops.cli.run_task import run_now  # loads the clients of every system
    from leadops.orchestration.tasks.scoring import notify_owners

    run_now(notify_owners)


@app.command("why")
def why(
    lead: Annotated[str, typer.Argument(help="A lead_id or an email.")],
    as_json: AsJson = False,
) -> None:
    """Show each assignment of LEAD, to a salesperson or a queue; who was skipped, and why."""
    config = read_config()
    with open_database() as connection:
        lead_id, steps = explain_routing(connection, lead)
    if as_json:
        body = [asdict(step) | {"lead_id": lead_id} for step in steps]
        print_json(body, default=lambda moment: moment.isoformat())
        return
    zone = config.company.zone
    for step in steps:
        at = f"{step.assigned_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        heading = style_text(f"lead {lead_id}, cycle {step.cycle}, {at}", "bold")
        console.print(heading, f": {_say(step)}", sep="")
        facts = ", ".join(f"{name} {value}" for name, value in step.facts.items()) or "nothing"
        console.print(f"  known of it: {facts}; rules {step.rules}", highlight=False)
        for group in step.passed_over:
            rule = f" (rule {group['rule']})" if group["rule"] else ""
            console.print(f"  not {', '.join(group['reps'])}: {group['why']}{rule}", highlight=False)


@app.command("simulate")
def simulate_rules(
    since: Annotated[str, typer.Option(help="How far back: 30d, 12h.")] = "30d",
    rules: RulesFile = None,
    as_json: AsJson = False,
) -> None:
    """Simulate past MQLs with the current rules and with RULES; show load and waiting. Writes nothing.

    With the salespeople, holidays and facts of today, from an empty record, without moving on.
    """
    config = read_config()
    now = clock()
    given = {"now": config.routing}
    if rules is not None:
        given["new"] = config.with_file("routing", rules).routing
    zone = config.company.zone
    with open_database() as connection:
        past = read_past_mqls(connection, since=now - parse_span(since), now=now)
        played = {
            name: simulate(past, team=read_team(connection, rules=each, zone=zone), rules=each, until=now)
            for name, each in given.items()
        }
    if as_json:
        print_json({name: _sum_up(each) for name, each in played.items()})
    else:
        console.print(_draw(played))


@app.command("lint")
def lint(rules: RulesFile = None) -> None:
    """Find unreachable rules, leads without a rule, people who left or lack a profile; exit with 1 if any."""
    config = read_config().with_file("routing", rules)
    given = config.routing
    with open_database() as connection:
        team = read_team(connection, rules=given, zone=config.company.zone)
    findings = lint_rules(given, team)
    for finding in findings:
        console.print(finding, highlight=False, soft_wrap=True)
    if findings:
        raise PermanentError(f"the rules have {count(len(findings), 'finding')}, see above")
    console.print(f"{len(given.rules)} rules, {len(team)} salespeople: nothing found")


def _say(step: AssignmentStep) -> str:
    if step.rep_id is None:
        return f"into the queue {step.queue}; nobody was free"
    reasons = {
        "account": "owns the account",
        "share": f"served least by weight (rule {step.rule})",
        "taken": "took it in the CRM",
    }
    moved = ", after nobody got in touch in time" if step.cause == "breach" else ""
    quiet = ", quietly" if step.is_backfill else ""
    after = f"{step.waited_minutes:.0f} min after the MQL"
    return f"to {step.rep_id}, who {reasons[step.why]}{moved}{quiet}; {after}"


def _sum_up(played: RoutingSimulation) -> dict[str, object]:
    return {
        "leads": played.leads,
        "at_once": played.at_once,
        "still_waiting": played.still_waiting,
        "wait_minutes": {
            name: None if (wait := played.wait(share)) is None else round(wait, 1)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("longest", 1))
        },
        "by_rep": dict(sorted(played.by_rep.items())),
        "busiest_day": played.busiest_day,
    }


def _draw(played: dict[str, RoutingSimulation]) -> Table:
    table = Table("", *(f"rules {name}" for name in played))
    rows: dict[str, Callable[[RoutingSimulation], Cell]] = {
        "leads": lambda one: str(one.leads),
        "owner at once": lambda one: str(one.at_once),
        "still waiting": _mark,
        "wait p50": lambda one: _minutes(one.wait(0.5)),
        "wait p95": lambda one: _minutes(one.wait(0.95)),
        "longest wait": lambda one: _minutes(one.wait(1)),
    }
    for label, text in rows.items():
        table.add_row(label, *(text(one) for one in played.values()))
    table.add_section()
    for rep_id in sorted({rep_id for one in played.values() for rep_id in one.busiest_day}):
        table.add_row(
            rep_id,
            *(f"{one.by_rep[rep_id]} (busiest day {one.busiest_day[rep_id]})" for one in played.values()),
        )
    return table


def _mark(played: RoutingSimulation) -> Cell:
    waiting = f"{played.still_waiting} of {played.leads}"
    return style_text(waiting, "bold red") if played.still_waiting else style_text("0")


def _minutes(wait: float | None) -> str:
    return "–" if wait is None else f"{wait:.0f} min"
