"""`leadops model`: train the model of a day, bring your own, show the one in effect, write its points."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from leadops.calendar.local_days import is_over, last_whole_day
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import DayOption
from leadops.cli.made_up_line import print_made_up
from leadops.cli.terminal import console, print_json
from leadops.company import Company
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.made_up.made_up_past import find_past
from leadops.training.champion import find_champion, list_decisions

app = typer.Typer(help="The model that says which leads become SQLs.", no_args_is_help=True)


@app.command("retrain")
def retrain_model(
    day: DayOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be decided.")] = False,
) -> None:
    """Train on what was known by the end of DAY; the better model takes effect.

    A feature that looks like target leakage is reported, and the model does without it.
    """
    config = read_config()
    from leadops.training.retrain import retrain

    company = config.company
    settings = config.training
    now = clock()
    wanted = _find_day(day, company, now=now)
    with open_database() as connection:
        made = retrain(connection, day=wanted, settings=settings, company=company, now=now, dry_run=dry_run)
    console.print(f"{made.day}: {made.outcome}: {made.reason}", highlight=False)
    console.print(f"{made.leads} mature leads, {made.reached} of them with the goal", highlight=False)
    for refusal in made.refused:
        console.print(f"refused: {refusal.feature}: {refusal.reason}", highlight=False)
    for each in made.findings.get("dropped", []):
        console.print(f"left out: {each['feature']}: {each['reason']}", highlight=False)
    if dry_run:
        console.print("nothing was kept")


@app.command("export-features")
def export_model_features(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The Parquet file to write.")],
    day: DayOption = None,
) -> None:
    """Export what was known by the end of DAY, to train a model of your own."""
    config = read_config()
    from leadops.training.export_features import export_features

    company = config.company
    wanted = _find_day(day, company, now=clock())
    with open_database() as connection:
        export = export_features(connection, path, day=wanted, settings=config.training, company=company)
    console.print(f"{wanted}: {export.mature} mature MQLs, {export.active} active leads", highlight=False)
    for refusal in export.refused:
        console.print(f"left out: {refusal.feature}: {refusal.reason}", highlight=False)


@app.command("import-scores")
def import_model_scores(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Parquet: lead_id, cycle, ml_score.")],
    day: DayOption = None,
) -> None:
    """Compare the scores of your own model with the model in effect; the better one takes effect."""
    config = read_config()
    from leadops.training.import_scores import import_scores
    from leadops.training.score_file import read_score_file

    company, now = config.company, clock()
    wanted = _find_day(day, company, now=now)
    scores = read_score_file(path)
    with open_database() as connection:
        result = import_scores(
            connection, scores, day=wanted, settings=config.training, company=company, now=now
        )
    decision = result.decision
    console.print(f"{decision.day}: {decision.outcome}: {decision.reason}", highlight=False)
    console.print(f"{result.scores} scores, {result.unknown} of unknown leads", highlight=False)


@app.command("points")
def write_points() -> None:
    """Bring the points of every active lead in line with the model in effect; queue ml_score for the MA."""
    config = read_config()
    from leadops.training.model_gate import ModelLimits
    from leadops.training.points import write_model_points

    limits = ModelLimits(config.changes, config.kpi, config.scoring.grades)
    with open_database() as connection:
        done = write_model_points(connection, now=clock(), settings=config.training, limits=limits)
    if done.model_id is None:
        console.print("no model is in effect, or it waits (leadops changes show); nothing was written")
        return
    console.print(
        f"model {done.model_id}: {done.leads} active leads, {done.rows} ledger rows, {done.points:+d} points,"
        f" {done.ml_scores} ml_score queued for the MA",
        highlight=False,
    )


@app.command("list")
def list_days(
    limit: Annotated[int, typer.Option(help="List at most this many days.", min=1)] = 20,
) -> None:
    """List what was decided each day, and why."""
    table = Table("day", "outcome", "trained", "in effect", "reason")
    with open_database() as connection:
        for each in list_decisions(connection, limit=limit):
            trained, champion = (str(number or "") for number in (each.model_id, each.champion_id))
            table.add_row(str(each.day), each.outcome, trained, champion, each.reason)
    console.print(table)


@app.command("show")
def show_model(
    model: Annotated[int | None, typer.Argument(help="A model's number; default: the one in effect.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole model as JSON.")] = False,
) -> None:
    """Show the features of a model, their weights, and how good it was on its test weeks."""
    with open_database() as connection:
        model_id, body = _find(connection, model)
        past = find_past(connection)
    if as_json:
        print_json(body)
        return
    table = Table("column", "weight", "mean", "deviation")
    rows = zip(body["columns"], body["coefficients"], body["mean"], body["deviation"], strict=True)
    for column, weight, mean, deviation in sorted(rows, key=lambda row: -abs(row[1])):
        table.add_row(column, f"{weight:+.3f}", f"{mean:.3f}", f"{deviation:.3f}")
    console.print(table)
    measures = body["measures"]
    console.print(
        f"model {model_id}: AUC {measures['auc']:.3f}, Brier {measures['brier']:.4f},"
        f" lift {measures['lift_at_capacity']:.2f} on the best {measures['capacity']},"
        f" of {measures['leads']} leads of the test weeks, {measures['reached']} with the goal",
        highlight=False,
    )
    print_made_up(past)


def _find_day(day: date | None, company: Company, *, now: datetime) -> date:
    """Return the day asked for, by default yesterday; raise PermanentError where it is not over."""
    wanted = day or last_whole_day(now, company.zone)
    if not is_over(wanted, company.zone, now=now):
        raise PermanentError(f"{wanted} is not over yet; give an earlier day")
    return wanted


def _find(connection: Connection, model: int | None) -> tuple[int, dict[str, Any]]:
    if (model_id := model or find_champion(connection)) is None:
        raise PermanentError("no model is in effect; see leadops model list")
    from leadops.training.model import load_model

    return model_id, load_model(connection, model_id).body()
