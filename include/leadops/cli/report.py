"""`leadops report`: reports by hand; `leadops freeze-quarter`: freeze a quarter's KPI contract."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import FirstDayOption, LastDayOption
from leadops.cli.run_task import make_run
from leadops.cli.terminal import console
from leadops.errors import PermanentError
from leadops.lifecycle.frozen_quarters import freeze_quarter as freeze
from leadops.lifecycle.quarter import find_quarter, read_quarter
from leadops.orchestration.tasks.reports import OUTCOMES
from leadops.orchestration.tasks.reports import post as post_drawn
from leadops.reports.report_period import choose_period

app = typer.Typer(help="Reports as pictures.", no_args_is_help=True)


@app.callback()
def report() -> None:
    """Reports as pictures."""


@app.command("response-times")
def response_times(
    quarter: Annotated[
        str | None, typer.Option(help="2026-Q3 or FY2026/27-Q2; default: the last whole quarter.")
    ] = None,
    first: FirstDayOption = None,
    last: LastDayOption = None,
    out: Annotated[Path | None, typer.Option(help="File; default: in the folder of reports.yaml.")] = None,
    post: Annotated[bool, typer.Option("--post", help="Post it to Slack too, unless it was posted.")] = False,
    again: Annotated[bool, typer.Option("--again", help="With --post, even if it was posted.")] = False,
) -> None:
    """Draw how long MQLs waited for sales, by salesperson and campaign.

    Of the MQLs of a quarter, or of the days --from DAY --to DAY.
    """
    config = read_config()
    from leadops.reports.make_report import make_report  # loads matplotlib

    if out is not None and out.suffix.lower() != ".png":
        raise PermanentError("--out must be the name of a .png file")
    now, company = clock(), config.company
    today = now.astimezone(company.zone).date()
    last = last or (first and today - timedelta(days=1))
    period = choose_period(
        quarter=quarter, first=first, last=last, today=today, year_starts=company.fiscal_year_starts
    )
    with open_database() as connection:
        report = make_report(
            connection,
            period=period,
            settings=config.reports,
            company=company,
            policy=config.sla,
            now=now,
            file=out,
        )
    for sentence in report.sentences:
        console.print(sentence, highlight=False)
    console.print(str(report.file), highlight=False, soft_wrap=True)
    if post:
        run = replace(make_run("post"), params={"again": again})
        outcome = post_drawn(run, {"report_id": report.report_id})["outcome"]
        console.print(OUTCOMES[outcome], highlight=False)


def freeze_quarter(
    quarter: Annotated[
        str | None, typer.Argument(help="2026-Q3 or FY2026/27-Q2; default: the current quarter.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Record a new revision, with the reason: what was agreed, and when.")
    ] = None,
) -> None:
    """Freeze the MQL/SAL/SQL definitions of QUARTER. Idempotent."""
    config = read_config()
    now, company = clock(), config.company
    starts, today = company.fiscal_year_starts, now.astimezone(company.zone).date()
    wanted = read_quarter(quarter, starts=starts) if quarter else find_quarter(today, starts=starts)
    if reason is not None and not reason.strip():
        raise PermanentError("--reason must say why")
    with open_database() as connection:
        frozen = freeze(
            connection,
            contract=config.kpi,
            company=company,
            quarter=wanted,
            now=now,
            reason=reason,
        )
    state = "frozen" if frozen.is_new else "was frozen already; nothing was changed"
    console.print(
        f"{frozen.quarter}: KPI version {', '.join(frozen.versions)}, sha256 {frozen.digest[:12]},"
        f" revision {frozen.revision}, {frozen.frozen_at.astimezone(company.zone):%Y-%m-%d %H:%M %Z}:"
        f" {state}",
        highlight=False,
    )
