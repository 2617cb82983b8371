"""`leadops score`: resolve pending events and score pending leads."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.push import describe_forecast, find_likely_product
from leadops.cli.terminal import console, make_progress, print_json
from leadops.configuration import Config
from leadops.db import Connection
from leadops.delivery.forecast_calls import forecast_calls
from leadops.delivery.score_pusher import SCORED_TARGET
from leadops.identity.resolve import resolve_events
from leadops.scoring.active_rules import name_source
from leadops.scoring.page_rules import RankedPage
from leadops.scoring.preview import ScorePreview, preview_leads
from leadops.scoring.score import score_leads
from leadops.scoring.unmatched_values import UnmatchedValue, list_unmatched_values


def score(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    rules: Annotated[
        Path | None, typer.Option(help="A rule file to use instead of the configured one.")
    ] = None,
    unmatched: Annotated[
        bool, typer.Option("--unmatched", help="Only list the values that no fit rule fits, by leads.")
    ] = False,
    page: Annotated[
        str | None,
        typer.Option(
            help="Only say by which rule a view of this page earns: a path or a URL, as it was sent."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(help="With --dry-run or --unmatched, list at most this many.", min=0)
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Resolve all pending events and score all pending leads.

    A rule file that changed takes effect, and every lead is scored by it.
    """
    config = read_config().with_file("scoring", rules)
    if page is not None:
        _show_page(config.scoring.page_rules().rank(page), as_json=as_json)
        return
    with open_database() as connection:
        if unmatched:
            values = list_unmatched_values(connection, rules=config.scoring, max_values=limit)
            _show_unmatched(values, as_json=as_json)
        elif dry_run:
            preview = preview_leads(
                connection, rules=config.scoring, zone=config.company.zone, max_leads=limit
            )
            which = "every lead, since the rules changed" if preview.rules_change else "the leads that wait"
            show_preview(preview, which=which, as_json=as_json)
            if not as_json:
                forecasts = forecast_calls(
                    connection,
                    SCORED_TARGET,
                    config.delivery.find_target(SCORED_TARGET),
                    product=find_likely_product(SCORED_TARGET, config),
                    now=clock(),
                    more_deltas=preview.rows,
                )
                console.print(f"a push would then send: {describe_forecast(forecasts)}", highlight=False)
        else:
            done = _run(connection, config, name_source(rules or config.find_file("scoring")))
            if as_json:
                print_json(done)
            else:
                console.print(
                    ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in done.items()),
                    highlight=False,
                )


def _run(connection: Connection, config: Config, source: str) -> dict[str, int]:
    """Resolve and score until nothing is pending; return the counts by the names that are printed."""
    settings, rules, zone = config.identity, config.scoring, config.company.zone
    done = dict.fromkeys(["events", "new_leads", "leads_scored", "ledger_rows", "points", "corrections"], 0)
    with make_progress(transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("resolving events", total=None)
        remaining = True
        while remaining:
            resolved = resolve_events(connection, now=clock(), settings=settings)
            done["events"] += resolved.events
            done["new_leads"] += resolved.new_leads
            progress.update(bar, completed=done["events"])
            remaining = resolved.remaining
        bar = progress.add_task("scoring leads", total=None)
        remaining = True
        while remaining:
            scored = score_leads(
                connection, rules=rules, zone=zone, now=clock(), source=source, machines=config.machines
            )
            done["leads_scored"] += scored.leads
            done["ledger_rows"] += scored.rows
            done["points"] += scored.points
            done["corrections"] += scored.corrections
            progress.update(bar, completed=done["leads_scored"])
            remaining = scored.remaining
    return done


def _show_page(ranked: list[RankedPage], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {"event": each.rule.event, "rule": each.rule.name, "points": each.rule.points}
                for each in ranked
            ]
        )
        return
    table = Table("event", "rule", "path", "points", "only if")
    for each in ranked:
        others = "its other conditions hold" if each.rule.other_tests() else ""
        table.add_row(each.rule.event, each.rule.name, str(each.pattern), f"{each.rule.points:+d}", others)
    console.print(table if ranked else "no rule has a path that fits this page")
    if ranked:
        console.print("for each event the first of its rules counts that holds, and no other with a path")


def _show_unmatched(values: list[UnmatchedValue], *, as_json: bool) -> None:
    if as_json:
        print_json([value._asdict() for value in values])
        return
    table = Table("trait", "value", "leads", "why no points")
    for value in values:
        table.add_row(value.trait, value.value, str(value.leads), value.reason)
    console.print(table if values else "a fit rule fits every value")


def show_preview(preview: ScorePreview, *, which: str, as_json: bool) -> None:
    """Print what scoring would change of `which` leads."""
    if as_json:
        print_json(asdict(preview))
        return
    table = Table("lead", "total", "would be", "grade", "would be", "by rule")
    for change in preview.changes:
        by_rule = ", ".join(f"{rule} {points:+d}" for rule, points in sorted(change.rules.items()))
        table.add_row(
            str(change.lead_id),
            str(change.before),
            str(change.after),
            change.grade_before,
            change.grade_after,
            by_rule,
        )
    console.print(table)
    console.print(
        f"looked at {preview.leads} leads ({which}): {preview.changed} would change,"
        f" by {preview.points:+d} points in all; {len(preview.changes)} are listed; nothing was written"
    )
